"""One function per mail of the follow-ups; called inside the transaction of what they tell.

Subjects and first lines say nothing of the situation: a mail is seen on a locked phone. Further
down a reminder says what to do. None looks like a mail of the Assurance maladie, and none asks to
confirm anything there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from post_office.models import Email

from demarches.agenda.calendar import appointment_event
from demarches.mail.emails import copy_mail, is_secret, queue_mail
from demarches.models import Appointment, Mairie
from vitale.models import AideSettings, Demande, DemandeMail, Suivi, SuiviMail, SuiviRoute
from vitale.reads.tokens import RECOVERY_LIFE, recovery_token, reminder_token


def _queue(
    template: str,
    *,
    to: str,
    key: str,
    secret: bool = False,
    calendar: str = "",
    leaves_at: datetime | None = None,
    is_cold: bool = False,
    **context: Any,
) -> Email:
    return queue_mail(
        to=to,
        template=f"vitale/emails/{template}",
        context={
            "mairie": Mairie.objects.current(),
            "open_url": f"{settings.SITE_URL}{reverse('vitale:codes-open')}",
            **context,
        },
        key=key,
        secret=secret,
        calendar=calendar,
        leaves_at=leaves_at,
        is_cold=is_cold,
    )


def _to_resident(
    template: str, suivi: Suivi, *, key: str, is_cold: bool = False, words: str = ""
) -> None:
    """Queue a mail of an aide-mémoire; its text is erased once it has left: no agent reads it."""
    path = reverse("vitale:suivi-reminder-choice", args=[reminder_token(suivi)])
    email = _queue(
        template,
        to=suivi.reminder_email,
        key=key,
        secret=True,
        is_cold=is_cold,
        suivi=suivi,
        words=words,
        choice_url=f"{settings.SITE_URL}{path}",
    )
    SuiviMail.objects.create(suivi=suivi, email=email)


def confirm_reminders(suivi: Suivi, *, at: datetime) -> None:
    """Ask whoever reads this address whether they want the reminders."""
    _to_resident(
        "confirm_reminders", suivi, key=f"confirm:{suivi.pk}:{at.isoformat()}", is_cold=True
    )


def reminder(route: SuiviRoute, *, step: str, words: str = "") -> None:
    """One reminder, of one step; `words` say what to do, never for which situation."""
    _to_resident("reminder", route.suivi, key=f"reminder:{route.pk}:{step}", words=words)


def ways_in(suivis: Sequence[Suivi], *, at: datetime) -> None:
    """Mail one link for each of these aide-mémoire, which one address opens.

    Its text is erased once it has left: the links open without codes. It does not leave once
    they are dead.
    """
    email = queue_mail(
        to=suivis[0].reminder_email,
        template="vitale/emails/ways_in",
        context={
            "mairie": Mairie.objects.current(),
            "ways": [(suivi, _way_in(suivi)) for suivi in suivis],
        },
        key=f"ways-in:{suivis[0].pk}:{at.isoformat()}",
        secret=True,
        is_code=True,
        expires_at=at + RECOVERY_LIFE,
    )
    SuiviMail.objects.bulk_create(SuiviMail(suivi=suivi, email=email) for suivi in suivis)


def _way_in(suivi: Suivi) -> str:
    return f"{settings.SITE_URL}{reverse('vitale:suivi-way-in', args=[recovery_token(suivi)])}"


def suivi_deletion(suivi: Suivi, *, at: datetime) -> None:
    """Tell the day on which the aide-mémoire goes; nothing leaves without an address."""
    if not suivi.mail_address:
        return
    email = _queue(
        "suivi_deletion",
        to=suivi.mail_address,
        key=f"suivi_deletion:{suivi.pk}:{at.isoformat()}",
        secret=True,
        suivi=suivi,
        suivi_url=f"{settings.SITE_URL}{suivi.get_absolute_url()}",
    )
    SuiviMail.objects.create(suivi=suivi, email=email)


def _tell(
    kind: str,
    demande: Demande,
    *,
    at: datetime,
    key: str = "",
    calendar: str = "",
    leaves_at: datetime | None = None,
    is_cold: bool = False,
    **context: Any,
) -> None:
    """Queue a mail to whoever left an address, and note it either way."""
    email = None
    if demande.email:
        email = _queue(
            kind,
            to=demande.email,
            key=f"{kind}:{demande.pk}:{key}",
            calendar=calendar,
            leaves_at=leaves_at,
            is_cold=is_cold,
            demande=demande,
            demande_url=f"{settings.SITE_URL}{demande.get_absolute_url()}",
            **context,
        )
    DemandeMail.objects.create(demande=demande, kind=kind, at=at, email=email)


def aide_received(demande: Demande, *, at: datetime) -> None:
    """Say that the request is here."""
    _tell("aide_received", demande, at=at, is_cold=True)


def send_again(mail: DemandeMail, demande: Demande, *, at: datetime) -> DemandeMail:
    """Queue a copy of a mail that did not leave, to the address known now; both stay listed.

    Raises `ValueError` when there is no address, or its text gives a right.
    """
    if mail.email is None or is_secret(mail.email) or not demande.email:
        raise ValueError("nothing can be sent again")
    email = copy_mail(mail.email, to=demande.email, key=f"again:{mail.pk}:{at.isoformat()}")
    return DemandeMail.objects.create(demande=demande, kind=mail.kind, at=at, email=email)


def aide_answered(demande: Demande, *, at: datetime) -> None:
    """Give the answer, and where to go when the mairie orients."""
    _tell("aide_answered", demande, at=at)


def aide_deletion(demande: Demande, *, at: datetime) -> None:
    """Tell the day on which the request goes."""
    _tell("aide_deletion", demande, at=at, key=at.isoformat())


def _tell_meeting(
    kind: str,
    demande: Demande,
    appointment: Appointment,
    *,
    at: datetime,
    calendar: str = "",
    leaves_at: datetime | None = None,
    **context: Any,
) -> None:
    _tell(
        kind,
        demande,
        at=at,
        key=str(appointment.pk),
        **context,
        calendar=calendar,
        leaves_at=leaves_at,
        appointment=appointment,
        is_changeable=appointment.is_changeable(at),
        to_bring=AideSettings.current().to_bring,
    )


def meeting_proposed(
    demande: Demande,
    appointment: Appointment,
    *,
    at: datetime,
    why: str = "",
    given_up: Appointment | None = None,
) -> None:
    """Propose a slot, with the way to say yes or to choose another.

    `why`: the former date is off, `given_up` is taken off their calendar when it was fixed.
    """
    event = _off(demande, given_up, at=at)
    _tell_meeting("aide_meeting_proposed", demande, appointment, at=at, calendar=event, why=why)


def meeting_closed(
    demande: Demande,
    appointment: Appointment,
    *,
    at: datetime,
    why: str,
    given_up: Appointment | None = None,
) -> None:
    """The mairie closes that day: the appointment is off, an agent will propose another."""
    event = _off(demande, given_up, at=at)
    _tell_meeting("aide_meeting_closed", demande, appointment, at=at, calendar=event, why=why)


def _off(demande: Demande, given_up: Appointment | None, *, at: datetime) -> str:
    if given_up is None:
        return ""
    return meeting_event(demande, given_up, at=at, attendee=demande.email, is_off=True)


def meeting_booked(demande: Demande, appointment: Appointment, *, at: datetime) -> None:
    """Confirm the day and the hour, with the event for a calendar."""
    event = meeting_event(demande, appointment, at=at, attendee=demande.email)
    _tell_meeting("aide_meeting_booked", demande, appointment, at=at, calendar=event)


def meeting_reminder(demande: Demande, appointment: Appointment, *, at: datetime) -> None:
    """Remind of tomorrow."""
    _tell_meeting("aide_meeting_reminder", demande, appointment, at=at)


def meeting_missed(demande: Demande, appointment: Appointment, *, at: datetime) -> None:
    """Nobody came: the help is still there."""
    _tell_meeting("aide_meeting_missed", demande, appointment, at=at)


def meeting_given_up(
    demande: Demande,
    appointment: Appointment,
    *,
    at: datetime,
    given_up: Appointment | None = None,
    is_noted: bool = False,
) -> None:
    """The person gave up this appointment and keeps the request.

    `given_up`: the same appointment when it was fixed, to take it off their calendar.
    `is_noted`: they told an agent, who noted it; whoever told nothing learns whom to call.
    """
    _tell_meeting(
        "aide_meeting_given_up",
        demande,
        appointment,
        at=at,
        calendar=_off(demande, given_up, at=at),
        is_off=bool(given_up),
        is_noted=is_noted,
    )


def meeting_cancelled(
    demande: Demande,
    appointment: Appointment,
    *,
    at: datetime,
    leaves_at: datetime | None = None,
) -> None:
    """The request ended, and its appointment with it: take the event off the calendar."""
    event = meeting_event(demande, appointment, at=at, attendee=demande.email, is_off=True)
    _tell_meeting(
        "aide_cancelled", demande, appointment, at=at, calendar=event, leaves_at=leaves_at
    )


def meeting_event(
    demande: Demande,
    appointment: Appointment,
    *,
    at: datetime,
    attendee: str = "",
    is_off: bool = False,
) -> str:
    """The event of a calendar program; the same for ever, in words that tell nothing."""
    return appointment_event(
        appointment,
        Mairie.objects.current(),
        at=at,
        attendee=attendee,
        is_off=is_off,
        details_path=demande.get_absolute_url(),
    )
