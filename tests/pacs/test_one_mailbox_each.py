"""No door writes one partenaire's mailbox as the other's contact: mails are for one alone."""

from collections.abc import Callable
from datetime import datetime
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
from pacs.actions.dossiers import open_dossier, record_answers
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
