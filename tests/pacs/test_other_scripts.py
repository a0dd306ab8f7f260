"""Names and places in another alphabet: refused where they are typed, by couple and agents."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Field, Model
from django.test import Client
from django.urls import reverse

from demarches.models import User
from demarches.models.fields import LatinCharField
from pacs.forms.civil import CivilForm
from pacs.models import Dossier, Partenaire, RegisteredPerson
from pacs.models.fields import NameField
from tests.support.dossiers import make_dossier
from tests.support.forms import answer
from tests.support.pages import Page

NAMES = {
    "birth_name",
    "first_names",
    "usage_name",
    "parent1_name",
    "parent1_first_names",
    "parent2_name",
    "parent2_first_names",
}
PLACES = {"birth_city", "birth_department", "street", "street_more", "city"}


def columns(model: type[Model], kind: type[Field[Any, Any]]) -> set[str]:
    return {one.name for one in model._meta.get_fields() if type(one) is kind}


def test_every_name_and_place_of_a_person_has_the_rule() -> None:
    assert columns(Partenaire, NameField) == NAMES
    assert columns(Partenaire, LatinCharField) == PLACES
    assert columns(Dossier, LatinCharField) == {"street", "street_more", "city"}
    assert columns(RegisteredPerson, NameField) == {"birth_name", "first_names"}
    assert columns(RegisteredPerson, LatinCharField) == {"birth_city", "birth_department"}
    typed = set(CivilForm.base_fields) | {"postcode"}
    assert typed >= NAMES


@pytest.fixture
def draft(reference_data: None, alice: User, bob: User) -> Dossier:
    return make_dossier(alice, bob)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_couple_is_told_what_to_write(
    draft: Dossier, alice: User, client_of: Callable[[User], Client], name: str
) -> None:
    url = reverse("pacs:own-step", args=[draft.reference, "acte"])

    refused = answer(client_of(alice), url, **{name: "Ольга"})

    html = refused.content.decode()
    assert refused.status_code == 422
    assert "Écrivez ce nom en lettres latines" in html
    assert 'value="Ольга"' in html  # what was typed stays


def test_a_latin_letter_that_no_document_draws_is_named_with_what_to_write(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    url = reverse("pacs:own-step", args=[draft.reference, "acte"])

    refused = answer(client_of(alice), url, first_names="Kɔfi")

    told = " ".join(refused.context["form"].errors["first_names"]).replace("\u00a0", " ")
    assert "« Kɔfi »" in told
    assert "comme sur la traduction de l’acte ou sur le titre de séjour" in told


def test_the_shared_address_too(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    url = reverse("pacs:common-step", args=[draft.reference, "adresse"])

    refused = answer(client_of(alice), url, street="3 \u0443\u043b\u0438\u0446\u0430 Мира")

    assert refused.status_code == 422
    assert (
        "«\u00a0\u0443\u043b\u0438\u0446\u0430\u00a0» a une lettre d’un autre alphabet"
        in refused.content.decode()
    )


def test_the_agent_is_told_the_same(
    draft: Dossier, agent: User, client_of: Callable[[User], Client]
) -> None:
    page = Page.open(client_of(agent), reverse("admin:pacs_dossier_counter"))
    refused = page.client.post(page.url, {**page.fields(), "birth_name": "Ольга"})
    assert refused.status_code in {302, 422}
    assert not Partenaire.objects.filter(birth_name="Ольга").exists()


def test_a_name_typed_before_the_rule_stops_the_declaration_and_says_which(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    draft.partenaires.filter(position=1).update(birth_name="王小明")
    paper = reverse("pacs:dossier-paper", args=[draft.reference, "declaration"])

    refused = client_of(alice).get(paper)

    assert refused.status_code == 422
    assert "«\u00a0王小明\u00a0» a un signe" in refused.content.decode()
    # The row itself is not stuck: everything else can still be written.
    person = draft.partenaires.get(position=1)
    person.needs = "ascenseur"
    person.save()
