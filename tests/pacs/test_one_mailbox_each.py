"""No door writes one partenaire's mailbox as the other's contact: mails are for one alone."""

import ast
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.accounts.address_change import change_address
from demarches.models import User
from pacs.actions import desk
from pacs.actions.dossiers import choose_door, join_dossier, open_dossier, record_answers
from pacs.actions.helping import invite_helper
from pacs.actions.refusals import ActionRefused
from pacs.admin.answers import answer_forms, answers_key
from pacs.forms.identity import SituationForm
from pacs.models import Door, Dossier, Partenaire

THEIRS = "ensemble@example.org"


@pytest.fixture(autouse=True)
def clock(now: Any) -> Any:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def at_counter(agent: User, *addresses: str) -> Dossier:
    people = tuple({"contact_email": one} for one in addresses)
    return open_dossier(at=timezone.now(), agent=agent, people=people)  # type: ignore[arg-type]


def contacts(dossier: Dossier) -> list[str]:
    rows = Partenaire.objects.filter(dossier=dossier).order_by("position")
    return list(rows.values_list("contact_email", flat=True))


def save(dossier: Dossier, agent: User, **typed: str) -> None:
    read = answers_key(answer_forms(Dossier.objects.get(pk=dossier.pk), None))
    answers = {whose: {"contact_email": address} for whose, address in typed.items()}
    desk.save_answers_for(dossier, answers, read=read, by=agent, at=timezone.now())


@pytest.mark.parametrize(
    ("before", "typed"),
    [
        ((THEIRS, ""), {"p2": THEIRS}),
        (("", THEIRS), {"p1": THEIRS}),
        (("", ""), {"p1": THEIRS, "p2": THEIRS}),
    ],
)
def test_the_desk_writes_no_mailbox_twice(
    agent: User, before: tuple[str, str], typed: dict[str, str]
) -> None:
    dossier = at_counter(agent, *before)

    with pytest.raises(ActionRefused, match="la même adresse e-mail"):
        save(dossier, agent, **typed)

    assert contacts(dossier) == list(before)


def test_two_addresses_may_be_put_right_at_once(agent: User) -> None:
    dossier = at_counter(agent, "a@example.org", "b@example.org")

    save(dossier, agent, p1="b@example.org", p2="a@example.org")

    assert contacts(dossier) == ["b@example.org", "a@example.org"]


def test_the_address_of_an_account_is_a_mailbox_too(
    draft: Dossier, alice: User, agent: User
) -> None:
    Dossier.objects.update(at_counter=True)

    with pytest.raises(ActionRefused, match="la même adresse e-mail"):
        save(draft, agent, p2=alice.email)


def test_the_page_of_the_desk_keeps_what_was_typed(
    agent: User, client_of: Callable[[User | None], Client]
) -> None:
    dossier = at_counter(agent, THEIRS, "")
    browser, page = client_of(agent), reverse("admin:pacs_dossier_answers", args=[dossier.pk])
    forms = browser.get(page).context["forms"]
    posted = {"lu": answers_key([part for _, part in forms])}

    refused = browser.post(page, posted | {"p2-contact_email": THEIRS})

    html = refused.content.decode()
    assert refused.status_code == 409
    assert "la même adresse e-mail" in html
    assert refused.context["forms"][2][1]["contact_email"].value() == THEIRS
    assert contacts(dossier) == [THEIRS, ""]


def test_the_couple_s_own_page_asks_the_same_when_it_is_saved(
    draft: Dossier, alice: User, now: datetime
) -> None:
    """The address was free when the form was judged, and is not any more."""
    second = draft.people[1]
    Partenaire.objects.filter(pk=second.pk).update(
        user=None, door=Door.SAME_DEVICE.value, private_code="x", contact_email=""
    )
    form = SituationForm(
        {"contact_email": THEIRS},
        instance=Partenaire.objects.get(pk=second.pk),
        partial=True,
    )
    assert form.is_valid(), form.errors
    User.objects.filter(pk=alice.pk).update(email=THEIRS)

    with pytest.raises(ActionRefused, match="la même adresse e-mail"):
        record_answers(form, dossier=draft, at=now)

    assert contacts(draft)[1] == ""


