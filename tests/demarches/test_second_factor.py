"""The second factor of agents: nothing of the desk opens without it, and it cannot be replayed."""

import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from post_office.models import Email

from demarches.accounts import second_factor
from demarches.files.sealing import SecretDamaged, seal, unseal
from demarches.models import SignIn, StaffSession, User
from tests.support.staff import PASSWORD, code_of, enrol, give_password

pytestmark = pytest.mark.django_db

#: What somebody who owes the second factor may open; each leads out, or to the second factor.
DOORS = {
    "login",
    "second_factor",
    "second_factor_enrol",
    "second_factor_leave",
    "password_lost",
    "password_choose",
}


@pytest.fixture(autouse=True)
def compulsory(settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = True


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("chef@mairie.example", PASSWORD, full_name="Ada Chef")


@pytest.fixture
def pending(root: User) -> Client:
    """A browser that has given the password only."""
    client = Client()
    give_password(client, root.email)
    return client


def desk_addresses(
    patterns: list[Any] | None = None, prefix: str = "", *, inside: bool = False
) -> Iterator[tuple[str, str]]:
    """Name and address of everything under the desk, with a value for each part of it."""
    values = {"int": "1", "slug": "un", "path": "1", "str": "un"}
    for one in patterns if patterns is not None else get_resolver().url_patterns:
        text = str(one.pattern)
        if isinstance(one, URLResolver):
            is_desk = inside or one.namespace == "admin"
            yield from desk_addresses(one.url_patterns, prefix + text, inside=is_desk)
        elif inside and isinstance(one, URLPattern):
            route = prefix + text
            for name, converter in one.pattern.converters.items():
                kind = type(converter).__name__.removesuffix("Converter").lower()
                value = values[kind if kind in values else "str"]
                route = re.sub(rf"<(\w+:)?{name}>", value, route)
            yield str(one.name), "/" + route


ADDRESSES = sorted(
    (name, path) for name, path in desk_addresses() if "(?P" not in path and "^" not in path
)


def test_the_table_holds_the_whole_desk() -> None:
    names = {name for name, _ in ADDRESSES}

    assert names >= DOORS | {"index", "pacs_dossier_change", "vitale_demande_undo", "security"}
    assert len(ADDRESSES) > 150
    assert [path for _, path in ADDRESSES if "<" in path] == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_password_alone_opens_nothing_of_the_desk(pending: Client, method: str) -> None:
    for name, path in ADDRESSES:
        if name in DOORS:
            continue
        answer = getattr(pending, method)(path)
        where = answer.headers.get("Location", "")

        assert (name, answer.status_code) == (name, 302)
        # Nobody is in: the desk sends to its door, which leads to the second factor.
        assert where.startswith("/agents/"), (name, where)
    assert StaffSession.objects.get().second_factor_at is None


def test_a_password_alone_is_nobody_for_the_pages_of_residents(pending: Client) -> None:
    answer = pending.get(reverse("demarches:account"))

    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("account_login"))


def test_the_first_sign_in_asks_for_a_device_then_opens(root: User) -> None:
    client = Client()
    wanted = reverse("admin:demarches_user_changelist")
    door = client.get(wanted)["Location"]
    answer = client.post(door, {"username": root.email, "password": PASSWORD, "next": wanted})
    assert answer.status_code == 302, answer.content.decode()
    trail = client.get(wanted, follow=True)
    asked = reverse("admin:second_factor_enrol", query={"next": wanted})
    assert trail.redirect_chain[-1][0] == asked
    assert '<svg width="235" height="235" class="segno">' in trail.content.decode()

    seed = enrol(client)
    shown = [client.get(reverse("admin:recovery_codes")).context["codes"] for _ in range(2)]
    assert len(shown[0]) == 10
    assert shown[0] == shown[1]  # reading uses nothing up
    kept = client.post(reverse("admin:recovery_codes"), {"next": wanted})

    assert kept["Location"] == wanted
    assert client.get(wanted).status_code == 200
    assert client.get(reverse("admin:recovery_codes")).status_code == 302
    assert seed not in json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert [mail.subject for mail in Email.objects.all()] == ["Votre compte d’agent"]


