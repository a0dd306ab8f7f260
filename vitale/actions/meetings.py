"""The appointment of a request for help: proposed by an agent, fixed, moved, kept or missed.

The request's row is locked first, then seats, which the database grants
(`demarches.agenda.seats.take_seat`). Refusals say why, in French.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import localdate

from demarches.agenda.booking import DESK_HORIZON
from demarches.agenda.seats import (
    SEAT_GONE,
    SlotTaken,
    closed_meanwhile,
    find_free,
    is_still_open,
    or_nearest,
    take_over,
    take_seat,
)
from demarches.dossiers.refusals import ActionRefused, StaleDossier
from demarches.mail.limits import TooManyMails
from demarches.models import Agenda, Appointment, User
from demarches.rules.enums import AppointmentStatus
from demarches.rules.slots import Asked
from demarches.web.as_read import ChangedSince
from vitale import emails
from vitale.actions.aide import (
    FREED,
    check_state,
    check_text,
    current,
    locked_request,
    release_meeting,
)
from vitale.models import AideSettings, Demande, Tally
from vitale.rules.aide import ALLOWED, Act, Outcome

#: In the journal: the person gave the appointment back and keeps the request.
GIVEN_UP = "meeting_given_up"
#: What is left to do, once its hour has come.
TOO_LATE_ONLINE = "il n’y a plus rien à rendre. Appelez la mairie pour en avoir un autre."
TOO_LATE_AT_DESK = "notez plutôt que la démarche a été faite, ou que la personne est absente."


def help_agenda() -> Agenda:
    """The agenda of help; raises `ActionRefused` when the mairie has none."""
    agenda = AideSettings.current().agenda
    if agenda is None:
        raise ActionRefused("La mairie ne donne pas de rendez-vous pour cette aide en ce moment.")
    return agenda


def asked_at_desk(at: datetime) -> Asked:
    """What an agent may give: today too, and the seats of the counter."""
    today = localdate(at)
    return Asked(now=at, first_day=today, last_day=today + DESK_HORIZON, at_counter=True)


def asked_online(agenda: Agenda, at: datetime) -> Asked:
    """What the person may choose: from tomorrow on, as far as the agenda is open."""
    tomorrow = localdate(at) + timedelta(days=1)
    return Asked(
        now=at,
        first_day=tomorrow,
        last_day=localdate(at) + timedelta(days=agenda.horizon_days),
        first_reason="Pour un rendez-vous aujourd’hui, appelez la mairie.",
    )


# The desk


def propose(
    demande: Demande, starts_at: datetime, *, by: User, at: datetime, version: int
) -> Appointment:
    """Keep a slot for the person, who confirms it or chooses another; told by mail."""
    agenda = help_agenda()
    kept_until = at + timedelta(hours=AideSettings.current().confirm_hours)
    with transaction.atomic():
        locked = current(demande, version, Act.PROPOSE)
        slot = find_free(agenda, starts_at, asked_at_desk(at))
        held = take_seat(
            agenda,
            slot,
            status=AppointmentStatus.HELD,
            holder=locked.reference,
            at=at,
            held_until=min(kept_until, slot.starts_at),
            at_counter=True,
        )
        release_meeting(locked, at=at)
        _keep(locked, held, kind="meeting_proposed", by=by, at=at)
        emails.meeting_proposed(locked, held, at=at)
    return held


def fix(
    demande: Demande, starts_at: datetime, *, by: User, at: datetime, version: int
) -> Appointment:
    """Book or move, as agreed with the person by telephone or at the counter."""
    agenda = help_agenda()
    with transaction.atomic():
        locked = current(demande, version, Act.FIX)
        return _book(locked, agenda, starts_at, asked_at_desk(at), by=by, at=at)


def confirm_for(demande: Demande, *, by: User, at: datetime, version: int) -> Appointment:
    """Note that the person said yes to the proposed slot, by telephone or at the counter."""
    with transaction.atomic():
        locked = current(demande, version, Act.CHOOSE)
        return _confirm(locked, asked_at_desk(at), by=by, at=at)


def replace_closed(
    demande: Demande, held: Appointment | None, *, meeting: int, why: str, by: User, at: datetime
) -> None:
    """Give up a date on which the mairie closes; keep `held` for the person, who confirms it.

    Without `held`, an agent will propose another date. `meeting`: the appointment that was read;
    another one is refused. Effects: the former slot given back, journal, a mail that says why.
    """
    check_text(why)
    with transaction.atomic():
        locked = locked_request(demande)
        check_state(locked, Act.REPLACE)
        if locked.appointment_id != meeting:
            raise StaleDossier(f"La personne a une autre date : {_meeting(locked)}.")
        former = _meeting(locked)
        if held is not None:
            _keep_for_answer(locked, held, at=at)
        booked = release_meeting(locked, at=at)
        if held is not None:
            _keep(locked, held, kind="meeting_proposed", by=by, at=at)
            emails.meeting_proposed(locked, held, at=at, why=why, given_up=booked)
            return
        locked.touch(at=at, waiting=True)
        locked.record(kind="meeting_closed", by=by, at=at, reason=str(former))
        emails.meeting_closed(locked, former, at=at, why=why, given_up=booked)


def _keep_for_answer(locked: Demande, held: Appointment, *, at: datetime) -> None:
    """Keep a slot that the desk holds for as long as the person has to answer."""
    if not is_still_open(held, at=at):
        raise closed_meanwhile(held, asked_at_desk(at))
    kept_until = at + timedelta(hours=AideSettings.current().confirm_hours)
    mine = Appointment.objects.filter(
        pk=held.pk, holder=locked.reference, status=AppointmentStatus.HELD.value
    )
    if not mine.update(held_until=min(kept_until, held.starts_at)):
        raise SlotTaken(SEAT_GONE)
    held.refresh_from_db()


def accompany(demande: Demande, *, by: User, at: datetime, version: int) -> None:
    """Note that the person came, and did it with an agent beside them."""
    with transaction.atomic():
        locked = current(demande, version, Act.ACCOMPANY)
        appointment = _meeting(locked)
        if localdate(at) < localdate(appointment.starts_at):
            raise ActionRefused("Le jour du rendez-vous n’est pas encore venu.")
        locked.accept(by=by, at=at)
        appointment.status = AppointmentStatus.DONE.value
        appointment.save(update_fields=["status"])
        locked.outcome = Outcome.ACCOMPANIED.value
        locked.save(update_fields=["outcome"])
        Tally.objects.count_one(
            Tally.What.ANSWER, day=localdate(at), topic=Outcome.ACCOMPANIED.value
        )


def mark_missed(demande: Demande, *, by: User, at: datetime, version: int) -> None:
    """Nobody came: another appointment may be proposed, or the request closed."""
    with transaction.atomic():
        locked = current(demande, version, Act.MISS)
        appointment = _meeting(locked)
        if at < appointment.starts_at:
            raise ActionRefused("L’heure du rendez-vous n’est pas encore passée.")
        appointment.status = AppointmentStatus.MISSED.value
        appointment.save(update_fields=["status"])
        locked.touch(at=at, waiting=False)
        locked.record(kind="meeting_missed", by=by, at=at, reason=str(appointment))
        emails.meeting_missed(locked, appointment, at=at)


# The person


def confirm(
    demande: Demande, *, by: User | None, at: datetime, seen: int | None = None
) -> Appointment:
    """Say yes to the proposed slot; twice is once.

    `seen`: the key of the appointment that was read; raises `ChangedSince` when there is
    another one in its place. A proposal kept too long is confirmed all the same while nobody
    has taken its seat; else raises `SlotTaken` with the nearest free slots.
    """
    with transaction.atomic():
        locked = locked_request(demande)
        check_state(locked, Act.CHOOSE)
        meeting = _meeting(locked)
        if seen is not None and not is_same_moment(locked, seen):
            raise ChangedSince
        agenda = meeting.agenda
        return _confirm(locked, asked_online(agenda, at), by=by, at=at)


def choose(
    demande: Demande,
    starts_at: datetime,
    *,
    by: User | None,
    at: datetime,
    seen: int | None = None,
) -> Appointment:
    """Book another slot than the one proposed or fixed; the former one goes back.

    Raises `SlotTaken` with the nearest free slots when it went to somebody else, `ChangedSince`
    when the former one is not the one that was read (`seen`).
    """
    agenda = help_agenda()
    with transaction.atomic():
        locked = locked_request(demande)
        check_state(locked, Act.CHOOSE)
        meeting = _meeting(locked)
        is_booked = meeting.current_status is AppointmentStatus.BOOKED
        if is_booked and meeting.starts_at == starts_at:
            return meeting
        if seen is not None and seen != meeting.pk:
            raise ChangedSince
        if is_booked and not meeting.is_changeable(at):
            raise ActionRefused(
                "Il est trop tard pour changer ce rendez-vous en ligne. Appelez la mairie : elle"
                " peut encore le faire."
            )
        return _book(locked, agenda, starts_at, asked_online(agenda, at), by=by, at=at)


def give_up(demande: Demande, *, by: User | None, at: datetime, seen: int) -> Appointment:
    """Give back the appointment and keep the request: an agent answers or proposes another one.

    `seen`: the key of the appointment that was read; raises `ChangedSince` when there is another
    one in its place. Twice is once. Effects: the seat freed, the request waits for the mairie
    again, journal, a mail.
    """
    with transaction.atomic():
        locked = locked_request(demande)
        if (before := _given_up_before(locked, seen)) is not None:
            return before
        check_state(locked, Act.GIVE_UP)
        meeting = _meeting(locked)
        if seen != meeting.pk:
            raise ChangedSince
        return _give_up(locked, meeting, by=by, at=at, is_noted=False)


def give_up_for(demande: Demande, *, by: User, at: datetime, version: int) -> Appointment:
    """Note that the person gives up the appointment, said by telephone or at the counter.

    The same rule and effects as `give_up`, for the page that the agent read (`version`).
    """
    with transaction.atomic():
        locked = current(demande, version, Act.GIVE_UP)
        return _give_up(locked, _meeting(locked), by=by, at=at, is_noted=True)


def _give_up(
    locked: Demande, meeting: Appointment, *, by: User | None, at: datetime, is_noted: bool
) -> Appointment:
    """`is_noted`: an agent notes it for the person; the refusal and the mail say so."""
    if not may_give_up(meeting, at=at):
        too_late = TOO_LATE_AT_DESK if is_noted else TOO_LATE_ONLINE
        raise ActionRefused(f"L’heure de ce rendez-vous est passée : {too_late}")
    booked = release_meeting(locked, at=at)
    locked.touch(at=at, waiting=True)
    locked.record(kind=GIVEN_UP, by=by, at=at, reason=str(meeting))
    # A seat is given back whatever the mails of the day: the page tells it too.
    with suppress(TooManyMails):
        emails.meeting_given_up(locked, meeting, at=at, given_up=booked, is_noted=is_noted)
    return meeting


def to_give_up(demande: Demande, *, at: datetime) -> Appointment | None:
    """The appointment that may be given up now, online or at the desk."""
    meeting = demande.appointment
    if meeting is None or demande.code not in ALLOWED[Act.GIVE_UP]:
        return None
    return meeting if may_give_up(meeting, at=at) else None


def may_give_up(meeting: Appointment, *, at: datetime) -> bool:
    """A proposal, also an old one; what was fixed, until its hour, too late to move it or not."""
    if meeting.current_status is AppointmentStatus.BOOKED:
        return at < meeting.starts_at
    return meeting.current_status in FREED


def _given_up_before(locked: Demande, seen: int) -> Appointment | None:
    """The appointment that was read, when giving it up is the last thing that happened."""
    last, read = locked.events.order_by("pk").last(), meeting_read(locked, seen)
    if last is None or read is None:
        return None
    return read if (last.kind, last.reason) == (GIVEN_UP, str(read)) else None


# Shared


def is_same_moment(demande: Demande, seen: int) -> bool:
    """The appointment of a request is the one that was read, or one at the same moment."""
    read = meeting_read(demande, seen)
    meeting = demande.appointment
    return read is not None and meeting is not None and meeting.starts_at == read.starts_at


def meeting_read(demande: Demande, seen: int) -> Appointment | None:
    """The appointment that a page showed, also when it has gone since; never another person's."""
    return Appointment.objects.filter(pk=seen, holder=demande.reference).first()


