"""Closing a day on which people are expected: who may go where, and the words about it.

Pure: the clock is a parameter, and the seats are those that somebody has read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from demarches.rules.dates_fr import day_fr, hour_fr, weekday_fr
from demarches.rules.enums import LabelledStrEnum
from demarches.rules.numbers import plural
from demarches.rules.opening_hours import ClosurePeriod
from demarches.rules.slots import AgendaChange, Asked, Slot

#: How long nobody can book on a day that an agent is closing, unless they confirm.
PAUSE = timedelta(minutes=30)
#: Each gesture of the agent gives thirty minutes more, for so long in all.
PAUSE_AT_MOST = timedelta(hours=3)
#: A holiday week and the days around; everybody has to go somewhere else.
DAYS_AT_MOST = 31
PRESET = "Fermé exceptionnellement"
#: How far after the day that closes seats are proposed.
PROPOSED_WITHIN = timedelta(days=60)
#: What an agent chooses from: the first hours of the nearest days.
CHOICE_DAYS = 4
CHOICES_A_DAY = 3


class Outcome(LabelledStrEnum):
    """What became of an appointment of the day."""

    PENDING = "", "À placer"
    MOVED = "moved", "Déplacé"
    CANCELLED = "cancelled", "Annulé"
    #: The people moved or cancelled by themselves.
    GONE = "gone", "Changé par eux"


@dataclass(frozen=True, slots=True)
class Wish:
    """One appointment to put elsewhere: when it was, and what its people may have."""

    key: int
    starts_at: datetime
    asked: Asked

    @property
    def last_day(self) -> date:
        """The last day on which the papers of these people serve."""
        ends = [limit.last for limit in self.asked.limits if limit.last is not None]
        return min([self.asked.last_day, *ends])


def suitable(slots: Iterable[Slot], wish: Wish) -> list[Slot]:
    """The seats after the former hour that the law and the papers allow, nearest first."""
    return [
        slot for slot in slots if slot.starts_at > wish.starts_at and wish.asked.allows(slot.day)
    ]


def choices(slots: Iterable[Slot], wish: Wish) -> list[Slot]:
    """A few of them: the first hours of the nearest days, so that another day can be had too."""
    by_day: dict[date, list[Slot]] = {}
    for slot in suitable(slots, wish):
        by_day.setdefault(slot.day, []).append(slot)
    near = list(by_day.values())[:CHOICE_DAYS]
    return [slot for day in near for slot in day[:CHOICES_A_DAY]]


def share_out(
    wishes: Iterable[Wish], slots: Sequence[Slot], *, not_before: datetime
) -> dict[int, Slot]:
    """The nearest seat for each; those whose papers end first choose first.

    `not_before`: whoever is told today does not come tomorrow. A seat goes to one; whoever finds
    none is not in the answer.
    """
    slots = [slot for slot in slots if slot.starts_at >= not_before]
    left = {slot.starts_at: len(slot.free_seats) for slot in slots}
    found: dict[int, Slot] = {}
    for wish in sorted(wishes, key=lambda one: (one.last_day, one.starts_at, one.key)):
        for slot in suitable(slots, wish):
            if left[slot.starts_at]:
                left[slot.starts_at] -= 1
                found[wish.key] = slot
                break
    return found


def bounds(period: ClosurePeriod, *, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first and the last moment of a span; no hour: the whole of its first or last day."""
    start = datetime.combine(period.first_day, period.from_time or time.min, zone)
    if period.until_time:
        return start, datetime.combine(period.last_day, period.until_time, zone)
    return start, datetime.combine(period.last_day + timedelta(days=1), time.min, zone)


def pauses_of(period: ClosurePeriod) -> list[AgendaChange]:
    """The hours that a span takes away, day by day."""
    count = (period.last_day - period.first_day).days + 1
    days = (period.first_day + timedelta(days=rank) for rank in range(count))
    return [AgendaChange(day, False, *_hours_of(period, day), period.reason) for day in days]


def _hours_of(period: ClosurePeriod, day: date) -> tuple[time | None, time | None]:
    """From and until which hour this day of a span is closed."""
    start = period.from_time if day == period.first_day else None
    return start, period.until_time if day == period.last_day else None


