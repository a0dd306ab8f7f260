"""What each agent may do about a request for help: a verb a line, a role a column.

Each verb is pressed when it is possible, so that a refusal is about who presses, and about
nothing else. Whoever may not changes nothing: no row, no line of the journal, no mail.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.test import Client
from django.urls import reverse
from post_office.models import STATUS, Email

from demarches.models import User
from tests.support.followups import (
    answered,
    fixed,
    fresh,
    help_agenda,
    make_demande,
    proposed,
    slot_after,
)
from vitale.actions.aide import take
from vitale.admin.demandes import VERBS
from vitale.models import Demande, DemandeEvent, DemandeMail, DemandeNote

NOW = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Paris"))
#: Who may: those who receive people and those who check; « lecteur » only reads, and the rest
#: (an administrateur of the portal, the resident, nobody) do not open the page.
MAY = {"accueil", "instructeur", "officier"}
ROLES = ("accueil", "instructeur", "officier", "administrateur", "lecteur", "habitant", "personne")


def _met(demande: Demande, agent: User) -> Demande:
    return fixed(demande, by=agent, at=NOW)


def _taken(demande: Demande, agent: User) -> Demande:
    take(demande, by=agent, at=NOW, version=fresh(demande).version)
    return fresh(demande)


def _mail_lost(demande: Demande, agent: User) -> Demande:
    Demande.objects.filter(pk=demande.pk).update(phone="", email="alice@example.org")
    demande = answered(fresh(demande), by=agent, at=NOW)
    Email.objects.update(status=STATUS.failed)
    return demande


#: Verb -> how the request comes there, the rest of what is sent, days later.
CASES: dict[str, tuple[Callable[[Demande, User], Demande], dict[str, str], int]] = {
    "prendre": (lambda demande, agent: demande, {}, 0),
    "repondre": (_taken, {"text": "Venez avec une pièce d’identité."}, 0),
    "clore": (lambda demande, agent: answered(demande, by=agent, at=NOW), {}, 0),
    "confirmer": (lambda demande, agent: proposed(demande, by=agent, at=NOW), {}, 0),
    "renoncer": (_met, {}, 0),
    "accompagner": (_met, {}, 60),
    "absent": (_met, {}, 60),
    "renvoyer": (_mail_lost, {}, 0),
    "noter": (lambda demande, agent: demande, {"text": "A rappelé."}, 0),
    "rendez-vous": (_taken, {"accord": "oui"}, 0),
    "annuler": (lambda demande, agent: demande, {"reason": "Doublon."}, 0),
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sign_in(
    reference_data: None, alice: User, client_of: Callable[[User | None], Client]
) -> Callable[[], dict[str, Client]]:
    """Everybody comes in, at the hour it is then."""
    people: dict[str, User] = {"habitant": alice}
    for name in ROLES[:5]:
        people[name] = User.objects.create_user(f"{name}@mairie.example", is_staff=True)
        if name == "lecteur":
            people[name].user_permissions.add(Permission.objects.get(codename="view_demande"))
        else:
            people[name].groups.add(Group.objects.get(name=name))
    return lambda: {role: client_of(people.get(role)) for role in ROLES}


def traces() -> tuple[Any, ...]:
    rows = Demande.objects.values_list("pk", "version", "status", "assigned_to", "appointment")
    counted = (DemandeEvent, DemandeNote, Email)
    return list(rows), *(model.objects.count() for model in counted)


def test_the_table_holds_every_verb() -> None:
    assert set(CASES) == set(VERBS) | {"rendez-vous", "annuler"}


@pytest.mark.parametrize("verb", CASES)
def test_who_may_press_each_button(
    verb: str,
    alice: User,
    agent: User,
    sign_in: Callable[[], dict[str, Client]],
    clock: time_machine.Traveller,
) -> None:
    come_there, data, days = CASES[verb]
    agenda = help_agenda()
    demande = come_there(make_demande(alice, at=NOW), agent)
    if verb == "rendez-vous":
        data = {**data, "creneau": slot_after(agenda, at=NOW, rank=-1).isoformat()}
    if verb == "renvoyer":
        data = {"mail": str(DemandeMail.objects.latest("pk").pk)}
    clock.shift(timedelta(days=days))
    browsers = sign_in()
    name, args = {
        "rendez-vous": ("admin:vitale_demande_book", [demande.pk]),
        "annuler": ("admin:vitale_demande_cancel", [demande.pk]),
    }.get(verb, ("admin:vitale_demande_act", [demande.pk, verb]))
    sent = {**data, "version": fresh(demande).version}

    pressed = {}
    for role in ROLES:
        before = traces()
        with transaction.atomic():
            answer = browsers[role].post(reverse(name, args=args), sent)
            pressed[role] = (answer.status_code, traces() != before)
            transaction.set_rollback(True)

    assert pressed == {
        role: (302, True)
        if role in MAY
        else (302 if role in {"habitant", "personne"} else 403, False)
        for role in ROLES
    }


def test_whoever_only_reads_opens_the_page_and_finds_no_button(
    alice: User, sign_in: Callable[[], dict[str, Client]]
) -> None:
    browsers = sign_in()
    page = reverse("admin:vitale_demande_change", args=[make_demande(alice, at=NOW).pk])

    shown = {role: browsers[role].get(page) for role in ROLES}

    assert {role for role in ROLES if shown[role].status_code == 200} == {*MAY, "lecteur"}
    assert "/faire/" in shown["accueil"].content.decode()
    assert "/faire/" not in shown["lecteur"].content.decode()
