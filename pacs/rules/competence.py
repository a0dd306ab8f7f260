"""Whether the address of the couple is in the commune of this mairie.

The officer of the commune where the common residence is fixed is the competent one (Code civil,
art. 515-3 al. 1; outcome B06). People say it twice: by choosing « à Uzès », and by the address
they attest. This compares the two.
"""

import re

from demarches.rules.texts import plain_text
from pacs.rules.situation import Residence

#: Answers after which the address itself says which mairie is competent. « Elsewhere » and
#: « abroad » have their own outcome already, whatever the address.
_ADDRESS_DECIDES = frozenset({Residence.HERE, Residence.UNKNOWN})
_SHORT = {"st": "saint", "ste": "sainte"}


def commune_key(name: str) -> str:
    """« UZES », « Uzès cedex » and « 30700 Uzès (Gard) » are one commune; « St » is « Saint »."""
    without_notes = re.sub(r"\([^()]*\)", " ", plain_text(name))
    words = re.findall(r"[^\W\d_]+", without_notes)
    return " ".join(_SHORT.get(word, word) for word in words if word != "cedex")


def address_is_elsewhere(*, residence: str | None, city: str, commune: str) -> bool:
    """The couple's address contradicts the competence of the mairie of `commune`.

    False while one of the three is unknown: what is missing is asked for elsewhere.
    """
    if residence not in _ADDRESS_DECIDES:
        return False
    here = commune_key(commune)
    # A city that names no commune (« 30000 », « (Nîmes) ») is not this one.
    return bool(city.strip() and here) and commune_key(city) != here
