"""A request for help: asked by a resident, answered by agents.

Every action takes who acts (`by`) and the moment (`at`), owns its transaction and refuses with
reasons in French. An agent also gives the `version` they were looking at.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.timezone import localdate

from demarches.agenda.seats import give_back, take_back
from demarches.dossiers.exchange import mail_to_send_again, unsend
from demarches.dossiers.refusals import ActionRefused, locked_as_read
from demarches.mail.limits import TooManyMails
from demarches.models import UNDO_TIME, Appointment, User, next_reference
from demarches.rules.addresses import read_optional
from demarches.rules.enums import AppointmentStatus, Status, Transition
from demarches.rules.read import Shown
from demarches.typed import guard
from demarches.web.as_read import check_read
from vitale import emails
from vitale.actions.suivi import DOUBLE_CLICK
from vitale.models import (
    Contact,
    Demande,
    DemandeEnding,
    DemandeMail,
    DemandeNote,
    DemandeReading,
    Reason,
    Tally,
)
from vitale.models.aide import MAIL_AGAIN
from vitale.rules.aide import Act, Code, Outcome, refuse
from vitale.rules.situations import Regime

CHANGED = "Cette demande a changé depuis que vous avez ouvert cette page."
#: Appointments that nobody has come to yet.
FREED = {AppointmentStatus.HELD, AppointmentStatus.LAPSED, AppointmentStatus.BOOKED}


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
    email = read_optional(email)
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
    try:
        guard.check_text(text)
    except guard.TextRefused as refused:
        raise ActionRefused(refused.messages) from refused


def check_state(demande: Demande, what: Transition | Act) -> None:
    """Refuse in the words of a request for help, before the shared lifecycle does in its own."""
    if refusal := refuse(what, demande.code):
        raise ActionRefused(refusal)


def locked_request(demande: Demande) -> Demande:
    """The request, locked. Its appointment is read afterwards, by a query of its own."""
    return Demande.objects.locked().get(pk=demande.pk)


def current(demande: Demande, version: int, what: Transition | Act) -> Demande:
    """The request, locked, as the agent saw it and in a state where this may happen."""
    locked = locked_as_read(Demande.objects.all(), demande.pk, version, changed=CHANGED)
    check_state(locked, what)
    return locked


def release_meeting(
    locked: Demande, *, at: datetime, not_before: datetime | None = None
) -> Appointment | None:
    """Free the slot of a request under its lock; gives the appointment that had been booked.

    `not_before`: the seat comes back to others after that moment, for what can be undone.

    The past stays: an appointment kept or missed is not undone.
    """
    meeting = locked.appointment
    if meeting is None or meeting.current_status not in FREED:
        return None
    was_booked = meeting.current_status is AppointmentStatus.BOOKED
    locked.appointment = None
    locked.save(update_fields=["appointment"])
    if meeting.current_status is not AppointmentStatus.LAPSED:
        give_back(meeting, at=at, not_before=not_before if was_booked else None)
    return meeting if was_booked else None


def _withdraw(
    locked: Demande,
    *,
    by: User | None,
    at: datetime,
    reason: str = "",
    undo_until: datetime | None = None,
) -> Appointment | None:
    booked = release_meeting(locked, at=at, not_before=undo_until)
    locked.withdraw(by=by, at=at, reason=reason)
    if booked is not None:
        # A seat is given back whatever the mails of the day: the page tells it too.
        with suppress(TooManyMails):
            emails.meeting_cancelled(locked, booked, at=at, leaves_at=undo_until)
    return booked


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
        raise ActionRefused("Écrivez la réponse que la personne lira.")
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


def cancel_for(
    demande: Demande, *, reason: str, by: User, at: datetime, version: int
) -> DemandeEnding:
    """Cancel at the wish of whoever asked, said at the counter or by telephone, with a reason.

    Effects: status, journal, the appointment given back; its mail leaves, and its seat comes
    back to others, after `UNDO_TIME`. A slot that was only proposed is given back at once.
    """
    if not reason.strip():
        raise ActionRefused("Dites qui l’a demandé, et comment : le motif reste au journal.")
    check_text(reason)
    with transaction.atomic():
        locked = current(demande, version, Transition.WITHDRAW)
        ending = DemandeEnding(
            demande=locked,
            transition=Transition.WITHDRAW.value,
            reason=reason.strip(),
            by=by,
            at=at,
            from_status=locked.status,
            waiting_since=locked.waiting_since,
        )
        ending.appointment = _withdraw(
            locked, by=by, at=at, reason=reason.strip(), undo_until=at + UNDO_TIME
        )
        ending.save()
    return ending


def undo_cancel(ending: DemandeEnding, *, by: User, at: datetime) -> None:
    """Take it back while the same agent may: the status, and the appointment with its seat."""
    with transaction.atomic():
        locked = Demande.objects.locked().get(pk=ending.demande_id)
        row = DemandeEnding.objects.get(pk=ending.pk)
        if not row.is_undoable(by=by, at=at) or not locked.is_ended:
            raise ActionRefused(
                "Il est trop tard pour annuler : demandez une nouvelle fois l’aide."
            )
        told = locked.mails.filter(at=row.at, kind="aide_cancelled")
        unsend(told, too_late="Le mail est déjà parti : cette annulation ne se reprend plus.")
        if row.appointment is not None:
            take_back(row.appointment, at=at)
            locked.appointment = row.appointment
            locked.save(update_fields=["appointment"])
        locked.restore(Status(row.from_status), waiting_since=row.waiting_since, by=by, at=at)
        row.undone_at = at
        row.save(update_fields=["undone_at"])


def send_again(demande: Demande, pk: int, *, by: User, at: datetime) -> DemandeMail:
    """Send a mail that did not leave once more; the journal says so.

    Refuses a mail that left, and one that a later mail made untrue (`mail_to_send_again`).
    """
    with transaction.atomic():
        locked = locked_request(demande)
        mail = mail_to_send_again(locked.mails.all(), pk)
        try:
            again = emails.send_again(mail, locked, at=at)
        except ValueError:
            raise ActionRefused(
                f"Ce mail ne se renvoie pas. Appelez la personne : {locked.contact}."
            ) from None
        locked.record(kind=MAIL_AGAIN, by=by, at=at, reason=mail.kind_label)
    return again


def add_note(demande: Demande, *, body: str, by: User, at: datetime) -> None:
    """Keep an internal note: agents only."""
    body = body.strip()
    if not body:
        raise ActionRefused("Écrivez une note.")
    check_text(body)
    with transaction.atomic():
        DemandeNote.objects.create(demande=demande, author=by, body=body, at=at)


def note_readings(
    agent: User | None, what: str, *, at: datetime, demandes: Iterable[Demande]
) -> None:
    """Write down that an agent saw these requests; one statement, however many."""
    DemandeReading.objects.bulk_create(
        [DemandeReading(demande=one, agent=agent, what=what, at=at) for one in demandes]
    )
