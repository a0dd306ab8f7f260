"""Names of countries, as the pages and papers print them."""

import pytest
from django.utils import translation
from django_countries import countries

from demarches.rules.overseas import FRENCH_OVERSEAS


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("BZ", "Belize"),
        ("CI", "Côte d’Ivoire"),
        ("GF", "Guyane (France)"),
        ("GT", "Guatemala"),
        ("GY", "Guyana"),
        ("MH", "Îles Marshall"),
        ("RE", "La Réunion (France)"),
        ("SA", "Arabie saoudite"),
        ("US", "États-Unis d’Amérique"),
        ("XK", "Kosovo"),
    ],
)
def test_names_that_were_wrong(code: str, name: str) -> None:
    assert countries.name(code) == name


def test_every_place_overseas_says_that_it_is_french() -> None:
    assert [n for n in map(countries.name, FRENCH_OVERSEAS) if not n.endswith("(France)")] == []


def test_no_name_has_a_straight_apostrophe_and_no_two_places_have_one_name() -> None:
    with translation.override("fr"):
        names = [name for _, name in countries]

    assert [name for name in names if "'" in name] == []
    assert len(names) == len(set(names))
