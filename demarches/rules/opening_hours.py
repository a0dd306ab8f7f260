"""Opening hours: rows that agents edit → one OpenStreetMap expression → « ouvert jusqu’à 12 h ».

The expression follows the OpenStreetMap specification of `opening_hours` (as read by
opening-hours-py 2), so that what the portal computes with is also what it publishes. In it, a
later rule replaces the earlier ones on the days it names; a rule « off » with hours takes only
these hours away. Hence the order: usual hours, hours that change from a date on, public holidays
(`demarches.rules.holidays`), closures.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State

from demarches.rules.dates_fr import (
    NBSP,
    day_fr,
    days_range_fr,
    hour_fr,
    near_day_fr,
    weekday_fr,
)
from demarches.rules.holidays import OSM_MONTHS, LocalHolidays, holiday_name, local_rules

PARIS = ZoneInfo("Europe/Paris")
COUNTRY = "FR"
ALL_WEEKS = (1, 2, 3, 4, 5)
#: How far to look for the next opening: beyond, the service counts as closed for good.
HORIZON = timedelta(days=400)
OSM_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

type Span = tuple[time, time]


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """One row: a weekday (0 is Monday), from, to, in which weeks of the month, between which days.

    No week means every week; week 1 holds the first such weekday of the month (« 1er samedi »).
    """

    weekday: int
    opens: time
    closes: time
    weeks: tuple[int, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        # Backwards, OpenStreetMap would read « through midnight ».
        if self.closes <= self.opens:
            raise ValueError("a span closes after it opens")

    def is_valid_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


@dataclass(frozen=True, slots=True)
class ClosurePeriod:
    """A closure, both days included; without an hour, it takes the whole first or last day."""

    first_day: date
    last_day: date
    from_time: time | None = None
    until_time: time | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        start = datetime.combine(self.first_day, self.from_time or time.min)
        end = datetime.combine(self.last_day, self.until_time or time.max)
        # « until 0:00 » would be read as the whole day.
        if end <= start or self.until_time == time.min:
            raise ValueError("a closure ends after it starts")

    def __str__(self) -> str:
        """« du 24 au 26 décembre 2026 », « le lundi 4 janvier 2027 de 8 h à 10 h »."""
        if self.first_day == self.last_day:
            hours = [f"à partir de {hour_fr(self.from_time)}"] if self.from_time else []
            if self.until_time:
                hours = [f"jusqu’à {hour_fr(self.until_time)}"]
                if self.from_time:
                    hours = [f"de {hour_fr(self.from_time)} à {hour_fr(self.until_time)}"]
            return " ".join([days_range_fr(self.first_day, self.last_day), *hours])
        if not self.from_time and not self.until_time:
            return days_range_fr(self.first_day, self.last_day)
        start = f"{weekday_fr(self.first_day)} {day_fr(self.first_day)}"
        end = f"{weekday_fr(self.last_day)} {day_fr(self.last_day)}"
        if self.from_time:
            start += f" à {hour_fr(self.from_time)}"
        if self.until_time:
            end += f" à {hour_fr(self.until_time)}"
        return f"du {start} au {end}"


@dataclass(frozen=True, slots=True)
class OpenState:
    """Open or not at a moment, until when, or when it opens next and why it is closed."""

    is_open: bool
    at: datetime
    until: datetime | None = None
    next_opening: datetime | None = None
    reason: str = ""
    has_hours: bool = True


@dataclass(frozen=True, slots=True)
class DayHours:
    """One line of the week’s table: a real date, its open spans, and why it is not as usual."""

    date: date
    spans: tuple[Span, ...]
    note: str = ""

    @property
    def day_label(self) -> str:
        """« samedi 1er août »."""
        return f"{weekday_fr(self.date)} {day_fr(self.date, year=False)}"

    @property
    def label(self) -> str:
        """« 8 h à 12 h, 13 h 30 à 16 h 45 », or « Fermé »."""
        if not self.spans:
            return "Fermé"
        return ", ".join(f"{hour_fr(start)} à{NBSP}{hour_fr(end)}" for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Today:
    """What the header of every page says about the mairie."""

    sentence: str
    short: str
    is_open: bool


# Rows → expression


def conflict(rows: Sequence[WeeklyHours]) -> tuple[WeeklyHours, WeeklyHours] | None:
    """Two rows that say different things about the same minutes of the same day, if any."""
    for index, one in enumerate(rows):
        for other in rows[index + 1 :]:
            if (
                one.weekday == other.weekday
                and one.opens < other.closes
                and other.opens < one.closes
                and set(one.weeks or ALL_WEEKS) & set(other.weeks or ALL_WEEKS)
                and (one.valid_from or date.min) <= (other.valid_until or date.max)
                and (other.valid_from or date.min) <= (one.valid_until or date.max)
            ):
                return one, other
    return None


def compile_expression(
    rows: Iterable[WeeklyHours],
    closures: Iterable[ClosurePeriod] = (),
    *,
    local: LocalHolidays = LocalHolidays.NATIONAL,
) -> str:
    """Write the rows as one OpenStreetMap expression; empty when there is no row at all.

    `PH` is read as the national holidays: those of the place are written beside it.
    """
    rows = tuple(rows)
    if not rows:
        return ""
    changes = {row.valid_from for row in rows if row.valid_from}
    changes |= {row.valid_until + timedelta(days=1) for row in rows if row.valid_until}
    rules = _week_rules([row for row in rows if row.is_valid_on(date.min)])
    for change in sorted(changes):
        since = f"{_osm_date(change)}+ "
        in_force = [row for row in rows if row.is_valid_on(change)]
        rules += [f"{since}{rule}" for rule in ["off", *_week_rules(in_force)]]
    rules += ["PH off", *local_rules(local)]
    for closure in closures:
        rules += _closure_rules(closure)
    return "; ".join(rules)


def _week_rules(rows: Sequence[WeeklyHours]) -> list[str]:
    """« Mo-Th 08:00-12:00,13:30-16:45 », then the weeks of the month that differ."""
    usual = {
        weekday: _merged(row for row in rows if row.weekday == weekday and not row.weeks)
        for weekday in range(7)
    }
    rules = []
    start = 0
    for weekday in range(1, 8):
        if weekday < 7 and usual[weekday] == usual[start]:
            continue
        if usual[start]:
            last = weekday - 1
            days = OSM_WEEKDAYS[start] + (f"-{OSM_WEEKDAYS[last]}" if last > start else "")
            rules.append(f"{days} {_osm_spans(usual[start])}")
        start = weekday
    for weekday in range(7):
        weeks_of_spans: dict[tuple[Span, ...], list[int]] = {}
        for week in ALL_WEEKS:
            spans = _merged(
                row for row in rows if row.weekday == weekday and week in (row.weeks or ALL_WEEKS)
            )
            if spans != usual[weekday]:
                weeks_of_spans.setdefault(spans, []).append(week)
        for spans, weeks in weeks_of_spans.items():
            numbers = ",".join(map(str, weeks))
            rules.append(f"{OSM_WEEKDAYS[weekday]}[{numbers}] {_osm_spans(spans)}")
    return rules


def _closure_rules(closure: ClosurePeriod) -> list[str]:
    """One « off » rule for the whole days, one for each day that is cut by an hour."""
    comment = f' "{_osm_comment(closure.reason)}"' if closure.reason.strip() else ""
    first, last = closure.first_day, closure.last_day
    if first == last and (closure.from_time or closure.until_time):
        hours = f"{_osm_time(closure.from_time)}-{_osm_time(closure.until_time, end=True)}"
        return [f"{_osm_date(first)} {hours} off{comment}"]
    rules = []
    if closure.from_time:
        rules.append(f"{_osm_date(first)} {_osm_time(closure.from_time)}-24:00 off{comment}")
        first += timedelta(days=1)
    if closure.until_time:
        rules.append(f"{_osm_date(last)} 00:00-{_osm_time(closure.until_time)} off{comment}")
        last -= timedelta(days=1)
    if first == last:
        rules.append(f"{_osm_date(first)} off{comment}")
    elif first < last:
        rules.append(f"{_osm_date(first)}-{_osm_date(last)} off{comment}")
    return rules


def _merged(rows: Iterable[WeeklyHours]) -> tuple[Span, ...]:
    """The spans in order; those that touch or overlap become one."""
    spans: list[Span] = []
    for opens, closes in sorted((row.opens, row.closes) for row in rows):
        if spans and opens <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], closes))
        else:
            spans.append((opens, closes))
    return tuple(spans)


def _osm_spans(spans: Iterable[Span]) -> str:
    return ",".join(f"{_osm_time(opens)}-{_osm_time(closes)}" for opens, closes in spans)


def _osm_time(moment: time | None, *, end: bool = False) -> str:
    if moment is None:
        return "24:00" if end else "00:00"
    return f"{moment:%H:%M}"


def _osm_date(day: date) -> str:
    return f"{day.year:04d} {OSM_MONTHS[day.month - 1]} {day.day:02d}"


def _osm_comment(text: str) -> str:
    """The syntax has no way to write a straight quote inside a comment."""
    return " ".join(text.replace('"', "’").split())


# Expression → answers


@lru_cache(maxsize=64)
def _parsed(expression: str, timezone: ZoneInfo) -> OpeningHours:
    return OpeningHours(expression, country=COUNTRY, timezone=timezone)


def _intervals(
    expression: str, start: datetime, end: datetime, timezone: ZoneInfo
) -> Iterator[tuple[datetime, datetime, bool, str]]:
    for begin, stop, state, comment in _parsed(expression, timezone).intervals(start, end):
        yield begin, stop, state == State.OPEN, comment


def open_spans(
    expression: str, start: datetime, end: datetime, *, timezone: ZoneInfo = PARIS
) -> tuple[tuple[datetime, datetime], ...]:
    """Every span in which the service is open between two moments, cut at both."""
    if not expression:
        return ()
    return tuple(
        (begin, stop)
        for begin, stop, is_open, _ in _intervals(expression, start, end, timezone)
        if is_open
    )


def state_at(expression: str, at: datetime, *, timezone: ZoneInfo = PARIS) -> OpenState:
    """Open or closed at this moment; the minute of closing is closed."""
    if not expression:
        return OpenState(is_open=False, at=at, has_hours=False)
    at = at.astimezone(timezone)
    spans = _intervals(expression, at, at + HORIZON, timezone)
    _, stop, is_open, comment = next(spans)
    if is_open:
        return OpenState(is_open=True, at=at, until=stop)
    holiday = holiday_name(at.date())
    return OpenState(
        is_open=False,
        at=at,
        next_opening=next((begin for begin, _, opens, _ in spans if opens), None),
        reason=comment or (f"jour férié{NBSP}: {holiday}" if holiday else ""),
    )


def next_change(expression: str, at: datetime, *, timezone: ZoneInfo = PARIS) -> datetime | None:
    """When it opens or closes next, or is closed for another reason; None: hours unknown."""
    if not expression:
        return None
    at = at.astimezone(timezone)
    _, stop, _, _ = next(_intervals(expression, at, at + HORIZON, timezone))
    return stop


@lru_cache(maxsize=2048)
def day_hours(expression: str, day: date, *, timezone: ZoneInfo = PARIS) -> DayHours:
    """The hours of one real day, with the holiday or the closure that changes them."""
    note = holiday_name(day)
    if not expression:
        return DayHours(day, (), note)
    start = datetime.combine(day, time.min, timezone)
    end = datetime.combine(day + timedelta(days=1), time.min, timezone)
    intervals = tuple(_intervals(expression, start, end, timezone))
    reason = next((comment for _, _, is_open, comment in intervals if comment), "")
    spans = tuple((begin.time(), stop.time()) for begin, stop, is_open, _ in intervals if is_open)
    return DayHours(day, spans, reason or note)


def week_hours(expression: str, day: date, *, timezone: ZoneInfo = PARIS) -> tuple[DayHours, ...]:
    """The week of this day, Monday to Sunday, with real dates."""
    monday = monday_of(day)
    return tuple(
        day_hours(expression, monday + timedelta(days=rank), timezone=timezone) for rank in range(7)
    )


def next_days(
    expression: str,
    weekdays: Collection[int],
    after: date,
    *,
    count: int,
    timezone: ZoneInfo = PARIS,
) -> tuple[DayHours, ...]:
    """The next days open among these weekdays, this day included: « prochains samedis »."""
    days = (after + timedelta(days=rank) for rank in range(HORIZON.days))
    hours = (
        day_hours(expression, day, timezone=timezone) for day in days if day.weekday() in weekdays
    )
    return tuple(islice((day for day in hours if day.spans), count))


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


# Answers → sentences


def sentence(state: OpenState) -> str:
    """« Ouvert jusqu’à 12 h », « Fermé (jour férié : Ascension), ouvre demain à 8 h »."""
    return _sentence(state, f" ({state.reason})" if state.reason else "")


def short_sentence(state: OpenState) -> str:
    """The same without the reason of the closure."""
    return _sentence(state, "")


def _sentence(state: OpenState, reason: str) -> str:
    if not state.has_hours:
        return "Horaires non communiqués"
    if state.until is not None:
        return f"Ouvert jusqu’à {hour_fr(state.until)}"
    if state.next_opening is None:
        return f"Fermé{reason}, sans réouverture annoncée"
    opening = state.next_opening
    day = near_day_fr(opening.date(), state.at.date())
    day = "" if opening.date() == state.at.date() else f"{day} "
    return f"Fermé{reason}, ouvre {day}à {hour_fr(opening)}"


def today(services: Sequence[tuple[str, OpenState]]) -> Today:
    """Say the state of the first service, and of the others where it differs.

    On a first Saturday: « Fermé, ouvre lundi à 8 h. État civil : ouvert jusqu’à 12 h ».
    """
    if not services:
        return Today("Horaires non communiqués", "Horaires non communiqués", is_open=False)
    (_, first), *others = services
    differing = [
        f"{label}{NBSP}: {_lower_first(sentence(state))}"
        for label, state in others
        if sentence(state) != sentence(first)
    ]
    open_now = next(((label, state) for label, state in services if state.is_open), None)
    short = short_sentence(first)
    if open_now and not first.is_open:
        short = f"{open_now[0]}{NBSP}: {_lower_first(short_sentence(open_now[1]))}"
    return Today(". ".join([sentence(first), *differing]), short, is_open=open_now is not None)


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
