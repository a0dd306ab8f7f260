"""Arrival by the code of the convocation: what is scanned, what is noted, by whom."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.actions.appointments import book_for, cancel_for
from pacs.models import Dossier
from pacs.papers.documents import convocation
from tests.support.appointments import make_complete
from tests.support.dossiers import make_dossier
from tests.support.pages import Page, plain

NOW = datetime(2026, 11, 23, 8, 30, tzinfo=ZoneInfo("Europe/Paris"))
START = NOW + timedelta(minutes=30)
ARRIVED = "Ils sont arrivés</button>"


@pytest.fixture
def clock(reference_data: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def booked(clock: time_machine.Traveller, alice: User, bob: User, agent: User) -> Dossier:
    complete = make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)
    book_for(complete, START, by=agent, at=NOW)
    return Dossier.objects.get(pk=complete.pk)


@pytest.fixture
def front_desk(booked: Dossier, client_of: Callable[[User | None], Client]) -> Client:
    user = User.objects.create_user("accueil@example.org", full_name="Ada Roy", is_staff=True)
    user.groups.add(Group.objects.get(name="accueil"))
    return client_of(user)


def scanned(dossier: Dossier) -> str:
    """What a phone reads on the convocation of the first of the two."""
    paper = convocation(dossier, reader=dossier.people[0])
    found = re.search(r'En ligne :.*?href="([^"]+)"', paper.html, re.DOTALL)
    assert found is not None
    return urlsplit(found[1]).path


def status_of(dossier: Dossier) -> str:
    booked = Dossier.objects.get(pk=dossier.pk).appointment
    return booked.status if booked else ""


def test_the_code_leads_whoever_receives_people_to_one_button(
    booked: Dossier, front_desk: Client
) -> None:
    page = Page.open(front_desk, front_desk.get(scanned(booked))["Location"])
    shown = plain(page.html)
    assert "Camille Anne Lemoine et" in shown
    assert ARRIVED in page.html
    # Nothing is noted by looking.
    assert status_of(booked) == "booked"

    act = reverse("admin:pacs_dossier_act", args=[booked.pk, "arrives"])
    done = page.press(action=act)
    again = page.press(action=act)

    assert (done.status_code, again.status_code, status_of(booked)) == (302, 302, "arrived")
    assert booked.events.filter(kind="arrived").count() == 1
    after = front_desk.get(front_desk.get(scanned(booked))["Location"]).content.decode()
    assert "Leur arrivée est déjà notée" in after
    assert ARRIVED not in after


def test_a_scanner_types_the_whole_address_into_the_day(
    booked: Dossier, front_desk: Client
) -> None:
    day = Page.open(front_desk, reverse("admin:pacs_dossier_day"))
    assert 'name="convocation"' in day.html
    arrival = reverse("admin:pacs_dossier_arrival")

    for typed in (
        f"https://demarches.example.fr{scanned(booked)}",
        booked.reference,
        booked.reference.lower().replace("-", " "),
    ):
        assert ARRIVED in front_desk.get(arrival, {"convocation": typed}).content.decode(), typed
    for typed in ("https://example.org/", f"{booked.reference[:-1]}?", "", "é" * 500):
        answer = front_desk.get(arrival, {"convocation": typed}, follow=True)
        assert answer.redirect_chain == [(reverse("admin:pacs_dossier_day"), 302)]
        assert "Cherchez le couple dans la journée" in answer.content.decode()


@pytest.mark.parametrize(("days", "said"), [(-1, "n’est pas aujourd’hui"), (1, "est passé")])
def test_on_another_day_it_is_said_and_nothing_is_noted(
    booked: Dossier,
    front_desk: Client,
    clock: time_machine.Traveller,
    client_of: Callable[[User | None], Client],
    days: int,
    said: str,
) -> None:
    clock.shift(timedelta(days=days))
    front_desk = client_of(User.objects.get(email="accueil@example.org"))

    html = front_desk.get(front_desk.get(scanned(booked))["Location"]).content.decode()

    assert f"Leur rendez-vous {said}" in html
    assert ARRIVED not in html
    assert status_of(booked) == "booked"


def test_a_convocation_of_before_notes_nothing(
    booked: Dossier, front_desk: Client, agent: User
) -> None:
    page = Page.open(front_desk, front_desk.get(scanned(booked))["Location"])
    path = scanned(booked)
    cancel_for(booked, reason="Empêchés", by=agent, at=NOW, version=None)
    book_for(Dossier.objects.get(pk=booked.pk), START + timedelta(minutes=30), by=agent, at=NOW)

    stale = page.press(action=reverse("admin:pacs_dossier_act", args=[booked.pk, "arrives"]))
    cancel_for(Dossier.objects.get(pk=booked.pk), reason="Empêchés", by=agent, at=NOW, version=None)
    gone = front_desk.get(front_desk.get(path)["Location"]).content.decode()

    assert stale.status_code == 409
    assert "Leur convocation ne vaut plus" in gone
    assert not booked.events.filter(kind="arrived").exists()


def test_the_appointment_of_another_couple_is_not_the_one_that_was_read(
    booked: Dossier, front_desk: Client, agent: User
) -> None:
    people = [User.objects.create_user(f"autre-{n}@example.org") for n in (1, 2)]
    other = make_complete(make_dossier(*people, at=NOW), agent, at=NOW)
    book_for(other, START + timedelta(minutes=30), by=agent, at=NOW)
    page = Page.open(front_desk, front_desk.get(scanned(booked))["Location"])

    act = reverse("admin:pacs_dossier_act", args=[other.pk, "arrives"])
    answer = front_desk.post(
        act, page.fields(reverse("admin:pacs_dossier_act", args=[booked.pk, "arrives"]))
    )

    assert answer.status_code == 409
    assert (status_of(booked), status_of(other)) == ("booked", "booked")


def test_nobody_else_is_led_there(
    booked: Dossier,
    alice: User,
    charlie: User,
    client_of: Callable[[User | None], Client],
) -> None:
    admin = User.objects.create_user("administrateur@example.org", is_staff=True)
    admin.groups.add(Group.objects.get(name="administrateur"))
    path, arrival = scanned(booked), reverse("admin:pacs_dossier_arrival")

    assert client_of(alice).get(path).status_code == 200
    assert [client_of(who).get(path).status_code for who in (charlie, admin)] == [404, 404]
    assert client_of(admin).get(arrival, {"convocation": booked.reference}).status_code == 403
    assert client_of(alice).get(arrival, {"convocation": booked.reference}).status_code == 302
