"""One function per mail of the PACS procedure; called inside the transaction of the decision.

Subjects are neutral (« votre démarche d’état civil »), never « Pacs » nor a name: a subject is
read on a locked phone (domain reference, confidentiality by design). A person without an
address gets nothing, and the journal of mails says so to the agents.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import localdate
from phonenumbers import PhoneNumberFormat, format_number
from post_office.models import Email

from demarches.agenda.calendar import appointment_event
from demarches.mail.emails import (
    SUPERSEDED,
    TEXT,
    UNWANTED,
    copy_mail,
    give_up_waiting,
    is_secret,
    is_text,
    queue_mail,
)
from demarches.mail.sms_gateway import is_on
from demarches.mail.texts import CANCELLED, MOVED, REMINDER, queue_text, text_about
from demarches.models import Appointment, Mairie, User
from demarches.rules.enums import PieceStatus, Status
from pacs.models import (
    Door,
    Dossier,
    Helper,
    InformationRequest,
    Message,
    PacsSettings,
    Partenaire,
    SentMail,
)
from pacs.reads.access import readable_pieces
from pacs.reads.appointment_links import change_token
from pacs.reads.booking import pieces_to_renew
from pacs.reads.bringing import things_to_bring
from pacs.rules.changed import kinds_for


def _send(
    kind: str,
    partenaire: Partenaire,
    *,
    at: datetime,
    to: str | None = None,
    key: str = "",
    calendar: str = "",
    leaves_at: datetime | None = None,
    is_cold: bool = False,
    secret: bool = False,
    text: tuple[str, Appointment] | None = None,
    **context: Any,
) -> SentMail:
    """Queue one mail and note it on the dossier, also when nobody can be reached.

    `text`: the kind of SMS, and of which appointment, for somebody without an address who agreed.
    """
    dossier = partenaire.dossier
    address = partenaire.mail_address if to is None else to
    email = None
    if address:
        email = queue_mail(
            to=address,
            template=f"pacs/emails/{kind}",
            context={
                "dossier": dossier,
                "partenaire": partenaire,
                "mairie": Mairie.objects.current(),
                "dossier_url": f"{settings.SITE_URL}{dossier.get_absolute_url()}",
                **context,
            },
            key=f"{kind}:{dossier.pk}:{partenaire.pk}:{key or at.isoformat()}",
            calendar=calendar,
            leaves_at=leaves_at,
            is_cold=is_cold,
            secret=secret,
        )
    elif text is not None:
        email = _text(*text, partenaire, at=at, leaves_at=leaves_at)
    return SentMail.objects.create(
        dossier=dossier, partenaire=partenaire, kind=kind, at=at, email=email
    )


def _text(
    kind: str,
    appointment: Appointment,
    partenaire: Partenaire,
    *,
    at: datetime,
    leaves_at: datetime | None = None,
) -> Email | None:
    """Queue an SMS about an appointment to come; None for whoever may not be sent one."""
    number = partenaire.text_number
    if number is None or not is_on() or appointment.starts_at <= at:
        return None
    key = f"{appointment.pk}:{at.isoformat()}"
    return queue_text(kind, appointment, to=number, key=key, at=at, leaves_at=leaves_at)


def _texts_of(partenaire: Partenaire) -> QuerySet[Email]:
    told = SentMail.objects.filter(partenaire=partenaire, email__isnull=False).values("email")
    texts: QuerySet[Email] = Email.objects.filter(pk__in=told, backend_alias=TEXT)
    return texts


def _outdate_texts(partenaire: Partenaire) -> None:
    """What waits to leave says what is no longer true of the appointment: it leaves no more."""
    if is_on():  # else the sender gives up whatever waits
        give_up_waiting(_texts_of(partenaire), SUPERSEDED)


def texts_unwanted(partenaire: Partenaire) -> int:
    """They took their yes back, or it was for another number: no SMS that waits leaves.

    Those that tell somebody else too, who agreed on the same number, leave for them. Returns how
    many leave no more.
    """
    alone = _texts_of(partenaire)
    for other in partenaire.dossier.partenaires.exclude(pk=partenaire.pk):
        if other.text_number is not None:
            number = format_number(other.text_number, PhoneNumberFormat.E164)
            alone = alone.exclude(
                pk__in=[one.pk for one in _texts_of(other) if one.context["number"] == number]
            )
    return give_up_waiting(alone, UNWANTED)


def _send_both(kind: str, dossier: Dossier, *, at: datetime, **context: Any) -> None:
    for partenaire in dossier.partenaires.select_related("user", "dossier"):
        _send(kind, partenaire, at=at, **context)


def invitation(partenaire: Partenaire, *, at: datetime) -> None:
    """Ask the second partenaire to take part, or remind them."""
    kind = "invitation_reminder" if partenaire.reminders_sent else "invitation"
    join = reverse("pacs:partner-join", args=[partenaire.dossier.reference])
    _send(
        kind,
        partenaire,
        at=at,
        to=partenaire.invited_email,
        is_cold=True,
        join_url=f"{settings.SITE_URL}{join}",
        reminders_max=PacsSettings.current().invitation_reminders_max,
    )


def invitation_sent(partenaire: Partenaire) -> Email | None:
    """The last invitation queued for this person, as it leaves; it holds nothing of anybody's."""
    kinds = ["invitation", "invitation_reminder"]
    told = SentMail.objects.filter(partenaire=partenaire, kind__in=kinds).exclude(email=None)
    last = told.select_related("email").first()
    return last.email if last else None


