"""The pages of the appointment: what they offer, refuse and keep; who may open them."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags
from icalendar import Calendar
from pytest_django import DjangoAssertNumQueries

from demarches.models import Agenda, Appointment, User
from pacs.actions.appointments import confirm_slot, hold_slot, offer_earlier, want_earlier
from pacs.models import Dossier, Partenaire
from tests.support.appointments import booked_seat, make_complete
from tests.support.dossiers import make_dossier
from tests.support.pages import Page, press
from tests.support.pdf import text_of

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
FIRST = datetime(2026, 12, 8, 8, tzinfo=PARIS)
KEY = "2026-12-08T08:00+01:00"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def complete(reference_data: None, alice: User, bob: User, agent: User) -> Dossier:
    return make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)


@pytest.fixture
def browser(complete: Dossier, client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


def at(name: str, dossier: Dossier) -> str:
    return reverse(f"pacs:appointment{name}", args=[dossier.reference])


def person(dossier: Dossier) -> Partenaire:
    return Partenaire.objects.select_related("dossier").get(dossier=dossier, position=1)


def book(dossier: Dossier) -> Appointment:
    hold_slot(person(dossier), FIRST, at=NOW)
    return confirm_slot(person(dossier), at=NOW, by=None)


def test_the_list_comes_first_and_says_day_and_hour_in_full(
    browser: Client, complete: Dossier
) -> None:
    html = browser.get(at("-choose", complete)).content.decode()

    button = f'value="{KEY}">'
    said = html[html.index(button) :].split("</button>")[0]
    assert strip_tags(said.removeprefix(button)) == ("mardi 8\u00a0décembre 2026 à&nbsp;8\u00a0h")
    assert html.index(button) < html.index('class="month"')
    assert "6, 13, 20, 27 décembre&nbsp;: Fermé le dimanche." in html
    assert "25 décembre&nbsp;: Fermé\u00a0: Noël." in html
    assert "1er au 5, 7 décembre" in html


def test_from_the_slot_to_the_confirmation(browser: Client, complete: Dossier) -> None:
    held = press(browser, at("-choose", complete), {"creneau": KEY})
    page = Page.open(browser, held.url)
    done = page.press()
    again = page.press()

    assert held.url == at("-confirm", complete)
    assert "Confirmer le mardi 8\u00a0décembre 2026 à\u00a08\u00a0h" in page.html
    assert (done.url, again.url) == (at("", complete), at("", complete))
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("creneau", "status"),
    [
        ("", 422),
        ("demain", 422),
        ("2026-12-08T08:00", 422),
        ("9999-12-08T08:00+01:00", 422),
        ("0001-01-01T00:00+00:00", 422),
        ("2026-12-08T08:00+01:00'--", 422),
        ("x" * 10_000, 422),
        ("2026-12-08T08:07+01:00", 409),
        ("2026-11-24T08:00+01:00", 409),
        ("2030-12-08T08:00+01:00", 409),
        ("2026-12-25T08:00+01:00", 409),
    ],
)
def test_hostile_slots_get_a_clear_answer(
    browser: Client, complete: Dossier, creneau: str, status: int
) -> None:
    answer = press(browser, at("-choose", complete), {"creneau": creneau})

    assert answer.status_code == status
    assert 'class="error-summary"' in answer.content.decode()
    assert Appointment.objects.count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "mois=2026-13",
        "mois=x",
        "jour=2026-02-31",
        "jour=9999-01-01",
        "mois=0000-00",
        "mois=1999-01",
    ],
)
def test_hostile_dates_show_a_month(browser: Client, complete: Dossier, query: str) -> None:
    answer = browser.get(f"{at('-choose', complete)}?{query}")

    assert answer.status_code == 200
    assert 'class="month"' in answer.content.decode()


def test_a_lost_slot_shows_the_three_nearest_on_the_same_page(
    browser: Client, complete: Dossier
) -> None:
    booked_seat(complete, starts_at=FIRST)

    answer = press(browser, at("-choose", complete), {"creneau": KEY})

    html = answer.content.decode()
    nearest = html[html.index('id="nearest"') :].split("</form>")[0]
    assert (answer.status_code, nearest.count('name="creneau"')) == (409, 3)
    assert "Ce créneau n’est plus libre." in html
    assert "<title>Erreur" in html


def test_a_chosen_day_shows_its_slots_or_its_reason(browser: Client, complete: Dossier) -> None:
    address = at("-choose", complete)

    open_day = browser.get(f"{address}?jour=2026-12-09").content.decode()
    closed = browser.get(f"{address}?jour=2026-12-25").content.decode()

    assert open_day.count('name="creneau"') == 14
    around = closed[: closed.index("Les premiers créneaux libres")]
    assert 'name="creneau"' not in around
    assert "Fermé\u00a0: Noël." in around
    assert "jeudi 24\u00a0décembre 2026" in around
    assert "samedi 26" not in around  # the second Saturday
    assert "lundi 28\u00a0décembre 2026" in around


@pytest.mark.parametrize(
    ("wished", "told"),
    [
        (date(2026, 12, 10), "Jeudi 10\u00a0décembre 2026, votre jour souhaité"),
        (date(2026, 12, 25), "Fermé\u00a0: Noël."),
        (date(2026, 12, 1), "possible à partir du"),
        (date(2027, 6, 1), "Pas encore ouvert"),
    ],
)
def test_the_page_opens_on_the_wished_day(
    browser: Client, complete: Dossier, wished: date, told: str
) -> None:
    Dossier.objects.filter(pk=complete.pk).update(wished_date=wished)

    html = browser.get(at("-choose", complete)).content.decode()

    assert "votre jour souhaité" in html
    assert told in html
    is_open = wished == date(2026, 12, 10)
    assert html.count('name="creneau" value="2026-12-10') == (14 if is_open else 4)
    assert ("Les premiers créneaux libres" in html) is not is_open


def test_a_wished_day_already_past_is_not_shown(browser: Client, complete: Dossier) -> None:
    Dossier.objects.filter(pk=complete.pk).update(wished_date=date(2026, 11, 1))

    assert "votre jour souhaité" not in browser.get(at("-choose", complete)).content.decode()


def test_dates_that_ask_for_fresh_papers_are_apart(browser: Client, complete: Dossier) -> None:
    complete.pieces.filter(key="1-P11_naissance_fr").update(issued_on=NOW - timedelta(days=60))
    address, late = at("-choose", complete), "2027-01-12T09:00+01:00"

    refused = press(browser, address, {"creneau": late})
    told = browser.get(f"{address}?mois=2027-01").content.decode()
    taken = press(browser, f"{address}?renouveler=1", {"creneau": late})
    page = browser.get(taken.url).content.decode()

    assert (refused.status_code, taken.status_code) == (409, 302)
    assert "aura plus de 3\u00a0mois ce jour-là" in told
    assert "Voir aussi les dates plus lointaines" in told
    assert "À renouveler pour cette date" in page
    assert "sert jusqu’au 23\u00a0décembre 2026" in page


def test_the_page_of_the_appointment_and_its_papers(browser: Client, complete: Dossier) -> None:
    booked = book(complete)

    html = browser.get(at("", complete)).content.decode()
    event = browser.get(at("-file", complete))
    paper = browser.get(reverse("pacs:dossier-paper", args=[complete.reference, "convocation"]))

    assert str(booked) in html
    assert "1, place du Duché" in html
    found = Calendar.from_ical(event.content.decode()).walk("VEVENT")[0]
    assert str(found["summary"]) == "Rendez-vous à la mairie"
    assert event["Cache-Control"] == paper["Cache-Control"]
    assert "mardi 8 décembre 2026 à 8 h" in text_of(paper.content)


def test_cancelling_asks_first(browser: Client, complete: Dossier) -> None:
    book(complete)

    question = Page.open(browser, at("-cancel", complete))
    done = question.press()
    again = question.press()

    assert "Annuler le rendez-vous" in question.html
    assert (done.status_code, again.status_code) == (302, 302)
    assert Dossier.objects.get().status == "complete"


def test_too_late_is_told_everywhere(
    complete: Dossier,
    clock: time_machine.Traveller,
    client_of: Callable[[User], Client],
    alice: User,
) -> None:
    book(complete)
    question = Page.open(client_of(alice), at("-cancel", complete))
    clock.move_to(FIRST - timedelta(hours=5))
    browser = client_of(alice)

    pages = [browser.get(at(name, complete)) for name in ("", "-choose")]
    posts = [
        browser.post(at("-choose", complete), {"creneau": "2026-12-09T08:00+01:00"}),
        browser.post(at("-cancel", complete), question.fields()),
    ]

    told = ["Il est trop tard" in page.content.decode() for page in pages + posts]
    assert (told, [post.status_code for post in posts]) == ([True] * 4, [409, 409])
    assert Dossier.objects.get().status == "scheduled"


def test_an_offer_can_be_taken_or_left(browser: Client, complete: Dossier) -> None:
    hold_slot(person(complete), FIRST + timedelta(days=20), at=NOW)
    confirm_slot(person(complete), at=NOW, by=None)
    page_of_it = Page.open(browser, at("", complete))
    joined = page_of_it.press({"attendre": "1"}, action=at("-earlier", complete))
    want_earlier(person(complete), wanted=True, at=NOW)
    offer_earlier(at=NOW)

    page = browser.get(joined.url).content.decode()
    left = press(browser, at("", complete), action=at("-refuse", complete))

    assert "Une date plus proche est gardée pour vous" in page
    assert left.url == at("", complete)
    assert Dossier.objects.get().earlier_wanted_since == NOW
    page_of_it.press(action=at("-earlier", complete))
    assert Dossier.objects.get().earlier_wanted_since is None


def test_who_may_open_them(
    complete: Dossier,
    client_of: Callable[[User | None], Client],
    alice: User,
    bob: User,
    charlie: User,
    agent: User,
) -> None:
    book(complete)
    names = ("", "-choose", "-cancel", "-file")

    statuses = {
        str(user): [client_of(user).get(at(name, complete)).status_code for name in names]
        for user in (alice, bob, charlie, agent, None)
    }

    assert statuses == {
        str(alice): [200] * 4,
        str(bob): [200] * 4,
        str(charlie): [404] * 4,
        str(agent): [404] * 4,
        "None": [302] * 4,
    }


@pytest.mark.parametrize("booked", [1, 3])
def test_the_choose_page_asks_the_same_whatever_is_booked(
    browser: Client,
    complete: Dossier,
    django_assert_num_queries: DjangoAssertNumQueries,
    booked: int,
) -> None:
    Agenda.objects.update(capacity=3)
    for rank in range(booked):
        booked_seat(complete, starts_at=FIRST + timedelta(hours=rank))
    browser.get(at("-choose", complete))

    # The gate, which reads the register too, is asked before a slot is shown.
    with django_assert_num_queries(9):
        browser.get(at("-choose", complete))


def test_a_dossier_under_review_says_when(
    sent: Dossier, client_of: Callable[[User], Client], alice: User
) -> None:
    answer = client_of(alice).get(at("-choose", sent))

    assert answer.status_code == 200
    assert "quand le dossier est complet" in answer.content.decode()


def test_the_rate_of_one_account_is_limited(
    browser: Client, complete: Dossier, settings: Any
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "booking": (2, 600)}

    statuses = [
        browser.post(at("-choose", complete), {"creneau": "x"}).status_code for _ in range(3)
    ]

    assert statuses == [422, 422, 429]


def test_a_day_that_has_passed_is_told_and_nobody_is_asked_to_come(
    complete: Dossier,
    clock: time_machine.Traveller,
    client_of: Callable[[User], Client],
    alice: User,
) -> None:
    booked = book(complete)
    before = client_of(alice).get(complete.get_absolute_url()).content.decode()
    clock.move_to(booked.ends_at)
    browser = client_of(alice)

    pages = [
        browser.get(url).content.decode().replace("\u00a0", " ").replace("&nbsp;", " ")
        for url in (complete.get_absolute_url(), at("", complete))
    ]

    assert "venez ensemble" in before.replace("\u00a0", " ")
    for page in pages:
        assert f"Votre rendez-vous est passé : {booked}".replace("\u00a0", " ") in page
        assert "Il n’a pas eu lieu ?" in page
    for asked in ("venez", "Vous venez", "Convocation", "Il est trop tard"):
        assert not [page for page in pages if asked in page], asked
    assert "Ce jour est passé." in pages[0]
    assert "elle note ce qu’il en est du rendez-vous" in pages[0]


def test_the_account_shows_the_day(browser: Client, complete: Dossier) -> None:
    before = browser.get(reverse("demarches:account")).content.decode()
    booked = book(complete)
    browser.get(reverse("demarches:account"))
    with CaptureQueriesContext(connection) as alone:
        html = browser.get(reverse("demarches:account")).content.decode()

    assert str(booked) not in before
    assert str(booked) in html
    assert sum("demarches_appointment" in query["sql"] for query in alone) == 2
