"""What somebody who helps to fill in may open, in the place of the person they help.

A helper (a relative, an adviser of a France services) has no mandate: they fill in with a person,
who attests, agrees, sends, books and stops in person (Code civil, art. 515-3 and 515-3-1; each
partenaire declares for themselves). Pure data: `pacs.reads.access` decides with it.
"""

from collections.abc import Mapping

READ = frozenset({"GET", "HEAD"})
FILL = READ | {"POST"}

#: Names of the addresses of a dossier that are open to helpers, with their methods, while it is a
#: draft. Whatever is not named here is shut: a new page too.
PAGES: Mapping[str, frozenset[str]] = {
    "dossier": READ,
    "common-step": FILL,
    "own-step": FILL,
    "said": FILL,
    "dossier-outcome": READ,
    "dossier-review": READ,
    "dossier-pieces": FILL,
    "dossier-piece": FILL,
    "piece-file": READ,
    "piece-file-remove": FILL,
    "dossier-paper": READ,
    # Who helps, and the end of it.
    "helper": FILL,
}
