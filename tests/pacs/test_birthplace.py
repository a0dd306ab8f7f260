"""The commune of birth is asked by its name; its département and Insee code follow."""

import pytest

from pacs.forms.civil import OriginForm
from pacs.models import Partenaire

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
    labels = [str(label) for _, label in asked.fields["birth_commune"].choices]
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
