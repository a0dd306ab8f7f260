"""A request for help: asked by a resident, answered by agents.

Every action takes who acts (`by`) and the moment (`at`), owns its transaction and refuses with
reasons in French. An agent also gives the `version` they were looking at.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from demarches.actions import check_read, give_back
from demarches.models import Appointment, User, next_reference
from demarches.rules.enums import AppointmentStatus, Transition
from demarches.rules.nir import find_private_number
from demarches.rules.read import Shown
from vitale import emails
from vitale.actions.suivi import DOUBLE_CLICK
from vitale.models import Contact, Demande, DemandeNote, DemandeReading, Reason, Tally
from vitale.rules.aide import Act, Code, Outcome, refuse
from vitale.rules.situations import Regime

#: Appointments that nobody has come to yet.
FREED = {AppointmentStatus.HELD, AppointmentStatus.LAPSED, AppointmentStatus.BOOKED}


class AideRefused(ValidationError):
    """The action may not happen; `messages` say why and what to do."""


class StaleDemande(AideRefused):
    """Somebody changed the request since the agent opened the page."""


def ask_for_help(
    *,
    reason: Reason,
    regime: Regime,
    name: str,
    email: str,
    phone: str,
    owner: User | None,
    form_key: str,
    at: datetime,
) -> Demande:
    """Send a request; the same form sent twice sends one. Effects: journal, count, a mail."""
    for text in (name, email, phone):
        check_text(text)
    # An old form found again on a shared computer sends a new one.
    same_form = Demande.objects.filter(form_key=form_key)
    same_form.filter(created_at__lt=at - DOUBLE_CLICK).update(form_key=None)
    if (before := same_form.first()) is not None:
        return before
    try:
        with transaction.atomic():
            demande = Demande.objects.create(
                reference=next_reference(Demande.REFERENCE_PREFIX, at),
                form_key=form_key,
                owner=owner,
                reason=reason,
                regime=regime.value,
                name=name,
                email=email,
                phone=phone,
                created_at=at,
                last_activity_at=at,
            )
            demande.submit(by=owner, at=at)
            emails.aide_received(demande, at=at)
            Tally.objects.count_one(
                Tally.What.AIDE, day=localdate(at), topic=reason.slug, regime=regime.value
            )
    except IntegrityError:  # the same form, sent twice at once
        return same_form.get()
    return demande


def standing_shown(demande: Demande) -> Shown:
    """Where a request stands, for whoever cancels it: its state, its appointment, its answer."""
    return {
        "state": demande.code.value,
        "meeting": demande.appointment_id,
        "answer": demande.answer,
    }


def cancel(demande: Demande, *, by: User | None, at: datetime, read: str | None = None) -> None:
    """End at the wish of whoever asked; once is enough.

    Raises `ChangedSince` when the request does not stand where its page said.
    """
    with transaction.atomic():
        locked = locked_request(demande)
        if locked.code is not Code.CANCELLED:
            check_state(locked, Transition.WITHDRAW)
            check_read(read, standing_shown(locked))
            _withdraw(locked, by=by, at=at)


def check_text(text: str) -> None:
    """Refuse to keep a number that the mairie must not have, whoever writes it."""
    if found := find_private_number(text):
        raise AideRefused(found.refusal)


def check_state(demande: Demande, what: Transition | Act) -> None:
    """Refuse in the words of a request for help, before the shared lifecycle does in its own."""
    if refusal := refuse(what, demande.code):
        raise AideRefused(refusal)


def locked_request(demande: Demande) -> Demande:
    """The request, locked. Its appointment is read afterwards, by a query of its own."""
    return Demande.objects.locked().get(pk=demande.pk)


def current(demande: Demande, version: int, what: Transition | Act) -> Demande:
    """The request, locked, as the agent saw it and in a state where this may happen."""
    locked = locked_request(demande)
    if locked.version != version:
        raise StaleDemande("Cette demande a changé depuis que vous avez ouvert cette page.")
    check_state(locked, what)
    return locked


def release_meeting(locked: Demande, *, at: datetime) -> Appointment | None:
    """Free the slot of a request under its lock; gives the appointment that had been booked.

    The past stays: an appointment kept or missed is not undone.
    """
    meeting = locked.appointment
    if meeting is None or meeting.current_status not in FREED:
        return None
    was_booked = meeting.current_status is AppointmentStatus.BOOKED
    locked.appointment = None
    locked.save(update_fields=["appointment"])
    if meeting.current_status is not AppointmentStatus.LAPSED:
        give_back(meeting, at=at)
    return meeting if was_booked else None


def _withdraw(locked: Demande, *, by: User | None, at: datetime) -> None:
    booked = release_meeting(locked, at=at)
    locked.withdraw(by=by, at=at)
    if booked is not None:
        emails.meeting_cancelled(locked, booked, at=at)


def take(demande: Demande, *, by: User, at: datetime, version: int) -> None:
    """An agent takes care of it."""
    with transaction.atomic():
        locked = current(demande, version, Transition.START_REVIEW)
        locked.start_review(by=by, at=at)
        locked.assigned_to = by
        locked.save(update_fields=["assigned_to"])


def answer(
    demande: Demande,
    *,
    text: str,
    orientation: Contact | None,
    by: User,
    at: datetime,
    version: int,
) -> None:
    """Answer, or orient towards somebody; a mail goes to whoever left an address.

    Whoever left a telephone number is called, and reads the answer with their codes.
    """
    text = text.strip()
    if not text:
        raise AideRefused("Écrivez la réponse que la personne lira.")
    check_text(text)
    with transaction.atomic():
        locked = current(demande, version, Act.ANSWER)
        locked.accept(by=by, at=at)
        locked.outcome = (Outcome.ORIENTED if orientation else Outcome.ANSWERED).value
        locked.orientation, locked.answer = orientation, text
        locked.save(update_fields=["outcome", "orientation", "answer"])
        emails.aide_answered(locked, at=at)
        Tally.objects.count_one(
            Tally.What.ANSWER,
            day=localdate(at),
            topic=orientation.key if orientation else Outcome.ANSWERED.value,
        )


def close(demande: Demande, *, by: User, at: datetime, version: int) -> None:
    """File an answered request away: it is deleted three months later."""
    with transaction.atomic():
        current(demande, version, Transition.CLOSE).close(by=by, at=at, reason="")


def cancel_for(demande: Demande, *, by: User, at: datetime, version: int) -> None:
    """Cancel at the wish of whoever asked, said at the counter or by telephone."""
    with transaction.atomic():
        _withdraw(current(demande, version, Transition.WITHDRAW), by=by, at=at)


def add_note(demande: Demande, *, body: str, by: User, at: datetime) -> None:
    """Keep an internal note: agents only."""
    body = body.strip()
    if not body:
        raise AideRefused("Écrivez une note.")
    check_text(body)
    DemandeNote.objects.create(demande=demande, author=by, body=body, at=at)


def note_reading(demande: Demande, agent: User, *, at: datetime) -> None:
    """Write down that an agent looked."""
    DemandeReading.objects.create(demande=demande, agent=agent, at=at)
