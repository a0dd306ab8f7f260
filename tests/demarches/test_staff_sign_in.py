"""The agents' door: sessions that end, guesses that are few, a log, and a way back in."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.admin.base import DeskAdmin
from demarches.mail.emails import mail_text
from demarches.models import SignIn, StaffSession, User
from tests.support.desk import desk_patterns
from tests.support.staff import PASSWORD, give_password
from uzes_portal import settings as production

pytestmark = pytest.mark.django_db
NEW = "une autre phrase bien longue"


@pytest.fixture(autouse=True)
def production_limits(settings: Any) -> None:
    """Those of the portal's own settings, which the test suite sets aside."""
    settings.STAFF_IDLE_SECONDS = production.STAFF_IDLE_SECONDS
    settings.STAFF_SESSION_SECONDS = production.STAFF_SESSION_SECONDS


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("chef@mairie.example", PASSWORD, full_name="Ada Chef")


def results() -> list[str]:
    return list(SignIn.objects.order_by("pk").values_list("result", flat=True))


def is_in(client: Client) -> bool:
    return client.get(reverse("admin:index")).status_code == 200


# Sessions


@pytest.mark.parametrize(("minutes", "stays"), [(29, True), (31, False)])
def test_a_session_ends_after_half_an_hour_without_a_gesture(
    root: User, minutes: int, stays: bool
) -> None:
    with time_machine.travel("2026-11-02 08:00:00+00:00", tick=False) as clock:
        client = Client()
        give_password(client, root.email)
        clock.shift(timedelta(minutes=minutes))

        assert is_in(client) is stays
        assert StaffSession.objects.exists() is stays


def test_the_agents_own_pages_are_in_the_town_s_frame(root: User) -> None:
    """With the menu once signed in; without it, at the door."""
    client = Client()
    give_password(client, root.email)
    inside = ("security", "second_factor_enrol", "password_change", "password_change_done")

    pages = {name: client.get(reverse(f"admin:{name}")).content.decode() for name in inside}
    doors = {
        name: Client().get(reverse(f"admin:{name}")).content.decode()
        for name in ("login", "password_lost")
    }

    for name, page in [*pages.items(), *doors.items()]:
        assert "desk-frame" in page, name
        assert "nav-sidebar" not in page, name
        assert page.count("<h1>") == 1, name
    assert all('aria-label="Bureau"' in page for page in pages.values())
    assert not any('aria-label="Bureau"' in door for door in doors.values())


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"username": "chef@mairie.example", "password": "autre chose"}, "n’ouvrent pas le bureau"),
        ({"username": "chef@mairie.example", "password": ""}, "Il manque votre adresse ou votre"),
        ({"username": "", "password": PASSWORD}, "Il manque votre adresse ou votre"),
    ],
)
def test_the_door_says_what_is_wrong_and_keeps_the_address(
    root: User, typed: dict[str, str], said: str
) -> None:
    page = Client().post(reverse("admin:login"), typed).content.decode()

    assert said in page
    assert "<title>Erreur" in page
    assert f'value="{typed["username"]}"' in page or not typed["username"]
    assert PASSWORD not in page


def test_a_resident_at_the_door_is_told_which_account_it_is(
    client_of: Callable[[User | None], Client], alice: User
) -> None:
    page = client_of(alice).get(reverse("admin:login")).content.decode()

    assert "Ce navigateur est entré comme alice@example.org" in page


def test_gestures_do_not_prolong_a_session_beyond_twelve_hours(root: User) -> None:
    with time_machine.travel("2026-11-02 08:00:00+00:00", tick=False) as clock:
        client = Client()
        give_password(client, root.email)
        seen = []
        for _ in range(36):
            clock.shift(timedelta(minutes=20))
            seen.append(is_in(client))

    assert seen == [True] * 35 + [False]


def test_an_agent_ends_their_own_sessions_and_no_other(root: User) -> None:
    here, there, stranger = Client(), Client(), Client()
    other = User.objects.create_superuser("autre@mairie.example", PASSWORD)
    for client, email in ((here, root.email), (there, root.email), (stranger, other.email)):
        give_password(client, email)
    _, far, foreign = StaffSession.objects.order_by("pk")

    page = here.get(reverse("admin:security")).content.decode()
    ended = here.post(reverse("admin:session_end", args=(far.pk,)))
    refused = here.post(reverse("admin:session_end", args=(foreign.pk,)))

    assert "(celle-ci)" in page
    assert (ended.status_code, refused.status_code) == (302, 404)
    assert [is_in(client) for client in (here, there, stranger)] == [True, False, True]