def _confirm(locked: Demande, asked: Asked, *, by: User | None, at: datetime) -> Appointment:
    held = _meeting(locked)
    if held.current_status not in {AppointmentStatus.HELD, AppointmentStatus.LAPSED}:
        return held
    if held.starts_at <= at:
        raise ActionRefused("Ce rendez-vous est passé : choisissez un autre créneau.")
    if not is_still_open(held, at=at):
        raise closed_meanwhile(held, asked)
    kept = Appointment.objects.filter(pk=held.pk, status=AppointmentStatus.HELD.value)
    if not kept.update(status=AppointmentStatus.BOOKED.value, held_until=None):
        return _book(locked, held.agenda, held.starts_at, asked, by=by, at=at)
    held.refresh_from_db()
    _keep(locked, held, kind="meeting_booked", by=by, at=at)
    emails.meeting_booked(locked, held, at=at)
    return held


def _book(
    locked: Demande,
    agenda: Agenda,
    starts_at: datetime,
    asked: Asked,
    *,
    by: User | None,
    at: datetime,
) -> Appointment:
    slot = find_free(agenda, starts_at, asked)
    with or_nearest(agenda, starts_at, asked):
        new = take_seat(
            agenda,
            slot,
            status=AppointmentStatus.BOOKED,
            holder=locked.reference,
            at=at,
            at_counter=asked.at_counter,
        )
    former = release_meeting(locked, at=at)
    if former is not None:
        take_over(former, new)
    kind = "meeting_moved" if former else "meeting_booked"
    _keep(locked, new, kind=kind, by=by, at=at)
    emails.meeting_booked(locked, new, at=at)
    return new


def _keep(
    locked: Demande, meeting: Appointment, *, kind: str, by: User | None, at: datetime
) -> None:
    locked.appointment = meeting
    locked.save(update_fields=["appointment"])
    locked.touch(at=at, waiting=False)
    locked.record(kind=kind, by=by, at=at, reason=str(meeting))


def _meeting(locked: Demande) -> Appointment:
    if locked.appointment is None:
        raise ActionRefused("Cette demande n’a pas de rendez-vous.")
    return locked.appointment
