"""Groups of countries that the law of the PACS distinguishes (ISO 3166-1 alpha-2 codes).

Which countries are exempt from apostille is deliberately absent: that depends on treaties the
mairie checks case by case (domain reference, section 3.4).
"""

from demarches.rules.overseas import FRENCH_OVERSEAS

FRANCE = "FR"

#: Wherever the law says « France ». Born there means « born in France »: the record is kept by a
#: French commune, and its nationals are French.
FRENCH_TERRITORIES = frozenset({FRANCE, *FRENCH_OVERSEAS})

#: « Somewhere in the Union » and « elsewhere », when people need not say which country: the
#: simulator asks for no more than the rules read. ISO 3166-1 reserves the first and leaves the
#: second to its users: neither is a country.
SOMEWHERE_IN_EU = "EU"
SOMEWHERE_ELSE = "ZZ"

#: Members of the European Union since 1 February 2020 (règlement (UE) 2016/1191 applies).
EU_MEMBERS = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
EU_CODES = EU_MEMBERS | {SOMEWHERE_IN_EU}
