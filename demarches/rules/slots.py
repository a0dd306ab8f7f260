"""Slots of an agenda: which moments can be booked, and why every other day cannot.

One function serves the page, the booking, the waiting list and the desk: what is shown and
what is accepted can never differ. A slot is a span, not a start: what overlaps it takes it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from demarches.rules.dates_fr import NBSP, WEEKDAYS, day_fr, hour_fr, weekday_fr
from demarches.rules.numbers import counted
from demarches.rules.opening_hours import PARIS, day_hours

#: Seats are taken in steps of five minutes: every slot starts and ends on one.
STEP = timedelta(minutes=5)
#: What starts before it belongs to the morning.
AFTERNOON = time(13)

#: Days worked out once, then remembered: each follows from the rules alone, whoever asks.
DAYS_KEPT = 4096

EVERY_HALF_DAY = frozenset((weekday, half) for weekday in range(7) for half in (False, True))

type Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class AgendaChange:
    """What staff changed on one day: hours taken away, or added; no hour means the whole day."""

    day: date
    is_added: bool
    from_time: time | None = None
    until_time: time | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AgendaRules:
    """The settings of an agenda and the hours of its service, as plain values.

    `half_days` holds (weekday, is_afternoon); `counter_seats` of the `capacity` are kept for
    the people at the counter.
    """

    expression: str
    slot_minutes: int
    gap_minutes: int = 0
    capacity: int = 1
    counter_seats: int = 0
    half_days: frozenset[tuple[int, bool]] = EVERY_HALF_DAY
    changes: tuple[AgendaChange, ...] = ()
    #: Spans that an agent is closing now: nothing new is booked there, whatever was opened.
    pauses: tuple[AgendaChange, ...] = ()
    timezone: ZoneInfo = PARIS

    @property
    def duration(self) -> timedelta:
        return timedelta(minutes=self.slot_minutes)

    def seats(self, *, at_counter: bool) -> range:
        """Seats this person may take, the first one first."""
        if at_counter:
            return range(self.capacity, 0, -1)  # those kept for the counter come last in rank
        return range(1, self.capacity - self.counter_seats + 1)


@dataclass(frozen=True, slots=True)
class Taken:
    """A seat that somebody has, or holds, for a while."""

    starts_at: datetime
    ends_at: datetime
    seat: int


@dataclass(frozen=True, slots=True)
class DayLimit:
    """Days outside `first` … `last` are refused, with this reason."""

    reason: str
    first: date | None = None
    last: date | None = None

    def refuses(self, day: date) -> bool:
        return (self.first is not None and day < self.first) or (
            self.last is not None and day > self.last
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """A span that can be booked, with the seats that are free."""

    starts_at: datetime
    ends_at: datetime
    free_seats: tuple[int, ...]

    @property
    def day(self) -> date:
        return self.starts_at.date()

    @property
    def key(self) -> str:
        """What a form sends back: the start, with its offset (an hour may come twice a year)."""
        return self.starts_at.isoformat(timespec="minutes")

    @property
    def hour_label(self) -> str:
        """« 9 h 30 »."""
        return hour_fr(self.starts_at)

    @property
    def label(self) -> str:
        """« mardi 15 décembre 2026 à 9 h 30 »."""
        return f"{weekday_fr(self.day)} {day_fr(self.day)} à{NBSP}{hour_fr(self.starts_at)}"


@dataclass(frozen=True)
class DaySlots:
    """One day: its free slots, or why there is none.

    Both when a limit was overridden: the reason then says what must be renewed.
    """

    day: date
    slots: tuple[Slot, ...] = ()
    reason: str = ""
    #: One word for a small screen: « fermé », « complet », « pièces »…
    short_reason: str = ""

    @cached_property
    def is_open(self) -> bool:
        return bool(self.slots)

    @property
    def label(self) -> str:
        """« mardi 15 décembre 2026 »."""
        return f"{weekday_fr(self.day)} {day_fr(self.day)}"

    @property
    def free_words(self) -> str:
        """« 5 heures libres », beside the day of a calendar."""
        count = len(self.slots)
        return counted(count, "heure libre", "heures libres")

    @property
    def half_days(self) -> list[tuple[str, list[Slot]]]:
        """« Matin » and « Après-midi », with the slots of each; a half without any is left out."""
        morning = [slot for slot in self.slots if slot.starts_at.time() < AFTERNOON]
        rest = [slot for slot in self.slots if slot.starts_at.time() >= AFTERNOON]
        halves = [("Matin", morning), ("Après-midi", rest)]
        return [(name, slots) for name, slots in halves if slots]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and when: the clock, the first and last day allowed, the limits of their papers."""

    now: datetime
    first_day: date
    last_day: date
    first_reason: str = ""
    limits: tuple[DayLimit, ...] = ()
    at_counter: bool = False
    #: The person asked to see these days too: limits are told, slots are given.
    is_overriding: bool = False

    def allows(self, day: date) -> bool:
        """Whether nothing of these people keeps this day from them."""
        return self.first_day <= day <= self.last_day and not any(
            limit.refuses(day) for limit in self.limits
        )


