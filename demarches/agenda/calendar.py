"""An appointment in the calendars of the people (RFC 5545, 5546), in words that tell nothing."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localdate, localtime
from icalendar import Alarm, Calendar, Component, Event, Timezone, vCalAddress, vText

from demarches.models import Appointment, Mairie

ALARM_BEFORE = timedelta(days=1)
TITLE = "Rendez-vous à la mairie"
TITLE_ELSEWHERE = "Rendez-vous avec la mairie"
FEED_NAME = "Rendez-vous de la mairie"
#: How often a program is asked to read the agenda again.
READ_AGAIN_AFTER = timedelta(hours=1)
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
    calendar = _calendar(_method(attendee, is_off=is_off))
    event = Event()
    event.add("uid", f"{appointment.uid}@{urlsplit(settings.SITE_URL).hostname}")
    # A cancellation is one change more than what was last sent.
    event.add("sequence", appointment.sequence + is_off)
    event.add("dtstamp", at.astimezone(UTC))
    event.add("dtstart", localtime(appointment.starts_at))
    event.add("dtend", localtime(appointment.ends_at))
    title = TITLE_ELSEWHERE if appointment.place else TITLE
    event.add("summary", title)
    event.add("status", "CANCELLED" if is_off else "CONFIRMED")
    event.add("organizer", _organizer(mairie))
    if attendee:
        event.add("attendee", _attendee(attendee))
    entrance = mairie.entrances.first() if mairie else None
    if place := appointment.place or (str(entrance) if entrance else ""):
        event.add("location", place)
    details = settings.SITE_URL + (details_path or reverse("demarches:account"))
    event.add("description", f"Le détail et ce qu’il faut apporter : {details}")
    if not is_off:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", -ALARM_BEFORE)
        event.add_component(alarm)
    calendar.add_component(event)
    _add_zone(calendar, localdate(appointment.starts_at), localdate(appointment.starts_at))
    return _text(calendar)


def agenda_feed(
    appointments: Sequence[Appointment],
    mairie: Mairie | None,
    *,
    at: datetime,
    details_url: Callable[[date], str],
) -> str:
    """Everybody's appointments for the calendar program of an agent, which reads it every hour.

    Nobody is named, neither is what they come for: telephones show titles when they are locked.
    `details_url`: where an agent who signs in reads who comes on a day. What is no longer in it
    was moved or cancelled (a publication, RFC 5546, 3.2.1).
    """
    calendar = _calendar("PUBLISH")
    calendar.add("name", FEED_NAME)
    calendar.add("x-wr-calname", FEED_NAME)  # what programs read before RFC 7986
    calendar.add("refresh-interval", READ_AGAIN_AFTER, parameters={"value": "DURATION"})
    for one in appointments:
        event = Event()
        event.add("uid", f"agenda-{one.uid}@{urlsplit(settings.SITE_URL).hostname}")
        event.add("sequence", one.sequence)
        event.add("dtstamp", at.astimezone(UTC))
        event.add("dtstart", localtime(one.starts_at))
        event.add("dtend", localtime(one.ends_at))
        event.add("summary", TITLE)
        event.add("status", "CONFIRMED")
        event.add("organizer", _organizer(mairie))
        event.add("description", f"Qui vient : {details_url(localdate(one.starts_at))}")
        calendar.add_component(event)
    days = [localdate(one.starts_at) for one in appointments] or [localdate(at)]
    if not appointments:  # a calendar holds one component at least (RFC 5545, 3.6)
        last = days[0] + ZONE_AROUND
        zone = Timezone.from_tzid(settings.TIME_ZONE, first_date=days[0], last_date=last)
        calendar.add_component(zone)
    _add_zone(calendar, min(days), max(days))
    return _text(calendar)


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Portail des démarches//Rendez-vous//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _text(calendar: Calendar) -> str:
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


def _add_zone(calendar: Calendar, first: date, last: date) -> None:
    """The hours of the mairie's zone around these days (RFC 5545, 3.6.5)."""
    calendar.add_missing_timezones(first_date=first - ZONE_AROUND, last_date=last + ZONE_AROUND)
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
