"""A resident changes their own address; is told when somebody enters from elsewhere."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.signing import dumps
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.accounts.devices import SALT
from demarches.mail.emails import mail_text
from demarches.models import User
from tests.support.followups import make_demande
from vitale.models import Demande

pytestmark = pytest.mark.django_db
NEW = "alice.neuve@example.org"
COOKIE = django_settings.DEVICE_COOKIE_NAME


@pytest.fixture
def browser(alice: User, client_of: Callable[[User | None], Client]) -> Client:
    return client_of(alice)


def code_to(address: str) -> str:
    found = re.search(
        r"^ {4}(\d{4} \d{4})$", mail_text(Email.objects.filter(to=address).latest("pk")), re.M
    )
    assert found is not None
    return found[1]


def ask(browser: Client, email: str = NEW) -> Any:
    return browser.post(reverse("demarches:address"), {"email": email})


def answer(browser: Client, before: str, after: str) -> Any:
    return browser.post(reverse("demarches:address-codes"), {"before": before, "after": after})


def test_both_codes_change_the_address_and_the_old_one_is_told(
    browser: Client, alice: User
) -> None:
    old = alice.email
    asked = ask(browser, " Alice.Neuve@example.org ")
    page = browser.get(asked["Location"]).content.decode()
    done = answer(browser, code_to(old), code_to(NEW))

    alice.refresh_from_db()
    told = Email.objects.latest("pk")
    assert old in page
    assert NEW in page
    assert done["Location"] == reverse("demarches:account")
    assert alice.email == NEW
    assert (told.to, told.subject) == ([old], "L’adresse de votre compte a changé")
    assert answer(browser, "12345678", "12345678")["Location"] == reverse("demarches:address")


def test_one_code_twice_or_wrong_ones_change_nothing(browser: Client, alice: User) -> None:
    old = alice.email
    ask(browser)
    before, after = code_to(old), code_to(NEW)

    pages = [answer(browser, *pair) for pair in ((before, before), (after, after), (after, before))]
    html = pages[0].content.decode()
    unreadable = answer(browser, "1", before)
    pages += [answer(browser, before, before), answer(browser, before, before)]
    too_late = answer(browser, before, after)

    assert [page.status_code for page in pages] == [422, 422, 422, 422, 302]
    assert "L’un des deux codes n’est pas le bon. Il vous reste 4 essais." in html
    assert unreadable.status_code == 422
    assert too_late["Location"] == reverse("demarches:address")
    alice.refresh_from_db()
    assert alice.email == old


def test_codes_are_over_after_half_an_hour_and_bound_to_their_browser(
    browser: Client, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ask(browser)
        codes = code_to(alice.email), code_to(NEW)
        elsewhere = answer(client_of(alice), *codes)
        clock.shift(timedelta(minutes=31))
        late = answer(browser, *codes)

    assert elsewhere["Location"] == late["Location"] == reverse("demarches:address")
    alice.refresh_from_db()
    assert alice.email != NEW


def test_nobody_takes_an_address_that_has_an_account(
    browser: Client, alice: User, charlie: User
) -> None:
    asked = ask(browser, charlie.email)
    mail = Email.objects.filter(to=charlie.email).get()
    page = browser.get(asked["Location"])
    refused = answer(browser, code_to(alice.email), "0000 0000")

    # The page says nothing of it; the mail, to whoever reads the address, does.
    assert page.status_code == 200
    assert re.search(r"\d{4} \d{4}", mail_text(mail)) is None
    assert "Elle a déjà le sien" in mail_text(mail)
    assert refused.status_code == 422
    assert User.objects.get(pk=charlie.pk).email == charlie.email


def test_an_address_taken_meanwhile_is_said_so(browser: Client, alice: User) -> None:
    old = alice.email
    ask(browser)
    User.objects.create_user(NEW)

    page = answer(browser, code_to(old), code_to(NEW))

    assert page["Location"] == reverse("demarches:address")
    assert "vient d’être prise" in browser.get(page["Location"]).content.decode()
    alice.refresh_from_db()
    assert alice.email == old


@pytest.mark.parametrize("typed", ["", "alice@", "ALICE@example.org", "alic\u00e9@example.org"])
def test_what_cannot_be_the_new_address_is_refused(browser: Client, typed: str) -> None:
    page = ask(browser, typed)

    assert page.status_code == 422
    assert Email.objects.count() == 0


def test_an_agent_has_no_such_page(agent: User, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(agent).get(reverse("demarches:address")).status_code == 404
    assert client_of(agent).get(reverse("demarches:address-codes")).status_code == 404


def test_mails_of_a_change_are_limited(browser: Client, settings: Any) -> None:
    limits = dict.fromkeys(settings.RATE_LIMITS, (10_000, 600))
    settings.RATE_LIMITS = limits | {"sign_in_email": (2, 3600)}

    assert [ask(browser).status_code for _ in range(3)] == [302, 302, 429]
    assert Email.objects.count() == 4


def test_requests_for_help_follow_the_account(
    browser: Client, alice: User, reference_data: None
) -> None:
    demande = make_demande(None, email=alice.email)
    Email.objects.all().delete()
    ask(browser)
    answer(browser, code_to(alice.email), code_to(NEW))

    alice.refresh_from_db()
    assert list(Demande.objects.visible_to(alice)) == [demande]


# New devices


def enter(browser: Client, email: str) -> None:
    browser.post(reverse("account_login"), {"email": email})
    browser.post(
        reverse("account_confirm_login_code"), {"action": "verify", "code": code_to(email)}
    )
    assert "_auth_user_id" in browser.session


def news(email: str) -> int:
    subject = "Une connexion depuis un nouvel appareil"
    return int(Email.objects.filter(to=email, subject=subject).count())


def test_a_new_device_is_told_by_mail_and_a_known_one_is_not(client: Client) -> None:
    enter(client, NEW)
    first_time = news(NEW)
    client.post(reverse("account_logout"))
    enter(client, NEW)
    again = news(NEW)
    enter(Client(), NEW)

    assert (first_time, again, news(NEW)) == (0, 0, 1)


def test_a_family_shares_a_browser(client: Client, charlie: User, bob: User) -> None:
    User.objects.update(last_login=timezone.now())
    for user in (bob, charlie, bob, charlie):
        enter(client, user.email)
        client.post(reverse("account_logout"))

    assert (news(bob.email), news(charlie.email)) == (1, 1)


@pytest.mark.parametrize(
    "forged",
    ["", "x", "a:b:c", dumps("text", salt=SALT), dumps([1], salt="y")],
    ids=["empty", "letter", "three parts", "no list", "another salt"],
)
def test_a_forged_mark_spares_no_mail(client: Client, bob: User, forged: str) -> None:
    User.objects.update(last_login=timezone.now())
    client.cookies[COOKIE] = forged

    enter(client, bob.email)

    assert news(bob.email) == 1


def test_the_mark_says_nothing_and_comes_with_a_sign_in_only(client: Client, bob: User) -> None:
    anonymous = client.get("/mairie/")
    client.post(reverse("account_login"), {"email": bob.email})
    asked = COOKIE in client.cookies
    enter(client, bob.email)

    cookie = client.cookies[COOKIE]
    assert COOKIE not in anonymous.cookies
    assert asked is False
    assert bob.email not in cookie.value
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert cookie["max-age"] == 180 * 86_400
