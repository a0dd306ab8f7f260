"""Closing a day, gesture by gesture: hold it, choose, confirm, call.

Opening a closing stops new bookings and holds seats; nothing else changes before it is
confirmed. Each appointment is then moved or cancelled in a transaction of its own, by the action
of its procedure.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import localtime

from demarches.agenda.closing import (
    Party,
    Procedures,
    agendas_of,
    expected_within,
    free_after,
    lines_of,
    parties_of,
    shown_of,
)
from demarches.agenda.seats import SlotTaken, find_free, give_back, take_seat
from demarches.models import (
    AgendaDayChange,
    Appointment,
    Closing,
    ClosingCall,
    ClosingLine,
    Closure,
    Mairie,
    Service,
    User,
)
from demarches.rules.closing import (
    PAUSE,
    Outcome,
    Toll,
    Wish,
    held_until,
    left_open,
    pauses_of,
    share_out,
)
from demarches.rules.dates_fr import hour_fr
from demarches.rules.enums import AppointmentStatus
from demarches.rules.slots import closed_reason
from demarches.web.as_read import check_read


class ClosingRefused(ValidationError):
    """The day may not be closed so; the message says why and what to do."""


class ClosingOver(ClosingRefused):
    """Its thirty minutes have passed, or it was given up: nothing has changed."""


def open_closing(
    mairie: Mairie,
    *,
    service: Service | None,
    day: date,
    last_day: date | None = None,
    from_time: time | None,
    until_time: time | None,
    reason: str,
    procedures: Procedures,
    by: User,
    at: datetime,
) -> Closing:
    """Stop new bookings on that span for half an hour, and hold a seat for each who is expected.

    `last_day`: of several days in a row. Refuses a span that is over, one where nothing is open
    and nobody expected, and days that a colleague is closing. The agent's own attempt of before
    is given up.
    """
    closing = Closing(
        mairie=mairie,
        service=service,
        day=day,
        last_day=last_day or day,
        from_time=from_time,
        until_time=until_time,
        reason=reason,
        by=by,
        at=at,
        held_until=at + PAUSE,
    )
    if closing.bounds[1] <= at:
        raise ClosingRefused("Ce moment est déjà passé.")
    with transaction.atomic():
        Mairie.objects.select_for_update(of=("self",), no_key=True).get(pk=mairie.pk)
        _make_room(closing, by=by, at=at)
        if not expected_within(closing, at=at) and all(
            closed_reason(agenda.rules(at), pause.day)
            for agenda in agendas_of(closing)
            for pause in pauses_of(closing.as_rule())
        ):
            raise ClosingRefused("Personne n’est attendu, et rien ne se réserve ces jours-là.")
        _check_reason(closing, procedures, at=at)
        closing.save(force_insert=True)
    look_again(closing, procedures, at=at)
    return closing


def _check_reason(closing: Closing, procedures: Procedures, *, at: datetime) -> None:
    """Refuse words that somebody expected there may not be told: they go in every mail."""
    expected = {one.holder for one in expected_within(closing, at=at) if one.holder}
    for procedure in procedures if expected else ():
        try:
            procedure.check_reason(expected, closing.reason)
        except ValidationError as refused:
            raise ClosingRefused(refused.messages) from refused


def _make_room(closing: Closing, *, by: User, at: datetime) -> None:
    """Give up what stands in the way and is over or one's own; refuse what a colleague does."""
    theirs = Closing.objects.unfinished().filter(
        mairie=closing.mairie, day__lte=closing.last_day, last_day__gte=closing.day
    )
    for other in theirs:
        if other.is_pausing(at) and other.by_id != by.pk:
            raise ClosingRefused(
                f"{other.by} ferme déjà {_which(other, closing)}, depuis"
                f" {hour_fr(localtime(other.at))}. Voyez avec cette personne ; sans"
                " confirmation, ce sera abandonné à"
                f" {hour_fr(localtime(other.held_until))}."
            )
        abandon(other, at=at)


