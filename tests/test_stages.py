"""The suite tells at its end which tests failed, where few lines of a long output are kept."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.__main__ import STAGES, failures

pytestmark = pytest.mark.no_database

TRIED = """
import pytest

@pytest.fixture
def broken():
    raise RuntimeError("no fixture")

def test_right(): pass
def test_wrong(): assert 1 == 2
def test_broken(broken): pass
@pytest.mark.skip
def test_left_out(): pass
"""


def test_what_failed_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_tried.py").write_text(TRIED)
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-q"]
    command += ["-p", "no:django", "-p", "no:randomly"]  # in the order they are written
    subprocess.run(
        [*command, "--junitxml=told.xml", "test_tried.py"], cwd=tmp_path, capture_output=True
    )
    assert failures(tmp_path / "told.xml") == [
        "test_tried::test_wrong: assert 1 == 2",
        'test_tried::test_broken: failed on setup with "RuntimeError: no fixture"',
    ]


def test_a_stage_that_wrote_nothing_names_nothing(tmp_path: Path) -> None:
    assert failures(tmp_path / "none.xml") == []


def test_the_browser_finds_all_its_tests_where_it_looks() -> None:
    root = Path(__file__).parent
    marked = {path.parent for path in root.rglob("test_*.py") if "mark.e2e\n" in path.read_text()}
    assert marked == {root.parent / STAGES["browser"][0]}
