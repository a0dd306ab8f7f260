"""The event that leaves with the mails, against the rules of RFC 5545, 5546 and 6047."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from demarches.agenda.calendar import appointment_event
from demarches.mail.emails import deliver_due
from demarches.models import User
from pacs import emails
from pacs.actions.appointments import (
    cancel_appointment,
    cancel_for,
    confirm_slot,
    hold_slot,
    mark_missed,
)
from pacs.actions.dossiers import stop_dossier
from pacs.actions.endings import end_dossier
from pacs.actions.upkeep import remind_appointments
from pacs.models import Dossier, Partenaire
from tests.support.appointments import make_complete
from tests.support.dossiers import make_dossier
from tests.support.mailbox import Mailbox

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
FIRST = datetime(2026, 12, 8, 8, tzinfo=PARIS)
PEOPLE = ("alice@example.org", "bob@example.org")
SENDER = "ne-pas-repondre@mairie.example"


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[time_machine.Traveller]:
    settings.DEFAULT_FROM_EMAIL = f"Mairie <{SENDER}>"
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def booked(reference_data: None, alice: User, bob: User, agent: User) -> Dossier:
    dossier = make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)
    hold_slot(person(dossier), FIRST, at=NOW)
    confirm_slot(person(dossier), at=NOW, by=alice)
    return dossier


def person(dossier: Dossier, position: int = 1) -> Partenaire:
    return Partenaire.objects.select_related("dossier").get(dossier=dossier, position=position)


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


@dataclass(frozen=True)
class Event:
    """One event as it arrived: the reader, the method of the header, the bytes."""

    to: str
    method: str
    content: bytes

    @property
    def calendar(self) -> Calendar:
        return Calendar.from_ical(self.content)


def events(mailbox: Mailbox) -> list[Event]:
    """What has left since the last time; RFC 6047, 2.4: the header names the method."""
    mailbox.received.clear()
    deliver_due(limit=1000)
    return [event for one in mailbox.received if (event := event_of(one)) is not None]


def event_of(received: EmailMessage) -> Event | None:
    parts = [p for p in received.walk() if p.get_content_type() == "text/calendar"]
    files = [p for p in received.walk() if p.get_content_type() == "application/ics"]
    assert len(parts) == len(files) <= 1
    if not parts:
        return None
    content = parts[0].get_payload(decode=True)
    assert isinstance(content, bytes)
    content = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert files[0].get_payload(decode=True) == content
    assert files[0].get_filename() == "rendez-vous.ics"
    assert parts[0].get_content_charset() == "utf-8"
    return Event(str(received["To"]), str(parts[0].get_param("method")), content)


def faults(event: Event, *, is_published: bool = False) -> list[str]:
    """What RFC 5545 and 5546 ask of this object, and does not hold."""
    calendar = event.calendar
    (one,) = calendar.walk("VEVENT")
    method = str(calendar["method"])
    lines = event.content.split(b"\r\n")
    zones = [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")]
    text = re.sub(rb"\r\n[ \t]", b"", event.content).decode()
    attendees = one.get("attendee", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    alarms = len(one.walk("VALARM"))
    wanted = {
        # RFC 5545, 3.1: lines end by CRLF and hold 75 octets at most.
        "folded": all(len(line) <= 75 for line in lines),
        "crlf": b"\n" not in event.content.replace(b"\r\n", b"")
        and event.content.endswith(b"END:VCALENDAR\r\n"),
        # 3.6: both of these, once.
        "version": str(calendar["version"]) == "2.0" and "prodid" in calendar,
        # 3.6.1 and 3.8.7: these of an event with a method; its dtstamp in UTC.
        "once": all(text.count(f"\r\n{n}:") == 1 for n in ("UID", "DTSTAMP", "SEQUENCE", "STATUS")),
        "dtstamp": re.search(r"\r\nDTSTAMP:\d{8}T\d{6}Z\r\n", text) is not None,
        "after": one["dtend"].dt > one["dtstart"].dt,
        # 3.2.19: the zone of each moment is defined.
        "zone": {str(one[n].params["tzid"]) for n in ("dtstart", "dtend")} == set(zones),
        "zone once": text.count("BEGIN:VTIMEZONE") == 1 and "TZOFFSETTO" in text,
        # RFC 5546, 3.2: the organizer always; the attendee by method; an alarm never to cancel.
        "organizer": str(one["organizer"]) == f"mailto:{SENDER}",
        "method": method == ("PUBLISH" if is_published else event.method),
        "attendees": [str(a) for a in attendees]
        == ([] if is_published else [f"mailto:{event.to}"]),
        "status": str(one["status"]) == ("CANCELLED" if method == "CANCEL" else "CONFIRMED"),
        "alarm": alarms == (0 if method == "CANCEL" else 1),
        "neutral": str(one["summary"]) == "Rendez-vous à la mairie"
        and not re.search(r"pacs|lemoine|almeida|camille", text, re.IGNORECASE),
        "no comment": "COMMENT" not in text,
    }
    return [name for name, is_right in wanted.items() if not is_right]


def sequence(event: Event) -> int:
    return int(event.calendar.walk("VEVENT")[0]["sequence"])


def uid(event: Event) -> str:
    return str(event.calendar.walk("VEVENT")[0]["uid"])


def move(dossier: Dossier) -> None:
    hold_slot(person(dossier), FIRST + timedelta(days=7), at=NOW)
    confirm_slot(person(dossier), at=NOW, by=None)


type Act = Callable[[Dossier, User], None]
LATER = FIRST + timedelta(hours=1)
CANCELLED: dict[str, Act] = {
    "by the couple": lambda d, _: cancel_appointment(person(d), at=NOW, by=None),
    "by the mairie": lambda d, a: cancel_for(d, reason="Absent.", by=a, at=NOW, version=None),
    "with the dossier, by them": lambda d, a: stop_dossier(person(d), at=NOW, by=None),
    "with the dossier, by the mairie": lambda d, a: _end(d, a),
    "missed": lambda d, a: mark_missed(d, by=a, at=LATER),
}


def _end(dossier: Dossier, agent: User) -> None:
    end_dossier(dossier, "retirer", reason="Dit", by=agent, at=NOW, version=None)


def test_booked_then_moved_is_one_event_for_each_reader(booked: Dossier, mailbox: Mailbox) -> None:
    first = events(mailbox)
    move(booked)
    second = events(mailbox)
    remind_appointments(at=FIRST + timedelta(days=6))
    again = events(mailbox)

    for sent in (first, second, again):
        assert sorted(one.to for one in sent) == sorted(PEOPLE)
        assert {one.to: faults(one) for one in sent} == {to: [] for to in PEOPLE}
        assert {one.method for one in sent} == {"REQUEST"}
    assert len({uid(one) for one in (*first, *second, *again)}) == 1
    assert [{sequence(one) for one in sent} for sent in (first, second, again)] == [{0}, {1}, {1}]
    starts = second[0].calendar.walk("VEVENT")[0]["dtstart"].dt
    assert starts == FIRST + timedelta(days=7)


@pytest.mark.parametrize("how", sorted(CANCELLED))
def test_cancelled_takes_the_event_away(
    how: str, booked: Dossier, agent: User, mailbox: Mailbox, clock: time_machine.Traveller
) -> None:
    first = events(mailbox)

    CANCELLED[how](fresh(booked), agent)
    clock.move_to(LATER)
    off = events(mailbox)

    assert sorted(one.to for one in off) == sorted(PEOPLE)
    assert {one.to: faults(one) for one in off} == {to: [] for to in PEOPLE}
    assert {one.method for one in off} == {"CANCEL"}
    assert {uid(one) for one in off} == {uid(one) for one in first}
    assert {sequence(one) for one in off} == {1}


def test_moved_then_cancelled_counts_every_change(booked: Dossier, mailbox: Mailbox) -> None:
    move(booked)
    cancel_appointment(person(booked), at=NOW, by=None)

    assert sorted({sequence(one) for one in events(mailbox)}) == [0, 1, 2]


def test_what_is_registered_stays_in_the_calendar(booked: Dossier, mailbox: Mailbox) -> None:
    """The day has been: the mail that tells it is done has no event, and takes none away."""
    events(mailbox)
    emails.registered(booked, at=LATER)

    assert events(mailbox) == []
    assert len(mailbox.received) == 2


def test_a_downloaded_event_is_published_without_a_reader(
    booked: Dossier, alice: User, client_of: Callable[[User | None], Client], mailbox: Mailbox
) -> None:
    (mailed, _) = events(mailbox)
    answer = client_of(alice).get(reverse("pacs:appointment-file", args=[booked.reference]))

    event = Event("", "PUBLISH", answer.content)
    assert faults(event, is_published=True) == []
    assert (uid(event), sequence(event)) == (uid(mailed), sequence(mailed))


def test_each_hour_is_that_of_the_zone_by_summer_and_by_winter(
    booked: Dossier, mailbox: Mailbox
) -> None:
    """Programs that know no zone by its name count from the VTIMEZONE alone."""
    appointment = booked.appointment or fresh(booked).appointment
    assert appointment is not None
    for day in ((2026, 12, 8), (2027, 7, 6), (2027, 3, 28)):
        start = datetime(*day, 9, tzinfo=PARIS)
        appointment.starts_at, appointment.ends_at = start, start + timedelta(minutes=30)
        text = appointment_event(appointment, None, at=NOW)
        (zone,) = Calendar.from_ical(text).walk("VTIMEZONE")
        local = start.replace(tzinfo=None)
        assert zone.to_tz(lookup_tzid=False).utcoffset(local) == start.utcoffset()
    # Spring begins by the clock of winter, at 2:00; winter by that of summer, at 3:00.
    assert re.findall(r"(?:DTSTART|RDATE):([\dT,]+)\r", text) == [
        "20260327T000000",
        "20260329T020000",
        "20270328T020000,20280326T020000",
        "20261025T030000",
        "20271031T030000",
    ]
