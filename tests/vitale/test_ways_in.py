"""An aide-mémoire found again by the address that said yes to its reminders."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from demarches.mail.emails import deliver_due, mail_text
from demarches.models import User
from demarches.rules.read import imprint
from tests.support.followups import make_suivi
from tests.vitale.test_suivi_views import words
from vitale.actions.suivi import (
    MOST_WAYS_IN,
    SuiviRefused,
    answer_reminders,
    delete_suivi,
    ending_shown,
    set_reminders,
)
from vitale.models import Suivi, SuiviMail
from vitale.reads.tokens import recovery_token, reminder_token, suivi_of_token

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

NOW = datetime(2027, 3, 15, 9, tzinfo=UTC)
ALICE = "alice@example.org"
LOST = "/vitale/suivi/retrouver/"


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def make_opened(address: str = ALICE, **known: Any) -> Suivi:
    """An aide-mémoire whose address said yes knowing that it opens it."""
    suivi = make_suivi(reminders_to=address, **known)
    answer_reminders(suivi, wanted=True, at=NOW)
    suivi.refresh_from_db()
    return suivi


def ask(address: str) -> Any:
    return Client().post(LOST, {"email": address}, follow=True)


def links() -> list[str]:
    """The paths in the last mail."""
    return re.findall(r"/vitale/suivi/retrouver/[^/\s]+/", mail_text(Email.objects.latest("pk")))


def test_the_link_opens_it_without_codes(client: Client) -> None:
    suivi = make_opened()
    ask(" Alice@Example.org ")
    (link,) = links()

    looked = client.get(link)
    before = client.get(suivi.get_absolute_url())
    opened = client.post(link, follow=True)

    assert (looked.status_code, before.status_code) == (200, 302)
    assert opened.redirect_chain == [(suivi.get_absolute_url(), 302)]
    assert "Vos étapes" in opened.text


@pytest.mark.parametrize(
    "state", ["unknown", "not confirmed", "before", "account", "confirmed", "closed"]
)
def test_the_answer_is_the_same_whatever_the_address_has(state: str, alice: User) -> None:
    make_suivi(reminders_to="someone@example.org")
    told = {
        "unknown": 0,
        "not confirmed": 0,
        "before": 0,  # they said yes to reminders, when that was all it meant
        "account": 0,
        "confirmed": 1,
        "closed": 1,
    }
    if state != "unknown":
        suivi = make_opened()
    if state == "not confirmed":
        Suivi.objects.filter(pk=suivi.pk).update(reminder_confirmed_at=None)
    if state == "before":
        Suivi.objects.filter(pk=suivi.pk).update(opens_by_mail=False)
    if state == "account":
        Suivi.objects.filter(pk=suivi.pk).update(owner=alice)
    if state == "closed":
        Suivi.objects.filter(pk=suivi.pk).update(closed_at=NOW)

    answer = ask(ALICE)

    assert answer.redirect_chain == [(f"{LOST}?demande=1", 302)]
    assert "Si un aide-mémoire s’ouvre par cette adresse" in words(answer.text)
    assert ALICE not in answer.text
    assert Email.objects.count() == told[state]


@pytest.mark.parametrize("has_one", [False, True])
def test_asking_has_one_limit_for_every_address(has_one: bool) -> None:
    """What a stranger is refused must not tell what the address has."""
    if has_one:
        make_opened()

    answers = [ask(ALICE).status_code for _ in range(4)]

    assert answers == [200, 200, 200, 429]
    assert Email.objects.count() == (3 if has_one else 0)


def test_strangers_shut_nobody_out() -> None:
    """Neither from their own way in, nor from the other mails of the mairie."""
    make_opened()
    for place in range(20):
        Client(REMOTE_ADDR=f"192.0.2.{place + 1}").post(LOST, {"email": ALICE})
    sent = Email.objects.count()

    assert ask(ALICE).status_code == 200
    assert Email.objects.count() == sent + 1
    other = make_suivi()
    set_reminders(other, email=ALICE, on=None, user=None, at=NOW)
    assert "Voulez-vous des rappels" in Email.objects.latest("pk").subject


def test_one_mail_for_all_of_them_and_the_latest_visited_first() -> None:
    rows = [make_opened(at=NOW - timedelta(days=day)) for day in range(MOST_WAYS_IN + 1)]
    ask(ALICE)

    text = mail_text(Email.objects.get())
    found = [row for row in rows if row.reference in text]

    assert found == rows[:MOST_WAYS_IN]
    assert text.index(rows[0].reference) < text.index(rows[1].reference)
    assert SuiviMail.objects.count() == MOST_WAYS_IN
    assert len(links()) == MOST_WAYS_IN


def test_the_mail_is_neutral_and_goes_with_the_aide_memoire() -> None:
    suivi = make_opened()
    ask(ALICE)
    mail = Email.objects.get()

    assert mail.subject == "Le lien que vous avez demandé"
    assert not re.search("vitale|perte", f"{mail.subject} {words(mail_text(mail))[:185]}", re.I)
    assert ALICE not in mail_text(mail)
    answer_reminders(suivi, wanted=False, at=NOW)
    assert not Email.objects.exists()


@pytest.mark.parametrize("why", ["an hour", "new codes", "no more", "another address", "deleted"])
def test_the_link_dies(why: str, clock: Any) -> None:
    suivi = make_opened()
    link = reverse("vitale:suivi-way-in", args=[recovery_token(suivi)])
    match why:
        case "an hour":
            clock.shift(timedelta(hours=1, seconds=1))
        case "new codes":
            suivi.renew_secret()
        case "no more":
            answer_reminders(suivi, wanted=False, at=NOW)
        case "another address":
            Suivi.objects.filter(pk=suivi.pk).update(reminder_email="new@example.org")
        case "deleted":
            suivi.delete()

    for answer in (Client().get(link), Client().post(link)):
        assert answer.status_code == 404
        assert "Ce lien ne sert plus" in answer.text
        assert LOST in answer.text


def test_no_other_link_opens_it() -> None:
    suivi = make_opened()

    for token in (reminder_token(suivi), "x", f"{recovery_token(suivi)}x"):
        link = reverse("vitale:suivi-way-in", args=[token])
        assert Client().post(link).status_code == 404
    choice = reverse("vitale:suivi-reminder-choice", args=[recovery_token(suivi)])
    assert Client().get(choice).status_code == 404


def test_a_mail_of_several_stays_while_one_of_them_does() -> None:
    one, other = make_opened(), make_opened()
    ask(ALICE)
    read = imprint(ending_shown(one))

    delete_suivi(one, read=read)
    assert Email.objects.count() == 1
    answer_reminders(other, wanted=False, at=NOW)
    assert not Email.objects.exists()


def test_a_mail_that_leaves_too_late_does_not_leave(clock: Any) -> None:
    make_opened()
    ask(ALICE)
    clock.shift(timedelta(hours=1, seconds=1))

    assert deliver_due().failed == 1


def test_who_looks_is_told_what_the_address_opens(client: Client) -> None:
    suivi = make_opened()
    browser = Client()
    secret = suivi.renew_secret()
    browser.post(reverse("vitale:codes-open"), {"reference": suivi.reference, "secret": secret})
    before = browser.session.session_key

    sheet = words(browser.post(reverse("vitale:suivi-codes", args=[suivi.reference])).text)
    page = words(browser.get(suivi.get_absolute_url()).text)
    form = words(browser.get(reverse("vitale:suivi-reminders", args=[suivi.reference])).text)
    choice = client.get(reverse("vitale:suivi-reminder-choice", args=[reminder_token(suivi)])).text

    assert f"L’adresse {ALICE} peut aussi le rouvrir." in sheet
    assert "Cette adresse peut aussi le rouvrir , sans les codes." in page
    assert "Cette adresse pourra aussi rouvrir l’aide-mémoire sans ses codes" in form
    assert "Elle pourra aussi le rouvrir, sans ses codes." in words(choice)
    # Codes came in: the browser has another session than the one it was given.
    assert browser.session.session_key != before


def test_another_address_opens_nothing_until_it_says_yes() -> None:
    suivi = make_opened()
    set_reminders(suivi, email="new@example.org", on=None, user=None, at=NOW)
    suivi.refresh_from_db()

    assert (suivi.opens_by_mail, suivi.reminder_confirmed_at) == (False, None)


def test_a_wrong_address_is_told_and_kept() -> None:
    answer = ask("alice@")

    assert answer.status_code == 422
    assert "alice@" in answer.text
    assert not Email.objects.exists()


@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.parametrize("address", ["bob@example.org", ""])
def test_a_link_answers_for_its_own_address_also_when_that_changes_meanwhile(
    address: str, *, wanted: bool
) -> None:
    """Else a yes of one mailbox would open the aide-mémoire to another, which said nothing."""
    suivi = make_suivi()
    set_reminders(suivi, email=ALICE, on=None, user=None, at=NOW)
    suivi.refresh_from_db()
    found = suivi_of_token(reminder_token(suivi))
    assert found is not None
    set_reminders(suivi, email=address, on=None, user=None, at=NOW)

    with pytest.raises(SuiviRefused):
        answer_reminders(found, wanted=wanted, at=NOW)

    suivi.refresh_from_db()
    assert (suivi.reminder_email, suivi.reminder_confirmed_at, suivi.opens_by_mail) == (
        address,
        None,
        False,
    )
