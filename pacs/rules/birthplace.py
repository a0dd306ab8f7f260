"""Where somebody was born: the commune whose record it is, from the name that people write."""

from demarches.rules.communes import Commune, Communes
from pacs.rules.countries import FRANCE, FRENCH_TERRITORIES

#: The codes of Insee's departments and collectivities, for the ISO codes of overseas places.
OVERSEAS_DEPARTMENTS = {
    "BL": "977",
    "GF": "973",
    "GP": "971",
    "MF": "978",
    "MQ": "972",
    "NC": "988",
    "PF": "987",
    "PM": "975",
    "RE": "974",
    "TF": "984",
    "WF": "986",
    "YT": "976",
}


def communes_of_birth(table: Communes, *, country: str, city: str) -> list[Commune]:
    """The communes that this name can mean in this country (ISO code); none outside France.

    « France » means all of it: somebody born at Saint-Denis de La Réunion may say either.
    """
    if country not in FRENCH_TERRITORIES:
        return []
    found = table.named(city)
    if country == FRANCE:
        return found
    department = OVERSEAS_DEPARTMENTS[country]
    return [one for one in found if one.department_code == department]