def part_reminder(partenaire: Partenaire, *, at: datetime) -> None:
    """Remind somebody who came in that their part is not finished, and that they may leave."""
    quit_path = reverse("pacs:partner-quit", args=[partenaire.dossier.reference])
    _send(
        "part_reminder",
        partenaire,
        at=at,
        quit_url=f"{settings.SITE_URL}{quit_path}",
        reminders_max=PacsSettings.current().invitation_reminders_max,
    )


def partner_left(dossier: Dossier, *, at: datetime) -> None:
    """Tell the first one that the second takes part no more, without a reason."""
    first = dossier.partenaires.select_related("user", "dossier").get(position=1)
    _send("partner_left", first, at=at)


def helper_invitation(helper: Helper, *, at: datetime) -> None:
    """Ask somebody to help one person to fill in; neither is named, nor the procedure."""
    partenaire = helper.partenaire
    join = reverse("pacs:helper-join", args=[partenaire.dossier.reference])
    _send(
        "helper_invitation",
        partenaire,
        at=at,
        to=helper.email,
        is_cold=True,
        join_url=f"{settings.SITE_URL}{join}",
    )


def invitation_expired(dossier: Dossier, *, at: datetime) -> None:
    """Tell the first one that the second never answered, and what can be done."""
    first = dossier.partenaires.select_related("user", "dossier").get(position=1)
    kept_until = dossier.last_activity_at + PacsSettings.current().draft_retention
    _send("invitation_expired", first, at=at, kept_until=kept_until)


def invitation_declined(dossier: Dossier, *, at: datetime) -> None:
    """Tell the first one that the invited person does not take part, without a reason."""
    first = dossier.partenaires.select_related("user", "dossier").get(position=1)
    _send("invitation_declined", first, at=at)


def part_completed(partenaire: Partenaire, *, to: Partenaire, at: datetime) -> None:
    """Tell the other that this one has finished their part (without saying what)."""
    _send("part_completed", to, at=at, key=str(partenaire.attested_at))


def comment_received(comment_from: Partenaire, *, to: Partenaire, at: datetime) -> None:
    """Tell the first one that the second proposes a change to the shared answers."""
    _send("comment_received", to, at=at)


def acknowledgement(dossier: Dossier, *, at: datetime) -> None:
    """Accusé de réception électronique (CRPA L112-11, R112-11-1), to each partenaire.

    How many papers, as each may know of them, and not which: a name of paper tells of a
    protection, and the mairie must be able to send this mail again.
    """
    answer_by = PacsSettings.current().answer_by(at)
    for reader in dossier.partenaires.select_related("user", "dossier"):
        papers = list(readable_pieces(dossier, reader).required())
        _send(
            "acknowledgement",
            reader,
            at=at,
            answer_by=answer_by,
            sent=sum(one.status == PieceStatus.PROVIDED for one in papers),
            to_bring=sum(one.status == PieceStatus.TO_BRING for one in papers),
        )