def held_until(began: datetime, *, at: datetime) -> datetime:
    """Thirty minutes from now, within what a closing may take in all."""
    return min(at + PAUSE, began + PAUSE_AT_MOST)


def left_open(opening: AgendaChange, closing: ClosurePeriod) -> list[AgendaChange]:
    """What a closing leaves of an exceptional opening of one of its days."""
    begin, end = opening.from_time or time.min, opening.until_time or time.max
    start, stop = _hours_of(closing, opening.day)
    first, last = start or time.min, stop or time.max
    spans = [(begin, min(end, first)), (max(begin, last), end)]
    return [
        AgendaChange(opening.day, True, start, stop, opening.reason)
        for start, stop in spans
        if start < stop
    ]


def why_closed(period: ClosurePeriod, service: str = "") -> str:
    """« La mairie ne reçoit pas le jeudi 3 décembre 2026. Fermé exceptionnellement. »"""
    who = f"Le service « {service} » de la mairie" if service else "La mairie"
    reason = period.reason.strip().rstrip(".")
    return f"{who} ne reçoit pas {period}. {reason[:1].upper()}{reason[1:]}."


def day_in_words(period: ClosurePeriod) -> str:
    """« jeudi 3 décembre », « jeudi 3 décembre à partir de 14 h », « du lundi 21 … au … »."""
    if period.first_day != period.last_day:
        ends = ((period.first_day, period.from_time), (period.last_day, period.until_time))
        first, last = (
            f"{weekday_fr(day)} {day_fr(day, year=False)}" + (f" à {hour_fr(hour)}" if hour else "")
            for day, hour in ends
        )
        return f"du {first} au {last}"
    words = f"{weekday_fr(period.first_day)} {day_fr(period.first_day, year=False)}"
    if period.from_time and period.until_time:
        return f"{words} de {hour_fr(period.from_time)} à {hour_fr(period.until_time)}"
    if period.from_time:
        return f"{words} à partir de {hour_fr(period.from_time)}"
    return f"{words} jusqu’à {hour_fr(period.until_time)}" if period.until_time else words


@dataclass(frozen=True, slots=True)
class Toll:
    """What one press does: appointments moved and cancelled, mails, calls left to make."""

    moved: int = 0
    cancelled: int = 0
    mails: int = 0
    calls: int = 0

    def __add__(self, other: "Toll") -> "Toll":
        return Toll(
            self.moved + other.moved,
            self.cancelled + other.cancelled,
            self.mails + other.mails,
            self.calls + other.calls,
        )

    @property
    def said(self) -> str:
        """« Journée fermée : 7 rendez-vous déplacés, 1 annulé, 13 mails, 3 appels à faire. »"""
        one = [
            f"{self.moved} rendez-vous déplacé{plural(self.moved)}" if self.moved else "",
            f"{self.cancelled} rendez-vous annulé{plural(self.cancelled)}"
            if self.cancelled
            else "",
            f"{self.mails} mail{plural(self.mails)}" if self.mails else "",
            f"{self.calls} appel{plural(self.calls)} à faire" if self.calls else "",
        ]
        words = ", ".join(part for part in one if part)
        return f"Journée fermée : {words}." if words else "Journée fermée."

    def sentence(self, day: str, *, is_closed: bool = False) -> str:
        """« Fermer jeudi 3 décembre, déplacer 7 rendez-vous, en annuler 1, écrire 13 mails »."""
        parts = [] if is_closed else [f"fermer {day}"]
        if self.moved:
            parts.append(f"déplacer {self.moved} rendez-vous")
        if self.cancelled:
            en = "en annuler" if self.moved else "annuler"
            parts.append(f"{en} {self.cancelled}" + ("" if self.moved else " rendez-vous"))
        if self.mails:
            parts.append(f"écrire {self.mails} mail{plural(self.mails)}")
        if self.calls:
            parts.append(f"{self.calls} appel{plural(self.calls)} à faire")
        words = ", ".join(parts) or "terminer"
        return words[:1].upper() + words[1:]
