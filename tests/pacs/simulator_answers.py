"""Addresses of the simulator, from few words."""

COMMON = {"adresse": "ici", "lien": "aucun", "empechement": "aucun"}
PROJECT = {"convention": "cerfa_15726", "date": ""}
FRENCH = {
    "age": "21_plus",
    "naissance": "france",
    "nationalite": "francaise",
    "situation": "celibataire",
    "mesure": "aucune",
}
SENEGALESE = FRENCH | {
    "naissance": "autre_pays",
    "nationalite": "autre",
    "protection": "aucune",
    "acte_en_francais": "oui",
    "pays_a_jour": "oui",
    "coutume": "oui",
    "coutume_en_francais": "oui",
}
ITALIAN_WIDOW = SENEGALESE | {
    "naissance": "ue",
    "situation": "veuf",
    "lieu_acte": "ue",
    "acte_en_francais": "non",
    "coutume_en_francais": "non",
    "preuve_en_francais": "non",
}
#: Everything that may be answered « je ne sais pas ».
NOTHING_KNOWN = FRENCH | {
    "naissance": "inconnu",
    "nationalite": "inconnu",
    "situation": "inconnu",
    "mesure": "inconnu",
    "acte_en_francais": "inconnu",
    "pays_a_jour": "inconnu",
}


def params_of(
    first: dict[str, str] = FRENCH, second: dict[str, str] = FRENCH, **common: str
) -> dict[str, str]:
    """A whole address for these two people."""
    people = [(first, 1), (second, 2)]
    return {
        **COMMON,
        **{f"{name}{holder}": value for person, holder in people for name, value in person.items()},
        **PROJECT,
        **common,
    }
