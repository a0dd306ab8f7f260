"""The timeline of a dossier, as `components/_timeline.html` shows it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment: « done », « now » or « next »; the text says who must act."""

    title: str
    state: str
    at: datetime | None = None
    text: str = ""
