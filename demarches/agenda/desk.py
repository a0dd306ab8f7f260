"""The agenda as agents read it: every appointment of a week or a month, the free seats, why not.

A procedure says who has its appointments (`Procedure`); the project gives the procedures. Read
models; flat numbers of queries.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.timezone import localdate, localtime

from demarches.agenda.booking import DESK_HORIZON, Month, first_of_month, last_of_month, midnight
from demarches.agenda.seats import offered_days
from demarches.models import Agenda, Appointment, User
from demarches.rules.dates_fr import NBSP, day_fr, hour_fr, weekday_fr
from demarches.rules.enums import AppointmentStatus
from demarches.rules.numbers import plural
from demarches.rules.slots import Asked, DaySlots

DAY = timedelta(days=1)
SUNDAY = 6
#: Somebody comes, came, or was awaited.
SHOWN = [
    AppointmentStatus.BOOKED.value,
    AppointmentStatus.ARRIVED.value,
    AppointmentStatus.DONE.value,
    AppointmentStatus.MISSED.value,
]


@dataclass(frozen=True, slots=True)
class Guest:
    """Who has an appointment, for an agent who may read it."""

    reference: str
    #: « Pacs », « Aide Carte Vitale ».
    kind: str
    name: str
    url: str
    #: Where this agent moves it; empty for one who may not.
    move_url: str = ""
    #: The last day on which all the papers serve; None: none in hand has an age.
    serves_until: date | None = None


class Procedure(Protocol):
    """Who has the appointments of a procedure, and the journal of who read it."""

    def guests(self, references: Collection[str], *, agent: User) -> list[Guest]:
        """Nobody when this agent may not read them."""
        ...

    def note(
        self, agent: User, what: str, references: Collection[str], *, at: datetime
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One appointment, or the seats that are free at one moment."""

    starts_at: datetime
    appointment: Appointment | None = None
    #: None: deleted since, or not to be read by this agent.
    guest: Guest | None = None
    free_seats: int = 0
    #: The agendas that have them; empty when all those shown do.
    free_in: tuple[str, ...] = ()

    @property
    def query(self) -> str:
        """This moment in the address of the page that gives a free seat."""
        return urlencode({"creneau": localtime(self.starts_at).isoformat(timespec="minutes")})

    @property
    def free_words(self) -> str:
        """« libre », « 2 libres : Aide Carte Vitale »."""
        words = f"{self.free_seats} libres" if self.free_seats > 1 else "libre"
        return f"{words} : {', '.join(self.free_in)}" if self.free_in else words

    @property
    def hour_label(self) -> str:
        return hour_fr(localtime(self.starts_at))

    @property
    def state(self) -> str:
        """A sign and a word when there is something to say: « ✓ Arrivés »."""
        one = self.appointment
        if one is None:
            return ""
        if one.status == AppointmentStatus.HELD.value and one.held_until is not None:
            return f"… Retenu jusqu’à{NBSP}{hour_fr(localtime(one.held_until))}"
        sign = {AppointmentStatus.BOOKED: "", AppointmentStatus.MISSED: "✕"}
        mark = sign.get(one.current_status, "✓")
        return f"{mark} {one.current_status.label}" if mark else ""

    @property
    def is_too_old(self) -> bool:
        """A paper in hand no longer serves on the day."""
        if self.guest is None or self.guest.serves_until is None or self.appointment is None:
            return False
        is_booked = self.appointment.status == AppointmentStatus.BOOKED.value
        return is_booked and self.guest.serves_until < localdate(self.starts_at)

    def may_move(self, at: datetime) -> bool:
        """Whether it is still to come, and this agent moves such appointments."""
        one = self.appointment
        is_to_come = one is not None and one.status == AppointmentStatus.BOOKED.value
        return bool(is_to_come and self.guest and self.guest.move_url and self.starts_at > at)


@dataclass(frozen=True)
class AgendaDay:
    """A day of the agenda: who comes, what is free, and why nothing else can be booked."""

    day: date
    entries: tuple[Entry, ...]
    #: Why nothing is free; one sentence an agenda when they differ.
    reasons: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """« lundi 30 novembre »."""
        return f"{weekday_fr(self.day)} {day_fr(self.day, year=False)}"

    @property
    def taken(self) -> int:
        return sum(one.appointment is not None for one in self.entries)

    @property
    def free(self) -> int:
        return sum(one.free_seats for one in self.entries)

    @property
    def is_open(self) -> bool:
        return self.free > 0

    @property
    def reason(self) -> str:
        return " ".join(self.reasons)

    @property
    def counts(self) -> str:
        """« 5 pris, 9 libres »."""
        taken = f"{self.taken} pris" if self.taken else ""
        free = f"{self.free} libre{plural(self.free)}" if self.free else ""
        return ", ".join(filter(None, (taken, free)))


