"""What a page proposes after the sending, whoever answers it and whatever the column."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_countries.fields import CountryField

from demarches.models import User
from pacs.actions.corrections import lay_over, pending_of, propose
from pacs.actions.dossiers import record_answers
from pacs.actions.refusals import ActionRefused
from pacs.forms.civil import CivilForm
from pacs.models import Correction, Dossier, Partenaire
from pacs.models.consent import plain_value
from pacs.pages.steps import COMMON_STEPS, OWN_STEPS
from pacs.rules.consent import ATTESTED_COMMON, ATTESTED_OWN, FREE_COMMON, FREE_OWN
from pacs.rules.situation import Impediment, Residence
from tests.support.dossiers import OTHER, PERSON, make_dossier, send
from tests.support.forms import answer

NOW = "2026-11-23T10:00:00+01:00"
ABROAD: dict[str, Any] = {
    **PERSON,
    "birth_country": "DZ",
    "birth_city": "Oran",
    "has_french_record": "non",
    "birth_record_in_french": "oui",
    "country_updates_records": "oui",
    "coutume_in_french": "oui",
    "country_issues_coutume": "oui",
}
WAS_MARRIED = {
    "situation": "divorce",
    "divorce_mentioned": "non",
    "union_record_country": "FR",
    "union_record_in_french": "oui",
}
PEOPLE: dict[str, dict[str, Any]] = {
    "foreign": {**ABROAD, "nationalities": ["DZ"], "protection": "aucune", **WAS_MARRIED},
    "dual": {**ABROAD, "nationalities": ["FR", "DZ"]},
    "dual_once_foreign": {**ABROAD, "nationalities": ["FR", "DZ"], "protection": "aucune"},
    "french_once_foreign": {**PERSON, "protection": "aucune"},
    "stateless": {**ABROAD, "nationalities": [], "protection": "apatride"},
    "refugee": {**ABROAD, "nationalities": ["DZ"], "protection": "refugie"},
    "overseas": {**PERSON, "birth_country": "RE", "birth_city": "Saint-Denis"},
    "overseas_code": {**PERSON, "nationalities": ["RE"]},
    "widowed": {**PERSON, "situation": "veuf", "union_record_country": "IT"},
    "of_several_communes": {**PERSON, "birth_city": "Saint-Denis", "birth_department": "Réunion"},
    "of_the_past": {**PERSON, "birth_city": "Alger", "birth_department": "Alger"},
    "protected": {**PERSON, "measure": "tutelle", "protector_is_partenaire": True},
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def sent_by(one: dict[str, Any], alice: User, bob: User, **common: str) -> Dossier:
    """Sent with these answers, whether or not they would be sent today: old dossiers stand too."""
    dossier = make_dossier(alice, bob, people=(one, OTHER))
    Dossier.objects.filter(pk=dossier.pk).update(
        status="submitted", submitted_at=timezone.now(), **common
    )
    return Dossier.objects.get(pk=dossier.pk)


def pages(dossier: Dossier) -> list[str]:
    one = dossier.people[0]
    common = [("pacs:common-step", s.slug) for s in COMMON_STEPS.for_subject(dossier)]
    own = [("pacs:own-step", s.slug) for s in OWN_STEPS.for_subject(one)]
    return [reverse(name, args=[dossier.reference, slug]) for name, slug in [*common, *own]]


@pytest.mark.parametrize("who", sorted(PEOPLE))
def test_no_page_as_it_is_shown_proposes(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User], Client], who: str
) -> None:
    dossier, client = sent_by(PEOPLE[who], alice, bob), client_of(alice)

    for page in pages(dossier):
        response = answer(client, page)
        assert response.status_code == 302, (page, response.context["form"].errors)
        assert [one.values for one in Correction.objects.all()] == [], page


@pytest.mark.parametrize("impediment", ["", *(one.value for one in Impediment)])
@pytest.mark.parametrize("residence", [one.value for one in Residence])
def test_a_street_alone_is_proposed_alone(
    reference_data: None,
    alice: User,
    bob: User,
    client_of: Callable[[User], Client],
    residence: str,
    impediment: str,
) -> None:
    dossier = sent_by(PERSON, alice, bob, residence=residence, impediment=impediment)
    page = reverse("pacs:common-step", args=[dossier.reference, "adresse"])

    response = answer(client_of(alice), page, street="4 rue du Port")

    assert response.status_code == 302, response.context["form"].errors
    assert [set(one.values) for one in Correction.objects.all()] == [{"street"}]


def own_page(dossier: Dossier, slug: str) -> str:
    return reverse("pacs:own-step", args=[dossier.reference, slug])


def test_agents_find_the_name_in_force_not_the_one_proposed(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    dossier, client = send(make_dossier(alice, bob)), client_of(alice)
    answer(client, own_page(dossier, "acte"), birth_name="Bellanger")

    answer(client, own_page(dossier, "situation"), phone="06 12 34 56 78")

    one = Partenaire.objects.get(dossier=dossier, position=1)
    assert (str(one.phone), one.birth_name) == ("06 12 34 56 78", "Lemoine")
    assert one.search_text == "camille anne lemoine camilleanne"


def test_finishing_later_while_the_other_sends_empties_nothing(
    reference_data: None, alice: User, bob: User
) -> None:
    dossier = make_dossier(alice, bob)
    one = dossier.people[0]  # read while it was a draft
    send(dossier)
    form = CivilForm({"birth_name": ""}, instance=one, partial=True)
    assert form.is_valid()

    with pytest.raises(ActionRefused, match="vient d’être envoyé"):
        record_answers(form, dossier=dossier, at=timezone.now(), by=alice)

    assert not Correction.objects.exists()


# Every column, whatever its type


def columns_of(steps: Any, attested: Any, free: frozenset[str]) -> list[str]:
    """What a page can write and nobody may write at once, and all that is attested."""
    asked = {name for step in steps.steps for name in step.form_class._meta.fields}
    told = {name for step in steps.steps for name in step.form_class.tells}
    return sorted((asked | told | set(attested)) - free)


COLUMNS = [
    *((Dossier, name) for name in columns_of(COMMON_STEPS, ATTESTED_COMMON, FREE_COMMON)),
    *((Partenaire, name) for name in columns_of(OWN_STEPS, ATTESTED_OWN, FREE_OWN)),
]


def another(row: models.Model, name: str) -> Any:
    """A value that the column can hold, other than the one that stands there."""
    column = row._meta.get_field(name)
    if isinstance(column, CountryField):
        return "IT"
    if isinstance(column, models.JSONField):
        return ["IT", "MA"]
    if isinstance(column, models.BooleanField):
        return not getattr(row, name)
    if isinstance(column, models.PositiveSmallIntegerField):
        return getattr(row, name) + 1
    assert isinstance(column, models.CharField), f"{name}: say here what it holds"
    known = [key for key, _ in column.flatchoices if key and key != getattr(row, name)]
    return known[0] if known else "Éœ’1"[: column.max_length]


@pytest.mark.parametrize(("model", "name"), COLUMNS)
def test_every_column_comes_back_from_a_correction_as_it_was_proposed(
    reference_data: None, alice: User, bob: User, model: type[models.Model], name: str
) -> None:
    dossier = make_dossier(alice, bob)
    subject: Any = dossier if model is Dossier else dossier.people[0]
    value = another(subject, name)
    setattr(subject, name, value)

    propose(subject, [name], locked=dossier, at=timezone.now())

    row: Any = model._default_manager.get(pk=subject.pk)
    assert plain_value(row, name) != value
    correction = pending_of(dossier, 0 if model is Dossier else 1)
    lay_over(row, correction)
    row.save(update_fields=[name])
    taken = plain_value(model._default_manager.get(pk=subject.pk), name)
    assert taken == value == json.loads(json.dumps(taken))
