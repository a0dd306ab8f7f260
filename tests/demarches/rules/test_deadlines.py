"""Working days: neither week-ends nor public holidays."""

from datetime import date

import pytest

from demarches.rules.deadlines import add_working_days, is_working_day


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2027, 3, 26), True),  # Good Friday is worked
        (date(2027, 3, 29), False),  # Easter Monday
        (date(2027, 5, 1), False),  # a Saturday and a holiday
        (date(2027, 5, 6), False),  # Ascension
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 23), True),
    ],
)
def test_working_days(day: date, expected: bool) -> None:
    assert is_working_day(day) is expected


def test_ten_working_days_over_christmas() -> None:
    assert add_working_days(date(2026, 12, 18), 10) == date(2027, 1, 5)


def test_no_day_is_the_day_itself() -> None:
    assert add_working_days(date(2026, 11, 21), 0) == date(2026, 11, 21)