def pieces_requested(asked: InformationRequest, *, at: datetime) -> None:
    """Tell one person that the mairie asks them for something; what it is stays on their pages."""
    partenaire = Partenaire.objects.select_related("user", "dossier").get(pk=asked.partenaire_id)
    _send("pieces_requested", partenaire, at=at, key=str(asked.pk))


def answers_received(dossier: Dossier, *, at: datetime) -> None:
    """Confirm that the mairie has the completed dossier back."""
    _send_both("answers_received", dossier, at=at)


def attestation_ended(dossier: Dossier, *, at: datetime, changes: Collection[str] = ()) -> None:
    """Tell both that an answer has changed and who has to read and attest again.

    `changes`: what an agent changed; each is told the kinds that are theirs, in the same mail.
    """
    for partenaire in dossier.people:
        _send(
            "attestation_ended",
            partenaire,
            at=at,
            kinds=kinds_for(partenaire.position, changes),
            must_attest=partenaire.attested_at is None,
            must_confirm=not partenaire.is_first and partenaire.common_confirmed_at is None,
        )


def correction_decided(dossier: Dossier, holder: int, *, at: datetime) -> None:
    """Tell the author of a correction that the mairie has looked at it."""
    author = dossier.partenaires.select_related("user", "dossier").get(position=holder or 1)
    _send("correction_decided", author, at=at)


def changed_by_mairie(
    partenaire: Partenaire, kinds: Sequence[str], *, at: datetime, was_at: str = ""
) -> None:
    """Tell one person that an agent changed something of theirs: which kinds, never the values.

    At most one mail a day for each person: a second change of the same day adds none, but that of
    the address, of which whoever had it would otherwise hear nothing. Not to an
    address that was only invited: nobody there has answered. Nor to somebody without an account
    whose dossier is being opened at the counter: they are saying it there. `was_at`: the address
    they gave before this change replaced it; the new one may be somebody else's. When the mail
    about their attestation has just told them, that mail is this one too.
    """
    dossier, account = partenaire.dossier, partenaire.user
    if account is None and dossier.at_counter and dossier.current_status is Status.DRAFT:
        return
    told = dossier.mails.filter(
        partenaire=partenaire, kind="changed_by_mairie", at__date=localdate(at)
    )
    address = account.email if account else was_at or partenaire.contact_email
    is_moved = account is None and bool(was_at)
    if not is_moved and (told.exclude(email=None) if address else told).exists():
        return
    ended = partenaire.dossier.mails.filter(
        partenaire=partenaire, kind="attestation_ended", at=at, email__isnull=False
    )
    just_told = next((one for one in ended if one.email and one.email.to == [address]), None)
    if address and just_told is not None:
        SentMail.objects.create(
            dossier=partenaire.dossier,
            partenaire=partenaire,
            kind="changed_by_mairie",
            at=at,
            email=just_told.email,
        )
        return
    has_page = account is not None or partenaire.door == Door.SAME_DEVICE
    _send("changed_by_mairie", partenaire, at=at, to=address, kinds=kinds, has_page=has_page)


def dossier_complete(dossier: Dossier, *, at: datetime) -> None:
    """Tell both that the dossier is complete and what comes next."""
    _send_both("dossier_complete", dossier, at=at)


def appointment_booked(dossier: Dossier, *, at: datetime) -> None:
    """Confirm the appointment to both, with the event for their calendars."""
    _about_appointment("appointment_booked", dossier, dossier.appointment, at=at, is_own=True)


def appointment_moved(
    dossier: Dossier, *, at: datetime, why: str = "", by_mairie: bool = False
) -> None:
    """Tell both the new day and hour; the event of their calendars moves.

    `why`: when they did not ask for it. `by_mairie`: an SMS to whoever has no address.
    """
    _about_appointment(
        "appointment_moved",
        dossier,
        dossier.appointment,
        at=at,
        is_own=True,
        texted=MOVED if by_mairie else "",
        why=why,
    )