def invite_at_the_counter(dossier: Dossier, alice: User, agent: User) -> None:
    desk.change_door_seen(
        dossier.people[1], Door.OWN, THEIRS, by=agent, at=timezone.now(), version=None
    )


def invite_online(dossier: Dossier, alice: User, agent: User) -> None:
    second, now = dossier.people[1], timezone.now()
    choose_door(second, Door.OWN, email=THEIRS, from_empty=True, by=alice, at=now)


def ask_help(dossier: Dossier, alice: User, agent: User) -> None:
    second = dossier.people[1]
    invite_helper(second, name="Lou", email=THEIRS, by=second.user, at=timezone.now())


def join(dossier: Dossier, alice: User, agent: User) -> None:
    Partenaire.objects.filter(dossier=dossier, position=2).update(invited_email=THEIRS)
    join_dossier(dossier, User.objects.create_user(THEIRS), at=timezone.now())


@pytest.mark.parametrize(
    "act", [invite_at_the_counter, invite_online, ask_help, join], ids=lambda one: one.__name__
)
def test_nobody_is_invited_at_the_mailbox_of_the_first(
    draft: Dossier, alice: User, agent: User, act: Callable[[Dossier, User, User], None]
) -> None:
    """Whoever came in by it would read what the mairie writes to the first alone."""
    Partenaire.objects.filter(dossier=draft, position=1).update(contact_email=THEIRS)
    Partenaire.objects.filter(dossier=draft, position=2).update(
        user=None, door="", contact_email="", invited_email="", part_begun_at=None
    )
    if act is ask_help:
        bob = User.objects.get(email="bob@example.org")
        Partenaire.objects.filter(dossier=draft, position=2).update(user=bob, door=Door.OWN.value)

    with pytest.raises(ActionRefused, match=r"même adresse e-mail|adresse de votre partenaire"):
        act(draft, alice, agent)

    second = Partenaire.objects.get(dossier=draft, position=2)
    assert THEIRS not in second.addresses - {second.invited_email}
    assert not second.helpers.exists()


def test_every_action_that_writes_a_mailbox_asks_whose_it_is() -> None:
    """An assignment of an address in an action, without the question, is a door of its own."""
    actions = Path(desk.__file__).parent
    asked, writers = set(), set()
    for path in actions.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            name = f"{path.stem}.{function.name}"
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    asked |= {name} if node.func.id == "check_contacts" else set()
                if isinstance(node, ast.Assign) and not _is_empty(node.value):
                    names = {t.attr for t in node.targets if isinstance(t, ast.Attribute)}
                    writers |= {name} if names & {"contact_email", "invited_email"} else set()

    assert writers == {"part.set_door", "dossiers.join_dossier"}
    assert writers <= asked


def _is_empty(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value == ""


@pytest.mark.parametrize("column", ["contact_email", "invited_email"])
def test_an_account_does_not_take_the_mailbox_of_the_other(
    draft: Dossier, alice: User, now: datetime, column: str
) -> None:
    old = alice.email
    Partenaire.objects.filter(dossier=draft, position=2).update(
        **{"user": None, "contact_email": "", "invited_email": "", column: THEIRS}
    )

    with pytest.raises(ValidationError, match="la mairie écrit à votre partenaire"):
        change_address(alice, THEIRS, at=now)

    alice.refresh_from_db()
    assert alice.email == old


def test_an_invitation_follows_the_account_it_waits_for(
    draft: Dossier, bob: User, now: datetime
) -> None:
    Partenaire.objects.filter(dossier=draft, position=2).update(
        user=None, contact_email="", door=Door.OWN.value, invited_email=bob.email
    )

    change_address(bob, "bob.neuf@example.org", at=now)

    assert list(Dossier.objects.inviting(bob)) == [draft]
    assert Partenaire.objects.get(dossier=draft, position=2).invited_email == bob.email
