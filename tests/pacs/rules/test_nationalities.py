"""Nationalities are those of states; no nationality is an answer."""

import pytest
from django_countries import countries

from demarches.rules.overseas import FRENCH_OVERSEAS
from pacs.rules.countries import EU_MEMBERS, FRENCH_TERRITORIES
from pacs.rules.nationalities import NATIONALITIES, as_nationality, is_stateless
from pacs.rules.situation import Protection

PLACES_WITHOUT_NATIONALS = ["AQ", "BV", "HM", "UM", "GL", "PR", "HK", "GI", *FRENCH_OVERSEAS]


@pytest.mark.parametrize("code", PLACES_WITHOUT_NATIONALS)
def test_a_place_is_not_a_nationality(code: str) -> None:
    assert code not in NATIONALITIES


def test_there_are_the_members_of_the_united_nations_and_four_more() -> None:
    assert len(NATIONALITIES) == 193 + 4
    assert EU_MEMBERS < NATIONALITIES
    assert {code for code, _ in countries} >= NATIONALITIES


@pytest.mark.parametrize("code", sorted(FRENCH_TERRITORIES))
def test_the_nationals_of_the_overseas_are_french(code: str) -> None:
    assert as_nationality(code) == "FR"


def test_another_nationality_is_left_alone() -> None:
    assert as_nationality("GY") == "GY"


@pytest.mark.parametrize(
    ("nationalities", "protection", "expected"),
    [
        ([], Protection.STATELESS, True),
        ([], "apatride", True),
        ([], Protection.REFUGEE, False),
        ([], "", False),
        ([], None, False),
        (["IT"], Protection.STATELESS, False),
    ],
)
def test_who_is_stateless(nationalities: list[str], protection: str, expected: bool) -> None:
    assert is_stateless(nationalities, protection) is expected
