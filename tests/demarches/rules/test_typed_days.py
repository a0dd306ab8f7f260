"""Days as people type them."""

from datetime import date

import pytest

from demarches.rules.typed_days import FOUR_FIGURES, UnreadableDay, read_month, read_typed_day


@pytest.mark.parametrize(
    "typed",
    [
        "12/03/2026",
        "12/3/2026",
        "12 03 2026",
        "12.3.2026",
        "12-3-2026",
        "12032026",
        "12 mars 2026",
        "jeudi 12 mars 2026",
        "12\u00a0Mars 2026",
        "2026-03-12",
    ],
)
def test_a_day_is_read_however_people_write_it(typed: str) -> None:
    assert read_typed_day(typed) == date(2026, 3, 12)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1er août 2026", date(2026, 8, 1)),
        ("1 aout 2026", date(2026, 8, 1)),
        ("3 févr. 2026", date(2026, 2, 3)),
    ],
)
def test_accents_first_of_the_month_and_abbreviations(typed: str, expected: date) -> None:
    assert read_typed_day(typed) == expected


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("12/03/26", FOUR_FIGURES),
        ("12 mars 26", FOUR_FIGURES),
        ("12/03/0026", FOUR_FIGURES),
        ("12/03/202", FOUR_FIGURES),
        ("12/03/20266", FOUR_FIGURES),
        ("12/03", "Il manque l’année : écrivez par exemple 6/6/2027."),
        ("12 mars", "Il manque l’année : écrivez par exemple 6/6/2027."),
        ("mars 2026", "Il manque le jour : écrivez par exemple 6/6/2027."),
        ("31 2026", "Il manque le mois : écrivez par exemple 6/6/2027."),
        ("12", "Il manque le mois et l’année : écrivez par exemple 6/6/2027."),
        ("2026", "Il manque le jour et le mois : écrivez par exemple 6/6/2027."),
        ("mars", "Il manque le jour et l’année : écrivez par exemple 6/6/2027."),
        ("31/02/2026", "Le 31 février 2026 n’existe pas : vérifiez le jour et le mois."),
        ("32/01/2026", "Le jour va de 1 à 31."),
        ("12/13/2026", "Le mois va de 1 à 12."),
        ("demain", "Écrivez la date ainsi : 6/6/2027."),
        ("2 jui 2026", "Écrivez la date ainsi : 6/6/2027."),
        ("2027\x00", "Écrivez la date ainsi : 6/6/2027."),
        ("2027-06-05" * 9, "Écrivez la date ainsi : 6/6/2027."),
    ],
)
def test_what_is_wrong_is_said_in_words(typed: str, told: str) -> None:
    with pytest.raises(UnreadableDay) as refused:
        read_typed_day(typed)

    assert str(refused.value) == told


def test_a_month_by_its_name() -> None:
    assert [read_month(typed) for typed in ("mai", "05", "Décembre", "jui", "ma", "x")] == [
        5,
        5,
        12,
        None,
        None,
        None,
    ]
