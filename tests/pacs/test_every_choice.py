"""Every choice that a form offers can be brought to an end.

An answer may be saved only if its step is then complete; a whole dossier with that answer can be
sent, or an outcome with a name says why not.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from demarches.rules.overseas import FRENCH_OVERSEAS
from demarches.steps.lists import Step
from pacs.actions.dossiers import attest, confirm_common, record_answers
from pacs.admin.answers import CoupleForm, PersonForm
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import missing_common, missing_own
from pacs.pages.steps import COMMON_STEPS, OWN_STEPS
from pacs.papers.documents import identity_facts
from pacs.rules.gate import Act
from tests.support.dossiers import COMMON, OTHER, PERSON
from tests.support.forms import answer

#: An answer to each question, for the steps that a choice makes appear.
ANSWERS: dict[str, Any] = {
    **COMMON,
    **PERSON,
    "where": "ici",
    "birth_date": "4/5/1990",
    "origin": "fr",
    "first": "FR",
    "has_french_record": "oui",
    "protection": "aucune",
    "birth_record_in_french": "non",
    "coutume_in_french": "non",
    "country_issues_coutume": "oui",
    "country_updates_records": "oui",
    "divorce_mentioned": "non",
    "union_record_country": "IT",
    "union_record_in_french": "non",
    "protector_is_partenaire": "False",
    "country": "FR",
}
#: What makes a step appear that a French single person does not see.
SHOWN_TO: dict[str, dict[str, Any]] = {
    "origine": {"nationalities": ["FR", "IT"]},
    "acte-francais": {"birth_country": "MA"},
    "protection": {"nationalities": ["SN"]},
    "documents-etrangers": {"nationalities": ["SN"], "birth_country": "SN", "protection": "aucune"},
    "protecteur": {"measure": "curatelle"},
    "ancien-mariage": {"situation": "divorce"},
}


STEPS: tuple[Step[Any], ...] = (*COMMON_STEPS.steps, *OWN_STEPS.steps)


def person_for(slug: str = "") -> Partenaire:
    """Somebody who has answered everything, in a dossier that was never saved."""
    dossier = Dossier(reference="PACS-2026-000001-L", **COMMON)
    person = Partenaire(dossier=dossier, position=1, contact_email="a@example.org", **PERSON)
    for name, value in SHOWN_TO.get(slug, {}).items():
        setattr(person, name, value)
    return person


def subject_for(step: Step[Any]) -> Dossier | Partenaire:
    person = person_for(step.slug)
    return person.dossier if step in COMMON_STEPS.steps else person


def all_of(field: forms.ChoiceField) -> list[tuple[object, object]]:
    """Each choice and its label."""
    choices: Any = field.choices  # to the stubs, also what a field makes its choices of
    return list(choices)


def offered(field: forms.ChoiceField) -> list[str]:
    """Each choice but the empty one."""
    return [str(value) for value, _ in all_of(field) if value]


def choices_of(step: Step[Any]) -> Iterator[tuple[str, str]]:
    """Every (field, choice) that the page offers, the empty one aside."""
    form = step.form_class(instance=subject_for(step))
    for name, field in form.fields.items():
        if isinstance(field, forms.ChoiceField):
            yield from ((name, value) for value in offered(field))


@pytest.fixture
def every_choice(reference_data: None) -> list[tuple[Step[Any], str, str]]:
    return [(step, name, choice) for step in STEPS for name, choice in choices_of(step)]


def saved(step: Step[Any], subject: Dossier | Partenaire, **chosen: Any) -> Any:
    """The row once the page is filled in, with these choices; nothing reaches the database."""
    shown = step.form_class(instance=subject).fields
    typed = {name: ANSWERS[name] for name in shown if name in ANSWERS} | chosen
    form = step.form_class(typed, instance=subject)
    assert form.is_valid(), (step.slug, chosen, form.errors)
    return form.save(commit=False)


def finish(person: Partenaire) -> None:
    """Answer the pages that are left, as their reader would."""
    while True:
        left = [s for s in OWN_STEPS.for_subject(person) if not s.is_complete(person)]
        if not left:
            return
        saved(left[0], person)
        assert left[0].is_complete(person), left[0].slug


def test_whatever_is_chosen_its_step_is_complete(
    every_choice: list[tuple[Step[Any], str, str]],
) -> None:
    incomplete = []
    for step, name, choice in every_choice:
        subject = saved(step, subject_for(step), **{name: choice})
        if missing := step.missing(subject):
            incomplete.append((step.slug, name, choice, missing))

    assert incomplete == []
    assert len(every_choice) > 1200


def test_whatever_is_chosen_the_rest_can_be_answered(
    every_choice: list[tuple[Step[Any], str, str]],
) -> None:
    for step, name, choice in every_choice:
        subject = saved(step, subject_for(step), **{name: choice})
        if isinstance(subject, Partenaire):
            finish(subject)
            assert missing_own(subject) == []
        else:
            assert missing_common(subject) == []


def few_choices() -> list[tuple[str, str, str]]:
    """Each choice of a short list, and of the long lists those that the law tells apart."""
    found = []
    for step in STEPS:
        for name, field in step.form_class.base_fields.items():
            if isinstance(field, forms.ChoiceField) and len(all_of(field)) in range(1, 20):
                found += [(step.slug, name, value) for value in offered(field)]
    told_apart = ("FR", "MQ", "GF", "IT", "SN", "GY")
    found += [("origine", "birth_country", code) for code in told_apart]
    found += [("ancien-mariage", "union_record_country", code) for code in told_apart]
    found += [("situation", "country", code) for code in told_apart]
    found += [("origine", "first", code) for code in ("FR", "IT", "SN", "GY", "XX")]
    return [one for one in found if one != ("protection", "protection", "apatride")]


@pytest.mark.parametrize(("slug", "name", "choice"), few_choices())
def test_the_dossier_can_be_sent_or_an_outcome_says_why_not(
    draft: Dossier, slug: str, name: str, choice: str
) -> None:
    now = timezone.now()
    first, _ = draft.people
    Partenaire.objects.filter(pk=first.pk).update(**SHOWN_TO.get(slug, {}))
    steps: Any = COMMON_STEPS if any(s.slug == slug for s in COMMON_STEPS.steps) else OWN_STEPS

    def reply(step: Step[Any], **chosen: str) -> None:
        row = reread(draft)
        subject = row if steps is COMMON_STEPS else row.people[0]
        shown = step.form_class(instance=subject).fields
        typed = {one: ANSWERS[one] for one in shown if one in ANSWERS} | chosen
        form = step.form_class(typed, instance=subject)
        assert form.is_valid(), form.errors
        record_answers(form, dossier=row, at=now)

    reply(next(s for s in steps.steps if s.slug == slug), **{name: choice})
    steps = OWN_STEPS
    while left := [
        s
        for s in steps.for_subject(reread(draft).people[0])
        if not s.is_complete(reread(draft).people[0])
    ]:
        reply(left[0])
    confirm_common(reread(draft).people[1], comment="", at=now, by=None)
    for one in reread(draft).people:
        attest(one, at=now, by=None)

    row = reread(draft)
    stopped = [outcome.type.title for outcome in row.outcomes(at=now) if outcome.stops]
    reasons = [one.for_agent for one in row.obstacles(Act.SEND, at=now)]
    assert bool(reasons) == bool(stopped), (reasons, stopped)


def reread(dossier: Dossier) -> Dossier:
    return Dossier.objects.prefetch_related("partenaires__dossier").get(pk=dossier.pk)


def test_a_stateless_person_is_complete_printed_and_not_asked_again(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    client, (first, _) = client_of(alice), draft.people
    page = reverse("pacs:own-step", args=[draft.reference, "origine"])

    first.nationalities = ["IT"]
    first.save()
    answer(client, page, first="XX")
    first.refresh_from_db()

    assert (first.nationalities, first.protection) == ([], "apatride")
    assert OWN_STEPS.get("protection", first) is None
    assert identity_facts(first)["Pays de nationalité"] == "Apatride"
    assert client.get(page).context["form"]["first"].value() == "XX"


def test_stateless_and_a_nationality_are_asked_about_not_dropped(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    draft.partenaires.update(nationalities=["IT"])
    page = reverse("pacs:own-step", args=[draft.reference, "origine"])
    response = answer(client_of(alice), page, first="XX", second="IT")

    assert response.status_code == 422
    assert response.context["form"].errors == {
        "first": ["Vous avez choisi « Apatride » et une nationalité : gardez l’un des deux."]
    }


@pytest.mark.parametrize("code", sorted(FRENCH_OVERSEAS))
def test_a_nationality_kept_as_a_place_overseas_reads_as_french(code: str) -> None:
    person = Partenaire(nationalities=[code, "IT"])

    assert person.nationality_words == "France, Italie"


def test_agents_can_save_every_choice_they_are_offered(sent: Dossier) -> None:
    first, _ = sent.people
    refused = []
    for make, row in ((CoupleForm, sent), (PersonForm, first)):
        shown = make(instance=row)
        typed = {name: shown[name].value() for name in shown.fields}
        typed = {name: value for name, value in typed.items() if value not in (None, False)}
        for name, field in shown.fields.items():
            if isinstance(field, forms.ChoiceField):
                for choice in offered(field):
                    # The Ofpra protects nobody who is French; a stateless person has no state.
                    states = "" if choice == "apatride" else "IT"
                    other = {"nationality_codes": states} if name == "protection" else {}
                    form = make({**typed, **other, name: choice}, instance=type(row)(pk=row.pk))
                    if not form.is_valid():
                        refused.append((name, choice, form.errors))

    assert refused == []


def test_somebody_born_in_martinique_needs_no_foreign_paper(draft: Dossier) -> None:
    assert OTHER["birth_country"] == "FR"
    person = person_for()
    person.birth_country = "MQ"

    # The country is told on its own page; nothing else is asked.
    assert [s.slug for s in OWN_STEPS.for_subject(person)] == ["acte", "origine", "situation"]
