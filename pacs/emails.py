"""One function per mail of the PACS procedure; called inside the transaction of the decision.

Subjects are neutral (« votre démarche d’état civil »), never « Pacs » nor a name: a subject is
read on a locked phone (domain reference, confidentiality by design). A person without an
address gets nothing, and the journal of mails says so to the agents.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.appointment_calendar import appointment_event
from demarches.emails import queue_mail
from demarches.models import Appointment, Mairie
from pacs.booking import pieces_to_renew
from pacs.models import (
    Dossier,
    InformationRequest,
    Message,
    PacsSettings,
    Partenaire,
    SentMail,
)


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
    **context: Any,
) -> SentMail:
    """Queue one mail and note it on the dossier, also when nobody can be reached."""
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
                "mairie": Mairie.objects.first(),
                "dossier_url": f"{settings.SITE_URL}{dossier.get_absolute_url()}",
                **context,
            },
            key=f"{kind}:{dossier.pk}:{partenaire.pk}:{key or at.isoformat()}",
            calendar=calendar,
            leaves_at=leaves_at,
            is_cold=is_cold,
        )
    return SentMail.objects.create(
        dossier=dossier, partenaire=partenaire, kind=kind, at=at, email=email
    )


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
    """Accusé de réception électronique (CRPA L112-11, R112-11-1), to each partenaire."""
    answer_by = PacsSettings.current().answer_by(at)
    _send_both("acknowledgement", dossier, at=at, answer_by=answer_by)


def pieces_requested(asked: InformationRequest, *, at: datetime) -> None:
    """Tell one person that the mairie asks them for something; what it is stays on their pages."""
    partenaire = Partenaire.objects.select_related("user", "dossier").get(pk=asked.partenaire_id)
    _send("pieces_requested", partenaire, at=at, key=str(asked.pk))


def answers_received(dossier: Dossier, *, at: datetime) -> None:
    """Confirm that the mairie has the completed dossier back."""
    _send_both("answers_received", dossier, at=at)


def attestation_ended(dossier: Dossier, *, at: datetime) -> None:
    """Tell both that an answer has changed and who has to read and attest again."""
    for partenaire in dossier.people:
        _send(
            "attestation_ended",
            partenaire,
            at=at,
            must_attest=partenaire.attested_at is None,
            must_confirm=not partenaire.is_first and partenaire.common_confirmed_at is None,
        )


def correction_decided(dossier: Dossier, holder: int, *, at: datetime) -> None:
    """Tell the author of a correction that the mairie has looked at it."""
    author = dossier.partenaires.select_related("user", "dossier").get(position=holder or 1)
    _send("correction_decided", author, at=at)


def dossier_complete(dossier: Dossier, *, at: datetime) -> None:
    """Tell both that the dossier is complete and what comes next."""
    _send_both("dossier_complete", dossier, at=at)


def appointment_booked(dossier: Dossier, *, at: datetime) -> None:
    """Confirm the appointment to both, with the event for their calendars."""
    _about_appointment("appointment_booked", dossier, dossier.appointment, at=at)


def appointment_moved(dossier: Dossier, *, at: datetime) -> None:
    """Tell both the new day and hour; the event of their calendars moves."""
    _about_appointment("appointment_moved", dossier, dossier.appointment, at=at)


def appointment_cancelled(
    dossier: Dossier, appointment: Appointment, *, at: datetime, reason: str
) -> None:
    """Tell both that the appointment is off, why, and how to take another."""
    _about_appointment(
        "appointment_cancelled", dossier, appointment, at=at, is_off=True, reason=reason
    )


def appointment_missed(dossier: Dossier, appointment: Appointment, *, at: datetime) -> None:
    """Tell both that they were expected, without reproach, and how to take another."""
    _about_appointment("appointment_missed", dossier, appointment, at=at, is_off=True)


def appointment_reminder(dossier: Dossier, *, at: datetime) -> None:
    """Remind both of the day, the hour, and what to bring."""
    _about_appointment("appointment_reminder", dossier, dossier.appointment, at=at)


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
    **context: Any,
) -> None:
    if appointment is None:
        raise ValueError("a mail about an appointment needs one")
    mairie = Mairie.objects.prefetch_related("entrances").order_by("pk").first()
    event = ""
    if has_event:
        event = appointment_event(appointment, mairie, at=at, is_off=is_off)
    _send_both(
        kind,
        dossier,
        at=at,
        calendar=event,
        appointment=appointment,
        booking_url=settings.SITE_URL + reverse("pacs:appointment", args=[dossier.reference]),
        is_changeable=appointment.is_changeable(at),
        to_renew=pieces_to_renew(dossier, localdate(appointment.starts_at)),
        **context,
    )


def registered(dossier: Dossier, *, at: datetime) -> None:
    """Tell both that it is done, and where their papers are."""
    _send_both("registered", dossier, at=at)


def opposable(dossier: Dossier, *, at: datetime) -> None:
    """Tell both that the publicity is complete."""
    _send_both("opposable", dossier, at=at)


def dossier_stopped(dossier: Dossier, *, at: datetime, leaves_at: datetime | None = None) -> None:
    """« La démarche est arrêtée », without a reason, to both; `leaves_at`: not before."""
    _send_both("dossier_stopped", dossier, at=at, leaves_at=leaves_at)


def dossier_inadmissible(
    dossier: Dossier, *, at: datetime, leaves_at: datetime | None = None
) -> None:
    """Tell both that a decision waits for them on their pages; `leaves_at`: not before."""
    _send_both("dossier_inadmissible", dossier, at=at, leaves_at=leaves_at)


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
