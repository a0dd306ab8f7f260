"""An agenda read for somebody who asks: its first free days, its month, its week at the desk."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.timezone import localdate, make_aware

from demarches.actions import offered_days
from demarches.models import Agenda
from demarches.rules.dates_fr import MONTHS, WEEKDAYS
from demarches.rules.slots import Asked, DaySlots

#: How far agents may book, beyond what is open online.
DESK_HORIZON = timedelta(days=370)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Month:
    """A month at a glance: its weeks, Monday to Sunday, None outside of it."""

    first: date
    days: tuple[DaySlots, ...]
    previous: date | None
    next: date | None

    @property
    def label(self) -> str:
        """« décembre 2026 »."""
        return f"{MONTHS[self.first.month - 1]} {self.first.year}"

    @property
    def closed_days(self) -> list[tuple[str, str]]:
        """« 6, 13, 20 décembre » and why nothing can be booked then, reason by reason."""
        by_reason: dict[str, list[int]] = {}
        for day in self.days:
            if not day.is_open:
                by_reason.setdefault(day.reason, []).append(day.day.day)
        month = MONTHS[self.first.month - 1]
        return [(f"{_numbers(days)} {month}", reason) for reason, days in by_reason.items()]

    @property
    def weekdays(self) -> list[tuple[str, str]]:
        """« lun » and « lundi », for the head of the table."""
        return [(name[:3], name) for name in WEEKDAYS]

    @property
    def weeks(self) -> list[list[DaySlots | None]]:
        before: list[DaySlots | None] = [None] * self.first.weekday()
        cells = [*before, *self.days]
        cells += [None] * (-len(cells) % 7)
        return [cells[start : start + 7] for start in range(0, len(cells), 7)]


def _numbers(days: list[int]) -> str:
    """« 1er au 5, 12, 25 »."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = ["1er" if day == 1 else str(day) for day in range(32)]
    return ", ".join(
        names[run[0]] if len(run) == 1 else f"{names[run[0]]} au {names[run[-1]]}" for run in runs
    )


def midnight(day: date) -> datetime:
    return make_aware(datetime.combine(day, time.min))


def month_of(agenda: Agenda, day: date, asked: Asked) -> Month:
    """The month of a day, with the next and the previous one as far as there is something."""
    first = day.replace(day=1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    today = localdate(asked.now)
    before, after = first - timedelta(days=1), last + timedelta(days=1)
    return Month(
        first=first,
        days=offered_days(agenda, midnight(first), midnight(last), asked),
        previous=before.replace(day=1) if before >= today.replace(day=1) else None,
        next=after if after <= asked.last_day else None,
    )


def first_days(agenda: Agenda, asked: Asked, *, count: int) -> list[DaySlots]:
    """The first days with something free, nearest first."""
    start = max(asked.first_day, localdate(asked.now))
    days = offered_days(agenda, midnight(start), midnight(asked.last_day), asked)
    return [day for day in days if day.is_open][:count]


@dataclass(frozen=True)
class Week:
    """Seven days at the desk, and where to go from there; no day is before today."""

    days: tuple[DaySlots, ...]
    previous: date
    next: date


def week_of(agenda: Agenda, day: date, asked: Asked) -> Week:
    """The seven days from this one on, or from today."""
    today = localdate(asked.now)
    first = max(day, today)
    days = offered_days(agenda, midnight(first), midnight(first + WEEK - timedelta(days=1)), asked)
    return Week(days, previous=max(first - WEEK, today), next=first + WEEK)


def read_moment(raw: str) -> datetime | None:
    """The moment a slot's button sends; None for anything else, one without an offset included."""
    try:
        moment = datetime.fromisoformat(raw[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and 2000 < moment.year < 3000 else None


def read_day(raw: str) -> date | None:
    """The day of an address, or the first of its month (« 2026-12 »); None for anything else."""
    try:
        day = date.fromisoformat(f"{raw}-01" if len(raw) == len("2026-12") else raw)
    except ValueError:
        return None
    return day if 2000 < day.year < 3000 else None