def appointment_cancelled(
    dossier: Dossier,
    appointment: Appointment,
    *,
    at: datetime,
    reason: str,
    by_mairie: bool = False,
) -> None:
    """Tell both that the appointment is off, why, and how to take another.

    `by_mairie`: an SMS to whoever has no address.
    """
    _about_appointment(
        "appointment_cancelled",
        dossier,
        appointment,
        at=at,
        is_off=True,
        texted=CANCELLED if by_mairie else "",
        reason=reason,
    )


def appointment_missed(dossier: Dossier, appointment: Appointment, *, at: datetime) -> None:
    """Tell both that they were expected, without reproach, and how to take another."""
    _about_appointment("appointment_missed", dossier, appointment, at=at, is_off=True)


def appointment_reminder(dossier: Dossier, *, at: datetime) -> None:
    """Remind both of the day, the hour, and what to bring."""
    _about_appointment(
        "appointment_reminder",
        dossier,
        dossier.appointment,
        at=at,
        is_own=True,
        texted=REMINDER,
    )


def earlier_offer(dossier: Dossier, appointment: Appointment, *, at: datetime) -> None:
    """An earlier date is kept for them for a while."""
    _about_appointment("earlier_offer", dossier, appointment, at=at, has_event=False)


def _about_appointment(
    kind: str,
    dossier: Dossier,
    appointment: Appointment | None,
    *,
    at: datetime,
    is_off: bool = False,
    has_event: bool = True,
    is_own: bool = False,
    texted: str = "",
    **context: Any,
) -> None:
    if appointment is None:
        raise ValueError("a mail about an appointment needs one")
    booking_path = reverse("pacs:appointment", args=[dossier.reference])
    calendar_path = reverse("pacs:appointment-file", args=[dossier.reference])
    may_change = is_own and appointment.is_changeable(at)
    for reader in dossier.partenaires.select_related("user", "dossier"):
        event = ""
        if has_event:
            _outdate_texts(reader)
        if has_event and reader.mail_address:
            event = _event(appointment, reader, at=at, is_off=is_off)
        _send(
            kind,
            reader,
            at=at,
            calendar=event,
            # The list is the reader's own, and the link acts without a sign-in.
            secret=is_own,
            text=(texted, appointment) if texted else None,
            appointment=appointment,
            booking_url=settings.SITE_URL + booking_path,
            calendar_url=settings.SITE_URL + calendar_path,
            change_url=_change_url(appointment, reader) if may_change else "",
            to_bring=things_to_bring(dossier, reader=reader) if is_own else [],
            to_renew=pieces_to_renew(dossier, localdate(appointment.starts_at)),
            **context,
        )


def _event(appointment: Appointment, reader: Partenaire, *, at: datetime, is_off: bool) -> str:
    """The event of one reader's calendar: the other's address is nowhere in it."""
    mairie = Mairie.objects.with_entrances()
    return appointment_event(
        appointment, mairie, at=at, attendee=reader.mail_address, is_off=is_off
    )


def _change_url(appointment: Appointment, reader: Partenaire) -> str:
    token = change_token(appointment, reader)
    return settings.SITE_URL + reverse("pacs:appointment-link", args=[token])


def registered(dossier: Dossier, *, at: datetime) -> None:
    """Tell both that it is done, and where their papers are."""
    _send_both("registered", dossier, at=at)


def opposable(dossier: Dossier, *, at: datetime) -> None:
    """Tell both that the publicity is complete."""
    _send_both("opposable", dossier, at=at)


def dossier_stopped(
    dossier: Dossier,
    *,
    at: datetime,
    leaves_at: datetime | None = None,
    given_up: Appointment | None = None,
) -> None:
    """« La démarche est arrêtée », without a reason, to both; `leaves_at`: not before.

    `given_up`: the appointment that ended with it, taken off their calendars.
    """
    _send_end("dossier_stopped", dossier, at=at, leaves_at=leaves_at, given_up=given_up)


