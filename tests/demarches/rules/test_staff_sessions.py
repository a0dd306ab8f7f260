"""How long an agent's session lasts, and what is kept of it."""

from datetime import UTC, datetime, timedelta

import pytest

from demarches.rules.staff_sessions import address_prefix, browser_words, is_over

START = datetime(2026, 11, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seen_after", "now_after", "expected"),
    [
        (timedelta(0), timedelta(minutes=29, seconds=59), False),
        (timedelta(0), timedelta(minutes=30), True),
        (timedelta(hours=11, minutes=50), timedelta(hours=11, minutes=59), False),
        (timedelta(hours=11, minutes=59), timedelta(hours=12), True),
    ],
)
def test_a_session_ends_by_itself(
    seen_after: timedelta, now_after: timedelta, expected: bool
) -> None:
    over = is_over(
        started_at=START,
        last_seen_at=START + seen_after,
        at=START + now_after,
        idle=timedelta(minutes=30),
        absolute=timedelta(hours=12),
    )

    assert over is expected


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:aa:bb:1::9", "2001:db8:aa::/48"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_as_its_network(address: str, prefix: str) -> None:
    assert address_prefix(address) == prefix


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        ("Mozilla/5.0 (Macintosh; Mac OS X) Chrome/140 Safari/537.36 Edg/140.0", "Edge, Mac"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140 Mobile Safari/537.36", "Chrome, Android"),
        ("<script>", "navigateur inconnu"),
    ],
)
def test_a_browser_is_told_in_two_words(user_agent: str, words: str) -> None:
    assert browser_words(user_agent) == words