@dataclass(frozen=True)
class Wanted:
    """What of the agenda is shown: which agendas, and the free seats or not."""

    agendas: Sequence[Agenda]
    with_free: bool = True


def shown_agendas() -> list[Agenda]:
    """Every agenda of the mairie, in the order of its name."""
    return list(Agenda.objects.select_related("service__mairie"))


def week_days(
    day: date, wanted: Wanted, procedures: Sequence[Procedure], *, agent: User, at: datetime
) -> tuple[AgendaDay, ...]:
    """Monday to Saturday of the week of a day, Sunday when something happens on it."""
    monday = day - timedelta(days=day.weekday())
    days = _days(monday, monday + 6 * DAY, wanted, procedures, agent=agent, at=at)
    return tuple(one for one in days if one.day.weekday() != SUNDAY or one.entries)


def month_days(day: date, wanted: Wanted, *, agent: User, at: datetime) -> Month[AgendaDay]:
    """The month of a day; nobody is named."""
    first, last = first_of_month(day), last_of_month(day)
    days = _days(first, last, wanted, (), agent=agent, at=at)
    return Month(first, days, first_of_month(first - DAY), last + DAY)


def _days(
    first: date,
    last: date,
    wanted: Wanted,
    procedures: Sequence[Procedure],
    *,
    agent: User,
    at: datetime,
) -> tuple[AgendaDay, ...]:
    booked = _appointments(first, last, wanted, at=at)
    guests = {
        guest.reference: guest
        for procedure in procedures
        for guest in procedure.guests({one.holder for one in booked if one.holder}, agent=agent)
    }
    offered = {one.label: _offered(one, first, last, at=at) for one in wanted.agendas}
    by_day = defaultdict[date, list[Entry]](list)
    for one in booked:
        entry = Entry(one.starts_at, appointment=one, guest=guests.get(one.holder))
        by_day[localdate(one.starts_at)].append(entry)
    for entry in _free(offered) if wanted.with_free else ():
        by_day[localdate(entry.starts_at)].append(entry)
    return tuple(
        AgendaDay(
            day,
            tuple(sorted(by_day[day], key=lambda one: (one.starts_at, one.appointment is None))),
            _reasons(offered, day),
        )
        for day in (first + DAY * rank for rank in range((last - first).days + 1))
    )


def _appointments(first: date, last: date, wanted: Wanted, *, at: datetime) -> list[Appointment]:
    held = Q(status=AppointmentStatus.HELD.value, held_until__gt=at)
    rows = Appointment.objects.filter(Q(status__in=SHOWN) | held, agenda__in=wanted.agendas)
    return list(rows.on(midnight(first), midnight(last + DAY)).order_by("starts_at", "pk"))


def _offered(agenda: Agenda, first: date, last: date, *, at: datetime) -> dict[date, DaySlots]:
    """What an agent may give of an agenda, today and later."""
    today = localdate(at)
    anybody = Asked(now=at, first_day=today, last_day=today + DESK_HORIZON, at_counter=True)
    if last < today:
        return {}
    days = offered_days(agenda, midnight(max(first, today)), midnight(last), anybody)
    return {one.day: one for one in days}


def _free(offered: Mapping[str, Mapping[date, DaySlots]]) -> list[Entry]:
    """The free seats of each moment, those of every agenda together."""
    seats = defaultdict[datetime, dict[str, int]](dict)
    for label, days in offered.items():
        for slot in (slot for day in days.values() for slot in day.slots):
            seats[slot.starts_at][label] = len(slot.free_seats)
    return [
        Entry(
            starts_at,
            free_seats=sum(having.values()),
            free_in=tuple(having) if len(having) < len(offered) else (),
        )
        for starts_at, having in seats.items()
    ]


def _reasons(offered: Mapping[str, Mapping[date, DaySlots]], day: date) -> tuple[str, ...]:
    """Why nothing can be had on this day: once when it is the same for all the agendas."""
    days = {label: found[day] for label, found in offered.items() if day in found}
    told = {label: one.reason for label, one in days.items() if not one.is_open}
    if len(told) == len(offered) and len(set(told.values())) == 1:
        return tuple(set(told.values()))
    return tuple(f"{label} : {reason}" for label, reason in told.items())