def dossier_inadmissible(
    dossier: Dossier,
    *,
    at: datetime,
    leaves_at: datetime | None = None,
    given_up: Appointment | None = None,
) -> None:
    """Tell both that a decision waits for them on their pages; the rest as `dossier_stopped`."""
    _send_end("dossier_inadmissible", dossier, at=at, leaves_at=leaves_at, given_up=given_up)


def _send_end(
    kind: str,
    dossier: Dossier,
    *,
    at: datetime,
    leaves_at: datetime | None,
    given_up: Appointment | None,
) -> None:
    for reader in dossier.partenaires.select_related("user", "dossier"):
        event = ""
        if given_up is not None and reader.mail_address:
            event = _event(given_up, reader, at=at, is_off=True)
        text = None
        if given_up is not None and leaves_at is not None:
            # Ended by the mairie.
            text = (CANCELLED, given_up)
        elif given_up is not None:
            _outdate_texts(reader)
        _send(
            kind,
            reader,
            at=at,
            leaves_at=leaves_at,
            calendar=event,
            text=text,
            given_up=given_up,
        )


def deletion_warning(dossier: Dossier, *, at: datetime) -> None:
    """Tell both the day on which the dossier will be deleted, and how to keep it."""
    _send_both("deletion_warning", dossier, at=at, deleted_on=dossier.deleted_on)


def message_from_mairie(message: Message, *, at: datetime) -> None:
    """Tell the readers of a message that it is there; its text stays on the portal."""
    readers = message.dossier.partenaires.select_related("user", "dossier")
    if message.private_to_id is not None:
        readers = readers.filter(pk=message.private_to_id)
    for partenaire in readers:
        _send("message_received", partenaire, at=at, key=str(message.pk))


def dossier_assigned(dossier: Dossier, to: User, *, by: User, at: datetime) -> None:
    """Tell an agent that a colleague confided this dossier to them; it names nobody else."""
    _tell_agent("assigned", dossier, to, by=by, at=at)


def dossier_followed(dossier: Dossier, to: User, *, by: User, at: datetime) -> None:
    """Tell an agent that a colleague asks them to follow this dossier too."""
    _tell_agent("followed", dossier, to, by=by, at=at)


def _tell_agent(kind: str, dossier: Dossier, to: User, *, by: User, at: datetime) -> None:
    address = reverse("admin:pacs_dossier_change", args=[dossier.pk])
    queue_mail(
        to=to.email,
        template=f"pacs/emails/dossier_{kind}",
        context={"dossier": dossier, "by": by, "desk_url": f"{settings.SITE_URL}{address}"},
        key=f"{kind}:{dossier.pk}:{to.pk}:{at.isoformat()}",
    )


def send_again(mail: SentMail, *, at: datetime) -> SentMail:
    """Queue a copy of a mail that did not leave, to the address known now; both stay listed.

    Not for one whose text gives a right, which is erased once it is dead: its own page makes
    another. Raises `ValueError` for it, and for somebody without an address. An SMS goes to the
    number of now, while what it says is still true.
    """
    person, old = mail.partenaire, mail.email
    if person is not None and old is not None and is_text(old):
        email: Email | None = _text_again(mail, person, old, at=at)
        if email is None:
            raise ValueError("nothing can be sent again")
        return SentMail.objects.create(
            dossier=mail.dossier, partenaire=person, kind=mail.kind, at=at, email=email
        )
    if person is None or old is None or is_secret(old) or not person.mail_address:
        raise ValueError("nothing can be sent again")
    email = copy_mail(old, to=person.mail_address, key=f"again:{mail.pk}:{at.isoformat()}")
    return SentMail.objects.create(
        dossier=mail.dossier, partenaire=person, kind=mail.kind, at=at, email=email
    )


def _text_again(mail: SentMail, person: Partenaire, old: Email, *, at: datetime) -> Email | None:
    """The same SMS, when the appointment it is about still is what it says."""
    appointment = mail.dossier.appointment
    if mail.kind not in (REMINDER, MOVED) or appointment is None:
        return None
    if old.message != text_about(mail.kind, appointment):
        return None
    return _text(mail.kind, appointment, person, at=at)
