"""Who assists, in a curatelle or a tutelle: asked of those whom it concerns, wherever it is."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.forms.simulator_questions import PROTECTOR_QUESTION, Subject
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import missing_own
from pacs.pages.steps import OWN_STEPS
from pacs.rules.situation import CoupleAnswers, Measure, PartenaireAnswers, has_protector
from tests.support.dossiers import OTHER, PERSON, make_dossier
from tests.support.forms import answer

ASSISTED = (Measure.CURATELLE, Measure.TUTELLE)
STEP = "protecteur"


@pytest.mark.parametrize("measure", Measure)
def test_one_rule_says_who_is_asked(measure: Measure) -> None:
    person = Partenaire(measure=measure.value)
    answers = CoupleAnswers(people=(PartenaireAnswers(measure=measure), PartenaireAnswers()))

    asked = {
        has_protector(measure),
        OWN_STEPS.get(STEP, person) is not None,
        PROTECTOR_QUESTION.applies(Subject(answers, 1, {})),
    }

    assert asked == {measure in ASSISTED}


@pytest.fixture
def draft(reference_data: None, alice: User, bob: User) -> Dossier:
    dossier = make_dossier(alice, bob, people=(PERSON, OTHER))
    return Dossier.objects.get(pk=dossier.pk)


def test_the_question_comes_with_the_measure_and_goes_with_it(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    situation = reverse("pacs:own-step", args=[draft.reference, "situation"])
    page = reverse("pacs:own-step", args=[draft.reference, STEP])
    assert "curateur" not in client.get(situation).content.decode().lower()
    assert client.get(page).status_code != 200

    opened = answer(client, situation, measure="tutelle")

    assert opened.headers["Location"].startswith(page)
    one = Partenaire.objects.get(dossier=draft, position=1)
    assert missing_own(one) == ["personne qui assiste"]
    refused = answer(client, page, protector_is_partenaire="")
    assert "Répondez oui ou non." in refused.content.decode()
    answer(client, page, protector_is_partenaire="True")
    one.refresh_from_db()
    assert (one.protector_is_partenaire, missing_own(one)) == (True, [])

    answer(client, situation, measure="aucune")

    assert client.get(page).status_code != 200