def test_a_new_password_ends_the_other_sessions(root: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        give_password(client, root.email)

    here.post(
        reverse("admin:password_change"),
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )

    assert [is_in(client) for client in (here, there)] == [True, False]
    assert StaffSession.objects.count() == 1
    assert Email.objects.get().to == [root.email]


@pytest.mark.parametrize("former", ["", "une phrase inventée", NEW])
def test_changing_the_password_asks_the_former_one(root: User, former: str) -> None:
    client = Client()
    give_password(client, root.email)

    answer = client.post(
        reverse("admin:password_change"),
        {"old_password": former, "new_password1": NEW, "new_password2": NEW},
    )

    assert answer.status_code in {200, 422}
    assert "old_password" in answer.context["form"].errors
    assert User.objects.get(pk=root.pk).check_password(PASSWORD)


# Guesses


@pytest.mark.parametrize(
    "spelling",
    [
        "\N{FULLWIDTH LATIN SMALL LETTER C}hef@mairie.example",
        "CHEF@mairie.example ",
        "\N{CIRCLED LATIN SMALL LETTER C}hef@mairie.example",
    ],
)
def test_another_spelling_is_the_same_account(root: User, spelling: str) -> None:
    guesses = [give_password(Client(), root.email, "faux").status_code for _ in range(10)]

    assert guesses == [200] * 10
    assert give_password(Client(), spelling).status_code == 429


def test_a_stranger_does_not_shut_an_agent_out(root: User) -> None:
    known = Client()
    give_password(known, root.email)
    known.post(reverse("admin:logout"))
    for host in range(70):
        stranger = Client(REMOTE_ADDR=f"198.51.{host}.9")
        give_password(stranger, root.email, "faux")

    new_browser = give_password(Client(REMOTE_ADDR="203.0.113.9"), root.email)
    own_browser = give_password(known, root.email)

    assert (new_browser.status_code, own_browser.status_code) == (429, 302)


def test_the_cookie_of_a_browser_is_for_its_agent_only(root: User) -> None:
    other = User.objects.create_superuser("autre@mairie.example", PASSWORD)
    client = Client()
    give_password(client, other.email)
    client.post(reverse("admin:logout"))

    guesses = [give_password(client, root.email, "faux").status_code for _ in range(11)]

    assert guesses == [200] * 10 + [429]


# The log


def test_tries_are_written_down_without_what_was_typed(root: User) -> None:
    client = Client(REMOTE_ADDR="203.0.113.77")
    resident = User.objects.create_user("alice@example.org")
    for email in (root.email, "inconnu@example.org", resident.email):
        give_password(client, email, "secret tapé")
    give_password(client, root.email)

    assert results() == ["wrong", "unknown", "unknown", "password"]
    rows = str(list(SignIn.objects.values()))
    assert "203.0.113.0/24" in rows
    assert not re.search("inconnu@|alice@|secret|203.0.113.77", rows)
    assert set(SignIn.objects.filter(result="unknown").values_list("user", flat=True)) == {None}


def test_an_agent_reads_their_last_sign_in(root: User) -> None:
    with time_machine.travel("2026-11-02 08:00:00+00:00", tick=False) as clock:
        give_password(Client(), root.email)
        clock.shift(timedelta(hours=3))
        client = Client()
        give_password(client, root.email)
        home = client.get(reverse("admin:index")).content.decode()

    assert "Votre dernière connexion : " in home
    assert "mot de passe juste" in client_page(root)


def client_page(root: User) -> str:
    client = Client()
    give_password(client, root.email)
    return client.get(reverse("admin:demarches_signin_changelist")).content.decode()


def test_tries_are_kept_six_months(root: User) -> None:
    now = timezone.now()
    for days in (150, 190):
        SignIn.objects.create(user=root, at=now - timedelta(days=days), result="wrong")

    call_command("purge_accounts", verbosity=0)

    assert SignIn.objects.count() == 1


# A lost password


def link_of(root: User) -> str:
    found = re.search(r"https?://[^/\s]+(/agents/mot-de-passe-oublie/\S+/\S+/)", last_mail(root))
    assert found
    return found[1]


def last_mail(root: User) -> str:
    return mail_text(Email.objects.filter(to=[root.email]).latest("pk"))


def test_a_lost_password_is_chosen_anew_by_a_link_that_reading_does_not_use_up(root: User) -> None:
    theirs = Client()
    give_password(theirs, root.email)
    client = Client()
    client.post(reverse("admin:password_lost"), {"email": root.email})
    link = link_of(root)

    for _ in range(2):
        Client().get(link, follow=True)
    page = client.get(link, follow=True)
    chosen = client.post(page.redirect_chain[-1][0], {"new_password1": NEW, "new_password2": NEW})

    assert chosen["Location"] == reverse("admin:login")
    assert not is_in(client)  # it is no sign-in: the second factor is still asked for
    assert not is_in(theirs)
    assert give_password(Client(), root.email, NEW).status_code == 302
    assert "déjà servi" in Client().get(link, follow=True).content.decode()


def test_the_link_of_a_password_lives_an_hour(root: User) -> None:
    with time_machine.travel("2026-11-02 08:00:00+00:00", tick=False) as clock:
        Client().post(reverse("admin:password_lost"), {"email": root.email})
        clock.shift(timedelta(minutes=61))
        page = Client().get(link_of(root), follow=True).content.decode()

    assert "son heure est passée" in page


def test_the_answer_is_the_same_for_every_address(root: User) -> None:
    User.objects.create_user("alice@example.org")
    closed = User.objects.create_user("ex@mairie.example", PASSWORD, is_staff=True, is_active=False)
    pages = []
    for email in (root.email, "alice@example.org", "inconnu@example.org", closed.email):
        answer = Client().post(reverse("admin:password_lost"), {"email": email})
        pages.append(re.sub(r'nonce="[^"]+"', "", answer.content.decode()))

    assert len(set(pages)) == 1
    assert [mail.to for mail in Email.objects.all()] == [[root.email]]


# Doors


def test_each_is_led_to_their_own_door(client_of: Callable[[User | None], Client]) -> None:
    nobody = client_of(None)
    resident = nobody.get(reverse("demarches:account"))
    agents = {
        nobody.get(re.sub(r"<[^>]+>", "1", route)).headers.get("Location", "").split("?")[0]
        for name, route, _ in desk_patterns()
        if "(?P" not in route
        and name not in {"login", "logout", "password_lost", "password_choose"}
    }

    assert resident["Location"].split("?")[0] == reverse("account_login")
    # « logout » and the button that leaves lead to the desk, which leads to its door.
    assert agents - {"", reverse("admin:index")} == {reverse("admin:login")}
    page = nobody.get("/agents/pacs/dossier/4/change/", follow=True)
    assert page.redirect_chain[-1][0].endswith("?next=/agents/pacs/dossier/4/change/")
    # Each door says where the other one is.
    assert f'href="{reverse("account_login")}"' in page.content.decode()
    door = nobody.get(reverse("account_login")).content.decode()
    assert f'href="{reverse("admin:login")}"' in door


# Lists


MODELS: list[type[Model]] = sorted(admin.site._registry, key=lambda one: one._meta.label)


@pytest.mark.parametrize("model", MODELS)
def test_a_list_filters_by_what_it_shows_only(model: Any, rf: Any, root: User) -> None:
    desk = admin.site._registry[model]
    assert isinstance(desk, DeskAdmin)
    request = rf.get("/")
    request.user = root
    shown = {
        one[0] if isinstance(one, tuple) else one
        for one in desk.get_list_filter(request)
        if not isinstance(one, type)
    } | {desk.date_hierarchy}
    # A filter of our own offers the name it gives itself.
    own: list[Any] = [one for one in desk.get_list_filter(request) if isinstance(one, type)]
    shown |= {one.parameter_name for one in own}

    for field in model._meta.concrete_fields:
        for ending in ("", "__startswith", "__contains", "__gt", "__regex"):
            is_offered = field.name in shown and not ending
            allowed = desk.lookup_allowed(f"{field.name}{ending}", "a", request)
            assert (field.name, ending, allowed) == (field.name, ending, is_offered)
