from datetime import date, datetime, time

import pytest

from demarches.rules import dates_fr


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (time(8), "8\u00a0h"),
        (time(16, 5), "16\u00a0h\u00a005"),
        (time(0), "0\u00a0h"),
        (datetime(2026, 1, 1, 13, 30), "13\u00a0h\u00a030"),  # noqa: DTZ001 -- a wall clock
    ],
)
def test_hour(moment: time | datetime, text: str) -> None:
    assert dates_fr.hour_fr(moment) == text


def test_day() -> None:
    assert dates_fr.day_fr(date(2027, 5, 1)) == "1er\u00a0mai 2027"
    assert dates_fr.day_fr(date(2027, 8, 2), year=False) == "2\u00a0août"


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 12, 28), "aujourd’hui"),
        (date(2026, 12, 29), "demain"),
        (date(2026, 12, 30), "mercredi"),
        (date(2027, 1, 3), "dimanche"),
        (date(2027, 1, 4), "lundi 4\u00a0janvier 2027"),
        (date(2026, 12, 27), "dimanche 27\u00a0décembre"),
    ],
)
def test_day_as_one_says_it_today(day: date, text: str) -> None:
    assert dates_fr.near_day_fr(day, date(2026, 12, 28)) == text
