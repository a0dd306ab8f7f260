"""Whoever an agent changes something of is told by mail: of which kind, once a day, no value."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.models import User
from pacs.actions import desk
from pacs.actions.dossiers import open_dossier
from pacs.admin.answers import answer_forms, answers_key
from pacs.models import Door, Dossier, Partenaire
from pacs.reads.shown import COMMON_ANSWERS, OWN_ANSWERS
from pacs.rules.changed import COMMON_KINDS, OWN_KINDS, kinds_for

#: Of the mail about the change, and of the one about an attestation that the change ended.
SUBJECTS = (
    "Votre démarche d’état civil : la mairie a changé une réponse",
    "Votre démarche d’état civil : une réponse a changé",
)


@pytest.fixture(autouse=True)
def clock(now: Any) -> Any:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


def told() -> dict[str, str]:
    """Address -> the text of its mail that says who changed what; two alone to one address fail."""
    found = Email.objects.filter(subject__in=SUBJECTS).order_by("pk")
    mails = [one for one in found if "un agent de la mairie" in one.message.lower()]
    # The one about an attestation leaves each time that one ends, whoever changed what.
    alone = [tuple(one.to) for one in mails if one.subject == SUBJECTS[0]]
    assert len(set(alone)) == len(alone)
    return {one.to[0]: one.message for one in mails}


def change(dossier: Dossier, agent: User, typed: Mapping[str, Mapping[str, object]]) -> None:
    read = answers_key(answer_forms(Dossier.objects.get(pk=dossier.pk), None))
    desk.save_answers_for(dossier, typed, read=read, by=agent, at=timezone.now())


def test_every_answer_has_a_kind() -> None:
    assert set(OWN_KINDS) == set(OWN_ANSWERS)
    assert set(COMMON_KINDS) == set(COMMON_ANSWERS)


def test_the_other_s_own_answers_are_told_to_nobody_else() -> None:
    changed = ["p1.measure", "p2.street", "couple.city"]

    assert kinds_for(1, changed) == ("votre situation", "votre adresse commune")
    assert kinds_for(2, changed) == ("votre adresse", "votre adresse commune")


#: What an agent types -> who is told (1, 2) of which kind, and a value that no mail may hold.
TYPED: dict[str, tuple[dict[str, dict[str, object]], dict[int, str], str]] = {
    "a name": ({"p1": {"birth_name": "Zyxw"}}, {1: "votre nom"}, "Zyxw"),
    "a record": ({"p2": {"birth_city": "Zyxw"}}, {2: "votre acte de naissance"}, "Zyxw"),
    "a private fact": ({"p2": {"measure": "tutelle"}}, {2: "votre situation"}, "tutelle"),
    "an address": ({"p1": {"street": "1 rue Zyxw"}}, {1: "votre adresse"}, "Zyxw"),
    "contact data": ({"p2": {"phone": "+33466000000"}}, {2: "vos coordonnées"}, "0466"),
    "what both say": (
        {"couple": {"street": "1 rue Zyxw"}},
        {1: "votre adresse commune", 2: "votre adresse commune"},
        "Zyxw",
    ),
}


@pytest.mark.parametrize("case", TYPED)
def test_whose_answer_was_changed_is_told_its_kind_and_no_value(
    case: str, sent: Dossier, agent: User, alice: User, bob: User
) -> None:
    typed, kinds, value = TYPED[case]

    change(sent, agent, typed)

    mails = told()
    assert mails.keys() == {{1: alice, 2: bob}[place].email for place in kinds}
    for place, kind in kinds.items():
        text = mails[{1: alice, 2: bob}[place].email]
        assert f"\n– {kind}\n" in text
        assert sent.reference in text
        assert value not in text
    assert sent.mails.filter(kind="changed_by_mairie").count() == len(kinds)


def test_the_page_of_the_desk_tells_it_as_well(
    sent: Dossier, agent: User, alice: User, client_of: Callable[[User], Client]
) -> None:
    parts = answer_forms(sent, None)
    posted = {"lu": answers_key(parts), "p1-usage_name": "Zyxw"}
    for part in parts:
        for field in part:
            if (value := field.value()) not in (None, False):
                posted.setdefault(field.html_name, "on" if value is True else str(value))

    answer = client_of(agent).post(reverse("admin:pacs_dossier_answers", args=[sent.pk]), posted)

    assert (answer.status_code, set(told())) == (302, {alice.email})


def test_a_second_change_of_the_day_adds_no_mail_and_the_next_day_does(
    sent: Dossier, agent: User, alice: User, bob: User, clock: time_machine.Traveller
) -> None:
    change(sent, agent, {"p1": {"street": "1 rue Neuve"}})
    change(sent, agent, {"p1": {"phone": "+33466000000"}})
    assert told().keys() == {alice.email}
    change(sent, agent, {"couple": {"street": "2 rue Neuve"}})
    assert told().keys() == {alice.email, bob.email}

    clock.shift(timedelta(days=1))
    change(sent, agent, {"p1": {"street": "3 rue Neuve"}})

    of_alice = sent.mails.filter(kind="changed_by_mairie", partenaire__user=alice)
    assert of_alice.count() == 2


def test_an_attested_answer_gives_one_mail_that_says_both(
    sent: Dossier, agent: User, alice: User, bob: User
) -> None:
    Email.objects.all().delete()

    change(sent, agent, {"p1": {"birth_name": "Zyxw"}})

    mails = {one.to[0]: one.message for one in Email.objects.all()}
    assert len(mails) == Email.objects.count() == 2
    assert "– votre nom" in mails[alice.email]
    assert "Votre attestation est à refaire" in mails[alice.email]
    assert "votre nom" not in mails[bob.email]


def test_what_changes_nothing_tells_nothing(sent: Dossier, agent: User) -> None:
    change(sent, agent, {"p1": {"street": sent.people[0].street}})

    assert told() == {}


def at_counter(agent: User, **person: Any) -> Dossier:
    """Opened at the counter, and deposited."""
    dossier = open_dossier(at=timezone.now(), agent=agent, people=(person, {}))
    Dossier.objects.update(status="submitted", submitted_at=timezone.now())
    return dossier


def test_who_answers_in_front_of_an_agent_is_not_told(agent: User) -> None:
    dossier = open_dossier(
        at=timezone.now(), agent=agent, people=({"contact_email": "ici@example.org"}, {})
    )

    change(dossier, agent, {"p1": {"birth_name": "Zyxw"}})

    assert (told(), dossier.mails.count()) == ({}, 0)


def test_the_address_that_is_replaced_is_told_and_not_the_new_one(agent: User) -> None:
    dossier = at_counter(agent, contact_email="avant@example.org")

    change(dossier, agent, {"p1": {"contact_email": "apres@example.org"}})

    mails = told()
    assert mails.keys() == {"avant@example.org"}
    assert "Vous participez sans compte" in mails["avant@example.org"]
    assert "apres@" not in mails["avant@example.org"]


def test_a_change_of_address_is_told_though_another_change_was_told_today(agent: User) -> None:
    """Else a first change, of anything, would hide that the mails now go to somebody else."""
    dossier = at_counter(agent, contact_email="avant@example.org")
    change(dossier, agent, {"p1": {"street": "1 rue Neuve"}})
    change(dossier, agent, {"p1": {"contact_email": "apres@example.org"}})

    assert [mail.to for mail in Email.objects.all()] == [["avant@example.org"]] * 2
    assert dossier.mails.filter(kind="changed_by_mairie", email__isnull=False).count() == 2


def test_whoever_has_no_address_gets_none_and_the_dossier_says_so_once(agent: User) -> None:
    dossier = at_counter(agent)

    change(dossier, agent, {"p1": {"street": "1 rue Neuve"}})
    change(dossier, agent, {"p1": {"street": "2 rue Neuve"}})

    noted = dossier.mails.get(kind="changed_by_mairie")
    assert (told(), noted.fate) == ({}, "Aucun mail : pas d’adresse connue")


#: How the second takes part from now on -> is it told apart from the invitation.
DOORS = {Door.PAPER: True, Door.SAME_DEVICE: True, Door.OWN: False}


@pytest.mark.parametrize("door", DOORS)
def test_another_way_to_take_part_is_told_once(
    door: Door, reference_data: None, alice: User, bob: User, agent: User
) -> None:
    dossier = open_dossier(at=timezone.now(), user=alice)
    Partenaire.objects.filter(dossier=dossier, position=2).update(
        contact_email="second@example.org", private_code="x"
    )
    second = Partenaire.objects.get(dossier=dossier, position=2)
    email = bob.email if door is Door.OWN else ""

    desk.change_door_seen(second, door, email, by=agent, at=timezone.now(), version=None)

    assert ("second@example.org" in told()) is DOORS[door]
    assert alice.email not in told()
    assert Email.objects.filter(to=[email]).count() == (door is Door.OWN)
