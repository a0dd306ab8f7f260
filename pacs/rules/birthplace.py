"""Where somebody was born: the commune whose record it is, from the name that people write."""

from demarches.rules.communes import Commune, Communes
from demarches.rules.overseas import FRENCH_OVERSEAS
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


def place_of_birth(
    table: Communes, *, country: str, city: str, department: str = "", code: str = ""
) -> tuple[str, str, str]:
    """The commune, its département and its Insee code, from what was written or chosen.

    `code`: the commune chosen among those of that name. The official name stands where one
    commune alone is meant; any other name stays as it was written, without a code.
    """
    found = communes_of_birth(table, country=country, city=city)
    if code:
        found = [one for one in found if one.code == code]
    elif department:
        found = [one for one in found if one.department == department]
    if len(found) == 1:
        return found[0].name, found[0].department, found[0].code
    if overseas := FRENCH_OVERSEAS.get(country):
        return city, overseas.removesuffix(" (France)"), ""
    return city, department, ""
