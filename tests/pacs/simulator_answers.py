"""Addresses of the simulator, from few words."""

COMMON = {"adresse": "ici", "lien": "aucun", "age": "21_plus", "mesure": "aucune"}
PROJECT = {"convention": "cerfa_15726", "date": ""}
FRENCH = {"origine": "france_francaise", "situation": "celibataire"}
SENEGALESE = FRENCH | {"origine": "autre_pays", "papiers": "oui"}
ITALIAN_WIDOW = {"origine": "ue", "situation": "veuf", "lieu_acte": "ue", "papiers": "non"}
#: Everything that may be answered « je ne sais pas ».
NOTHING_KNOWN = {
    "origine": "inconnu",
    "naissance": "inconnu",
    "nationalite": "inconnu",
    "situation": "inconnu",
    "papiers": "inconnu",
}


def params_of(
    first: dict[str, str] = FRENCH, second: dict[str, str] = FRENCH, **common: str
) -> dict[str, str]:
    """A whole address for these two people; a measure of either is a measure of the couple."""
    people = [(first, 1), (second, 2)]
    measures = {}
    if any("mesure" in person for person, _ in people):
        measures = {"mesure": "oui", "mesure1": "aucune", "mesure2": "aucune"}
    return {
        **COMMON,
        **measures,
        **{f"{name}{holder}": value for person, holder in people for name, value in person.items()},
        **PROJECT,
        **common,
    }
