"""A third procedure needs no change of the others: `tests/recensement`, installed apart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.portal import ROOT
from tests.test_architecture import SOURCES, TEMPLATES

EXAMPLE = ROOT / "tests" / "recensement"


@pytest.mark.timeout(300)
def test_the_example_goes_its_whole_way_under_settings_of_its_own(tmp_path: Path) -> None:
    # A process of its own: apps are installed once. SQLite, without the history of the tables.
    command = "-m pytest --nomigrations -p no:randomly -q --ds=tests.recensement.settings"
    run = subprocess.run(
        [sys.executable, *command.split(), str(EXAMPLE / "walk.py")],
        cwd=ROOT,
        env={**os.environ, "VAR_DIR": str(tmp_path), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout[-4000:]


def test_nothing_of_the_portal_knows_the_example() -> None:
    knows = [path for path in [*SOURCES, *TEMPLATES] if "recensement" in path.read_text().lower()]

    assert knows == []
