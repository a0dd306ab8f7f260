"""The agenda in an agent's calendar program: hours alone, and a secret that ends when it must."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from icalendar import Calendar
from post_office.models import Email

from demarches.models import AgendaFeed, User
from tests.support.closing import HALF_HOUR, NOW, THURSDAY, couple, helped

PAGE = reverse("admin:agenda_feed")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk(reference_data: None, agent: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(agent)


def new_address(desk: Client) -> str:
    made = desk.post(PAGE, {"lu": desk.get(PAGE).context["read"]})
    assert made["Cache-Control"].count("no-store") == 1
    return str(made.context["address"]).removeprefix("https://testserver")


def read(address: str) -> Any:
    return Client().get("/agenda/" + address.partition("/agenda/")[2])


def test_hours_of_everybody_and_nothing_else(agent: User, desk: Client) -> None:
    dossier, demande = couple(agent), helped(agent, THURSDAY + HALF_HOUR)

    answer = read(new_address(desk))

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode().replace("\r\n ", "")
    calendar = Calendar.from_ical(text)
    events = calendar.walk("VEVENT")
    assert [one.decoded("dtstart") for one in events] == [THURSDAY, THURSDAY + HALF_HOUR]
    assert {str(one["summary"]) for one in events} == {"Rendez-vous à la mairie"}
    assert len({str(one["uid"]) for one in events}) == 2
    assert calendar.decoded("refresh-interval") == timedelta(hours=1)
    assert [str(zone["tzid"]) for zone in calendar.timezones] == ["Europe/Paris"]
    for secret in (
        *(person.display_name for person in dossier.people),
        dossier.reference,
        demande.reference,
        demande.name,
        "Pacs",
        "Vitale",
        "ATTENDEE",
    ):
        assert secret not in text
    assert AgendaFeed.objects.get().read_at == NOW


def test_without_an_appointment_it_is_still_a_calendar(agent: User, desk: Client) -> None:
    calendar = Calendar.from_ical(read(new_address(desk)).content)

    assert not calendar.walk("VEVENT")
    assert len(calendar.timezones) == 1


def test_the_address_ends_when_it_must(agent: User, desk: Client) -> None:
    first = new_address(desk)
    second = new_address(desk)
    assert (read(first).status_code, read(second).status_code) == (404, 200)
    assert read(f"/agenda/{AgendaFeed.objects.get().pk}/x/rendez-vous.ics").status_code == 404
    assert read("/agenda/999/x/rendez-vous.ics").status_code == 404
    assert second.rpartition("/")[0].rpartition("/")[2] not in AgendaFeed.objects.get().digest
    assert second not in desk.get(PAGE).content.decode()
    assert Email.objects.filter(to=[agent.email]).count() == 2

    User.objects.filter(pk=agent.pk).update(is_active=False)
    assert read(second).status_code == 404
    User.objects.filter(pk=agent.pk).update(is_active=True)
    groups = list(agent.groups.all())
    agent.groups.set([Group.objects.get(name="accueil")])
    assert read(second).status_code == 404
    agent.groups.set(groups)
    assert read(second).status_code == 200
    seen = desk.get(PAGE).context["read"]
    for _ in range(2):
        assert desk.post(reverse("admin:agenda_feed_stop"), {"lu": seen}).status_code == 302
    assert read(second).status_code == 404


def test_an_old_page_neither_renews_nor_stops_the_address(agent: User, desk: Client) -> None:
    before = desk.get(PAGE).context["read"]
    address = new_address(desk)

    renewed = desk.post(PAGE, {"lu": before})
    stopped = desk.post(reverse("admin:agenda_feed_stop"), {"lu": before})

    assert (renewed.status_code, stopped.status_code) == (409, 409)
    assert "L’adresse a changé depuis que cette page est ouverte" in renewed.content.decode()
    assert read(address).status_code == 200