def test_a_device_cannot_be_added_with_the_password_alone(root: User, pending: Client) -> None:
    enrol(pending)
    thief = Client()
    give_password(thief, root.email)

    page = thief.get(reverse("admin:second_factor_enrol"))
    sent = thief.post(reverse("admin:second_factor_enrol"), {"code": "000000"})

    assert page["Location"] == sent["Location"] == reverse("admin:second_factor")
    assert second_factor.devices(root).count() == 1


def test_a_code_serves_once(root: User, pending: Client) -> None:
    with time_machine.travel("2026-11-02 09:00:10+00:00", tick=False) as clock:
        client = Client()
        give_password(client, root.email)
        seed = enrol(client)
        other = Client()
        give_password(other, root.email)
        url = reverse("admin:second_factor")

        replayed = other.post(url, {"code": code_of(seed)})
        clock.shift(30)
        right = other.post(url, {"code": code_of(seed)})
        thief = Client()
        give_password(thief, root.email)
        late = thief.post(url, {"code": code_of(seed)})
        before = thief.post(url, {"code": code_of(seed, later=-1)})

    assert [one.status_code for one in (replayed, right, late, before)] == [422, 302, 422, 422]
    assert "il a déjà servi" in replayed.content.decode()


def test_a_recovery_code_serves_once(root: User, pending: Client) -> None:
    enrol(pending)
    code = second_factor.recovery_codes(root)[3]
    first, second = Client(), Client()
    for client in (first, second):
        give_password(client, root.email)

    right = first.post(reverse("admin:second_factor"), {"code": f"{code[:5]} {code[5:]}"})
    wrong = second.post(reverse("admin:second_factor"), {"code": code})

    assert (right.status_code, wrong.status_code) == (302, 422)
    assert len(second_factor.recovery_codes(root)) == 9


def test_guesses_of_a_code_are_few(root: User, pending: Client) -> None:
    seed = enrol(pending)
    client = Client()
    give_password(client, root.email)
    url = reverse("admin:second_factor")

    answers = [client.post(url, {"code": f"{guess:06}"}).status_code for guess in range(6)]
    right = client.post(url, {"code": code_of(seed, later=1)})

    assert answers == [422] * 5 + [429]
    assert right.status_code == 429
    results = list(SignIn.objects.filter(user=root).values_list("result", flat=True))
    assert results.count("wrong_factor") == 5


@pytest.mark.parametrize("answer", ["{}", "[]", "not json", '{"id": 3}', '{"response": null}'])
def test_an_unreadable_passkey_opens_nothing(root: User, pending: Client, answer: str) -> None:
    added = pending.post(reverse("admin:second_factor_enrol"), {"credential": answer})
    enrol(pending)
    client = Client()
    give_password(client, root.email)
    tried = client.post(reverse("admin:second_factor"), {"credential": answer})

    assert (added.status_code, tried.status_code) == (422, 422)


