import re
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from demarches.mail.emails import deliver_due, mail_text
from demarches.models import User
from tests.support.pages import Answer
from tests.support.present import the

pytestmark = pytest.mark.django_db

ADDRESS = "camille@exemple.fr"
NEXT = "/mairie/"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def ask(client: Client, email: str = ADDRESS, next_url: str = NEXT) -> Answer:
    return client.post(reverse("account_login"), {"email": email, "next": next_url})


def type_code(client: Client, code: str, next_url: str = NEXT) -> Answer:
    return client.post(
        reverse("account_confirm_login_code"),
        {"action": "verify", "code": code, "next": next_url},
    )


def resend(client: Client) -> Answer:
    return client.post(reverse("account_confirm_login_code"), {"action": "resend", "next": NEXT})


def mailed_code(email: str = ADDRESS) -> str:
    mail = Email.objects.filter(to=email).latest("pk")
    found = re.search(r"^ {4}(\d{4} \d{4})$", mail_text(mail), re.MULTILINE)
    assert found is not None
    return found[1]


def wrong(code: str) -> str:
    """Another code, by its last digit."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def signed_in(client: Client) -> str | None:
    user_id = client.session.get("_auth_user_id")
    return None if user_id is None else User.objects.get(pk=user_id).email


def error_of(response: Answer) -> str:
    return str(response.context["form"].errors["code"][0])


def test_first_visit_opens_the_account(client: Client) -> None:
    asked = ask(client, "Camille@Exemple.FR ")
    entered = type_code(client, mailed_code())

    assert (asked.status_code, asked["Location"]) == (302, "/compte/code/?next=%2Fmairie%2F")
    assert (entered.status_code, entered["Location"]) == (302, NEXT)
    assert signed_in(client) == ADDRESS
    assert User.objects.get().has_usable_password() is False


def test_next_visit_finds_the_same_account(client: Client) -> None:
    known = User.objects.create_user(ADDRESS)

    ask(client)
    type_code(client, mailed_code())

    assert client.session["_auth_user_id"] == str(known.pk)
    assert User.objects.count() == 1


@pytest.mark.parametrize("spelling", ["12345678", "1234 5678", " 1234-5678 ", "12.34.56.78"])
def test_code_may_be_typed_with_or_without_spaces(client: Client, spelling: str) -> None:
    ask(client)
    digits = iter(mailed_code().replace(" ", ""))
    typed = re.sub(r"\d", lambda _: next(digits), spelling)

    type_code(client, typed)

    assert signed_in(client) == ADDRESS


@pytest.mark.django_db(transaction=True)
def test_two_first_requests_at_once_open_one_account() -> None:
    barrier = threading.Barrier(4)
    answers: list[int] = []

    def first_visit() -> None:
        barrier.wait()
        try:
            answers.append(ask(Client()).status_code)
        finally:
            connection.close()

    visits = [threading.Thread(target=first_visit) for _ in range(4)]
    for visit in visits:
        visit.start()
    for visit in visits:
        visit.join()

    assert answers == [302] * 4
    assert User.objects.count() == 1


def test_mail_is_neutral_and_urgent_and_expires(client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        ask(client)

    mail = Email.objects.get()
    assert mail.subject == "Votre code de connexion"
    assert mail.to == [ADDRESS]
    assert mail.expires_at == NOW + timedelta(minutes=10)
    assert ADDRESS not in mail_text(mail)


def test_code_is_not_kept_once_it_has_left(client: Client, mailoutbox: list[Any]) -> None:
    ask(client)
    code = mailed_code()

    deliver_due()

    assert code in mailoutbox[0].body
    assert Email.objects.get().message == ""


def test_code_cannot_be_read_in_the_session(client: Client) -> None:
    ask(client)
    code = mailed_code()

    stored = str(Session.objects.get().get_decoded())

    assert code not in stored
    assert code.replace(" ", "") not in stored


# What does not consume the code


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_reading_consumes_nothing(client: Client, method: str) -> None:
    ask(client)
    url = f"{reverse('account_confirm_login_code')}?code={mailed_code()}"

    for _ in range(20):
        getattr(client, method)(url)
        getattr(Client(), method)(url)

    assert signed_in(client) is None
    type_code(client, mailed_code())
    assert signed_in(client) == ADDRESS


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Écrivez le code que vous avez reçu par e-mail."),
        ("1234", "Le code est fait de 8 chiffres. Recopiez-le depuis l’e-mail."),
        ("٠١٢٣٤٥٦٧", "Le code est fait de 8 chiffres. Recopiez-le depuis l’e-mail."),
        ("123456789", "Le code est fait de 8 chiffres. Recopiez-le depuis l’e-mail."),
        ("x" * 5000, "Le code est fait de 8 chiffres. Recopiez-le depuis l’e-mail."),
    ],
)
def test_what_cannot_be_a_code_costs_no_try(client: Client, typed: str, message: str) -> None:
    ask(client)

    for _ in range(6):
        response = type_code(client, typed)

    assert response.status_code == 200
    assert error_of(response) == message
    type_code(client, mailed_code())
    assert signed_in(client) == ADDRESS


# What does


def test_wrong_code_says_how_many_tries_remain_and_what_to_do(client: Client) -> None:
    ask(client)
    bad = wrong(mailed_code())

    said = [error_of(type_code(client, bad)) for _ in range(4)]

    assert [sentence.split(". ")[1] for sentence in said] == [
        "Il vous reste 4 essais",
        "Il vous reste 3 essais",
        "Il vous reste 2 essais",
        "Il vous reste un essai",
    ]
    assert said[0].startswith("Ce n’est pas le bon code.")
    assert said[0].endswith("ou demandez un nouveau code.")


def test_fifth_wrong_code_kills_the_right_one(client: Client) -> None:
    ask(client)
    code = mailed_code()

    for _ in range(5):
        last = type_code(client, wrong(code))
    late = type_code(client, code)

    assert last["Location"] == "/compte/connexion/?nouveau=essais&next=%2Fmairie%2F"
    assert late["Location"] == "/compte/connexion/?nouveau=code&next=%2Fmairie%2F"
    assert signed_in(client) is None
    assert "cinq essais" in client.get(last["Location"]).content.decode()


@pytest.mark.parametrize(("minutes", "enters"), [(9.9, True), (10.1, False)])
def test_code_dies_after_ten_minutes(client: Client, minutes: float, enters: bool) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        ask(client)
        clock.move_to(NOW + timedelta(minutes=minutes))
        response = type_code(client, mailed_code())

        # Within the travel: a session opened that day has expired in the real present.
        assert (signed_in(client) is not None) is enters
        if not enters:
            assert response["Location"] == "/compte/connexion/?nouveau=code&next=%2Fmairie%2F"
            assert "dix minutes" in client.get(response["Location"]).content.decode()


def test_code_serves_once(client: Client) -> None:
    ask(client)
    code = mailed_code()
    session_before = client.session.session_key
    type_code(client, code)
    client.post(reverse("account_logout"))

    again = type_code(client, code)
    stolen = Client()
    stolen.cookies[django_settings.SESSION_COOKIE_NAME] = the(session_before)
    replayed = type_code(stolen, code)

    assert again["Location"].startswith("/compte/connexion/?nouveau=code")
    assert replayed["Location"].startswith("/compte/connexion/?nouveau=code")
    assert signed_in(client) is None


def test_code_works_only_in_the_browser_that_asked(client: Client) -> None:
    ask(client)
    other = Client()

    elsewhere = type_code(other, mailed_code())

    assert elsewhere["Location"].startswith("/compte/connexion/?nouveau=code")
    assert signed_in(other) is None
    other_account = Client()
    ask(other_account, "paul@exemple.fr")
    crossed = type_code(other_account, mailed_code())
    assert error_of(crossed).startswith("Ce n’est pas le bon code.")


def test_new_code_replaces_the_old_one_with_its_own_time_and_tries(client: Client) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        ask(client)
        old = mailed_code()
        for _ in range(4):
            type_code(client, wrong(old))
        clock.move_to(NOW + timedelta(minutes=9))
        page = client.get(resend(client)["Location"])
        new = mailed_code()
        refused = type_code(client, old) if old != new else None
        clock.move_to(NOW + timedelta(minutes=18))
        type_code(client, new)
        entered = signed_in(client)

    assert "Un nouveau code est parti. L’ancien ne marche plus." in [
        str(message) for message in page.context["messages"]
    ]
    assert refused is None or "Il vous reste 4 essais." in error_of(refused)
    assert entered == ADDRESS


def test_only_three_new_codes_can_be_asked_for(client: Client) -> None:
    ask(client)
    for _ in range(5):
        resend(client)

    page = client.get(reverse("account_confirm_login_code"))

    assert Email.objects.count() == 4
    assert page.context["can_resend"] is False


def test_mistyped_address_can_be_typed_again(client: Client) -> None:
    ask(client, "camile@exemple.fr")

    page = client.get(reverse("account_login"))
    ask(client)
    type_code(client, mailed_code())

    assert page.status_code == 200
    assert signed_in(client) == ADDRESS


# Nobody learns who has an account


@pytest.fixture
def everyone() -> dict[str, User]:
    return {
        "known": User.objects.create_user("connue@exemple.fr"),
        "staff": User.objects.create_user("agente@mairie.example", "x" * 20, is_staff=True),
        "closed": User.objects.create_user("fermee@exemple.fr", is_active=False),
    }


def test_answer_is_the_same_for_every_address(everyone: dict[str, User]) -> None:
    answers = []
    for email in [*(user.email for user in everyone.values()), "inconnue@exemple.fr"]:
        browser = Client()
        asked = ask(browser, email)
        page = browser.get(asked["Location"])
        body = page.content.decode().replace(email, "ADRESSE")
        body = re.sub(r'(csrfmiddlewaretoken" value=|nonce=)"[^"]+"', "", body)
        refused = type_code(browser, "0000 0000")
        answers.append((asked.status_code, asked["Location"], body, error_of(refused)))

    assert answers[1:] == answers[:-1]
    assert Email.objects.count() == 4


def test_time_of_the_answer_tells_nothing(settings: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10_000, 60))
    browser = Client()
    times: dict[bool, list[float]] = {True: [], False: []}
    for rank in range(200):
        known = rank % 2 == 0
        email = f"adresse{rank}@exemple.fr"
        if known:
            User.objects.create_user(email)
        start = time.perf_counter()
        ask(browser, email)
        times[known].append(time.perf_counter() - start)

    difference = abs(statistics.median(times[True]) - statistics.median(times[False]))

    assert difference < 0.005


@pytest.mark.parametrize("who", ["staff", "closed"])
def test_staff_and_closed_accounts_get_a_mail_without_a_code(
    client: Client, everyone: dict[str, User], who: str
) -> None:
    ask(client, everyone[who].email)

    mail = Email.objects.get()
    assert mail.subject == "Votre demande de connexion"
    assert re.search(r"\d{4} ?\d{4}", mail_text(mail)) is None
    assert f"http://127.0.0.1:8000{reverse('admin:login')}" in mail_text(mail)
    for guess in ("0000 0000", "", "12345678"):
        type_code(client, guess)
    assert signed_in(client) is None


def test_somebody_who_becomes_staff_loses_the_sessions_of_a_code(client: Client) -> None:
    ask(client)
    type_code(client, mailed_code())
    User.objects.filter(email=ADDRESS).update(is_staff=True, is_superuser=True)

    response = client.get(reverse("admin:index"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_closed_account_loses_its_sessions(client: Client) -> None:
    ask(client)
    type_code(client, mailed_code())
    assert client.get("/mairie/").wsgi_request.user.is_authenticated
    User.objects.filter(email=ADDRESS).update(is_active=False)

    assert client.get("/mairie/").wsgi_request.user.is_authenticated is False


def test_staff_sign_in_with_their_password_and_only_there(everyone: dict[str, User]) -> None:
    desk = Client()

    desk.post(
        reverse("admin:login"),
        {
            "username": "agente@mairie.example",
            "password": "x" * 20,
            "next": reverse("admin:index"),
        },
    )

    assert desk.get(reverse("admin:index")).status_code == 200


def test_resident_cannot_enter_the_desk(client: Client) -> None:
    ask(client)
    type_code(client, mailed_code())

    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "login/",
        "password/reset/",
        "password/change/",
        "password/set/",
        "email/",
        "confirm-email/",
        "reauthenticate/",
        "",
    ],
)
def test_rest_of_allauth_is_not_there(client: Client, path: str) -> None:
    assert client.get(f"/compte/{path}", follow=True).status_code == 404


# Addresses


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Écrivez votre adresse e-mail."),
        ("camille", "Il manque le signe « @ » dans cette adresse. Exemple : nom@exemple.fr."),
        ("a@b.fr\r\nBcc: c@d.fr", "Il y a un caractère invisible dans cette adresse,"),
        ("\x00@exemple.fr", "Il y a un caractère invisible dans cette adresse, au début"),
        ("a" * 300 + "@exemple.fr", ""),
        ("camille@exemple.fr, paul@exemple.fr", "Il y a ici plusieurs adresses"),
    ],
)
def test_impossible_address_is_refused_and_sends_nothing(
    client: Client, typed: str, message: str
) -> None:
    response = ask(client, typed)

    assert response.status_code == 200
    assert str(response.context["form"].errors["email"][0]).startswith(message)
    assert Email.objects.count() == 0
    assert User.objects.count() == 0


# Where one goes next


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_no_link_leads_elsewhere_after_sign_in(client: Client, target: str, settings: Any) -> None:
    settings.LOGIN_REDIRECT_URL = "/mairie/"
    asked = ask(client, next_url=target)

    entered = type_code(client, mailed_code(), next_url=target)

    assert asked["Location"] == "/compte/code/"
    assert entered["Location"] == "/mairie/"


def test_session_key_changes_at_sign_in(client: Client) -> None:
    ask(client)
    before = client.session.session_key

    type_code(client, mailed_code())

    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_session_outlives_the_browser_for_twelve_hours(client: Client) -> None:
    ask(client)
    response = type_code(client, mailed_code())

    cookie = response.cookies[django_settings.SESSION_COOKIE_NAME]
    assert cookie["max-age"] == 12 * 3600
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"


def test_production_cookies_are_bound_to_the_host() -> None:
    production = import_module("uzes_portal.settings")

    assert production.SESSION_COOKIE_NAME == "__Host-sessionid"
    assert production.CSRF_COOKIE_NAME == "__Host-csrftoken"
    assert production.SESSION_COOKIE_SECURE is True
    assert production.CSRF_COOKIE_SECURE is True


def test_leaving_asks_first_and_leaves_nothing(client: Client) -> None:
    ask(client)
    type_code(client, mailed_code())

    question = client.get(reverse("account_logout"))
    still_in = signed_in(client)
    left = client.post(reverse("account_logout"))
    again = client.post(reverse("account_logout"))

    assert question.status_code == 200
    assert "no-store" in question["Cache-Control"]
    assert still_in == ADDRESS
    assert left["Location"] == reverse("home")
    assert left["Clear-Site-Data"] == '"cache", "storage"'
    assert signed_in(client) is None
    assert again["Location"] == reverse("home")


def test_browser_keeps_no_copy_of_a_signed_in_page(client: Client) -> None:
    """« Back » after leaving must show nothing; anonymous pages may be kept."""
    anonymous = client.get(NEXT)
    ask(client)
    type_code(client, mailed_code())

    private = client.get(NEXT)

    assert "no-store" in private["Cache-Control"]
    assert "no-store" not in anonymous.get("Cache-Control", "")


def test_forms_need_the_csrf_token() -> None:
    browser = Client(enforce_csrf_checks=True)

    for name in ("account_login", "account_confirm_login_code", "account_logout"):
        assert browser.post(reverse(name), {"email": ADDRESS}).status_code == 403
    assert Email.objects.count() == 0


def test_pages_are_made_for_phones_and_password_managers(client: Client) -> None:
    sign_in = client.get(reverse("account_login")).content.decode()
    ask(client)
    confirm = client.get(reverse("account_confirm_login_code")).content.decode()

    email_input = re.search(r'<input[^>]*name="email"[^>]*>', sign_in)
    code_input = re.search(r'<input[^>]*name="code"[^>]*>', confirm)
    assert email_input is not None
    assert code_input is not None
    assert 'type="email"' in email_input[0]
    assert 'autocomplete="email"' in email_input[0]
    assert 'autocomplete="one-time-code"' in code_input[0]
    assert 'inputmode="numeric"' in code_input[0]
    assert "/courriels/" not in confirm


# Accounts that nobody used


def test_unused_accounts_are_purged_and_the_others_kept(client: Client) -> None:
    now = datetime.now(tz=UTC)
    unused = User.objects.create_user("a@exemple.fr", date_joined=now - timedelta(hours=25))
    recent = User.objects.create_user("b@exemple.fr", date_joined=now - timedelta(hours=23))
    used = User.objects.create_user(
        "c@exemple.fr", date_joined=now - timedelta(days=400), last_login=now
    )
    staff = User.objects.create_user(
        "d@mairie.example", "x" * 20, date_joined=now - timedelta(days=400), is_staff=True
    )

    call_command("purge_accounts", dry_run=True, verbosity=0)
    after_the_dry_run = User.objects.count()
    call_command("purge_accounts", verbosity=0)

    assert after_the_dry_run == 4
    assert set(User.objects.values_list("pk", flat=True)) == {recent.pk, used.pk, staff.pk}
    assert unused.pk is not None
