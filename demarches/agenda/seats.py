"""What happens to seats: taken, held, given back. Procedures build their bookings on these.

Which seats look free is only read; who gets one is decided by the unique constraints of
`Appointment` and `SeatTime`, on every database: exactly one of those who ask wins.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.timezone import localtime

from demarches.models import Agenda, Appointment, SeatTime, Service
from demarches.rules.dates_fr import hour_fr
from demarches.rules.enums import AppointmentStatus
from demarches.rules.holidays import LocalHolidays
from demarches.rules.opening_hours import ClosurePeriod, WeeklyHours, compile_expression
from demarches.rules.slots import (
    AgendaRules,
    Asked,
    DaySlots,
    Slot,
    day_slots,
    fits,
    nearest,
    slots_between,
    steps_of,
)
from demarches.web.conflicts import insert_unless_taken

#: Around a slot that was just taken, how far to look for others.
NEARBY = timedelta(days=45)
NEAREST_COUNT = 3
SEAT_GONE = "Ce créneau vient d’être pris par quelqu’un d’autre."


class SlotTaken(ValidationError):
    """The slot went to somebody else, or cannot be had; `nearest` are the closest free ones."""

    def __init__(self, message: str, nearest: tuple[Slot, ...] = ()) -> None:
        super().__init__(message)
        self.nearest = nearest


def offered_days(
    agenda: Agenda,
    first: datetime,
    last: datetime,
    asked: Asked,
    *,
    with_returning: bool = True,
) -> tuple[DaySlots, ...]:
    """Every day of a period with its free slots or its reason, as they are now.

    Without `with_returning`, seats just given back count as free: those who wait come first.
    """
    rules = agenda.rules(asked.now)
    begin, end = (moment.astimezone(rules.timezone).date() for moment in (first, last))
    end_of_last = last + timedelta(days=1)
    taken = agenda.taken(first, end_of_last, at=asked.now, with_returning=with_returning)
    return slots_between(rules, begin, end, taken, asked)


def find_free(agenda: Agenda, starts_at: datetime, asked: Asked) -> Slot:
    """The slot that starts at this moment, if this person may have it now.

    Raises `SlotTaken` with the reason of the day, and the nearest slots that are free.
    """
    rules = agenda.rules(asked.now)
    day = starts_at.astimezone(rules.timezone).date()
    found = day_slots(
        rules, day, agenda.taken(starts_at - NEARBY, starts_at + NEARBY, at=asked.now), asked
    )
    for slot in found.slots:
        if slot.starts_at == starts_at:
            return slot
    reason = found.reason if not found.slots else "Ce créneau n’est plus libre."
    raise SlotTaken(reason, nearest_free(agenda, starts_at, asked))


def nearest_free(agenda: Agenda, to: datetime, asked: Asked) -> tuple[Slot, ...]:
    """The free slots closest to a moment."""
    first = max(to - NEARBY, asked.now)
    days = offered_days(agenda, first, max(to, asked.now) + NEARBY, asked)
    return nearest(days, to, count=NEAREST_COUNT)


@contextmanager
def or_nearest(agenda: Agenda, to: datetime, asked: Asked) -> Iterator[None]:
    """Raise `SlotTaken` with the nearest free slots when the seat goes to somebody quicker.

    Best around the transaction: the lock is let go before they are looked for.
    """
    try:
        yield
    except SlotTaken as taken:
        raise SlotTaken(str(taken.message), nearest_free(agenda, to, asked)) from taken


def is_still_open(held: Appointment, *, at: datetime) -> bool:
    """Whether the hours still hold the slot; staff may have closed it since it was held."""
    return held.is_exceptional or fits(held.agenda.rules(at), held.starts_at, held.ends_at)


def closed_meanwhile(held: Appointment, asked: Asked) -> SlotTaken:
    """What to raise then, with the nearest slots that are free."""
    nearby = nearest_free(held.agenda, held.starts_at, asked)
    return SlotTaken("La mairie ne reçoit plus à ce moment-là.", nearby)


def take_seat(
    agenda: Agenda,
    slot: Slot,
    *,
    status: AppointmentStatus,
    holder: str,
    at: datetime,
    held_until: datetime | None = None,
    at_counter: bool = False,
    is_exceptional: bool = False,
    place: str = "",
    leaving: Appointment | None = None,
) -> Appointment:
    """Take the first seat of this slot that the database grants; call it inside a transaction.

    `leaving`: what these people have until now; where it overlaps, its seat is left for this one.
    Raises `SlotTaken` when every seat has gone to somebody else; nothing is written then, but of
    `leaving`, whose transaction is to be undone.
    """
    wanted = {
        "agenda": agenda,
        "starts_at": slot.starts_at,
        "ends_at": slot.ends_at,
        "capacity": agenda.capacity,
        "status": status.value,
        "holder": holder,
        "held_until": held_until,
        "at_counter": at_counter,
        "is_exceptional": is_exceptional,
        "place": place,
        "created_at": at,
    }
    if leaving is not None and not (leaving.agenda_id == agenda.pk and _overlaps(leaving, slot)):
        leaving = None
    if leaving is not None:
        # Its start may be the same. Its times stay until the new ones are had: whoever asks for
        # them meanwhile is refused at once, and no two wait for each other.
        Appointment.objects.filter(pk=leaving.pk).update(
            seat=None, status=AppointmentStatus.CANCELLED.value
        )
    if granted := _first_granted(slot, wanted, leaving):
        return granted
    # What ended, and nobody has swept yet, still stands in the way of the constraints.
    is_blocked = agenda.has_lapsed(slot.starts_at, slot.ends_at, at=at)
    if (
        is_blocked
        and free_lapsed(agenda, at=at)
        and (granted := _first_granted(slot, wanted, leaving))
    ):
        return granted
    raise SlotTaken(SEAT_GONE)


def _overlaps(appointment: Appointment, slot: Slot) -> bool:
    return appointment.starts_at < slot.ends_at and appointment.ends_at > slot.starts_at


def _first_granted(
    slot: Slot, wanted: Mapping[str, Any], leaving: Appointment | None
) -> Appointment | None:
    for seat in slot.free_seats:
        appointment = Appointment(**wanted, seat=seat)
        if insert_unless_taken([appointment]) and _keep_times(appointment, seat, leaving):
            return appointment
    return None


def _keep_times(appointment: Appointment, seat: int, leaving: Appointment | None) -> bool:
    """Take the seat's time too; False, and the appointment gone, where another overlaps it.

    In the order of the clock: two that overlap wait for each other in one direction. What
    `leaving` has of that time becomes this one's; the rest of it goes.
    """
    own = SeatTime.objects.filter(appointment=leaving, seat=seat) if leaving else None
    had = set(own.values_list("at", flat=True)) if own is not None else set[datetime]()
    times = list(steps_of(appointment.starts_at, appointment.ends_at))
    steps = [
        SeatTime(appointment=appointment, agenda_id=appointment.agenda_id, seat=seat, at=step)
        for step in times
        if step not in had
    ]
    if steps and insert_unless_taken(steps) < len(steps):
        appointment.delete()
        return False
    if leaving is not None and own is not None:
        own.filter(at__in=times).update(appointment=appointment)
        SeatTime.objects.filter(appointment=leaving).delete()
        leaving.refresh_from_db(fields=["seat", "status"])
    return True


def give_back(
    appointment: Appointment, *, at: datetime, not_before: datetime | None = None
) -> None:
    """Cancel: the seat returns to everybody later, at a moment nobody can foresee.

    A hold that nobody confirmed returns at once: it was never seen as taken for long.
    `not_before`: the seat stays until then, for whoever may still undo (`take_back`).
    """
    if appointment.status == AppointmentStatus.HELD.value:
        _let_go([appointment.pk], AppointmentStatus.LAPSED)
        return
    agenda = appointment.agenda
    spread = agenda.return_minutes_max - agenda.return_minutes_min
    minutes = agenda.return_minutes_min + secrets.randbelow(spread + 1)
    appointment.status = AppointmentStatus.CANCELLED.value
    appointment.returns_at = (not_before or at) + timedelta(minutes=minutes)
    appointment.kept_until = not_before
    appointment.save(update_fields=["status", "returns_at", "kept_until"])


def take_back(appointment: Appointment, *, at: datetime) -> None:
    """Undo `give_back` while the seat has not returned to everybody; raises `SlotTaken` after.

    Also on a day that has closed meanwhile, or is being closed.
    """
    if not is_still_open(appointment, at=at):
        raise SlotTaken("La mairie ne reçoit plus à ce moment-là.")
    mine = Appointment.objects.filter(
        pk=appointment.pk, status=AppointmentStatus.CANCELLED.value, seat__isnull=False
    )
    booked = AppointmentStatus.BOOKED.value
    if not mine.update(status=booked, returns_at=None, kept_until=None):
        raise SlotTaken(SEAT_GONE)
    appointment.refresh_from_db()


def free_lapsed(agenda: Agenda, *, at: datetime) -> int:
    """Free the seats of holds that ended and of cancellations whose time has come."""
    # Rows that another transaction is freeing are left to it: no two wait for each other.
    rows = agenda.appointments.lapsed(at=at).select_for_update(skip_locked=True).order_by("pk")
    by_status: dict[str, list[int]] = {}
    for pk, status in rows.values_list("pk", "status"):
        by_status.setdefault(status, []).append(pk)
    if not by_status:
        return 0
    _let_go(by_status.get(AppointmentStatus.HELD.value, ()), AppointmentStatus.LAPSED)
    _let_go(by_status.get(AppointmentStatus.CANCELLED.value, ()), AppointmentStatus.CANCELLED)
    return sum(map(len, by_status.values()))


def release_returning(agenda: Agenda, slot: Slot, *, at: datetime) -> None:
    """Free the seats given back within this slot, before their time, for those who wait.

    Not those that whoever gave them back may still take again.
    """
    rows = agenda.appointments.filter(
        Q(kept_until__isnull=True) | Q(kept_until__lte=at),
        status=AppointmentStatus.CANCELLED.value,
        seat__isnull=False,
        starts_at__lt=slot.ends_at,
        ends_at__gt=slot.starts_at,
    )
    pks = rows.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)
    _let_go(list(pks), AppointmentStatus.CANCELLED)


def _let_go(pks: Iterable[int], status: AppointmentStatus) -> None:
    SeatTime.objects.filter(appointment__in=list(pks)).delete()
    Appointment.objects.filter(pk__in=list(pks)).update(seat=None, status=status.value)


def take_over(old: Appointment, new: Appointment) -> None:
    """Make `new` the continuation of `old` in people's calendars, which then show one event."""
    new.uid, new.sequence = old.uid, old.sequence + 1
    new.save(update_fields=["uid", "sequence"])


def stranded_by_hours(
    service: Service,
    hours: Iterable[WeeklyHours],
    closures: Iterable[ClosurePeriod],
    *,
    at: datetime,
) -> list[str]:
    """What new hours of a service would do to the appointments to come; nothing: go on."""
    expression = compile_expression(
        hours, closures, local=LocalHolidays(service.mairie.local_holidays)
    )
    return [
        line
        for agenda in service.agendas.select_related("service__mairie")
        for line in stranded_by_rules(
            agenda,
            replace(agenda.rules(at, with_pauses=False), expression=expression),
            at=at,
        )
    ]


def stranded_by_rules(agenda: Agenda, rules: AgendaRules, *, at: datetime) -> list[str]:
    """Sentences about the appointments that new rules would leave outside of the open hours."""
    return [
        f"{one} ({one.holder or agenda}) : {_what_to_do(one)}"
        for one in agenda.stranded(rules, at=at)
    ]


def _what_to_do(stranded: Appointment) -> str:
    if stranded.kept_until is None:
        return "déplacez ou annulez d’abord ce rendez-vous."
    return (
        "il vient d’être annulé, et peut encore être repris jusqu’à"
        f" {hour_fr(localtime(stranded.kept_until))}. Attendez cette heure."
    )
