"""« Quel jour souhaitez-vous ? »: a calendar of the days on which the mairie receives."""

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from demarches.models import Agenda, User
from pacs.models import Correction, Dossier
from pacs.reads.booking import wish_month
from pacs.rules.days import Days, Delays
from tests.support.appointments import make_complete
from tests.support.dossiers import make_dossier
from tests.support.pages import Page, press

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
FIRST = date(2026, 12, 22)
OFFERED = re.compile(r'<button name="wished_date" value="(\d{4}-\d\d-\d\d)"')


@pytest.fixture(autouse=True)
def clock() -> Iterable[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def draft(reference_data: None, alice: User, bob: User) -> Dossier:
    dossier = make_dossier(alice, bob, at=NOW)
    Dossier.objects.filter(pk=dossier.pk).update(wished_date=None)
    return dossier


@pytest.fixture
def her(draft: Dossier, client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


def at(dossier: Dossier, slug: str = "jour") -> str:
    return reverse("pacs:common-step", args=[dossier.reference, slug])


def wished(dossier: Dossier) -> date | None:
    return Dossier.objects.get(pk=dossier.pk).wished_date


def test_every_day_offered_is_one_that_can_be_booked(her: Client, draft: Dossier) -> None:
    for month in ("", "?mois=2026-12", "?mois=2027-05"):
        html = her.get(at(draft) + month).content.decode()
        offered = [date.fromisoformat(day) for day in OFFERED.findall(html)]
        days = draft.days(at=NOW)
        assert offered
        assert all(days.about(day).is_possible for day in offered)
        first = offered[0].replace(day=1)
        possible = [
            day
            for day in (first.replace(day=number) for number in range(1, 29))
            if days.about(day).is_possible
        ]
        assert [day for day in offered if day.day < 29] == possible


def test_it_opens_on_the_first_possible_month_and_names_the_first_day(
    her: Client, draft: Dossier
) -> None:
    html = her.get(at(draft)).content.decode()

    assert "Décembre 2026" in html
    assert f'value="{FIRST}"' in html
    assert "Premier jour possible&nbsp;: <strong>mardi 22\u00a0décembre 2026" in html
    assert "Mois précédent" in html  # November: nothing is possible there, and why


def test_one_tap_keeps_the_day_and_goes_on(her: Client, draft: Dossier) -> None:
    page = Page.open(her, at(draft))

    answer = page.press({"wished_date": "2027-01-14"})

    assert (answer.status_code, wished(draft)) == (302, date(2027, 1, 14))
    assert answer["Location"] != page.url
    again = page.press({"wished_date": "2027-01-14"})  # a double tap
    assert again.status_code == 302


def test_no_day_yet_goes_on(her: Client, draft: Dossier) -> None:
    answer = press(her, at(draft), {"wished_date": ""})

    assert (answer.status_code, wished(draft)) == (302, None)
    assert answer["Location"] != at(draft)


def test_it_is_offered_once_after_the_page_before(her: Client, draft: Dossier) -> None:
    sent = {"kinship": "aucun", "convention": "cerfa_15726"}

    assert press(her, at(draft, "projet"), sent)["Location"] == at(draft)
    press(her, at(draft), {"wished_date": "2027-01-14"})
    assert press(her, at(draft, "projet"), sent)["Location"] != at(draft)


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        ("25/12/2026", ["2026-12-24", "2026-12-28"]),  # Christmas; the 26th is a second Saturday
        ("1/12/2026", ["2026-12-22"]),
    ],
)
def test_an_impossible_day_is_kept_and_the_nearest_ones_are_buttons_that_work(
    her: Client, draft: Dossier, typed: str, nearest: list[str]
) -> None:
    answer = press(her, at(draft), {"wished_date": typed})
    assert answer["Location"] == at(draft)
    page = Page.open(her, at(draft))
    callout = page.html[page.html.index("callout--warning") :].split("</form>")[0]
    assert re.findall(r'name="wished_date" value="([^"]+)"', callout) == nearest

    chosen = page.press({"wished_date": nearest[0]})

    assert (chosen.status_code, str(wished(draft))) == (302, nearest[0])


