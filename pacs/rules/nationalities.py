"""Which nationalities there are, and what somebody without one is.

A list of states and not of places: somebody born in Martinique is French, nobody is a national
of Antarctica. ISO 3166-1 alpha-2 codes of the members of the United Nations, with those whose
nationals have papers that French offices meet: the Holy See, Kosovo, Palestine, Taiwan.
"""

from collections.abc import Iterable

from pacs.rules.countries import FRANCE, FRENCH_TERRITORIES
from pacs.rules.situation import Protection

_CODES = """
    AD AE AF AG AL AM AO AR AT AU AZ BA BB BD BE BF BG BH BI BJ BN BO BR BS BT BW BY BZ CA CD CF
    CG CH CI CL CM CN CO CR CU CV CY CZ DE DJ DK DM DO DZ EC EE EG ER ES ET FI FJ FM FR GA GB GD
    GE GH GM GN GQ GR GT GW GY HN HR HT HU ID IE IL IN IQ IR IS IT JM JO JP KE KG KH KI KM KN KP
    KR KW KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MG MH MK ML MM MN MR MT MU MV MW MX MY
    MZ NA NE NG NI NL NO NP NR NZ OM PA PE PG PH PK PL PT PW PY QA RO RS RU RW SA SB SC SD SE SG
    SI SK SL SM SN SO SR SS ST SV SY SZ TD TG TH TJ TL TM TN TO TR TT TV TZ UA UG US UY UZ VC VE
    VN VU WS YE ZA ZM ZW
    VA XK PS TW
"""
NATIONALITIES = frozenset(_CODES.split())


def is_stateless(nationalities: Iterable[str], protection: str | None) -> bool:
    """They said « apatride »: no nationality is an answer, not a question left open."""
    return not tuple(nationalities) and protection == Protection.STATELESS


def as_nationality(code: str) -> str:
    """The nationality meant by the code of a place: those of the overseas are French."""
    return FRANCE if code in FRENCH_TERRITORIES else code