def _which(other: Closing, closing: Closing) -> str:
    """« ce jour », or which of the days asked for."""
    is_same = (other.day, other.last_day) == (closing.day, closing.last_day)
    return "ce jour" if is_same and closing.is_one_day else other.day_label


def abandon(closing: Closing, *, at: datetime, read: str | None = None) -> None:
    """Give up: the day opens to bookings again, the seats held go back. Twice is once.

    `read`: what the page showed; raises `ChangedSince` when a colleague changed it since.
    """
    with transaction.atomic():
        locked = _locked(closing)
        if locked.is_closed:
            raise ClosingRefused("Cette journée est déjà fermée : elle ne s’abandonne plus.")
        if locked.abandoned_at is None:
            check_read(read, shown_of(locked, lines_of(locked)))
            locked.abandoned_at = at
            locked.save(update_fields=["abandoned_at"])
        for line in locked.lines.select_related("seat"):
            _let_seat_go(line, at=at)


def look_again(closing: Closing, procedures: Procedures, *, at: datetime) -> None:
    """Take in who is expected there now, and hold the nearest seat for whoever has none.

    Those whose papers end first choose first. A seat that went meanwhile is looked for again by
    the next look.
    """
    known = {one.appointment_id for one in lines_of(closing)}
    coming = [one for one in expected_within(closing, at=at) if one.pk not in known]
    parties = parties_of(procedures, (one.holder for one in coming), at=at)
    for one in coming:
        party = parties[one.holder][1] if one.holder in parties else None
        if party and party.appointment and party.appointment.pk == one.pk:
            ClosingLine.objects.get_or_create(closing=closing, appointment=one)
    _propose(closing, procedures, at=at)


def _propose(closing: Closing, procedures: Procedures, *, at: datetime) -> None:
    lines = [one for one in lines_of(closing) if one.done_at is None and one.seat is None]
    known = parties_of(procedures, (one.appointment.holder for one in lines), at=at)
    for agenda in agendas_of(closing):
        theirs = {
            one.pk: one
            for one in lines
            if one.appointment.agenda_id == agenda.pk and one.appointment.holder in known
        }
        wishes = [
            Wish(pk, one.appointment.starts_at, known[one.appointment.holder][1].asked)
            for pk, one in theirs.items()
        ]
        if not wishes:
            continue
        # Told today, they can still change the new date by themselves.
        soonest = at + timedelta(hours=agenda.change_until_hours)
        free = free_after(agenda, closing, at=at)
        for pk, slot in share_out(wishes, free, not_before=soonest).items():
            line = theirs[pk]
            try:
                with transaction.atomic():
                    line.seat = take_seat(
                        agenda,
                        slot,
                        status=AppointmentStatus.HELD,
                        holder=line.appointment.holder,
                        at=at,
                        held_until=_held_until(closing, at=at),
                        at_counter=True,
                    )
                    line.save(update_fields=["seat"])
            except SlotTaken:
                line.seat = None  # the agent chooses among what is left


def _held_until(closing: Closing, *, at: datetime) -> datetime:
    return at + PAUSE if closing.is_closed else closing.held_until


def _prolong(locked: Closing, *, at: datetime) -> None:
    """Give whoever is at it thirty minutes more, and the seats held with it, up to a limit.

    Nobody keeps a day from everybody by a page left open.
    """
    until = _held_until(locked, at=at)
    if not locked.is_closed:
        until = held_until(locked.at, at=at)
        locked.held_until = until
        locked.save(update_fields=["held_until"])
    Appointment.objects.filter(
        status=AppointmentStatus.HELD.value,
        held_until__gt=at,
        pk__in=locked.lines.filter(done_at=None, seat__isnull=False).values("seat"),
    ).update(held_until=until)