def day_slots(rules: AgendaRules, day: date, taken: Iterable[Taken], asked: Asked) -> DaySlots:
    """The free slots of this day, nearest first, or the one reason why there is none."""
    today = asked.now.astimezone(rules.timezone).date()
    if day < today:
        return DaySlots(day, reason="Ce jour est passé.", short_reason="passé")
    reason = closed_reason(rules, day)
    if reason:
        return DaySlots(day, reason=reason, short_reason="fermé")
    if day < asked.first_day:
        told = asked.first_reason or f"Possible à partir du {day_fr(asked.first_day)}."
        return DaySlots(day, reason=told, short_reason="trop tôt")
    if day > asked.last_day:
        return DaySlots(day, reason=not_open_yet(asked), short_reason="plus tard")
    limits = " ".join(limit.reason for limit in asked.limits if limit.refuses(day))
    if limits and not asked.is_overriding:
        return DaySlots(day, reason=limits, short_reason="pièces")
    free = _every_slot(rules, day, at_counter=asked.at_counter)
    if day == today:
        free = tuple(slot for slot in free if slot.starts_at > asked.now)
    if taken := tuple(taken):
        free = tuple(_left(free, taken))
    if not free:
        return DaySlots(
            day, reason="Complet : tous les créneaux sont pris.", short_reason="complet"
        )
    return DaySlots(day, slots=free, reason=limits)


def not_open_yet(asked: Asked) -> str:
    """Why a day beyond the last one that can be booked is not offered."""
    return f"Pas encore ouvert : les rendez-vous se prennent jusqu’au {day_fr(asked.last_day)}."


def slots_between(
    rules: AgendaRules, first: date, last: date, taken: Iterable[Taken], asked: Asked
) -> tuple[DaySlots, ...]:
    """Every day from `first` to `last`, both included."""
    by_day: dict[date, list[Taken]] = {}
    for one in taken:
        by_day.setdefault(one.starts_at.astimezone(rules.timezone).date(), []).append(one)
    days = (first + timedelta(days=rank) for rank in range((last - first).days + 1))
    return tuple(day_slots(rules, day, by_day.get(day, ()), asked) for day in days)


def nearest(days: Iterable[DaySlots], to: datetime, *, count: int) -> tuple[Slot, ...]:
    """The free slots closest to a moment, in the order of the clock."""
    slots = [slot for day in days for slot in day.slots]
    closest = sorted(slots, key=lambda slot: (abs(slot.starts_at - to), slot.starts_at))[:count]
    return tuple(sorted(closest, key=lambda slot: slot.starts_at))


def find_slot(day: DaySlots, starts_at: datetime) -> Slot | None:
    """The slot of this day that starts at this very moment, if it is free."""
    return next((slot for slot in day.slots if slot.starts_at == starts_at), None)


@lru_cache(maxsize=DAYS_KEPT)
def closed_reason(rules: AgendaRules, day: date) -> str:
    """Why nothing can be booked on this day at all; empty when some span is open."""
    if _spans(rules, day):
        return ""
    if rules.pauses and _spans(replace(rules, pauses=()), day):
        return "Plus de nouveau rendez-vous ce jour-là pour le moment."
    closing = next((c for c in rules.changes if c.day == day and not c.is_added), None)
    hours = day_hours(rules.expression, day, timezone=rules.timezone)
    if hours.spans and closing:
        return closed_for(closing.reason or "agenda fermé ce jour-là")
    if hours.note:
        return closed_for(hours.note)
    if hours.spans:
        return f"Pas de rendez-vous le {WEEKDAYS[day.weekday()]}."
    usual = "le" if _is_never_open(rules, day) else "ce"  # « ce samedi »: not the 1st nor the 3rd
    return f"Fermé {usual} {WEEKDAYS[day.weekday()]}."


def closed_for(reason: str) -> str:
    """« Fermé : formation. »; a reason that says it already is not said twice."""
    if reason.casefold().startswith("ferm"):
        return f"{reason}."
    return f"Fermé : {reason}."


