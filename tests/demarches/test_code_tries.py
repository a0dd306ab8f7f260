"""Five tries of a code, though every request has read the session as it was before the others.

Requests sent at once are exactly that: each reads the same session, the last one writes it. Here
the session is put back before each try.
"""

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.accounts.address_change import ask_change, asked_change, try_codes
from demarches.accounts.asked_again import ask_again, asked_again, try_code
from demarches.mail.emails import mail_text
from demarches.models import User

pytestmark = pytest.mark.django_db
CODE = re.compile(r"^ {4}(\d{4}) (\d{4})$", re.MULTILINE)


def code_to(address: str) -> str:
    found = CODE.search(mail_text(Email.objects.filter(to=address).latest("pk")))
    assert found is not None
    return found[1] + found[2]


def wrong(code: str) -> str:
    return code[:-1] + str((int(code[-1]) + 1) % 10)


@pytest.mark.parametrize(("wrongs", "enters"), [(4, True), (5, False)])
def test_tries_of_a_sign_in_count_together(client: Client, wrongs: int, enters: bool) -> None:
    client.post(reverse("account_login"), {"email": "camille@exemple.fr"})
    code = code_to("camille@exemple.fr")
    before = list(Session.objects.order_by("pk"))

    for typed in [wrong(code)] * wrongs + [code]:
        for one in before:
            one.save()
        client.post(reverse("account_confirm_login_code"), {"action": "verify", "code": typed})

    assert ("_auth_user_id" in client.session) is enters


@pytest.mark.parametrize(("wrongs", "passes"), [(4, True), (5, False)])
def test_tries_before_an_account_closes_count_together(
    alice: User, client: Client, wrongs: int, passes: bool
) -> None:
    at, session = timezone.now(), client.session
    ask_again(session, alice, template="account/email/closing_code", at=at)
    code = code_to(alice.email)
    before = dict(session.items())

    for typed in [wrong(code)] * wrongs + [code]:
        session.update(before)
        asked = asked_again(session, alice, at=at)
        assert asked is not None
        done = try_code(session, asked, typed)

    assert done is passes


@pytest.mark.parametrize(("wrongs", "passes"), [(4, True), (5, False)])
def test_tries_before_an_address_changes_count_together(
    alice: User, client: Client, wrongs: int, passes: bool
) -> None:
    at, session = timezone.now(), client.session
    ask_change(session, alice, "neuve@example.org", at=at)
    old, new = code_to(alice.email), code_to("neuve@example.org")
    before = dict(session.items())

    for typed in [wrong(new)] * wrongs + [new]:
        session.update(before)
        asked = asked_change(session, alice, at=at)
        assert asked is not None
        done = try_codes(session, asked, old, typed)

    assert done is passes