def test_a_desk_left_open_changes_no_device(root: User, pending: Client) -> None:
    """Beyond ten minutes, devices and codes ask for both proofs again; the rest of the desk no."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        enrol(pending)
        device = second_factor.devices(root).get()
        codes = second_factor.recovery_codes(root)
        clock.shift(timedelta(minutes=11))
        gestures = (
            pending.get(reverse("admin:second_factor_enrol")),
            pending.post(reverse("admin:second_factor_enrol"), {"code": "000000"}),
            pending.post(reverse("admin:recovery_codes_new")),
            pending.post(reverse("admin:device_remove", args=(device.pk,))),
        )

        assert [answer.status_code for answer in gestures] == [403] * 4
        assert all("Rien n’a changé." in answer.content.decode() for answer in gestures)
        assert second_factor.recovery_codes(root) == codes
        assert pending.get(reverse("admin:index")).status_code == 200

        left = pending.post(reverse("admin:sign_in_again"))

        assert left["Location"] == reverse("admin:login", query={"next": reverse("admin:security")})
        assert left["Clear-Site-Data"] == '"cache", "storage"'
        assert not StaffSession.objects.exists()


def test_the_last_device_stays(root: User, pending: Client) -> None:
    enrol(pending)
    device = second_factor.devices(root).get()

    pending.post(reverse("admin:device_remove", args=(device.pk,)))

    assert second_factor.devices(root).count() == 1


def test_nobody_removes_the_device_of_another(root: User, pending: Client) -> None:
    enrol(pending)
    other = User.objects.create_superuser("autre@mairie.example", PASSWORD)
    theirs = Authenticator.objects.create(user=other, type="totp", data={"secret": "x"})

    assert pending.post(reverse("admin:device_remove", args=(theirs.pk,))).status_code == 404
    assert second_factor.devices(other).count() == 1


def test_the_session_key_changes_with_the_second_factor(root: User, pending: Client) -> None:
    before = pending.cookies["__Host-sessionid"].value

    enrol(pending)

    assert pending.cookies["__Host-sessionid"].value != before


def test_leaving_before_the_second_factor_leaves_nothing(pending: Client) -> None:
    pending.post(reverse("admin:second_factor_leave"))

    assert not StaffSession.objects.exists()
    assert pending.get(reverse("admin:second_factor"))["Location"] == reverse("admin:login")


def test_no_link_leads_elsewhere_after_the_second_factor(root: User, pending: Client) -> None:
    seed = enrol(pending)
    with time_machine.travel(time.time() + 60):
        client = Client()
        give_password(client, root.email)
        answer = client.post(
            reverse("admin:second_factor"),
            {"code": code_of(seed), "next": "https://evil.example/"},
        )

    assert answer["Location"] == reverse("admin:index")


def test_it_can_be_turned_off(root: User, settings: Any) -> None:
    settings.STAFF_SECOND_FACTOR = False
    client = Client()
    give_password(client, root.email)

    assert client.get(reverse("admin:index")).status_code == 200


def test_a_seed_opens_with_its_key_and_its_purpose_only(settings: Any) -> None:
    sealed = seal("JBSWY3DP", purpose="one")

    assert unseal(sealed, purpose="one") == "JBSWY3DP"
    with pytest.raises(SecretDamaged):
        unseal(sealed, purpose="two")
    with pytest.raises(SecretDamaged):
        unseal("nothing of ours", purpose="one")


def test_after_a_rotation_the_old_key_may_go(root: User, pending: Client, settings: Any) -> None:
    seed = enrol(pending)
    old = settings.FILE_KEYS
    new = "second:bmV3LWtleS1mb3ItdGhlLXRlc3RzLTMyLWJ5dGVzLSE="
    settings.FILE_KEYS = f"{new},{old}"
    call_command("rotate_file_keys", verbosity=0)
    settings.FILE_KEYS = new

    with time_machine.travel(time.time() + 60):
        assert second_factor.accept_code(root, code_of(seed))
    assert len(second_factor.recovery_codes(root)) == 10


def test_a_lost_key_refuses_the_code_and_another_helps(
    root: User, pending: Client, settings: Any
) -> None:
    seed = enrol(pending)
    settings.FILE_KEYS = "second:bmV3LWtleS1mb3ItdGhlLXRlc3RzLTMyLWJ5dGVzLSE="
    client = Client()
    give_password(client, root.email)

    with time_machine.travel(time.time() + 60):
        answer = client.post(reverse("admin:second_factor"), {"code": code_of(seed)})
    with pytest.raises(CommandError, match="2 seconds facteurs"):
        call_command("rotate_file_keys", verbosity=0)

    assert answer.status_code == 422
    assert second_factor.recovery_codes(root) == []
    assert second_factor.forget_everything(root) == 2
    call_command("rotate_file_keys", verbosity=0)


def test_the_tables_of_the_library_are_not_on_the_desk() -> None:
    assert not admin.site.is_registered(Authenticator)
