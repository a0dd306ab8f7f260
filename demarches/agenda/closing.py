"""Closing a day, as agents read it: who is concerned, what is proposed, how each is told.

A procedure says who its people are and does what its own actions do (`Procedure`); the project
gives the procedures. Read models; flat numbers of queries.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Protocol

from django.db.models import Count, Q
from django.utils.timezone import localdate, localtime

from demarches.agenda.booking import DESK_HORIZON, midnight
from demarches.agenda.seats import offered_days
from demarches.models import (
    Agenda,
    Appointment,
    Closing,
    ClosingCall,
    ClosingLine,
    User,
)
from demarches.models.agenda import EXPECTED, AppointmentQuerySet
from demarches.rules.closing import PROPOSED_WITHIN, Toll, Wish, choices
from demarches.rules.enums import AppointmentStatus
from demarches.rules.read import Shown
from demarches.rules.slots import Asked, Slot


@dataclass(frozen=True, slots=True)
class Told:
    """One person and how they are told: by mail, else by telephone."""

    position: int
    name: str
    has_mail: bool
    #: As it is read aloud; empty when none is known.
    phone: str


@dataclass(frozen=True, slots=True)
class Party:
    """Those who have one appointment, as their procedure knows them now."""

    reference: str
    #: « Pacs », « aide Carte Vitale ».
    kind: str
    url: str
    people: tuple[Told, ...]
    #: What they have now; None when it is no more.
    appointment: Appointment | None
    asked: Asked
    #: The last day on which all their papers serve; None: none in hand has an age.
    serves_until: date | None = None
    #: They confirm a date that is proposed, or choose another.
    must_confirm: bool = False

    @property
    def toll(self) -> Toll:
        mails = sum(one.has_mail for one in self.people)
        return Toll(mails=mails, calls=len(self.people) - mails)

    @property
    def to_call(self) -> list[Told]:
        return [one for one in self.people if not one.has_mail]


class Procedure(Protocol):
    """What a procedure says and does about the appointments of a day that closes.

    `move` and `cancel` own their transaction, lock the dossier, tell the people why, and raise
    `ValidationError` when things are not as they were read; `booked` is the appointment read.
    """

    def parties(self, references: Collection[str], *, at: datetime) -> list[Party]: ...

    def move(
        self, reference: str, seat: Appointment, *, booked: int, why: str, by: User, at: datetime
    ) -> None: ...

    def cancel(self, reference: str, *, booked: int, why: str, by: User, at: datetime) -> None: ...

    def check_reason(self, references: Collection[str], why: str) -> None:
        """Raise `ValidationError` when one of these people may not be told this."""
        ...

    def note(
        self, agent: User, what: str, references: Collection[str], *, at: datetime
    ) -> None: ...


type Procedures = Sequence[Procedure]


def parties_of(
    procedures: Procedures, references: Iterable[str], *, at: datetime
) -> dict[str, tuple[Procedure, Party]]:
    """Whose these references are, each with its procedure."""
    wanted = {one for one in references if one}
    return {
        party.reference: (procedure, party)
        for procedure in procedures
        for party in (procedure.parties(wanted, at=at) if wanted else ())
    }


def agendas_of(closing: Closing) -> list[Agenda]:
    """The agendas that the closing is about, in order; read anew, so that pauses count."""
    found = Agenda.objects.select_related("service__mairie").order_by("pk")
    if closing.service_id is not None:
        return list(found.filter(service=closing.service_id))
    return list(found.filter(service__mairie=closing.mairie_id))


def expected_within(closing: Closing, *, at: datetime) -> list[Appointment]:
    """Appointments to come of that span, and dates proposed in it that nobody confirmed yet.

    Not those agreed outside of the hours (`exceptional_within`): a mairie that is closed does not
    say whether its officer still goes to the hospital.
    """
    held = Q(status=AppointmentStatus.HELD.value, held_until__gt=at)
    rows = _within(closing, at=at).filter(Q(status__in=EXPECTED) | held, is_exceptional=False)
    return list(rows.order_by("starts_at", "agenda", "seat"))


def _within(closing: Closing, *, at: datetime) -> AppointmentQuerySet:
    """What is still to come of that span, in the agendas that the closing is about."""
    first, last = closing.bounds
    found = Appointment.objects.filter(
        agenda__service__mairie=closing.mairie_id,
        starts_at__gt=at,
        starts_at__lt=last,
        ends_at__gt=first,
    )
    if closing.service_id is not None:
        found = found.filter(agenda__service=closing.service_id)
    return found


def exceptional_within(closing: Closing, *, at: datetime) -> list[Appointment]:
    """What was agreed outside of the hours in that span, for the agent to decide one by one."""
    rows = _within(closing, at=at).filter(is_exceptional=True, status__in=EXPECTED)
    return list(rows.order_by("starts_at", "pk"))


def free_after(agenda: Agenda, closing: Closing, *, at: datetime) -> list[Slot]:
    """The free seats from that day on, of the counter too."""
    today = localdate(at)
    anybody = Asked(now=at, first_day=today, last_day=today + DESK_HORIZON, at_counter=True)
    last = midnight(closing.last_day) + PROPOSED_WITHIN
    days = offered_days(agenda, midnight(closing.day), last, anybody)
    return [slot for day in days for slot in day.slots]


@dataclass(frozen=True, slots=True)
class Row:
    """One appointment of the day on the screen."""

    line: ClosingLine
    party: Party
    choices: tuple[Slot, ...] = ()
    #: Why the seat that was just chosen cannot be had.
    refused: str = ""

    @property
    def is_own(self) -> bool:
        """They still have the appointment that was read."""
        now = self.party.appointment
        return now is not None and now.pk == self.line.appointment_id

    @property
    def seat(self) -> Appointment | None:
        return self.line.seat

    @property
    def chosen(self) -> str:
        """The key of the seat held for them, as the list of choices sends it."""
        return key_of(self.seat) if self.seat else ""

    @property
    def hint(self) -> str:
        """Why there is little choice."""
        count = len({slot.day for slot in self.choices})
        if not count:
            return "aucun jour possible"
        return "un seul jour possible" if count == 1 else ""

    @property
    def toll(self) -> Toll:
        if not self.is_own:
            return Toll()
        what = Toll(moved=1) if self.seat else Toll(cancelled=1)
        return what + self.party.toll


def key_of(seat: Appointment) -> str:
    """What a form sends back of a seat: its start, as `Slot.key`."""
    return localtime(seat.starts_at).isoformat(timespec="minutes")


@dataclass(frozen=True)
class Plan:
    """A closing with what is left to place, and what was placed."""

    closing: Closing
    rows: tuple[Row, ...]
    done: tuple[Row, ...]
    shown: Shown
    #: Agreed outside of the hours, which this closing leaves as they are.
    exceptional: tuple[tuple[Appointment, Party], ...] = ()

    @property
    def toll(self) -> Toll:
        total = Toll()
        for row in self.rows:
            total += row.toll
        return total

    def _any(self, *, has_seat: bool, must_confirm: bool) -> bool:
        return any(
            row.is_own
            and (row.seat is not None) is has_seat
            and row.party.must_confirm is must_confirm
            for row in self.rows
        )

    @property
    def has_moved(self) -> bool:
        return self._any(has_seat=True, must_confirm=False)

    @property
    def has_cancelled(self) -> bool:
        return self._any(has_seat=False, must_confirm=False)

    @property
    def has_proposed(self) -> bool:
        return self._any(has_seat=True, must_confirm=True)

    @property
    def has_closed(self) -> bool:
        return self._any(has_seat=False, must_confirm=True)

    @property
    def to_call(self) -> list[tuple[Row, Told]]:
        return [(row, one) for row in self.rows if row.is_own for one in row.party.to_call]

    @property
    def button(self) -> str:
        """What the last press does, in words."""
        return self.toll.sentence(self.closing.day_label, is_closed=self.closing.is_closed)

    @property
    def references(self) -> list[str]:
        rows = [row.party.reference for row in (*self.rows, *self.done)]
        return [*rows, *(party.reference for _, party in self.exceptional)]


def lines_of(closing: Closing) -> list[ClosingLine]:
    return list(closing.lines.select_related("appointment", "seat"))


def shown_of(closing: Closing, lines: Iterable[ClosingLine]) -> dict[str, object]:
    """What a page of the closing says of each appointment, for the form that comes back."""
    return {
        "closing": closing.pk,
        **{f"line {one.pk}": (one.appointment_id, one.seat_id) for one in lines},
    }


def plan_of(
    closing: Closing,
    procedures: Procedures,
    *,
    at: datetime,
    with_choices: bool = False,
    refused: Mapping[int, str] = MappingProxyType({}),
) -> Plan:
    """Everything about a closing; `with_choices`: the seats each may have too.

    `refused`: line by line, why a choice was just refused.
    """
    lines = lines_of(closing)
    elsewhere = exceptional_within(closing, at=at)
    holders = [*(one.appointment.holder for one in lines), *(one.holder for one in elsewhere)]
    known = parties_of(procedures, holders, at=at)
    free: Mapping[int, list[Slot]] = {}
    if with_choices and any(line.done_at is None for line in lines):
        free = {one.pk: free_after(one, closing, at=at) for one in agendas_of(closing)}
    rows = []
    for line in lines:
        if line.appointment.holder not in known:
            continue  # deleted since
        party = known[line.appointment.holder][1]
        slots = free.get(line.appointment.agenda_id, []) if line.done_at is None else []
        row = Row(line, party, _choices(line, party, slots), refused.get(line.pk, ""))
        rows.append(row)
    return Plan(
        closing,
        tuple(row for row in rows if row.line.done_at is None),
        tuple(row for row in rows if row.line.done_at is not None),
        shown=shown_of(closing, lines),
        exceptional=tuple((one, known[one.holder][1]) for one in elsewhere if one.holder in known),
    )


def _choices(line: ClosingLine, party: Party, slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """The nearest seats for these people; the one held for them stays among them."""
    near = choices(slots, Wish(line.pk, line.appointment.starts_at, party.asked))
    seat = line.seat
    if seat is not None and all(one.starts_at != seat.starts_at for one in near):
        start, end = localtime(seat.starts_at), localtime(seat.ends_at)
        near = sorted([*near, Slot(start, end, ())], key=lambda one: one.starts_at)
    return tuple(near)


# Calls


@dataclass(frozen=True, slots=True)
class Call:
    """One person to be called, or who was."""

    call: ClosingCall
    #: None: the dossier was deleted since, nobody is to be called.
    party: Party | None
    person: Told | None


def calls_of(closing: Closing, procedures: Procedures, *, at: datetime) -> list[Call]:
    """Who is to be called about this day, those already called last."""
    rows = ClosingCall.objects.filter(line__closing=closing)
    rows = rows.select_related("line__appointment", "called_by")
    known = parties_of(procedures, (one.line.appointment.holder for one in rows), at=at)
    found = []
    for call in rows:
        party = known[holder][1] if (holder := call.line.appointment.holder) in known else None
        people = party.people if party else ()
        person = next((one for one in people if one.position == call.position), None)
        found.append(Call(call, party, person))
    return sorted(found, key=lambda one: one.call.called_at is not None)


@dataclass(frozen=True, slots=True)
class Left:
    """A day that closed, with what is left to do."""

    closing: Closing
    calls: int
    to_place: int


def left_to_do() -> list[Left]:
    """The days that closed and that somebody still has work with, in order."""
    calls = Count("lines__calls", filter=Q(lines__calls__called_at__isnull=True), distinct=True)
    lines = Count("lines", filter=Q(lines__done_at__isnull=True), distinct=True)
    closed = Closing.objects.filter(closed_at__isnull=False)
    rows = closed.annotate(calls_left=calls, lines_left=lines).exclude(calls_left=0, lines_left=0)
    found = list(rows.values_list("pk", "calls_left", "lines_left"))
    days = Closing.objects.in_bulk([pk for pk, _, _ in found]) if found else {}
    return [Left(days[pk], to_call, to_place) for pk, to_call, to_place in found]