@pytest.mark.parametrize("typed", ["26", "31/4/2027", "14/1/27", "1/1/2020", "1/1/2060", "x" * 999])
def test_what_cannot_be_read_stays_in_its_box_which_is_open(
    her: Client, draft: Dossier, typed: str
) -> None:
    answer = press(her, at(draft), {"wished_date": typed})

    html = answer.content.decode()
    assert (answer.status_code, wished(draft)) == (422, None)
    assert '<details class="details" open>' in html
    assert f'value="{typed}"' in html
    assert "<title>Erreur" in html


@pytest.mark.parametrize("month", ["2026-13", "x", "1999-01", "2999-12", "0000-00", "9" * 500])
def test_hostile_months_show_one(her: Client, draft: Dossier, month: str) -> None:
    answer = her.get(at(draft), {"mois": month})

    assert answer.status_code == 200
    assert 'class="month"' in answer.content.decode()


def test_after_the_sending_it_changes_at_once(
    reference_data: None, alice: User, bob: User, agent: User, client_of: Callable[[User], Client]
) -> None:
    complete = make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)

    answer = press(client_of(alice), at(complete), {"wished_date": "2027-01-14"})

    assert (answer.status_code, wished(complete)) == (302, date(2027, 1, 14))
    assert not Correction.objects.exists()


def test_a_day_changed_on_another_device_is_not_written_over(her: Client, draft: Dossier) -> None:
    page = Page.open(her, at(draft))
    press(her, at(draft), {"wished_date": "2027-01-14"})

    answer = page.press({"wished_date": "2027-01-15"})

    assert (answer.status_code, wished(draft)) == (409, date(2027, 1, 14))


def test_the_review_is_not_lost_on_the_way_through_the_months(her: Client, draft: Dossier) -> None:
    html = her.get(at(draft), {"retour": "verifier"}).content.decode()

    assert "?mois=2027-01&amp;retour=verifier#mois" in html
    answer = press(her, f"{at(draft)}?mois=2027-01&retour=verifier", {"wished_date": "2027-01-14"})
    assert answer["Location"] == reverse("pacs:dossier-review", args=[draft.reference])


def test_without_an_agenda_only_sundays_and_holidays_are_closed(
    her: Client, draft: Dossier
) -> None:
    draft.procedure_settings.__class__.objects.update(agenda=None)
    Agenda.objects.all().delete()

    html = her.get(at(draft), {"mois": "2027-01"}).content.decode()

    assert 'value="2027-01-02"' in html  # a Saturday
    assert 'value="2027-01-03"' not in html


@pytest.mark.parametrize("day", [date(2020, 1, 1), date(2026, 11, 30), date(2028, 2, 29)])
def test_the_calendar_ends_with_the_days_that_can_be_wished(day: date) -> None:
    days = Days(NOW.date(), Delays(10, 15), None, horizon=date(2027, 2, 21))

    month = wish_month(days, day)
    last = wish_month(days, date(2900, 1, 1))

    assert month.first == max(day, NOW.date()).replace(day=1)
    assert (last.first, last.next) == (date(2029, 11, 1), None)
    assert last.days[-1].day == date(2029, 11, 23)  # three years from that day


@pytest.mark.parametrize("pieces", [1, 3])
def test_the_page_asks_the_same_whatever_the_dossier_holds(
    her: Client, draft: Dossier, django_assert_num_queries: DjangoAssertNumQueries, pieces: int
) -> None:
    draft.pieces.exclude(pk__in=draft.pieces.values_list("pk")[:pieces]).delete()
    her.get(at(draft))

    with django_assert_num_queries(8):
        her.get(at(draft))


# The page that opens a dossier after the sign-in


def test_a_dossier_opens_for_whoever_typed_the_code_of_the_address_given(
    reference_data: None, client: Client
) -> None:
    start = reverse("pacs:dossier-start")
    client.post(start, {"email": "victime@example.org"})  # and the code is never typed
    client.force_login(User.objects.create_user("autre@example.org"))

    assert client.head(start).status_code == 200
    assert client.get(start).status_code == 200
    assert not Dossier.objects.exists()
