"""Where each of the two lives today: one answer, whichever door the address changed by."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from pacs.actions.corrections import send_corrections, take_correction
from pacs.forms.common import HOME_WITHOUT_ADDRESS
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import missing_own
from tests.support.dossiers import COMMON, OTHER, PERSON, make_dossier, send
from tests.support.forms import answer
from tests.support.pages import Page

NOWHERE = {"street": "", "street_more": "", "postcode": "", "city": ""}
OLD, NEW = "3 rue des Lilas, 30700 Uzès", "8 place aux Herbes, 30700 Uzès"
OWN = {"street": "5 rue Haute", "postcode": "30000", "city": "Nîmes"}


@pytest.fixture
def at_home(reference_data: None, alice: User, bob: User) -> Dossier:
    """A draft of two people who live at their common address already."""
    people = ({**PERSON, **NOWHERE}, {**OTHER, **NOWHERE})
    return make_dossier(alice, bob, common={**COMMON, "already_home": True}, people=people)


def step(dossier: Dossier, slug: str) -> str:
    part = "common-step" if slug == "adresse" else "own-step"
    return reverse(f"pacs:{part}", args=[dossier.reference, slug])


def homes(dossier: Dossier) -> list[str]:
    return [str(one.home.address) for one in Dossier.objects.get(pk=dossier.pk).people]


def by_the_couple(dossier: Dossier, client: Client, agent: Client) -> None:
    answer(client, step(dossier, "adresse"), street="8 place aux Herbes")


def by_a_correction(dossier: Dossier, client: Client, agent: Client) -> None:
    dossier = send(dossier)
    answer(client, step(dossier, "adresse"), street="8 place aux Herbes")
    one, now = dossier.people[0], timezone.now()
    send_corrections(one, at=now, by=one.user)
    row = dossier.corrections.get()
    by = User.objects.get(is_staff=True)
    moment = row.changed_at.isoformat()
    take_correction(dossier, row.pk, changed_at=moment, by=by, at=now, version=None)


def by_an_agent(dossier: Dossier, client: Client, agent: Client) -> None:
    dossier = send(dossier)
    url = reverse("admin:pacs_dossier_answers", args=[dossier.pk])
    page = Page.open(agent, url)
    response = page.press({**as_shown(agent, url), "couple-street": "8 place aux Herbes"})
    assert response.status_code == 302


def as_shown(client: Client, url: str) -> dict[str, Any]:
    fields = [field for _, form in client.get(url).context["forms"] for field in form]
    shown = {field.html_name: field.value() for field in fields}
    return {name: str(value) for name, value in shown.items() if value not in (None, False)}


DOORS = [by_the_couple, by_a_correction, by_an_agent]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_both_follow_their_common_address_by_whichever_door_it_changes(
    at_home: Dossier,
    alice: User,
    bob: User,
    agent: User,
    client_of: Callable[[User | None], Client],
    door: Callable[[Dossier, Client, Client], None],
) -> None:
    before = homes(at_home)

    door(at_home, client_of(alice), client_of(agent))

    assert (before, homes(at_home)) == ([OLD] * 2, [NEW] * 2)
    assert [missing_own(one) for one in at_home.people] == [[], []]
    for one in (alice, bob):
        page = client_of(one).get(step(at_home, "situation")).content.decode()
        assert NEW in page
        assert OLD not in page


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_an_own_address_stays_whatever_happens_to_the_common_one(
    at_home: Dossier,
    alice: User,
    agent: User,
    client_of: Callable[[User | None], Client],
    door: Callable[[Dossier, Client, Client], None],
) -> None:
    Partenaire.objects.filter(dossier=at_home, position=2).update(**OWN)

    door(at_home, client_of(alice), client_of(agent))

    assert homes(at_home) == [NEW, "5 rue Haute, 30000 Nîmes"]


def test_agents_read_where_each_lives(
    at_home: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    Partenaire.objects.filter(dossier=at_home, position=2).update(**OWN)
    send(at_home)

    page = client_of(agent).get(reverse("admin:pacs_dossier_change", args=[at_home.pk]))

    shown = [str(answer.value) for _, _, answers in page.context["sheets"] for answer in answers]
    assert f"{OLD} (adresse commune)" in shown
    assert "5 rue Haute, 30000 Nîmes" in shown


def test_who_no_longer_lives_there_is_asked_where(
    at_home: Dossier, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    answer(client_of(alice), step(at_home, "adresse"), where="ici")

    people = Dossier.objects.get(pk=at_home.pk).people
    assert [missing_own(one) for one in people] == [
        ["numéro et voie", "code postal", "commune"]
    ] * 2
    assert client_of(bob).get(step(at_home, "situation")).context["form"].fields["street"].required


# The second


def test_the_second_reads_which_address_is_taken_and_by_whom_it_was_said(
    at_home: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    page = " ".join(client_of(bob).get(step(at_home, "situation")).content.decode().split())

    assert f"{OLD} (adresse commune, dite par Camille Anne Lemoine)" in page
    assert "J’habite à une autre adresse" in page


def test_the_second_puts_another_in_private_and_comes_back(
    at_home: Dossier, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    her, his = client_of(alice), client_of(bob)
    page = step(at_home, "situation")

    assert answer(his, page).status_code == 302
    assert homes(at_home) == [OLD, OLD]
    assert answer(his, page, **OWN).status_code == 302
    assert homes(at_home) == [OLD, "5 rue Haute, 30000 Nîmes"]
    for name in ("dossier", "dossier-review"):
        url = reverse(f"pacs:{name}", args=[at_home.reference])
        assert "5 rue Haute" not in her.get(url).content.decode()
    assert "Pour y revenir, videz les cases." in his.get(page).content.decode()
    assert answer(his, page, **NOWHERE).status_code == 302
    assert homes(at_home) == [OLD, OLD]


def test_half_an_address_is_refused_with_a_way_out_and_kept_in_its_boxes(
    at_home: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    response = answer(client_of(bob), step(at_home, "situation"), city="Nîmes")

    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"street", "postcode"}
    assert "l’adresse commune est alors la vôtre" in str(response.context["form"].errors)
    assert '<details class="details" open>' in response.content.decode()
    assert response.context["form"]["city"].value() == "Nîmes"


def test_the_common_address_typed_again_is_no_address_of_ones_own(
    at_home: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    same = {name: COMMON[name] for name in ("street", "postcode", "city")}

    answer(client_of(bob), step(at_home, "situation"), **same)

    assert at_home.partenaires.get(position=2).street == ""


def test_finishing_later_keeps_an_address_that_is_begun(
    at_home: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    answer(client_of(bob), step(at_home, "situation"), city="Nîmes", later="1")

    second = at_home.partenaires.select_related("dossier").get(position=2)
    assert not second.home.is_common
    assert missing_own(second) == ["numéro et voie", "code postal"]


def test_the_first_who_moves_in_is_asked_nothing_more(
    at_home: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    at_home.partenaires.filter(position=1).update(**OWN)
    client = client_of(alice)

    page = client.get(step(at_home, "situation"))

    assert "street" not in page.context["form"].fields
    assert "(adresse commune, dite par vous)" in " ".join(page.content.decode().split())


# Contradictions


def test_nobody_lives_already_where_no_common_address_can_be(
    at_home: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    response = answer(client_of(alice), step(at_home, "adresse"), where="sans_adresse")

    assert response.status_code == 302
    at_home.refresh_from_db()
    assert (at_home.impediment, at_home.already_home) == ("residence_non_fixable", None)


def test_an_agent_cannot_type_that_contradiction_either(
    at_home: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    send(at_home)
    client = client_of(agent)
    url = reverse("admin:pacs_dossier_answers", args=[at_home.pk])
    page = Page.open(client, url)

    response = page.press({**as_shown(client, url), "couple-impediment": "residence_non_fixable"})

    assert response.status_code == 422
    assert response.context["forms"][0][1].errors == {"already_home": [HOME_WITHOUT_ADDRESS]}


def test_no_address_is_common_without_one(at_home: Dossier) -> None:
    Dossier.objects.filter(pk=at_home.pk).update(impediment="residence_non_fixable")

    assert homes(at_home) == ["", ""]


# The page of the common address


@pytest.mark.parametrize(
    ("residence", "impediment", "shown"),
    [
        ("autre_commune", "deplacement_partenaire", "autre_commune"),
        ("etranger", "deplacement_partenaire", "etranger"),
        ("autre_commune", "residence_non_fixable", "sans_adresse"),
        ("ici", "", ""),
        ("", "", ""),
    ],
)
def test_the_page_shows_the_answer_that_was_given(
    draft: Dossier,
    alice: User,
    client_of: Callable[[User | None], Client],
    residence: str,
    impediment: str,
    shown: str,
) -> None:
    Dossier.objects.filter(pk=draft.pk).update(residence=residence, impediment=impediment)

    form = client_of(alice).get(step(draft, "adresse")).context["form"]

    assert form["where"].value() == shown


def test_without_a_common_address_the_page_says_whose_it_asks(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    form = client_of(alice).get(step(draft, "adresse")).context["form"]

    assert "l’adresse de l’un de vous deux" in str(form["street"].help_text)


def test_no_origin_is_answered_for_who_finishes_later(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    blank: dict[str, Any] = {"birth_country": "", "nationalities": [], "birth_city": ""}
    draft.partenaires.filter(position=1).update(**blank)
    client, page = client_of(alice), step(draft, "acte")

    client.post(page, {"birth_city": "Nîmes", "later": "1"})

    form = client.get(page).context["form"]
    assert (form["birth_city"].value(), form["origin"].value()) == ("Nîmes", "")


def test_copies_of_before_are_forgotten(at_home: Dossier) -> None:
    same = {name: COMMON[name] for name in ("street", "postcode", "city")}
    at_home.partenaires.filter(position=1).update(**same)
    at_home.partenaires.filter(position=2).update(**OWN)
    name = "pacs.migrations.0012_own_address_not_copied"

    importlib.import_module(name).forget_copies(apps, connection.schema_editor())

    assert list(at_home.partenaires.values_list("street", flat=True)) == ["", "5 rue Haute"]
