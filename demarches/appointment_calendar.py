"""An appointment in the calendars of the people (RFC 5545, 5546), in words that tell nothing."""

from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localdate, localtime
from icalendar import Alarm, Calendar, Component, Event, vCalAddress, vText

from demarches.models import Appointment, Mairie

ALARM_BEFORE = timedelta(days=1)
TITLE = "Rendez-vous à la mairie"
#: The changes of clock that a calendar is told, on both sides of the appointment.
ZONE_AROUND = timedelta(days=366)


def appointment_event(
    appointment: Appointment,
    mairie: Mairie | None,
    *,
    at: datetime,
    attendee: str = "",
    is_off: bool = False,
    details_path: str = "",
) -> str:
    """The event as iCalendar text: the same UID for ever, a sequence that grows with each change.

    A shared calendar is read by others: neither the procedure nor a name stands in it.
    `attendee`: the address of its one reader, for a mail: a request, which programs put in the
    calendar, move and take off by themselves. Without one, what a person downloads: a
    publication, which names no attendee (RFC 5546, 3.2.1). `is_off`: cancel the event of this
    UID. `details_path`: where the rest is read; the account's page when empty.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Portail des démarches//Rendez-vous//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", _method(attendee, is_off=is_off))
    event = Event()
    event.add("uid", f"{appointment.uid}@{urlsplit(settings.SITE_URL).hostname}")
    # A cancellation is one change more than what was last sent.
    event.add("sequence", appointment.sequence + is_off)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", localtime(appointment.starts_at))
    event.add("dtend", localtime(appointment.ends_at))
    event.add("summary", TITLE)
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("organizer", _organizer(mairie))
    if attendee:
        event.add("attendee", _attendee(attendee))
    entrance = mairie.entrances.first() if mairie else None
    if entrance:
        event.add("location", str(entrance))
    details = settings.SITE_URL + (details_path or reverse("demarches:account"))
    event.add("description", f"Le détail et ce qu’il faut apporter : {details}")
    if not is_off:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", TITLE)
        alarm.add("trigger", -ALARM_BEFORE)
        event.add_component(alarm)
    calendar.add_component(event)
    _add_zone(calendar, appointment)
    content: bytes = calendar.to_ical()
    return content.decode()


def _method(attendee: str, *, is_off: bool) -> str:
    if is_off:
        return "CANCEL"
    return "REQUEST" if attendee else "PUBLISH"


def _organizer(mairie: Mairie | None) -> vCalAddress:
    """Who sends the mails: programs let only the organizer move or cancel an event."""
    organizer = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organizer.params["cn"] = vText(mairie.name if mairie else "Mairie")
    return organizer


def _attendee(address: str) -> vCalAddress:
    """The reader, who chose this day: there is nothing to accept, and no answer is wanted."""
    attendee = vCalAddress(f"mailto:{address}")
    attendee.params["role"] = vText("REQ-PARTICIPANT")
    attendee.params["partstat"] = vText("ACCEPTED")
    attendee.params["rsvp"] = vText("FALSE")
    return attendee


def _add_zone(calendar: Calendar, appointment: Appointment) -> None:
    """The hours of the mairie's zone around the day (RFC 5545, 3.6.5)."""
    day = localdate(appointment.starts_at)
    calendar.add_missing_timezones(first_date=day - ZONE_AROUND, last_date=day + ZONE_AROUND)
    for zone in calendar.timezones:
        zone.pop("comment", None)
        for change in zone.subcomponents:
            _begin_before_the_change(change)


def _begin_before_the_change(change: Component) -> None:
    """Write when an offset begins by the clock before it (RFC 5545, 3.6.5).

    icalendar writes the clock after it, where that one is ahead: 3:00 for the change of spring.
    """
    gain = change["tzoffsetto"].td - change["tzoffsetfrom"].td
    if gain <= timedelta(0):
        return
    starts = [change.decoded("dtstart")]
    if "rdate" in change:
        starts += [one.dt for one in change["rdate"].dts]
    first, *others = (start - gain for start in starts)
    del change["dtstart"]
    change.add("dtstart", first)
    if others:
        del change["rdate"]
        change.add("rdate", others)
