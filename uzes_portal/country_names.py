"""Names of countries, where those of the package are wrong, old or mistaken for another's.

« Guyane » was Guyana, and a person born in Cayenne was asked for foreign papers: each overseas
place of France says that it is one.
"""

from demarches.rules.overseas import FRENCH_OVERSEAS

COUNTRY_NAMES = {
    **FRENCH_OVERSEAS,
    "BQ": "Bonaire, Saint-Eustache et Saba (Pays-Bas)",
    "BZ": "Belize",
    "CI": "Côte d’Ivoire",
    "FM": "Micronésie (États fédérés de)",
    "GS": "Géorgie du Sud-et-les Îles Sandwich du Sud (Royaume-Uni)",
    "GT": "Guatemala",
    "GY": "Guyana",
    "IO": "Territoire britannique de l’océan Indien",
    "LR": "Liberia",
    "MH": "Îles Marshall",
    "MK": "Macédoine du Nord",
    "PS": "Palestine",
    "SA": "Arabie saoudite",
    "SB": "Îles Salomon",
    "SX": "Saint-Martin (Pays-Bas)",
    "SZ": "Eswatini",
    "TL": "Timor oriental",
    "TT": "Trinité-et-Tobago",
    "US": "États-Unis d’Amérique",
    "VN": "Vietnam",
    "XK": "Kosovo",
}
