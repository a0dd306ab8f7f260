"""Who may conclude a PACS, and where: domain reference, sections 1, 6.2 and 7."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pacs.rules.eligibility import OUTCOME_TYPES, Effect, outcomes
from pacs.rules.situation import (
    AgeBand,
    Convention,
    CoupleAnswers,
    Impediment,
    Kinship,
    Measure,
    PartenaireAnswers,
    PartialDate,
    Protection,
    Record,
    Residence,
    Situation,
    YesNo,
)
from tests.pacs.rules.people import FOREIGN, FRENCH, couple, inputs

ON = date(2027, 6, 5)


def codes(answers: CoupleAnswers, on: date = ON) -> list[tuple[str, int]]:
    return [(o.type.code, o.holder) for o in outcomes(inputs(answers), on=on)]


def codes_of(person: PartenaireAnswers, on: date = ON, **common: Any) -> list[tuple[str, int]]:
    return codes(couple(first=person, **common), on)


def test_ordinary_couple_has_no_outcome() -> None:
    assert codes(couple()) == []


def test_nothing_answered_has_no_outcome() -> None:
    assert codes(CoupleAnswers()) == []


def test_codes_are_those_of_the_reference() -> None:
    assert [kind.code for kind in OUTCOME_TYPES] == [
        *(f"B0{number}" for number in range(1, 9)),
        *(f"R0{number}" for number in range(1, 6)),
        "A01",
        "A02",
        "A03",
    ]
    assert len({kind.slug for kind in OUTCOME_TYPES}) == len(OUTCOME_TYPES)


def test_only_agent_outcomes_let_the_dossier_go_on() -> None:
    effects = {kind.code: kind.effect for kind in OUTCOME_TYPES}
    blocking = [code for code, effect in effects.items() if effect is Effect.BLOCK]
    redirecting = [code for code, effect in effects.items() if effect is Effect.REDIRECT]

    assert blocking == ["B01", "B03", "B04", "B05"]
    assert redirecting == ["B06", "B07", "B08"]
    for stopped in (Situation.MARRIED, Situation.FOREIGN_PARTNERSHIP):
        (found,) = outcomes(inputs(couple(replace(FRENCH, situation=stopped))), on=ON)
        assert found.stops is (stopped is Situation.MARRIED)


# Age: counted on the day of registration.


@pytest.mark.parametrize(
    ("birth", "on", "expected"),
    [
        (PartialDate(2009, 6, 5), date(2027, 6, 5), []),
        (PartialDate(2009, 6, 6), date(2027, 6, 5), [("B01", 1)]),
        # Born on a 29 February: adult on the 1 March of a common year.
        (PartialDate(2008, 2, 29), date(2026, 2, 28), [("B01", 1)]),
        (PartialDate(2008, 2, 29), date(2026, 3, 1), []),
        (PartialDate(2000, 2, 29), date(2020, 2, 29), []),
        # Only the year, or the month, is known.
        (PartialDate(2008), ON, []),
        (PartialDate(2009), ON, [("A03", 1)]),
        (PartialDate(2010), ON, [("B01", 1)]),
        (PartialDate(2009, 6), ON, [("A03", 1)]),
        (PartialDate(2009, 5), ON, []),
        (PartialDate(2009, 7), ON, [("B01", 1)]),
    ],
)
def test_age_on_the_day(birth: PartialDate, on: date, expected: list[tuple[str, int]]) -> None:
    assert codes_of(replace(FRENCH, birth_date=birth), on) == expected


def test_a_later_appointment_makes_the_minor_an_adult() -> None:
    person = replace(FRENCH, birth_date=PartialDate(2009, 7, 1))

    assert codes_of(person, date(2027, 6, 30)) == [("B01", 1)]
    assert codes_of(person, date(2027, 7, 1)) == []


def test_the_age_of_the_younger_stands_in_for_the_dates() -> None:
    people = couple(first=replace(FOREIGN, birth_date=None))

    assert codes(replace(people, youngest=AgeBand.MINOR)) == [("B01", 0)]
    assert codes(replace(people, youngest=AgeBand.ADULT)) == []
    assert codes(replace(people, youngest=AgeBand.YOUNG_ADULT)) == []  # not said which of them


def test_only_a_foreign_law_doubts_who_is_18_to_20() -> None:
    assert codes_of(replace(FRENCH, birth_date=None, is_under_21=True)) == []
    assert codes_of(replace(FOREIGN, birth_date=None, is_under_21=True)) == [("B02", 1)]


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        (PartialDate(2006, 6, 5), []),
        (PartialDate(2006, 6, 6), [("B02", 1)]),
        (PartialDate(2009), [("A03", 1), ("B02", 1)]),
    ],
)
def test_foreign_majority_may_be_later(birth: PartialDate, expected: list[tuple[str, int]]) -> None:
    assert codes_of(replace(FOREIGN, birth_date=birth)) == expected


def test_personal_status_of_a_refugee_is_french() -> None:
    person = replace(FOREIGN, birth_date=PartialDate(2008, 1, 1), protection=Protection.REFUGEE)

    assert codes_of(person) == []


# Marriage, former unions, kinship.


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (None, []),
        (Situation.SINGLE, []),
        (Situation.DIVORCED, []),
        (Situation.WIDOWED, []),
        (Situation.PACS_DISSOLVED, []),
        (Situation.MARRIED, [("B03", 1)]),
        (Situation.PACSED, [("B04", 1)]),
        (Situation.FOREIGN_PARTNERSHIP, [("R05", 1)]),
    ],
)
def test_situation(situation: Situation | None, expected: list[tuple[str, int]]) -> None:
    assert codes_of(replace(FRENCH, situation=situation)) == expected


@pytest.mark.parametrize(
    ("kinship", "expected"),
    [
        (Kinship.NONE, []),
        (Kinship.COUSINS, []),
        (Kinship.SIBLING_IN_LAW, []),
        (Kinship.DIRECT, [("B05", 0)]),
        (Kinship.DIRECT_ALLIANCE, [("B05", 0)]),
        (Kinship.SIBLINGS, [("B05", 0)]),
        (Kinship.UNCLE_AUNT, [("B05", 0)]),
        (Kinship.ADOPTION, [("A01", 0)]),
        (Kinship.UNKNOWN, [("A01", 0)]),
    ],
)
def test_kinship(kinship: Kinship, expected: list[tuple[str, int]]) -> None:
    assert codes(couple(kinship=kinship)) == expected


# Where: the common residence, and what keeps from fixing it.


@pytest.mark.parametrize(
    ("residence", "impediment", "homes", "expected"),
    [
        (Residence.HERE, Impediment.NONE, "??", []),
        (Residence.UNKNOWN, Impediment.NONE, "??", []),
        (Residence.ELSEWHERE, Impediment.NONE, "??", [("B06", 0)]),
        # Living here counts only when the two cannot fix a common residence.
        (Residence.ELSEWHERE, Impediment.NONE, "++", [("B06", 0)]),
        (Residence.ELSEWHERE, Impediment.NO_COMMON_RESIDENCE, "+-", [("A02", 0)]),
        (Residence.ELSEWHERE, Impediment.NO_COMMON_RESIDENCE, "-?", [("A02", 0)]),
        (Residence.ELSEWHERE, Impediment.NO_COMMON_RESIDENCE, "--", [("B06", 0)]),
        (Residence.UNKNOWN, Impediment.NO_COMMON_RESIDENCE, "--", [("B06", 0)]),
        (Residence.HERE, Impediment.NO_COMMON_RESIDENCE, "+-", [("A02", 0)]),
        (Residence.ABROAD, Impediment.NONE, "??", [("B08", 0)]),
        (Residence.ABROAD, Impediment.NO_COMMON_RESIDENCE, "+-", [("B08", 0)]),
        (Residence.HERE, Impediment.OFFICER_TRAVELS, "??", [("R01", 0)]),
        (Residence.ELSEWHERE, Impediment.OFFICER_TRAVELS, "??", [("B06", 0), ("R01", 0)]),
    ],
)
def test_competence(
    residence: Residence, impediment: Impediment, homes: str, expected: list[tuple[str, int]]
) -> None:
    known = {"+": YesNo.YES, "-": YesNo.NO, "?": YesNo.UNKNOWN}
    first, second = (replace(FRENCH, lives_here=known[sign]) for sign in homes)

    found = codes(couple(first, second, residence=residence, impediment=impediment))

    assert found == expected


@pytest.mark.parametrize(
    ("convention", "expected"),
    [
        (Convention.CERFA, []),
        (Convention.OWN_TEXT, []),
        (Convention.UNKNOWN, []),
        (Convention.NOTARY, [("B07", 0)]),
    ],
)
def test_convention(convention: Convention, expected: list[tuple[str, int]]) -> None:
    assert codes(couple(convention=convention)) == expected


# Protected adults, unusual records.


@pytest.mark.parametrize(
    ("measure", "by_partenaire", "expected"),
    [
        (Measure.NONE, True, []),
        (Measure.TUTELLE, False, []),
        (Measure.TUTELLE, True, [("R03", 1)]),
        (Measure.CURATELLE, True, [("R03", 1)]),
        (Measure.OTHER, False, [("R02", 1)]),
        (Measure.OTHER, True, [("R02", 1)]),
        (Measure.UNKNOWN, False, [("R02", 1)]),
    ],
)
def test_measure(measure: Measure, by_partenaire: bool, expected: list[tuple[str, int]]) -> None:
    person = replace(FRENCH, measure=measure, protector_is_partenaire=by_partenaire)

    assert codes_of(person) == expected


def test_french_person_with_a_foreign_record_only_sees_an_agent() -> None:
    person = replace(FRENCH, birth_country="IT", has_french_record=YesNo.NO)

    assert codes_of(person) == [("R04", 1)]
    assert codes_of(replace(FOREIGN, birth_country="IT")) == []


def test_person_born_abroad_with_a_record_in_a_french_commune_sees_an_agent() -> None:
    known = inputs(couple())
    first, second = known.people
    unusual = replace(first, is_born_abroad=YesNo.YES, records=frozenset({Record.COMMUNE}))

    found = outcomes(replace(known, people=(unusual, second)), on=ON)

    assert [(o.type.code, o.holder) for o in found] == [("R04", 1)]


def test_each_partenaire_has_their_own_outcomes() -> None:
    married = replace(FRENCH, situation=Situation.MARRIED)
    minor = replace(FRENCH, birth_date=PartialDate(2010, 1, 1))

    assert codes(couple(married, minor)) == [("B03", 1), ("B01", 2)]
