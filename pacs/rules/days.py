"""« Which day? »: the first and the last one possible, when to send, and whether a day is open.

The mairie checks a dossier in some working days (CRPA R112-11-1 makes it announce them), then
keeps a lead time between the complete dossier and the appointment (décret 2006-1806, art. 1
lets it check the pieces before). Every page, paper, mail and calendar asks here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from demarches.rules.dates_fr import WEEKDAYS, day_fr, weekday_fr
from demarches.rules.deadlines import add_months, add_working_days, is_working_day
from demarches.rules.holidays import LocalHolidays, holiday_name
from demarches.rules.slots import AgendaRules, closed_reason
from pacs.rules.pieces import FOREIGN_PAPERS

ONE_DAY = timedelta(days=1)
SUNDAY = 6
#: How far around a day an open one is looked for.
SEARCH_DAYS = 92
#: One word for the cell of a calendar, of a day that is closed, too soon, or gone.
SHORT_REASONS = ("fermé", "trop tôt", "passé")


@dataclass(frozen=True, slots=True)
class Delays:
    """What the mairie needs: working days to check, then days before the appointment."""

    review_days: int
    lead_days: int
    local: LocalHolidays = LocalHolidays.NATIONAL

    def answer_by(self, received: date) -> date:
        """The day the mairie answers at the latest a dossier received that day."""
        return add_working_days(received, self.review_days, self.local)

    def ready_on(
        self, today: date, *, sent_on: date | None = None, complete_on: date | None = None
    ) -> date:
        """The first day the mairie can be ready, counted from what has happened so far."""
        if complete_on is not None:
            return max(complete_on + timedelta(days=self.lead_days), today + ONE_DAY)
        checked = max(today, self.answer_by(today if sent_on is None else sent_on))
        return checked + timedelta(days=self.lead_days)

    def file_by(self, wished: date) -> date:
        """The last day to send everything, for the mairie to be ready on the wished day."""
        day = wished - timedelta(days=self.lead_days)
        left = self.review_days
        while left:
            left -= is_working_day(day, self.local)
            day -= ONE_DAY
        return day


@dataclass(frozen=True, slots=True)
class DayAnswer:
    """What there is to say of one day; `reason` is empty when it is possible."""

    day: date
    reason: str = ""
    is_closed: bool = False
    is_too_soon: bool = False
    #: The possible days closest to it, in the order of the calendar.
    nearest: tuple[date, ...] = ()

    @property
    def is_possible(self) -> bool:
        return not self.reason

    @property
    def is_open(self) -> bool:
        """The same, as a calendar asks it of each of its days."""
        return self.is_possible

    @property
    def label(self) -> str:
        """« mardi 15 décembre 2026 »."""
        return f"{weekday_fr(self.day)} {day_fr(self.day)}"

    @property
    def short_reason(self) -> str:
        """One word for the cell of a calendar; empty when the day is possible."""
        if self.is_possible:
            return ""
        closed, too_soon, past = SHORT_REASONS
        return closed if self.is_closed else too_soon if self.is_too_soon else past


@dataclass(frozen=True)
class Days:
    """The days of one couple, at one moment.

    `opening` None: appointments are taken by phone, and only Sundays and holidays are known to
    be closed. Seats are not counted: who books is told by the agenda what is left.
    """

    today: date
    delays: Delays
    opening: AgendaRules | None
    #: The last day that can be booked online today; one more opens every day.
    horizon: date
    sent_on: date | None = None
    complete_on: date | None = None
    #: The last day on which every dated piece in hand serves; None when nothing ages.
    papers_last: date | None = None
    #: The law allows no day before this one.
    not_before: date | None = None

    @cached_property
    def first(self) -> date:
        """The first possible day: the mairie is ready, and receives."""
        ready = self.delays.ready_on(self.today, sent_on=self.sent_on, complete_on=self.complete_on)
        start = max(ready, self.not_before or ready)
        # Nothing open for three months: the hours are not known yet, the wait still is.
        return self._next_open(start, until=start + timedelta(days=SEARCH_DAYS)) or start

    @property
    def last(self) -> date:
        """The last day that can be booked today with the papers in hand."""
        return min(self.horizon, self.papers_last or self.horizon)

    @property
    def end_with_papers(self) -> bool:
        """The papers in hand end the days that can be booked today; beyond, nothing is said yet."""
        return self.papers_last is not None and self.papers_last <= self.horizon

    @property
    def is_to_send(self) -> bool:
        """It is the couple's turn: the plan says until when to send."""
        return self.sent_on is None and self.complete_on is None

    def file_by(self, wished: date) -> date | None:
        """The last day to have everything in hand and send it; None once it is sent."""
        return self.delays.file_by(wished) if self.is_to_send else None

    def closed_reason(self, day: date) -> str:
        """Why the mairie registers no PACS on this day; empty when it receives."""
        if self.opening is not None:
            return closed_reason(self.opening, day)
        if name := holiday_name(day, self.delays.local):
            return f"Fermé : {name}."
        return f"Fermé le {WEEKDAYS[SUNDAY]}." if day.weekday() == SUNDAY else ""

    def about(self, day: date) -> DayAnswer:
        """Whether this day is possible; if not why, and the nearest that are."""
        if day < self.today:
            return DayAnswer(day, "Ce jour est passé.", nearest=(self.first,))
        closed = self.closed_reason(day)
        if day < self.first:
            first = f"{weekday_fr(self.first)} {day_fr(self.first)}"
            told = f"Ce jour est trop proche : le premier jour possible est le {first}."
            return DayAnswer(
                day,
                f"{closed} {told}".strip(),
                is_closed=bool(closed),
                is_too_soon=True,
                nearest=self._around(self.first - ONE_DAY),
            )
        if closed:
            return DayAnswer(day, closed, is_closed=True, nearest=self._around(day))
        return DayAnswer(day)

    def _around(self, day: date) -> tuple[date, ...]:
        """The open days closest to a day that is not: one before, one after."""
        far = timedelta(days=SEARCH_DAYS)
        before = self._last_open(day - ONE_DAY, since=max(self.first, day - far))
        after = self._next_open(day + ONE_DAY, until=day + far)
        return tuple(found for found in (before, after) if found is not None)

    def _next_open(self, day: date, *, until: date) -> date | None:
        while day <= until:
            if not self.closed_reason(day):
                return day
            day += ONE_DAY
        return None

    def _last_open(self, day: date, *, since: date) -> date | None:
        while day >= since:
            if not self.closed_reason(day):
                return day
            day -= ONE_DAY
        return None


def lead_days(rule_ids: Iterable[str], *, usual: int, foreign: int) -> int:
    """The mairie's lead time for these pieces: longer with documents from abroad."""
    return foreign if any(rule_id in FOREIGN_PAPERS for rule_id in rule_ids) else usual


def latest_wish(today: date) -> date:
    """How far ahead a date may be wished: nobody plans papers further than three years."""
    return add_months(today, 36)
