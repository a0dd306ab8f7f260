"""When a job is due next, also over the nights when the clock changes."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.schedule import Daily, Every

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 1, 1, tzinfo=UTC)


def test_every_counts_from_the_moment() -> None:
    start = datetime(2026, 11, 27, 5, 43, tzinfo=UTC)

    assert Every(minutes=60).next_after(start, zone=PARIS) == start + timedelta(hours=1)


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-11-27T01:00+01:00", "2026-11-27T02:30+01:00"),
        ("2026-11-27T02:30+01:00", "2026-11-28T02:30+01:00"),
        ("2027-03-28T00:10+01:00", "2027-03-28T03:30+02:00"),  # 2.30 does not exist
        ("2026-10-25T00:10+02:00", "2026-10-25T02:30+02:00"),  # 2.30 comes twice
        ("2026-10-25T02:45+02:00", "2026-10-26T02:30+01:00"),
    ],
)
def test_daily_follows_the_clock_of_the_town(moment: str, due: str) -> None:
    found = Daily(time(2, 30)).next_after(datetime.fromisoformat(moment), zone=PARIS)

    assert found.timestamp() == datetime.fromisoformat(due).timestamp()


def test_working_days_leave_the_week_end_out() -> None:
    friday_night = datetime(2026, 11, 27, 20, tzinfo=PARIS)

    due = Daily(time(18), working_days=True).next_after(friday_night, zone=PARIS)

    assert due == datetime(2026, 11, 30, 18, tzinfo=PARIS)


@given(
    st.integers(0, 4 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    st.times(),
    st.booleans(),
)
def test_the_next_time_is_always_ahead_and_never_far(
    moment: datetime, at: time, working_days: bool
) -> None:
    due = Daily(at, working_days=working_days).next_after(moment, zone=PARIS)

    assert moment.timestamp() < due.timestamp()
    assert due - moment <= timedelta(days=3 if working_days else 1, hours=1)
