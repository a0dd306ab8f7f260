"""An agenda read for somebody who asks: its first free days, its month, its week at the desk."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol

from django.utils.timezone import localdate, make_aware
from django.utils.translation import get_language

from demarches.agenda.seats import offered_days
from demarches.models import Agenda, Appointment
from demarches.rules.dates_fr import MONTHS
from demarches.rules.dates_spoken import month_in, weekdays_in
from demarches.rules.enums import AppointmentStatus
from demarches.rules.slots import Asked, DaySlots

#: How far agents may book, beyond what is open online.
DESK_HORIZON = timedelta(days=370)
WEEK = timedelta(days=7)


class CalendarDay(Protocol):
    """A day of a month at a glance: one that can be chosen, or the reason why it cannot."""

    @property
    def day(self) -> date: ...
    @property
    def is_open(self) -> bool: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True)
class Month[D: CalendarDay]:
    """A month at a glance: its weeks, Monday to Sunday, None outside of it."""

    first: date
    days: Sequence[D]
    previous: date | None
    next: date | None

    @property
    def shown(self) -> tuple[object, ...]:
        """All that a page shows of it, as plain values: two equal ones look the same.

        Free hours are counted and a reason told in a word where the cells of a month show them.
        """
        days = (
            (
                *(day.day, day.is_open, day.reason),
                *(getattr(day, name, "") for name in ("short_reason", "free_words")),
            )
            for day in self.days
        )
        return (self.first, self.previous, self.next, *days)

    @property
    def label(self) -> str:
        """« décembre 2026 », in the language of the page."""
        return month_in(get_language() or "fr", self.first)

    @property
    def has_open_day(self) -> bool:
        return any(day.is_open for day in self.days)

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
        """« lun » and « lundi », for the head of the table, in the language of the page."""
        return weekdays_in(get_language() or "fr")

    @property
    def weeks(self) -> list[list[D | None]]:
        before: list[D | None] = [None] * self.first.weekday()
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


def first_of_month(day: date) -> date:
    return day.replace(day=1)


def last_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def clamped_month(day: date, first: date, last: date) -> tuple[date, date | None, date | None]:
    """The first day of this month, or of the nearest between two days; those before and after."""
    month = first_of_month(min(max(day, first), last))
    before, after = month - timedelta(days=1), last_of_month(month) + timedelta(days=1)
    previous = first_of_month(before) if before >= first_of_month(first) else None
    return month, previous, after if after <= last else None


@dataclass(frozen=True)
class Calendar:
    """An agenda read once for somebody who asks: every day of the months open to them."""

    days: tuple[DaySlots, ...]
    today: date
    last: date

    @property
    def open_days(self) -> list[DaySlots]:
        """The days with something free, nearest first."""
        return [day for day in self.days if day.is_open]

    def on(self, day: date | None) -> DaySlots | None:
        """This day, free or not; None outside of these months."""
        return next((one for one in self.days if one.day == day), None)

    def around(self, day: date) -> list[DaySlots]:
        """The open days closest to one that is not: one before, one after."""
        before = [one for one in self.open_days if one.day < day][-1:]
        return before + [one for one in self.open_days if one.day > day][:1]

    def month(self, day: date) -> Month[DaySlots]:
        """The month of a day, or the nearest one that is open."""
        first, previous, following = clamped_month(day, self.today, self.last)
        days = [one for one in self.days if first_of_month(one.day) == first]
        return Month(first, days, previous, following)


def calendar_of(agenda: Agenda, asked: Asked) -> Calendar:
    """From the month of today to the month of the last day that can be booked."""
    today = localdate(asked.now)
    last = max(today, asked.last_day)
    begin, end = midnight(first_of_month(today)), midnight(last_of_month(last))
    return Calendar(offered_days(agenda, begin, end, asked), today, last)


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


def month_at_desk(agenda: Agenda, day: date, asked: Asked) -> Month[DaySlots]:
    """The month of a day, from this one to the last in which an agent may book."""
    month, previous, following = clamped_month(day, localdate(asked.now), asked.last_day)
    days = offered_days(agenda, midnight(month), midnight(last_of_month(month)), asked)
    return Month(month, days, previous, following)


def already_theirs(appointment: Appointment | None, starts_at: datetime) -> str:
    """What to say of a slot asked for that they have already; empty when they have not."""
    if appointment is None or appointment.starts_at != starts_at:
        return ""
    if appointment.current_status is not AppointmentStatus.BOOKED:
        return ""
    return f"C’est son rendez-vous actuel : {appointment}. Rien n’a changé."


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
