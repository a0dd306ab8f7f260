"""The screen of accounts: agents only, and nobody gives what they do not have."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from demarches.accounts import second_factor
from demarches.accounts.second_factor import PURPOSE
from demarches.files.sealing import seal
from demarches.models import StaffSession, User
from tests.support.staff import PASSWORD, give_password

pytestmark = pytest.mark.django_db


def make(name: str, *groups: str, **more: Any) -> User:
    user = User.objects.create_user(
        f"{name}@mairie.example", PASSWORD, full_name=name.title(), is_staff=True, **more
    )
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


@pytest.fixture
def people(reference_data: None) -> dict[str, User]:
    """One of each strength, and a resident."""
    return {
        "admin": make("admin", "administrateur"),
        "peer": make("peer", "administrateur"),
        "plain": make("plain"),
        "instructeur": make("instructeur", "instructeur"),
        "closed": make("closed", "officier", is_active=False),
        "root": User.objects.create_superuser("root@mairie.example", PASSWORD, full_name="Root"),
        "resident": User.objects.create_user("alice@example.org"),
    }


def change(user: User) -> str:
    return reverse("admin:demarches_user_change", args=(user.pk,))


def sent(user: User, **changes: Any) -> dict[str, Any]:
    """The form of an account as it stands, with these changes."""
    data: dict[str, Any] = {"email": user.email, "full_name": user.full_name}
    data |= {"is_active": "on"} if user.is_active else {}
    data |= {"is_superuser": "on"} if user.is_superuser else {}
    data["groups"] = list(user.groups.values_list("pk", flat=True))
    return {name: value for name, value in (data | changes).items() if value is not None}


def stored(user: User) -> dict[str, Any]:
    row = User.objects.get(pk=user.pk)
    groups = sorted(row.groups.values_list("name", flat=True))
    return {
        "email": row.email,
        "password": row.password,
        "rights": (row.is_active, row.is_staff, row.is_superuser, groups),
        "devices": second_factor.devices(row).count(),
        "sessions": StaffSession.objects.filter(user=row).count(),
    }


VERBS = ("demarches_user_factor", "demarches_user_sessions", "demarches_user_link")


def test_the_list_holds_agents_only(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    page = client_of(people["admin"]).get(reverse("admin:demarches_user_changelist"))

    shown = {row.pk for row in page.context["cl"].result_list}
    assert shown == {user.pk for name, user in people.items() if name != "resident"}
    assert "alice@example.org" not in page.content.decode()


@pytest.mark.parametrize("who", ["admin", "root"])
def test_a_resident_is_not_found(
    people: dict[str, User], client_of: Callable[[User | None], Client], who: str
) -> None:
    client, resident = client_of(people[who]), people["resident"]
    before = stored(resident)
    urls = [change(resident), reverse("admin:demarches_user_history", args=(resident.pk,))]
    urls += [reverse(f"admin:{verb}", args=(resident.pk,)) for verb in VERBS]

    found = client.get(reverse("admin:demarches_user_changelist"), {"q": "alice"})
    statuses = {client.post(url, sent(resident, email="evil@evil.example")) for url in urls}

    assert {answer.status_code for answer in statuses} == {404}
    assert {client.get(url).status_code for url in urls} == {404}
    assert list(found.context["cl"].result_list) == []
    assert stored(resident) == before


@pytest.mark.parametrize("target", ["root", "instructeur", "closed", "admin"])
@pytest.mark.parametrize(
    "changes",
    [
        {"email": "evil@evil.example"},
        {"is_superuser": "on"},
        {"is_active": "on"},
        {"is_active": None},
        {"groups": []},
    ],
)
def test_a_crafted_form_changes_nothing_of_a_stronger_account_nor_of_oneself(
    people: dict[str, User],
    client_of: Callable[[User | None], Client],
    target: str,
    changes: dict[str, Any],
) -> None:
    account = people[target]
    client = client_of(people["admin"])
    before = stored(account)

    answer = client.post(change(account), sent(account, **changes))

    assert answer.status_code == 403
    assert stored(account) == before
    assert client.get(change(account)).status_code == 200  # it is read, and says why


@pytest.mark.parametrize("target", ["root", "closed", "admin"])
@pytest.mark.parametrize("verb", VERBS)
def test_no_button_reaches_a_superuser_a_closed_account_nor_oneself(
    people: dict[str, User],
    client_of: Callable[[User | None], Client],
    target: str,
    verb: str,
) -> None:
    account = people[target]
    client = client_of(people["admin"])
    before = stored(account)

    answer = client.post(reverse(f"admin:{verb}", args=(account.pk,)))

    assert answer.status_code == 403
    assert stored(account) == before
    assert not Email.objects.exists()
    assert "Réinitialiser" not in client.get(change(account)).content.decode()


def test_nobody_gives_a_group_they_do_not_have(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    client, plain = client_of(people["admin"]), people["plain"]
    stronger = Group.objects.get(name="officier")
    page = client.get(change(plain)).content.decode()

    answer = client.post(change(plain), sent(plain, groups=[stronger.pk], is_superuser="on"))

    assert "officier" not in page
    assert "administrateur" in page
    assert (answer.status_code, bool(answer.context["errors"])) == (200, True)
    assert stored(plain)["rights"] == (True, True, False, [])


def test_nobody_adds_an_account_stronger_than_themselves(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(people["admin"])
    group = Group.objects.get(name="administrateur")
    url = reverse("admin:demarches_user_add")
    typed = {"email": "New@Mairie.example", "full_name": "Neuf", "is_superuser": "on"}

    refused = client.post(url, typed | {"groups": [Group.objects.get(name="officier").pk]})
    added = client.post(url, typed | {"groups": [group.pk], "password": "choisi par un autre"})

    assert (refused.status_code, added.status_code) == (200, 302)
    account = User.objects.get(email="new@mairie.example")
    assert stored(account)["rights"] == (True, True, False, ["administrateur"])
    assert not account.has_usable_password()
    told = sorted((mail.to[0], mail.subject) for mail in Email.objects.all())
    assert told == [
        ("new@mairie.example", "Votre mot de passe d’agent"),
        ("peer@mairie.example", "Un compte d’agent a changé"),
        ("root@mairie.example", "Un compte d’agent a changé"),
    ]


def test_an_address_already_taken_says_no_more_for_a_resident_than_for_an_agent(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    client, url = client_of(people["admin"]), reverse("admin:demarches_user_add")

    errors = [
        list(client.post(url, {"email": address, "full_name": "X"}).context["errors"])
        for address in ("alice@example.org", "root@mairie.example")
    ]

    assert errors[0] == errors[1] != []


def test_what_is_given_is_told_and_kept(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    plain = people["plain"]
    client = client_of(people["root"])
    group = Group.objects.get(name="officier")

    client.post(change(plain), sent(plain, groups=[group.pk], email="autre@mairie.example"))

    assert stored(plain)["rights"] == (True, True, False, ["officier"])
    mails = list(Email.objects.all())
    told = {mail.to[0]: mail.message for mail in mails}
    assert sorted(mail.to[0] for mail in mails) == [
        "admin@mairie.example",
        "peer@mairie.example",
        "plain@mairie.example",
    ]
    assert "groupe « officier » donné, adresse e-mail changée" in told["admin@mairie.example"]
    assert "l’adresse e-mail a été changée, par Root" in told["plain@mairie.example"]
    history = client.get(reverse("admin:demarches_user_history", args=(plain.pk,)))
    assert "groupe « officier » donné" in history.content.decode()


def test_a_superuser_makes_another_one_and_not_of_themselves(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(people["root"])

    client.post(change(people["peer"]), sent(people["peer"], is_superuser="on"))
    own = client.post(change(people["root"]), sent(people["root"], is_superuser=None))

    assert stored(people["peer"])["rights"][2] is True
    assert (own.status_code, stored(people["root"])["rights"][2]) == (403, True)


def test_a_lost_device_is_reset_by_another_administrator(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    peer = people["peer"]
    Authenticator.objects.create(
        user=peer, type="totp", data={"secret": seal("JBSWY3DP", purpose=PURPOSE)}
    )
    theirs = client_of(peer)
    client = client_of(people["admin"])

    answer = client.post(reverse("admin:demarches_user_factor", args=(peer.pk,)))

    assert answer["Location"] == change(peer)
    assert stored(peer)["devices"] == stored(peer)["sessions"] == 0
    assert theirs.get(reverse("admin:index")).status_code == 302
    told = sorted(mail.to[0] for mail in Email.objects.all())
    assert told == ["peer@mairie.example"] * 2 + ["root@mairie.example"]  # what was done, a link
    assert not User.objects.get(pk=peer.pk).has_usable_password()


def test_an_administrator_ends_the_sessions_of_another(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    theirs = client_of(people["peer"])
    client = client_of(people["admin"])

    client.post(reverse("admin:demarches_user_sessions", args=(people["peer"].pk,)))

    assert theirs.get(reverse("admin:index")).status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200


def test_a_closed_account_loses_its_sessions(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    theirs = client_of(people["peer"])

    client_of(people["admin"]).post(change(people["peer"]), sent(people["peer"], is_active=None))

    assert stored(people["peer"])["rights"][0] is False
    assert theirs.get(reverse("admin:index")).status_code == 302


def test_the_last_administrator_stays(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    """A manager of accounts who is none any more by the time the lock is taken does nothing."""
    admin, peer = people["admin"], people["peer"]
    client = client_of(admin)
    User.objects.filter(pk=people["root"].pk).update(is_active=False)
    client_of(peer).post(change(admin), sent(admin, groups=[]))

    answer = client.post(change(peer), sent(peer, is_active=None))

    assert answer.status_code == 403
    assert [one.pk for one in User.objects.administrators()] == [peer.pk]


def test_accounts_are_closed_and_never_deleted(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(people["root"])
    url = reverse("admin:demarches_user_delete", args=(people["plain"].pk,))

    assert client.post(url, {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=people["plain"].pk).exists()


def test_other_groups_do_not_open_the_screen(
    people: dict[str, User], client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(people["instructeur"])

    statuses = {
        client.get(reverse("admin:demarches_user_changelist")).status_code,
        client.get(change(people["plain"])).status_code,
        client.post(change(people["plain"]), sent(people["plain"])).status_code,
        client.post(reverse("admin:demarches_user_factor", args=(people["plain"].pk,))).status_code,
    }

    assert statuses == {403}


# Group by group (ADR 0057)

GROUPS = ("accueil", "instructeur", "officier", "administrateur")
#: What each group may do to an open account of each group, in the order of `GROUPS`: « help » is
#: the three buttons, « change » is the form too.
REACH: dict[str, tuple[str, ...]] = {
    "accueil": ("", "", "", ""),
    "instructeur": ("", "", "", ""),
    "officier": ("", "", "", ""),
    "administrateur": ("help", "help", "help", "change"),
}


@pytest.mark.parametrize("verb", [*VERBS, "change"])
@pytest.mark.parametrize("target", GROUPS)
@pytest.mark.parametrize("actor", GROUPS)
def test_each_group_does_to_each_what_its_line_says(
    reference_data: None,
    client_of: Callable[[User | None], Client],
    actor: str,
    target: str,
    verb: str,
) -> None:
    account = make("target", target)
    theirs, client = client_of(account), client_of(make("actor", actor))
    before = stored(account)
    reach = REACH[actor][GROUPS.index(target)]
    may = reach == "change" or (reach == "help" and verb != "change")

    if verb == "change":
        answer = client.post(change(account), sent(account, email="evil@evil.example"))
    else:
        answer = client.post(reverse(f"admin:{verb}", args=(account.pk,)))

    assert answer.status_code == (302 if may else 403)
    after = stored(account)
    assert after["email"] == ("evil@evil.example" if may and verb == "change" else before["email"])
    assert after["rights"] == before["rights"]
    if not may:
        assert after == before
        assert not Email.objects.exists()
    elif verb != "change":
        # Nothing goes to whoever helped, who is no more signed in as the agent than before.
        assert "actor@mairie.example" not in {mail.to[0] for mail in Email.objects.all()}
        assert client.session["_auth_user_id"] != str(account.pk)
        opens = theirs.get(reverse("admin:index")).status_code == 200
        assert opens is (verb == "demarches_user_link")


def test_the_former_password_does_not_choose_the_new_device(
    people: dict[str, User], client_of: Callable[[User | None], Client], settings: Any
) -> None:
    agent = people["instructeur"]
    client_of(people["admin"]).post(reverse("admin:demarches_user_factor", args=(agent.pk,)))
    settings.STAFF_SECOND_FACTOR = True
    thief = Client()

    give_password(thief, agent.email)

    assert thief.get(reverse("admin:second_factor_enrol")).status_code == 302
    assert "_auth_user_id" not in thief.session
