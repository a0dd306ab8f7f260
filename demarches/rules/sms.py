"""What fits in one SMS, when it may leave, and which settings a gateway needs.

Alphabet: 3GPP TS 23.038, 6.2.1, the default alphabet of 7 bits and its extension. A text in it
takes 160 septets at most in one SMS; a sign of the extension takes two.
"""

import re
import unicodedata
from datetime import datetime, time, timedelta
from typing import Final
from urllib.parse import urlsplit

LONGEST: Final = 160
BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
#: French signs that the alphabet has not, and that no accent makes.
PLAIN: Final = str.maketrans(
    {"’": "'", "\u2018": "'", "«": '"', "»": '"', "“": '"', "”": '"'}
    | {"–": "-", "—": "-", "…": "...", "œ": "oe", "Œ": "OE", "\u00a0": " ", "\u202f": " "}
)

#: Nobody is woken up: texts leave from the first hour on, and before the last one.
FIRST_HOUR, LAST_HOUR = time(8), time(20)

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
#: Eleven letters and figures, or a number: what networks show as the sender.
SENDER: Final = re.compile(r"(?=[0-9 ]{0,10}[A-Za-z])[A-Za-z0-9 ]{1,11}|\+?[0-9]{3,15}")


def in_gsm(text: str) -> str:
    """The text in the alphabet of 7 bits: « ê » becomes « e », what has no letter is left out."""
    return "".join(_in_gsm(sign) for sign in text.translate(PLAIN))


def _in_gsm(sign: str) -> str:
    if sign in BASIC or sign in EXTENSION:
        return sign
    parts = unicodedata.normalize("NFKD", sign)
    return "".join(part for part in parts if part in BASIC or part in EXTENSION)


def septets(text: str) -> int:
    """How many places a text of the alphabet takes in an SMS."""
    return len(text) + sum(sign in EXTENSION for sign in text)


def awake(moment: datetime) -> datetime:
    """This moment of the town's clock, or the first one after it at which a text may leave."""
    if moment.time() < FIRST_HOUR:
        return datetime.combine(moment, FIRST_HOUR, moment.tzinfo)
    if moment.time() >= LAST_HOUR:
        return datetime.combine(moment + timedelta(days=1), FIRST_HOUR, moment.tzinfo)
    return moment


def gateway_problem(url: str, sender: str, *, is_trial: bool) -> str:
    """What is wrong with these settings; empty when nothing is. `is_trial`: not in production."""
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or parts.username is not None:
        return "SMS_GATEWAY_URL is no address of a gateway: https://host/path."
    is_local = is_trial and parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts.scheme != "https" and not is_local:
        return "SMS_GATEWAY_URL must begin with https://."
    if not SENDER.fullmatch(sender):
        return "SMS_SENDER: write eleven letters and figures at most, or a number."
    return ""
