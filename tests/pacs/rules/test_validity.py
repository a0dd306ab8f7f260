"""How old a piece may be: domain reference, section 6.5."""

from datetime import date

import pytest

from pacs.rules.validity import (
    MaxAge,
    add_months,
    earliest_issue_day,
    identity_valid_until,
    is_usable,
    last_usable_day,
)

LESS_THAN_3 = MaxAge(3, strict=True)
AT_MOST_6 = MaxAge(6, strict=False)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2027, 1, 15), -1, date(2026, 12, 15)),
        (date(2027, 5, 31), -3, date(2027, 2, 28)),
        (date(2027, 5, 31), 0, date(2027, 5, 31)),
    ],
)
def test_months_are_those_of_the_calendar(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    ("issued", "age", "expected"),
    [
        (date(2027, 3, 6), LESS_THAN_3, date(2027, 6, 5)),
        (date(2027, 3, 6), AT_MOST_6, date(2027, 9, 6)),
        (date(2026, 11, 30), LESS_THAN_3, date(2027, 2, 27)),
        (date(2026, 11, 29), LESS_THAN_3, date(2027, 2, 27)),
        (date(2026, 12, 1), LESS_THAN_3, date(2027, 2, 28)),
        (date(2027, 11, 30), LESS_THAN_3, date(2028, 2, 28)),
        (date(2028, 2, 29), LESS_THAN_3, date(2028, 5, 28)),
        (date(2028, 2, 29), AT_MOST_6, date(2028, 8, 29)),
        (date(2027, 8, 31), AT_MOST_6, date(2028, 2, 29)),
    ],
)
def test_last_usable_day(issued: date, age: MaxAge, expected: date) -> None:
    assert last_usable_day(issued, age) == expected


def test_strict_and_inclusive_differ_by_one_day() -> None:
    issued, anniversary = date(2027, 3, 6), date(2027, 6, 6)

    assert not is_usable(issued, MaxAge(3, strict=True), anniversary)
    assert is_usable(issued, MaxAge(3, strict=False), anniversary)


def test_piece_from_the_future_is_not_usable() -> None:
    assert not is_usable(date(2027, 6, 6), LESS_THAN_3, date(2027, 6, 5))
    assert is_usable(date(2027, 6, 5), LESS_THAN_3, date(2027, 6, 5))


@pytest.mark.parametrize(
    ("age", "on", "expected"),
    [
        (LESS_THAN_3, date(2026, 6, 6), date(2026, 3, 7)),
        (AT_MOST_6, date(2027, 6, 5), date(2026, 12, 5)),
        (LESS_THAN_3, date(2027, 5, 31), date(2027, 3, 1)),
        (LESS_THAN_3, date(2027, 2, 28), date(2026, 12, 1)),
        (LESS_THAN_3, date(2027, 11, 30), date(2027, 9, 1)),
        (AT_MOST_6, date(2027, 8, 31), date(2027, 3, 1)),
    ],
)
def test_earliest_issue_day(age: MaxAge, on: date, expected: date) -> None:
    assert earliest_issue_day(age, on) == expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (date(2013, 12, 31), date(2013, 12, 31)),
        (date(2014, 1, 1), date(2019, 1, 1)),
        (date(2023, 12, 31), date(2028, 12, 31)),
        (date(2024, 1, 1), date(2024, 1, 1)),
        (date(2020, 2, 29), date(2025, 2, 28)),
    ],
)
def test_cards_issued_to_adults_from_2004_to_2013_live_five_years_longer(
    printed: date, expected: date
) -> None:
    assert identity_valid_until(printed, is_french_adult_card=True) == expected
    assert identity_valid_until(printed, is_french_adult_card=False) == printed
