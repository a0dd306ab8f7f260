"""The mairie in formats that other programs read: calendar, address card, linked data."""

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from icalendar import Calendar, Event

from demarches.models import Entrance, Mairie
from demarches.rules import opening_hours

#: How far ahead the calendar goes; a program that subscribed to it comes back every day.
CALENDAR_DAYS = 60
#: How many days of hours the linked data give, one by one: no vocabulary knows « 1er samedi ».
LINKED_DATA_DAYS = 7
NOTHING_OPEN = ((time.min, time.min),)


def hours_calendar(mairie: Mairie, *, at: datetime) -> bytes:
    """Opening spans, holidays and closures to come (RFC 5545)."""
    schedule = mairie.schedule(at)
    today = timezone.localtime(at).date()
    start = timezone.make_aware(datetime.combine(today, time.min))
    end = start + timedelta(days=CALENDAR_DAYS)
    calendar = Calendar()
    calendar.add("prodid", "-//Portail des démarches//Horaires//FR")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Horaires, {mairie.name}")
    calendar.add("x-published-ttl", "P1D")
    services_open: dict[tuple[datetime, datetime], list[str]] = defaultdict(list)
    for service in schedule.services:
        for span in opening_hours.open_spans(
            service.expression, start, end, timezone=timezone.get_default_timezone()
        ):
            services_open[span].append(service.label)
    for (opens, closes), labels in sorted(services_open.items()):
        event = _event(mairie, f"open-{opens:%Y%m%dT%H%M}-{closes:%H%M}", at)
        event.add("summary", f"{mairie.name}, ouvert : {', '.join(labels)}")
        event.add("dtstart", opens.astimezone(UTC))
        event.add("dtend", closes.astimezone(UTC))
        if schedule.entrances:
            event.add("location", str(schedule.entrances[0]))
        calendar.add_component(event)
    for rank, notice in enumerate(schedule.notices(today, end.date())):
        event = _event(mairie, f"notice-{notice.first_day:%Y%m%d}-{rank}", at)
        event.add("summary", f"{notice.service or mairie.name}, fermé : {notice.reason}")
        event.add("description", notice.when)
        event.add("dtstart", notice.first_day)
        event.add("dtend", notice.last_day + timedelta(days=1))
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _event(mairie: Mairie, key: str, at: datetime) -> Event:
    event = Event()
    event.add("uid", f"{key}@mairie-{mairie.insee_code}")
    event.add("dtstamp", at.astimezone(UTC))
    # The hours of a mairie must not make anyone look busy.
    event.add("transp", "TRANSPARENT")
    return event


def contact_card(mairie: Mairie, *, at: datetime, url: str) -> str:
    """A vCard 3.0, the version that every phone reads (RFC 2426)."""
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"FN:{_card_text(mairie.name)}",
        f"N:{_card_text(mairie.name)};;;;",
        f"ORG:{_card_text(mairie.name)}",
    ]
    if mairie.phone:
        lines.append(f"TEL;TYPE=WORK,VOICE:{mairie.phone.as_e164}")
    if mairie.email:
        lines.append(f"EMAIL;TYPE=WORK:{_card_text(mairie.email)}")
    postal = [mairie.postal_line, "", mairie.postal_city, "", mairie.postal_code, "France"]
    lines.append(f"ADR;TYPE=POSTAL:;;{';'.join(map(_card_text, postal))}")
    for entrance in mairie.schedule(at).entrances:
        parts = [entrance.street, entrance.city, "", entrance.postal_code, "France"]
        lines.append(f"ADR;TYPE=WORK:;;{';'.join(map(_card_text, parts))}")
    lines += [f"URL:{_card_text(mairie.website or url)}", "END:VCARD", ""]
    return "\r\n".join(map(_folded, lines))


def _card_text(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> str:
    """Cut after 75 octets at most, never inside a character (RFC 2426, 2.6)."""
    pieces = [b""]
    for sign in line:
        # From the second line on, the space that marks the fold counts.
        if len(pieces[-1]) + len(sign.encode()) > (75 if len(pieces) == 1 else 74):
            pieces.append(b"")
        pieces[-1] += sign.encode()
    return b"\r\n ".join(pieces).decode()


def linked_data(mairie: Mairie, *, at: datetime, url: str) -> dict[str, Any]:
    """What search engines show: a GovernmentOffice of schema.org, its days one by one."""
    schedule = mairie.schedule(at)
    today = timezone.localtime(at).date()
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "GovernmentOffice",
        "name": mairie.name,
        "url": url,
        "address": [_address(entrance) for entrance in schedule.entrances],
    }
    if mairie.phone:
        data["telephone"] = mairie.phone.as_e164
    if mairie.email:
        data["email"] = mairie.email
    if mairie.website:
        data["sameAs"] = mairie.website
    data["department"] = [
        {
            "@type": "GovernmentOffice",
            "name": service.label,
            "openingHoursSpecification": [
                {
                    "@type": "OpeningHoursSpecification",
                    "validFrom": day.date.isoformat(),
                    "validThrough": day.date.isoformat(),
                    "opens": f"{opens:%H:%M}",
                    "closes": f"{closes:%H:%M}",
                }
                for rank in range(LINKED_DATA_DAYS)
                for day in [
                    opening_hours.day_hours(service.expression, today + timedelta(days=rank))
                ]
                for opens, closes in day.spans or NOTHING_OPEN
            ],
        }
        for service in schedule.services
        if service.expression
    ]
    return data


def _address(entrance: Entrance) -> dict[str, str]:
    return {
        "@type": "PostalAddress",
        "streetAddress": entrance.street,
        "postalCode": entrance.postal_code,
        "addressLocality": entrance.city,
        "addressCountry": "FR",
    }
