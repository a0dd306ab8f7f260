"""docs/rgesn.md claims what a test shows, and says what nobody has looked at."""

import re

import pytest

from tests.audit.asvs import exists
from tests.support.portal import ROOT
from tests.test_architecture import TEMPLATES
from uzes_portal import assets

TEXT = (ROOT / "docs" / "rgesn.md").read_text(encoding="utf-8")
CLAIMED, OPEN = TEXT.split("## Ce que les tests montrent")[1].split("## Ce qui n’est pas évalué")
#: The themes of the version of 2024.
THEMES = {
    *("Stratégie", "spécifications", "Architecture", "Expérience", "Contenus", "Frontend"),
    *("Backend", "Hébergement", "Algorithmie"),
}

pytestmark = pytest.mark.no_database


def test_each_line_names_a_test_that_exists() -> None:
    rows = [line for line in CLAIMED.splitlines() if line.startswith("| ")]
    claims = [row for row in rows if row != "| constat | preuve |"]

    assert len(claims) > 20
    shown = {row: re.findall(r"`(tests/[^`]+::test_\w+)`", row) for row in claims}
    assert [row for row, tests in shown.items() if not tests] == []
    assert [one for tests in shown.values() for one in tests if not exists(one)] == []


def test_every_theme_is_claimed_or_said_to_be_open() -> None:
    assert [theme for theme in THEMES if theme not in CLAIMED + OPEN] == []
    assert "aucun score" in TEXT


def test_nothing_plays_by_itself() -> None:
    plays = re.compile(r"<(?:video|audio|iframe|embed|object|marquee)\b|autoplay", re.IGNORECASE)

    assert [path.name for path in TEMPLATES if plays.search(path.read_text("utf-8"))] == []


def test_one_web_font_and_it_is_for_headings() -> None:
    sheet = assets.style_sheet()
    fetched = set(re.findall(r'@font-face\s*\{\s*font-family:\s*"([^"]+)"', sheet))
    families = dict(re.findall(r"--(sans|serif):([^;}]+)", sheet))

    assert fetched == {"Source Serif 4"}
    assert "Source" in families["serif"]
    assert "system-ui" in families["sans"]
    assert "Source" not in families["sans"]
