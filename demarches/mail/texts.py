"""SMS: rows of the outbox that leave by the gateway, for whoever agreed and has no address.

Each text is a template, neutral: no name, no procedure. It fits in one SMS, whatever the mairie
is called (`demarches.rules.sms`).
"""

from datetime import datetime
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from phonenumbers import PhoneNumberFormat, format_number
from post_office.models import PRIORITY, STATUS, Email

from demarches.mail.emails import TEXT, message_id_of
from demarches.models import Appointment, Mairie
from demarches.rules.dates_fr import hour_fr
from demarches.rules.sms import LONGEST, awake, in_gsm, septets
from demarches.typed.phone_field import SpokenNumber

REMINDER, MOVED, CANCELLED = "appointment_reminder", "appointment_moved", "appointment_cancelled"
KINDS: Final = (REMINDER, MOVED, CANCELLED)


def queue_text(
    kind: str,
    appointment: Appointment,
    *,
    to: SpokenNumber,
    key: str,
    at: datetime,
    leaves_at: datetime | None = None,
) -> Email:
    """Write the text in the outbox, within the caller's transaction.

    `kind`: one of `KINDS`; `key` names the event, as for `queue_mail`. It leaves at an hour at
    which people are awake, and not once the appointment has begun. Two people who have one
    number are told once: the same event to the same number is the same row.
    """
    number = format_number(to, PhoneNumberFormat.E164)
    message_id = message_id_of(f"sms/{kind}", key, number)
    queued: Email | None = Email.objects.filter(backend_alias=TEXT, message_id=message_id).first()
    if queued is not None:
        return queued
    leaves = awake(timezone.localtime(max(leaves_at or at, at)))
    return Email.objects.create(
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[],
        subject="SMS",
        message=text_about(kind, appointment),
        message_id=message_id,
        priority=PRIORITY.medium,
        status=STATUS.queued,
        # The outbox refuses a row that would be dead before it may leave.
        expires_at=max(appointment.starts_at, leaves),
        scheduled_time=leaves if leaves > at else None,
        backend_alias=TEXT,
        context={"number": number},
    )


def text_about(kind: str, appointment: Appointment) -> str:
    """The text, in one SMS: the end of a long name of the mairie is left out."""
    mairie = Mairie.objects.current()
    start = timezone.localtime(appointment.starts_at)
    name = in_gsm(mairie.name) if mairie else "Mairie"
    while True:
        values = {
            "name": name,
            "day": f"{start.day}/{start.month}",
            "hour": hour_fr(start),
            "phone": str(mairie.phone) if mairie and mairie.phone else "",
        }
        text = in_gsm(render_to_string(f"demarches/sms/{kind}.txt", values).strip())
        if septets(text) <= LONGEST or not name:
            return text
        name = name[:-1].rstrip()