def propose_again(closing: Closing, procedures: Procedures, *, read: str, at: datetime) -> None:
    """Give up what was proposed or chosen for whoever is left, and hold the nearest seats anew.

    Thirty minutes begin again. Raises as `choose`.
    """
    with transaction.atomic():
        locked = _locked(closing)
        _check_going_on(locked, at=at)
        lines = [one for one in lines_of(locked) if one.done_at is None]
        check_read(read, shown_of(locked, lines_of(locked)))
        _prolong(locked, at=at)
        for line in lines:
            _let_seat_go(line, at=at)
        locked.lines.filter(done_at=None).update(seat=None)
    look_again(locked, procedures, at=at)


def choose(
    closing: Closing,
    choices: Mapping[int, datetime | None],
    procedures: Procedures,
    *,
    read: str,
    at: datetime,
) -> dict[int, str]:
    """Hold the seats chosen in the place of those proposed; None: cancel, they choose.

    Thirty minutes begin again. Returns, line by line, why a choice could not be had: what was
    held then stays. Raises
    `ChangedSince` when a colleague changed the proposals, `ClosingOver` when it is too late.
    """
    with transaction.atomic():
        locked = _locked(closing)
        _check_going_on(locked, at=at)
        lines = lines_of(locked)
        check_read(read, shown_of(locked, lines))
        _prolong(locked, at=at)
    known = parties_of(procedures, (one.appointment.holder for one in lines), at=at)
    refused = {}
    for line in lines:
        if line.done_at is None and line.pk in choices and line.appointment.holder in known:
            try:
                _hold(locked, line, choices[line.pk], known[line.appointment.holder][1], at=at)
            except SlotTaken as taken:
                refused[line.pk] = " ".join(taken.messages)
    return refused


def _hold(
    closing: Closing, line: ClosingLine, wanted: datetime | None, party: Party, *, at: datetime
) -> None:
    seat = line.seat
    if seat is not None and seat.starts_at == wanted and seat.is_held(at):
        return
    with transaction.atomic():
        new = None
        if wanted is not None:
            agenda = next(
                one for one in agendas_of(closing) if one.pk == line.appointment.agenda_id
            )
            new = take_seat(
                agenda,
                find_free(agenda, wanted, party.asked),
                status=AppointmentStatus.HELD,
                holder=party.reference,
                at=at,
                held_until=_held_until(closing, at=at),
                at_counter=True,
            )
        _let_seat_go(line, at=at)
        line.seat = new
        line.save(update_fields=["seat"])


def _let_seat_go(line: ClosingLine, *, at: datetime) -> None:
    seat = line.seat
    if seat is not None and seat.status == AppointmentStatus.HELD.value:
        give_back(seat, at=at)


def confirm(closing: Closing, procedures: Procedures, *, read: str, by: User, at: datetime) -> Toll:
    """Close the day, then move or cancel each appointment and tell its people why.

    Effects: the closure that the public reads, the exceptional openings of that span taken away;
    for each appointment what its procedure does (seats, status, journal, mails), and a call to
    make for whoever has no address. One that cannot be done says why and is proposed another
    seat; the day stays closed. Twice is once. Raises `ClosingOver` when its time has passed,
    `ChangedSince` when the proposals are not those that were read.
    """
    with transaction.atomic():
        locked = _locked(closing)
        lines = [one for one in lines_of(locked) if one.done_at is None]
        if locked.is_closed and not lines:
            return Toll()
        _check_going_on(locked, at=at)
        check_read(read, shown_of(locked, lines_of(locked)))
        if not locked.is_closed:
            _close(locked, by=by, at=at)
    total = Toll()
    for line in lines:
        total += _settle(line, locked, procedures, by=by, at=at)
    # Who took a seat at the last moment, and who lost the one proposed.
    look_again(locked, procedures, at=at)
    return total


def _check_going_on(closing: Closing, *, at: datetime) -> None:
    if closing.abandoned_at is not None or (not closing.is_closed and at >= closing.held_until):
        raise ClosingOver(
            "Le temps est passé sans confirmation, ou la fermeture a été abandonnée : rien n’a"
            " changé. Recommencez."
        )


