"""An appointment in the calendars of the people (RFC 5545), in words that tell nothing."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from icalendar import Alarm, Calendar, Event

from demarches.models import Appointment, Mairie

ALARM_BEFORE = timedelta(days=1)


def appointment_event(
    appointment: Appointment,
    mairie: Mairie | None,
    *,
    at: datetime,
    is_off: bool = False,
    details_path: str = "",
) -> str:
    """The event as iCalendar text: the same UID for ever, a sequence that grows with each change.

    A shared calendar is read by others: neither the procedure nor a name stands in it.
    `is_off`: cancel the event of this UID. `details_path`: where the rest is read; the
    account's page when empty.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Portail des démarches//Rendez-vous//FR")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_off else "PUBLISH")
    event = Event()
    event.add("uid", f"{appointment.uid}@{urlsplit(settings.SITE_URL).hostname}")
    # A cancellation is one change more than what was last sent.
    event.add("sequence", appointment.sequence + is_off)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", appointment.starts_at.astimezone(UTC))
    event.add("dtend", appointment.ends_at.astimezone(UTC))
    event.add("summary", "Rendez-vous à la mairie")
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    entrance = mairie.entrances.first() if mairie else None
    if entrance:
        event.add("location", str(entrance))
    details = settings.SITE_URL + (details_path or reverse("demarches:account"))
    event.add("description", f"Le détail et ce qu’il faut apporter : {details}")
    if not is_off:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", "Rendez-vous à la mairie")
        alarm.add("trigger", -ALARM_BEFORE)
        event.add_component(alarm)
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content.decode()
