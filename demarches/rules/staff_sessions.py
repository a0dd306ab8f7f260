"""How agents come in: how long a session lasts, and what is kept of it.

A session lasts a while without a gesture, and never beyond a day's work.

The figures are those of ASVS 5.0 (7.3.1, 7.3.2), set in the settings.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from demarches.rules.enums import LabelledStrEnum


def is_over(
    *,
    started_at: datetime,
    last_seen_at: datetime,
    at: datetime,
    idle: timedelta,
    absolute: timedelta,
) -> bool:
    """Whether a session has ended at this moment; a gesture prolongs the first limit only."""
    return at - last_seen_at >= idle or at - started_at >= absolute


def address_prefix(address: str) -> str:
    """The network an address belongs to (/24, or /48 in IPv6): a place, not a person's line.

    "" for what is not an address.
    """
    try:
        version = ip_address(address).version
    except ValueError:
        return ""
    return str(ip_network(f"{address}/{24 if version == 4 else 48}", strict=False))


#: Marks of browsers and systems, the more precise first: each browser also claims older names.
BROWSERS = (
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str) -> str:
    """« Firefox, Windows »: enough to recognise one's own browser, no more."""
    known = [
        next((word for mark, word in marks if mark in user_agent), "")
        for marks in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(filter(None, known)) or "navigateur inconnu"


class SignInResult(LabelledStrEnum):
    """What became of a try at the agents' door."""

    PASSWORD = "password", "mot de passe juste"
    WRONG = "wrong", "mot de passe faux"
    UNKNOWN = "unknown", "compte inconnu"
    LIMITED = "limited", "refusé : trop d’essais"
    FACTOR = "factor", "second facteur juste"
    WRONG_FACTOR = "wrong_factor", "second facteur faux"
    PROCONNECT = "proconnect", "identité donnée par ProConnect"
    RECOVERY = "recovery", "lien de mot de passe demandé"
