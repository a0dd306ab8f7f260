"""Whether the address of the couple is in the commune of this mairie.

The officer of the commune where the common residence is fixed is the competent one (Code civil,
art. 515-3 al. 1; outcome B06). People say it twice: by choosing « à Uzès », and by the address
they attest. This compares the two. When a grave impediment keeps them from having one, the mairie
of either home is competent: the address of each says whether one of them lives here.
"""

import re

from demarches.rules.communes import commune_key
from pacs.rules.countries import FRENCH_TERRITORIES
from pacs.rules.situation import Residence, YesNo

#: Answers after which the address itself says which mairie is competent. « Elsewhere » and
#: « abroad » have their own outcome already, whatever the address.
_ADDRESS_DECIDES = frozenset({Residence.HERE, Residence.UNKNOWN})


def commune_of_city(city: str) -> str:
    """The commune that a line of address names: « Uzès cedex », « 30700 Uzès (Gard) » are Uzès."""
    words = commune_key(re.sub(r"\([^()]*\)", " ", city)).split()
    return " ".join(word for word in words if word.isalpha() and word != "cedex")


def home_is_here(*, said: YesNo, city: str, country: str, commune: str) -> YesNo:
    """Whether a person lives in `commune`: what their own address says, else what they `said`.

    The address is the later word, and the only one of the two that can be corrected: the answer
    comes from the simulator alone. `country`: a code, empty for France.
    """
    if country and country not in FRENCH_TERRITORIES:
        return YesNo.NO
    here = commune_of_city(commune)
    if not (city.strip() and here):
        return said
    return YesNo.YES if commune_of_city(city) == here else YesNo.NO


def address_is_elsewhere(*, residence: str | None, city: str, commune: str) -> bool:
    """The couple's address contradicts the competence of the mairie of `commune`.

    False while one of the three is unknown: what is missing is asked for elsewhere.
    """
    if residence not in _ADDRESS_DECIDES:
        return False
    here = commune_of_city(commune)
    # A city that names no commune (« 30000 », « (Nîmes) ») is not this one.
    return bool(city.strip() and here) and commune_of_city(city) != here