def _close(locked: Closing, *, by: User, at: datetime) -> None:
    period = locked.as_rule()
    openings = AgendaDayChange.objects.filter(
        agenda__in=agendas_of(locked), is_added=True, day__range=(locked.day, locked.last_day)
    )
    for opening in openings:
        for left in left_open(opening.as_rule(), period):
            AgendaDayChange.objects.create(
                agenda_id=opening.agenda_id,
                is_added=True,
                day=left.day,
                from_time=left.from_time,
                until_time=left.until_time,
                reason=left.reason,
            )
        opening.delete()
    locked.closure = Closure.objects.create(
        mairie_id=locked.mairie_id,
        service_id=locked.service_id,
        first_day=locked.day,
        from_time=locked.from_time,
        last_day=locked.last_day,
        until_time=locked.until_time,
        reason=locked.reason,
    )
    locked.closed_at, locked.closed_by = at, by
    locked.save(update_fields=["closure", "closed_at", "closed_by"])


def _settle(
    read: ClosingLine, closing: Closing, procedures: Procedures, *, by: User, at: datetime
) -> Toll:
    """Do what was chosen for one appointment, or note why it cannot be done."""
    try:
        with transaction.atomic():
            line = ClosingLine.objects.select_for_update(of=("self",), no_key=True).get(pk=read.pk)
            if line.done_at is not None:
                return Toll()
            return _do(line, closing, procedures, by=by, at=at)
    except ValidationError as refused:
        _come_back(read, " ".join(refused.messages), procedures, at=at)
        return Toll()


def _do(
    line: ClosingLine, closing: Closing, procedures: Procedures, *, by: User, at: datetime
) -> Toll:
    reference = line.appointment.holder
    found = parties_of(procedures, [reference], at=at).get(reference)
    if found is None:
        _finish(line, Outcome.GONE, at=at)
        return Toll()
    procedure, party = found
    booked, why = line.appointment_id, closing.why
    if line.seat is not None:
        procedure.move(reference, line.seat, booked=booked, why=why, by=by, at=at)
        _finish(line, Outcome.MOVED, at=at)
        done = Toll(moved=1)
    else:
        procedure.cancel(reference, booked=booked, why=why, by=by, at=at)
        _finish(line, Outcome.CANCELLED, at=at)
        done = Toll(cancelled=1)
    ClosingCall.objects.bulk_create(
        [ClosingCall(line=line, position=one.position) for one in party.to_call]
    )
    return done + party.toll


def _finish(line: ClosingLine, outcome: Outcome, *, at: datetime, problem: str = "") -> None:
    line.outcome, line.done_at, line.problem = outcome.value, at, problem[:500]
    line.save(update_fields=["outcome", "done_at", "problem"])


def _come_back(read: ClosingLine, problem: str, procedures: Procedures, *, at: datetime) -> None:
    """Note why, for the agent; nothing is left to do about an appointment that is no more."""
    with transaction.atomic():
        line = ClosingLine.objects.select_for_update(of=("self",), no_key=True).get(pk=read.pk)
        if line.done_at is not None:
            return
        _let_seat_go(line, at=at)
        line.seat = None
        line.problem = problem[:500]
        line.save(update_fields=["seat", "problem"])
        reference = line.appointment.holder
        found = parties_of(procedures, [reference], at=at).get(reference)
        now = found[1].appointment if found else None
        if now is None or now.pk != line.appointment_id:
            _finish(line, Outcome.GONE, at=at, problem=problem)


def _locked(closing: Closing) -> Closing:
    """The closing, locked after its mairie, in the order of `open_closing`."""
    Mairie.objects.select_for_update(of=("self",), no_key=True).get(pk=closing.mairie_id)
    rows = Closing.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(pk=closing.pk)


def note_call(call: ClosingCall, *, by: User, at: datetime) -> bool:
    """Note that this person was called; False when somebody had noted it already."""
    waiting = ClosingCall.objects.filter(pk=call.pk, called_at__isnull=True)
    return waiting.update(called_at=at, called_by=by) == 1
