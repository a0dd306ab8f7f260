"""Two answers about one address: « à Uzès », and the address itself."""

import pytest

from pacs.rules.competence import address_is_elsewhere, commune_of_city, home_is_here
from pacs.rules.situation import Residence, YesNo


@pytest.mark.parametrize(
    "written",
    ["Uzès", "Uzes", "UZES", " uzès ", "UZÈS cedex", "30700 Uzès", "Uzès (Gard)"],
)
def test_one_commune_however_it_is_written(written: str) -> None:
    assert not address_is_elsewhere(residence=Residence.HERE, city=written, commune="Uzès")


@pytest.mark.parametrize(
    ("written", "commune"),
    [
        ("St Quentin la Poterie", "Saint-Quentin-la-Poterie"),
        ("L’Isle-sur-la-Sorgue", "L'Isle sur la Sorgue"),
        ("Ste-Anastasie", "Sainte-Anastasie"),
    ],
)
def test_saints_hyphens_and_apostrophes_do_not_make_another_commune(
    written: str, commune: str
) -> None:
    assert commune_of_city(written) == commune_of_city(commune)


@pytest.mark.parametrize("city", ["Nîmes", "30000 Nîmes", "Arpaillargues", "Uzès-le-Vieux", "Uzel"])
@pytest.mark.parametrize("residence", [Residence.HERE, Residence.UNKNOWN])
def test_another_commune_contradicts_here_and_answers_what_they_did_not_know(
    residence: Residence, city: str
) -> None:
    assert address_is_elsewhere(residence=residence, city=city, commune="Uzès")


@pytest.mark.parametrize("residence", [Residence.ELSEWHERE, Residence.ABROAD])
def test_elsewhere_and_abroad_have_their_own_outcome(residence: Residence) -> None:
    assert not address_is_elsewhere(residence=residence, city="Nîmes", commune="Uzès")


@pytest.mark.parametrize(
    ("residence", "city", "commune"),
    [
        (None, "Nîmes", "Uzès"),
        ("", "Nîmes", "Uzès"),
        (Residence.HERE, "", "Uzès"),
        (Residence.HERE, "Nîmes", ""),
    ],
)
def test_what_is_not_answered_contradicts_nothing(
    residence: str | None, city: str, commune: str
) -> None:
    assert not address_is_elsewhere(residence=residence, city=city, commune=commune)


@pytest.mark.parametrize(
    ("said", "city", "country", "commune", "expected"),
    [
        (YesNo.UNKNOWN, "Uzès", "FR", "Uzès", YesNo.YES),
        (YesNo.UNKNOWN, "30700 UZES cedex", "", "Uzès", YesNo.YES),
        (YesNo.UNKNOWN, "Nîmes", "FR", "Uzès", YesNo.NO),
        (YesNo.UNKNOWN, "Saint-Denis", "RE", "Uzès", YesNo.NO),
        (YesNo.UNKNOWN, "Uzès", "BE", "Uzès", YesNo.NO),
        (YesNo.UNKNOWN, "", "BE", "Uzès", YesNo.NO),
        (YesNo.UNKNOWN, "", "FR", "Uzès", YesNo.UNKNOWN),
        (YesNo.UNKNOWN, "Nîmes", "FR", "", YesNo.UNKNOWN),
        (YesNo.YES, " ", "FR", "Uzès", YesNo.YES),
        (YesNo.NO, "", "FR", "Uzès", YesNo.NO),
        # They have moved since the simulator: the address is the later word.
        (YesNo.NO, "Uzès", "FR", "Uzès", YesNo.YES),
        (YesNo.YES, "Nîmes", "FR", "Uzès", YesNo.NO),
    ],
)
def test_the_address_of_a_person_says_whether_they_live_here_else_what_they_said(
    said: YesNo, city: str, country: str, commune: str, expected: YesNo
) -> None:
    assert home_is_here(said=said, city=city, country=country, commune=commune) is expected