def fits(rules: AgendaRules, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether an appointment stands within the open spans: hours may have changed since."""
    day = starts_at.astimezone(rules.timezone).date()
    return any(start <= starts_at and ends_at <= end for start, end in _spans(rules, day))


def _is_never_open(rules: AgendaRules, day: date) -> bool:
    """No week of the coming ones opens on that weekday (else: « 1er et 3e samedi »)."""
    weeks = (day + timedelta(weeks=rank) for rank in range(-5, 6))
    return not any(day_hours(rules.expression, one, timezone=rules.timezone).spans for one in weeks)


@lru_cache(maxsize=DAYS_KEPT)
def _spans(rules: AgendaRules, day: date) -> tuple[Interval, ...]:
    """The open spans of this day: hours of the service, half-days, then what staff changed."""
    spans: list[Interval] = []
    for opens, closes in day_hours(rules.expression, day, timezone=rules.timezone).spans:
        for start, end, is_afternoon in (
            (opens, min(closes, AFTERNOON), False),
            (max(opens, AFTERNOON), closes, True),
        ):
            if start < end and (day.weekday(), is_afternoon) in rules.half_days:
                spans += _interval(day, start, end, rules.timezone)
    changes = [change for change in rules.changes if change.day == day]
    for change in changes:
        if not change.is_added:
            spans = _taken_away(spans, change, rules.timezone)
    for change in changes:
        if change.is_added:
            # Added on purpose: neither a holiday nor a closure takes it away.
            spans += _interval(day, change.from_time or time.min, change.until_time, rules.timezone)
    for pause in rules.pauses:
        if pause.day == day:
            spans = _taken_away(spans, pause, rules.timezone)
    return _joined(spans)


def _taken_away(spans: list[Interval], change: AgendaChange, timezone: ZoneInfo) -> list[Interval]:
    taken = _interval(change.day, change.from_time or time.min, change.until_time, timezone)
    return [left for span in spans for left in _without(span, taken)]


def _interval(day: date, start: time, end: time | None, timezone: ZoneInfo) -> list[Interval]:
    """Wall clock to moments; `end` None or midnight: the end of the day."""
    begin = datetime.combine(day, start, timezone)
    last = datetime.combine(day, end, timezone) if end else None
    stop = last or datetime.combine(day + timedelta(days=1), time.min, timezone)
    return [(begin, stop)] if begin < stop else []


def _without(span: Interval, removed: Sequence[Interval]) -> Iterator[Interval]:
    start, end = span
    for cut_start, cut_end in removed:
        if cut_end <= start or end <= cut_start:
            continue
        if start < cut_start:
            yield start, cut_start
        start = max(start, cut_end)
    if start < end:
        yield start, end


def _joined(spans: Iterable[Interval]) -> tuple[Interval, ...]:
    """In order; those that touch or overlap become one."""
    joined: list[Interval] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


@lru_cache(maxsize=DAYS_KEPT)
def _every_slot(rules: AgendaRules, day: date, *, at_counter: bool) -> tuple[Slot, ...]:
    """The slots of this day as they are while nobody has any."""
    seats = tuple(rules.seats(at_counter=at_counter))
    return tuple(Slot(start, end, seats) for start, end in day_starts(rules, day)) if seats else ()


def _left(slots: Iterable[Slot], taken: Sequence[Taken]) -> Iterator[Slot]:
    """These slots with the seats that nobody has."""
    for slot in slots:
        busy = {
            one.seat
            for one in taken
            if one.starts_at < slot.ends_at and slot.starts_at < one.ends_at
        }
        if seats := tuple(seat for seat in slot.free_seats if seat not in busy):
            yield replace(slot, free_seats=seats)


@lru_cache(maxsize=DAYS_KEPT)
def day_starts(rules: AgendaRules, day: date) -> tuple[Interval, ...]:
    """Every slot of the day, free or not; the clock of the wall may jump, minutes do not."""
    starts: list[Interval] = []
    pause = rules.duration + timedelta(minutes=rules.gap_minutes)
    for opens, closes in _spans(rules, day):
        # Moments are added up in UTC: a slot of 30 minutes lasts 30 minutes on every night.
        start, stop = _aligned(opens).astimezone(UTC), closes.astimezone(UTC)
        while start + rules.duration <= stop:
            end = start + rules.duration
            starts.append((start.astimezone(rules.timezone), end.astimezone(rules.timezone)))
            start += pause
    return tuple(starts)


def _aligned(moment: datetime) -> datetime:
    """The first step of five minutes from this moment on."""
    late = timedelta(
        minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond
    )
    return moment + (STEP - late) if late else moment


def steps_of(starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
    """The steps of five minutes an appointment takes, in UTC, in order.

    Those of the clock, whatever the moment it starts at: two that overlap have one in common.
    """
    step = starts_at.astimezone(UTC)
    step -= (step - datetime.min.replace(tzinfo=UTC)) % STEP
    while step < ends_at:
        yield step
        step += STEP
