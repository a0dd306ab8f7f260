"""The commune of birth is asked by its name; its département and Insee code follow."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from pacs.actions.desk import save_answers_for
from pacs.admin.answers import answer_forms, answers_key
from pacs.forms.civil import OriginForm
from pacs.models import Dossier, Partenaire
from tests.support.dossiers import make_dossier
from tests.support.forms import answer, as_shown

pytestmark = pytest.mark.django_db
TYPED = {"birth_country": "FR", "first": "IT"}


def _saved(one: Partenaire, **typed: str) -> OriginForm:
    form = OriginForm({**TYPED, **typed}, instance=one)
    if form.is_valid():
        form.apply()
    return form


def _place(one: Partenaire) -> tuple[str, str, str]:
    return one.birth_city, one.birth_department, one.birth_insee


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ({"birth_city": "uzès"}, ("Uzès", "Gard", "30334")),
        ({"birth_city": "Lyon 3"}, ("Lyon 3e arrondissement", "Rhône", "69383")),
        (
            {"birth_city": "Saint-Denis", "birth_country": "RE"},
            ("Saint-Denis", "La Réunion", "97411"),
        ),
        (
            {"birth_city": "Le Moule-Nord", "birth_country": "GP"},
            ("Le Moule-Nord", "Guadeloupe", ""),
        ),
        ({"birth_city": "Roma", "birth_country": "IT"}, ("Roma", "", "")),
        ({"birth_city": "Uzès", "birth_country": "IT"}, ("Uzès", "", "")),
    ],
)
def test_one_commune_is_known_by_its_name(
    typed: dict[str, str], place: tuple[str, str, str]
) -> None:
    one = Partenaire()

    assert _saved(one, **typed).errors == {}
    assert _place(one) == place


def test_several_communes_are_offered_by_department() -> None:
    one = Partenaire()

    asked = _saved(one, birth_city="Saint-Denis")
    assert asked.errors == {"birth_commune": ["Choisissez votre commune de naissance."]}
    communes: Any = asked.fields["birth_commune"]
    labels = [str(label) for _, label in communes.choices]
    assert "Saint-Denis (Gard)" in labels
    assert "Saint-Denis (La Réunion)" in labels

    assert _saved(one, birth_city="Saint-Denis", birth_commune="30247").errors == {}
    assert _place(one) == ("Saint-Denis", "Gard", "30247")
    # The page shows this answer again, and another commune is one choice away.
    assert OriginForm(instance=one)["birth_commune"].initial == "30247"


def test_a_name_that_is_not_in_the_table_is_kept_as_it_is_typed() -> None:
    one = Partenaire()

    asked = _saved(one, birth_city="Bône-sur-Gardon")
    assert "Nous ne trouvons pas « Bône-sur-Gardon »" in asked.errors["birth_department"][0]

    assert _saved(one, birth_city="Bône-sur-Gardon", birth_department="Gard").errors == {}
    assert _place(one) == ("Bône-sur-Gardon", "Gard", "")


def test_another_commune_of_the_same_name_asks_for_its_department() -> None:
    one = Partenaire()

    asked = _saved(one, birth_city="Saint-Denis", birth_commune=OriginForm.OTHER)
    assert list(asked.errors) == ["birth_department"]
    typed = {"birth_city": "Saint-Denis", "birth_commune": OriginForm.OTHER}
    assert _saved(one, **typed, birth_department="Oran").errors == {}
    assert _place(one) == ("Saint-Denis", "Oran", "")


def test_a_corrected_name_takes_its_department_and_code_along() -> None:
    one = Partenaire(birth_city="Uzès", birth_department="Gard", birth_insee="30334")

    form = _saved(one, birth_city="Rome", birth_country="IT")

    assert form.errors == {}
    assert _place(one) == ("Rome", "", "")


def test_finishing_later_asks_nothing() -> None:
    one = Partenaire()
    form = OriginForm({"birth_city": "Saint-Denis"}, instance=one, partial=True)

    assert form.is_valid(), form.errors
    form.apply()
    assert _place(one) == ("Saint-Denis", "", "")


def test_the_question_of_namesakes_is_no_change_of_somebody_else_s(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    client, page = client_of(alice), reverse("pacs:own-step", args=[draft.reference, "acte"])
    asked = answer(client, page, birth_city="Saint-Denis")
    assert "birth_commune" in asked.context["form"].errors

    typed = {**as_shown(asked.context["form"]), "lu": asked.context["lu"]}
    saved = client.post(page, {**typed, "birth_commune": "93066"})

    assert saved.status_code == 302
    assert _place(Partenaire.objects.get(dossier=draft, position=1)) == (
        "Saint-Denis",
        "Seine-Saint-Denis",
        "93066",
    )


# The agent's door: the same answer


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ({"birth_city": "Alès"}, ("Alès", "Gard", "30007")),
        ({"birth_city": "nimes"}, ("Nîmes", "Gard", "30189")),
        # Several bear this name: the département of before chooses none of them.
        ({"birth_city": "Saint-Denis"}, ("Saint-Denis", "", "")),
        ({"birth_city": "Arles"}, ("Arles", "Bouches-du-Rhône", "13004")),
        ({"birth_city": "Nulle-Part-les-Bains"}, ("Nulle-Part-les-Bains", "Gard", "")),
        (
            {"birth_city": "Clichy", "birth_department": "Seine"},  # as the record of 1950 says
            ("Clichy", "Seine", ""),
        ),
        ({"birth_city": "Rome", "birth_country": "IT"}, ("Rome", "", "")),
        # Of a page that shows the département too, or sends only what was typed.
        ({"birth_city": "Rome", "birth_country": "IT", "birth_department": ""}, ("Rome", "", "")),
        ({"birth_country": "IT"}, ("Nîmes", "", "")),
        (
            {"birth_country": "IT", "birth_city": "Rome", "birth_department": "Latium"},
            ("Rome", "Latium", ""),
        ),
        ({"needs": "ascenseur"}, ("Nîmes", "Gard", "30189")),
    ],
)
def test_an_agent_s_correction_takes_the_place_along(
    reference_data: None,
    alice: User,
    bob: User,
    agent: User,
    typed: dict[str, str],
    place: tuple[str, str, str],
) -> None:
    dossier = make_dossier(alice, bob)
    columns = ("birth_city", "birth_department", "birth_insee")
    first = dossier.partenaires.filter(position=1)
    first.update(birth_city="Nîmes", birth_department="Gard", birth_insee="30189")
    dossier = Dossier.objects.get(pk=dossier.pk)
    read = answers_key(answer_forms(dossier, None))

    save_answers_for(dossier, {"p1": typed}, read=read, by=agent, at=timezone.now())

    assert first.values_list(*columns).get() == place
