"""The aide-mémoire in a browser without script: codes, pages, refusals, limits."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import icalendar
import pytest
import segno
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from demarches.models import User
from tests.support.followups import make_demande, make_suivi
from tests.support.pages import Page, Reader
from tests.vitale.answers import READINGS, answers_of
from vitale.actions.suivi import change_route
from vitale.models import Suivi, SuiviTick
from vitale.reads.tokens import reminder_token
from vitale.rules.situations import Channel, Regime, Situation
from vitale.rules.suivi import FOLLOWED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

NOW = datetime(2027, 3, 15, 9, tzinfo=UTC)
ONLINE = {"caisse": "cpam", "situation": "perte", "voie": "en-ligne"}
NIR = "2 69 05 49 588 157 80"


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def client() -> Client:
    """A person who reads each page before pressing its button."""
    return Reader()


def words(html: str) -> str:
    plain = html.replace("\u00a0", " ").replace("&nbsp;", " ")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain))


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))


def begin(client: Client, params: dict[str, str] | None = None) -> Suivi:
    """From the plan to the aide-mémoire, as a browser goes."""
    page = client.get(reverse("vitale:suivi-start"), params or ONLINE).content.decode()
    sent = {name: value for name, value in hidden(page).items() if "csrf" not in name}
    client.post(reverse("vitale:suivi-start"), sent)
    return Suivi.objects.latest("pk")


def at(suivi: Suivi, name: str = "suivi", **kwargs: str) -> str:
    return reverse(f"vitale:{name}", kwargs={"reference": suivi.reference, **kwargs})


def open_with(client: Client, reference: str, secret: str) -> Any:
    return client.post(reverse("vitale:codes-open"), {"reference": reference, "secret": secret})


def new_sheet(client: Client, suivi: Suivi) -> str:
    """The secret, read on the sheet."""
    page = client.post(at(suivi, "suivi-codes")).content.decode()
    values: list[str] = re.findall(r'<p class="plaque__value">([^<]+)</p>', page)
    reference, secret = values
    assert reference == suivi.reference
    return secret


# From the plan


def test_every_plan_that_is_followed_opens_an_aide_memoire(client: Client) -> None:
    settled = {answers_of(reading).situation: reading for reading in READINGS}
    for situation, reading in settled.items():
        plan = client.get(reverse("vitale:plan"), reading.params).content.decode()
        assert ("Suivre cette demande" in plan) == (situation in FOLLOWED)
        if situation in FOLLOWED:
            suivi = begin(Client(), reading.params)
            assert suivi.situation_id == situation.value


def test_without_answers_the_start_leads_to_the_questions(client: Client) -> None:
    page = client.get(reverse("vitale:suivi-start")).content.decode()

    assert reverse("vitale:router") in page
    assert "Ouvrir mon aide-mémoire" not in page


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {**ONLINE},
        {**ONLINE, "form_key": "<script>"},
        {"caisse": "cpam", "situation": "fraude", "reponse": "rien-donne", "form_key": "a" * 32},
        {"caisse": "cpam", "situation": NIR, "form_key": "a" * 32},
    ],
)
def test_a_form_that_is_not_ours_opens_nothing(client: Client, sent: dict[str, str]) -> None:
    response = client.post(reverse("vitale:suivi-start"), sent)

    assert response.status_code == 422
    assert NIR not in response.content.decode()
    assert Suivi.objects.count() == 0


def test_opening_has_a_limit(client: Client, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "vitale_create": (2, 3600)}

    for _ in range(3):
        begin(client)

    assert Suivi.objects.count() == 2


def test_an_account_keeps_its_own_at_once(client: Client, alice: User) -> None:
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    suivi = begin(client)

    assert suivi.owner == alice
    assert suivi.reference in client.get(reverse("demarches:account")).content.decode()


# The codes


def test_the_sheet_opens_from_another_device(client: Client) -> None:
    suivi = begin(client)
    secret = new_sheet(client, suivi)
    other = Client()

    response = open_with(other, suivi.reference.lower(), secret.replace("-", " ").lower())

    assert response["Location"] == suivi.get_absolute_url()
    assert other.get(suivi.get_absolute_url()).status_code == 200


def test_the_secret_is_kept_nowhere(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    suivi = begin(client)

    secret = new_sheet(client, suivi)

    row = Suivi.objects.filter(pk=suivi.pk).values().get()
    assert secret not in str(row)
    assert secret not in str(dict(client.session))
    assert secret not in caplog.text
    assert secret not in client.get(suivi.get_absolute_url()).content.decode()


def test_a_new_sheet_kills_the_former(client: Client) -> None:
    suivi = begin(client)
    old, new = new_sheet(client, suivi), new_sheet(client, suivi)

    assert open_with(Client(), suivi.reference, old).status_code == 422
    assert open_with(Client(), suivi.reference, new).status_code == 302


@pytest.mark.parametrize("kind", ["suivi", "aide"])
def test_new_codes_put_out_whoever_came_in_by_the_former_ones(client: Client, kind: str) -> None:
    """A sheet was lost: its finder had opened it before the new codes were made."""
    row = make_suivi(at=NOW) if kind == "suivi" else make_demande(at=NOW)
    secret = row.renew_secret()
    codes = {"reference": row.reference, "secret": secret}
    finder = Client()
    for one in (client, finder):
        one.post(reverse("vitale:codes-open"), codes)
        assert one.get(row.get_absolute_url()).status_code == 200

    client.post(reverse(f"vitale:{kind}-codes", args=[row.reference]))

    assert client.get(row.get_absolute_url()).status_code == 200
    assert finder.get(row.get_absolute_url())["Location"] == reverse("vitale:codes-open")


def test_the_square_holds_both_codes_after_the_sign_no_server_receives(client: Client) -> None:
    suivi = begin(client)

    page = client.post(at(suivi, "suivi-codes")).content.decode()

    secret = re.findall(r'<p class="plaque__value">([^<]+)</p>', page)[1]
    address = f"{settings.SITE_URL}/vitale/suivi/ouvrir/#{suivi.reference}/{secret}"
    square = segno.make(address, error="m").svg_inline(scale=4, border=3, light="white")
    assert square in page
    assert "style=" not in page


def test_an_unknown_reference_and_a_wrong_secret_are_told_alike(client: Client) -> None:
    suivi = begin(client)
    new_sheet(client, suivi)
    demande = make_demande()
    answers = {
        re.sub(r'value="[^"]*"', "", words(open_with(Client(), reference, secret).content.decode()))
        for reference, secret in [
            (suivi.reference, "2222-2222-2222-2222"),
            ("CV-2222-2222", "2222-2222-2222-2222"),
            (demande.reference, "2222-2222-2222-2222"),
            ("AIDE-2026-000999-K", "2222"),
            ("n'importe quoi", "x"),
        ]
    }

    assert len(answers) == 1
    assert "Ces deux codes n’ouvrent rien." in answers.pop()


def test_without_a_sheet_no_secret_opens(client: Client) -> None:
    suivi = begin(client)

    assert open_with(Client(), suivi.reference, "-").status_code == 422


def test_trying_has_a_limit(client: Client, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "vitale_open": (4, 600)}
    suivi = begin(client)
    secret = new_sheet(client, suivi)  # counts too

    tries = [open_with(Client(), suivi.reference, "x").status_code for _ in range(3)]
    right = open_with(Client(), suivi.reference, secret)

    assert (tries, right.status_code) == ([422, 422, 422], 429)
    assert right["Retry-After"]


def test_a_private_number_typed_as_a_code_is_refused_and_not_shown(client: Client) -> None:
    response = open_with(client, NIR, NIR)

    page = response.content.decode()
    assert response.status_code == 422
    assert "ressemble à un numéro de sécurité sociale" in page
    assert NIR not in page


def test_an_unknown_page_and_a_stranger_s_page_answer_alike(client: Client) -> None:
    suivi = make_suivi()

    known = client.get(suivi.get_absolute_url())
    unknown = client.get(reverse("vitale:suivi", args=["CV-2222-2222"]))

    assert known["Location"] == unknown["Location"] == reverse("vitale:codes-open")


def test_a_pass_ends_after_two_hours_or_when_leaving(client: Client, clock: Any) -> None:
    suivi = begin(client)
    assert client.get(suivi.get_absolute_url()).status_code == 200

    client.post(reverse("vitale:codes-leave"))
    assert client.get(suivi.get_absolute_url()).status_code == 302

    other = begin(client)
    clock.shift(2 * 3600 + 1)
    assert client.get(other.get_absolute_url()).status_code == 302


# The page


def test_the_notice_is_on_every_page_and_nothing_is_late(client: Client) -> None:
    suivi = begin(client)
    for step, day in (("declaree", "2027-01-02"), ("commandee", "2027-01-02")):
        client.post(at(suivi, "suivi-step", step=step), {"done_on": day})

    pages = [
        client.get(url).content.decode()
        for url in (
            suivi.get_absolute_url(),
            at(suivi, "suivi-step", step="recue"),
            at(suivi, "suivi-route"),
            at(suivi, "suivi-reminders"),
            at(suivi, "suivi-delete"),
        )
    ]

    assert all("Il n’est pas relié à l’Assurance maladie ni à la MSA." in page for page in pages)
    first = words(pages[0])
    assert "Le délai indiqué par Service-Public est passé depuis 51 jours." in first
    assert re.findall(r"(?i)en retard|acceptée|refusée|fabrication|expédiée|validée", first) == []


def test_a_step_is_ticked_corrected_and_taken_back(client: Client) -> None:
    suivi = begin(client)
    url = at(suivi, "suivi-step", step="declaree")

    for day in ("2027-03-01", "2027-03-02"):
        assert client.post(url, {"done_on": day})["Location"] == suivi.get_absolute_url()
    assert SuiviTick.objects.get().done_on == date(2027, 3, 2)
    client.post(url, {"untick": "1"})

    assert SuiviTick.objects.count() == 0


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"done_on": ""}, "Indiquez le jour."),
        ({"done_on": "31/02/2027"}, "n’existe pas"),
        ({"done_on": "2027-03-16"}, "Cette date est à venir."),
        ({"done_on": "9" * 5000}, "field__error"),
        ({"done_on": NIR}, "field__error"),
    ],
)
def test_a_date_that_cannot_be_is_refused_beside_its_field(
    client: Client, sent: dict[str, str], told: str
) -> None:
    suivi = begin(client)

    response = client.post(at(suivi, "suivi-step", step="declaree"), sent)

    assert response.status_code == 422
    assert told in response.content.decode()
    assert SuiviTick.objects.count() == 0


def test_a_step_of_another_way_is_a_404(client: Client) -> None:
    suivi = begin(client)

    assert client.get(at(suivi, "suivi-step", step="formulaire")).status_code == 404


def test_what_the_adviser_asked_is_chosen_in_a_list(client: Client) -> None:
    suivi = begin(client, {**ONLINE, "voie": "telephone"})
    client.post(at(suivi, "suivi-step", step="appel"), {"done_on": "2027-03-10"})
    url = at(suivi, "suivi-step", step="consigne")

    refused = client.post(url, {"done_on": "2027-03-11", "choice": "mon adresse"})
    client.post(url, {"done_on": "2027-03-11", "choice": "formulaire"})

    assert refused.status_code == 422
    page = words(client.get(suivi.get_absolute_url()).content.decode())
    assert "Le 11 mars 2027 : remplir et renvoyer un formulaire" in page


def test_the_way_changes_and_the_history_stays(client: Client) -> None:
    suivi = begin(client)
    client.post(at(suivi, "suivi-step", step="declaree"), {"done_on": "2027-03-01"})

    for sent, status in [
        ({"regime": "cpam", "channel": "courrier"}, 422),
        ({"regime": "cpam"}, 422),
        ({"regime": "cpam", "channel": "guichet"}, 302),
    ]:
        assert client.post(at(suivi, "suivi-route"), sent).status_code == status

    page = words(client.get(suivi.get_absolute_url()).content.decode())
    assert "J’ai remis la déclaration à la CPAM" in page
    assert "Avant de changer de voie" in page
    assert "Le 1er mars 2027" in page


def test_the_msa_leaves_no_way_to_choose(client: Client) -> None:
    suivi = begin(client)

    client.post(at(suivi, "suivi-route"), {"regime": "msa", "channel": "guichet"})

    route = suivi.routes.get(ended_at=None)
    assert (route.regime, route.channel) == ("msa", "en-ligne")


def test_a_closed_one_is_opened_again(client: Client) -> None:
    suivi = begin(client)

    client.post(at(suivi, "suivi-close"))
    shut = client.get(at(suivi, "suivi-step", step="declaree"))
    client.post(at(suivi, "suivi-close"), {"reopen": "1"})

    assert shut.status_code == 302
    suivi.refresh_from_db()
    assert suivi.closed_at is None


def test_the_reminders_say_what_happens_next(client: Client) -> None:
    suivi = begin(client)
    url = at(suivi, "suivi-reminders")

    wrong = client.post(url, {"email": "alice"})
    asked = client.post(url, {"email": "alice@example.org"}, follow=True).content.decode()
    suivi.refresh_from_db()
    choice = reverse("vitale:suivi-reminder-choice", args=[reminder_token(suivi)])
    yes = Client().post(choice, {"yes": "1"}).content.decode()
    page = client.get(suivi.get_absolute_url()).content.decode()
    Client().post(choice, {"no": "1"})

    assert wrong.status_code == 422
    assert "Un mail vient de partir à cette adresse" in asked
    assert "les rappels viendront par mail" in words(yes)
    assert "Un mail vient à alice@example.org" in words(page)
    suivi.refresh_from_db()
    assert (suivi.reminder_email, suivi.reminder_confirmed_at) == ("", None)
    assert Client().get(choice).status_code == 404


def test_a_link_of_reminders_opens_nothing_else(client: Client) -> None:
    suivi = make_suivi(reminders_to="alice@example.org")
    choice = reverse("vitale:suivi-reminder-choice", args=[reminder_token(suivi)])

    page = client.get(choice).content.decode()

    assert suivi.reference not in page
    assert suivi.situation.title not in page
    assert client.get(suivi.get_absolute_url()).status_code == 302


# Taking it away


def test_the_calendar_has_neutral_whole_days(client: Client) -> None:
    suivi = begin(client)
    for step in ("declaree", "commandee"):
        client.post(at(suivi, "suivi-step", step=step), {"done_on": "2027-03-10"})

    response = client.get(at(suivi, "suivi-calendar"))

    calendar = icalendar.Calendar.from_ical(response.content)
    events = calendar.walk("VEVENT")
    assert [event["DTSTART"].dt for event in events] == [date(2027, 3, 31)]
    assert {str(event["SUMMARY"]) for event in events} == {"Rappel de votre aide-mémoire"}
    assert "perdue" not in response.content.decode()
    assert response["Content-Type"] == "text/calendar; charset=utf-8"


def test_the_export_is_everything_and_no_secret(client: Client) -> None:
    suivi = begin(client)
    secret = new_sheet(client, suivi)
    client.post(at(suivi, "suivi-step", step="declaree"), {"done_on": "2027-03-10"})
    change_route(suivi, regime=Regime.CPAM, channel=Channel.DESK, at=NOW)

    response = client.get(at(suivi, "suivi-export"))

    data = json.loads(response.content)
    assert data["reference"] == suivi.reference
    assert data["situation"] == "Ma carte est perdue"
    assert [way["voie"] for way in data["voies"]] == [
        "Sur un site Internet",
        "Au guichet de la caisse",
    ]
    assert data["voies"][0]["etapes"][0] == {
        "etape": "J’ai déclaré la perte, le vol ou la panne",
        "faite_le": "2027-03-10",
        "reponse": None,
    }
    assert secret not in response.content.decode()
    assert "digest" not in response.content.decode()
    assert "attachment" in response["Content-Disposition"]


def test_deleting_asks_first_and_then_leaves_nothing(client: Client) -> None:
    suivi = begin(client)

    assert client.get(at(suivi, "suivi-delete")).status_code == 200
    assert Suivi.objects.count() == 1
    for _ in range(2):
        client.post(at(suivi, "suivi-delete"))

    assert Suivi.objects.count() == 0


def test_no_agent_has_a_page_of_an_aide_memoire(client: Client) -> None:
    suivi = make_suivi()
    client.force_login(User.objects.create_superuser("chef@mairie.example", "x" * 20))

    listed = client.get(reverse("admin:index")).content.decode()

    assert suivi.reference not in listed
    for name in ("suivi", "suiviroute", "suivitick", "suivireminder"):
        assert client.get(f"/agents/vitale/{name}/").status_code == 404


@pytest.mark.parametrize("name", ["suivi-start", "aide-start", "codes-open"])
def test_a_page_only_read_leaves_no_session(client: Client, name: str) -> None:
    client.get(reverse(f"vitale:{name}"))

    assert "sessionid" not in client.cookies


def test_more_history_asks_no_more_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    suivi = begin(client)
    url = suivi.get_absolute_url()
    client.get(url)
    with django_assert_num_queries(9):
        client.get(url)
    for channel in (Channel.DESK, Channel.PHONE):
        change_route(suivi, regime=Regime.CPAM, channel=channel, at=NOW)

    with django_assert_num_queries(9):
        client.get(url)


def test_my_procedures_ask_no_more_queries_for_three(
    client: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("demarches:account")
    make_suivi(owner=alice)
    make_demande(alice)
    client.get(url)
    with django_assert_num_queries(8):
        client.get(url)
    for _ in range(2):
        make_suivi(owner=alice, situation=Situation.THEFT)
        make_demande(alice)

    with django_assert_num_queries(8):
        client.get(url)


def test_signing_in_keeps_it_open_and_the_account_takes_it(client: Client, alice: User) -> None:
    suivi = begin(client)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    page = client.get(suivi.get_absolute_url()).content.decode()
    client.post(at(suivi, "suivi-attach"))

    assert "Le garder avec mon compte" in page
    suivi.refresh_from_db()
    assert suivi.owner == alice
    assert suivi.reference in client.get(reverse("demarches:account")).content.decode()


def test_a_step_noted_by_somebody_else_is_shown_before_it_is_changed(client: Client) -> None:
    suivi = begin(client, ONLINE)
    url = at(suivi, "suivi-step", step="declaree")
    first, second = (Page.open(client, url) for _ in range(2))
    first.press({"done_on": "2027-03-10"})

    same = second.press({"done_on": "2027-03-10"})
    other = second.press({"done_on": "2027-03-12"})
    taken_back = second.press({"untick": "1"})

    assert [answer.status_code for answer in (same, other, taken_back)] == [302, 409, 409]
    assert "noter le 12 mars 2027" in words(other.content.decode())
    assert "Cette étape est notée le 10 mars 2027." in words(other.content.decode())
    assert str(SuiviTick.objects.get().done_on) == "2027-03-10"


@pytest.mark.parametrize(
    ("name", "action", "sent"),
    [
        ("suivi", "suivi-close", {}),
        ("suivi-delete", "suivi-delete", {}),
        ("suivi-route", "suivi-route", {"regime": "msa", "channel": ""}),
    ],
)
def test_what_ends_or_restarts_it_is_about_the_steps_that_were_read(
    client: Client, name: str, action: str, sent: dict[str, str]
) -> None:
    suivi = begin(client, ONLINE)
    page = Page.open(client, at(suivi, name))
    client.post(at(suivi, "suivi-step", step="declaree"), {"done_on": "2027-03-10"})

    answer = page.press(sent, action=at(suivi, action))

    kept = Suivi.objects.get()
    assert (answer.status_code, kept.closed_at, kept.routes.count()) == (409, None, 1)


def test_reminders_set_by_somebody_else_are_not_turned_unseen(client: Client) -> None:
    suivi = begin(client, ONLINE)
    first, second = (Page.open(client, at(suivi, "suivi-reminders")) for _ in range(2))
    first.press({"email": "alice@example.org"})

    answer = second.press({"email": "bob@example.org"})

    assert answer.status_code == 409
    assert "Les rappels vont à alice@example.org." in words(answer.content.decode())
    assert Suivi.objects.get().reminder_email == "alice@example.org"
