"""What a new maintainer is told leads somewhere."""

import os
import re
import subprocess

import pytest

from tests.support.portal import ROOT

GUIDE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
ROWS = [line for line in GUIDE.splitlines() if line.startswith("|") and "`" in line]
TARGETS = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


@pytest.mark.parametrize("row", ROWS)
def test_each_room_of_the_tour_holds_what_it_says(row: str) -> None:
    words = [word for word in re.findall(r"`([^`]+)`", row) if not word.startswith("/")]
    paths = [ROOT / word for word in words if "/" in word]
    assert paths
    assert [path for path in paths if not path.exists()] == []
    texts = "".join(path.read_text(encoding="utf-8") for path in paths)
    assert [word for word in words if "/" not in word and word not in texts] == []


@pytest.mark.parametrize("document", ["README.md", "docs/contributing.md"])
def test_each_verb_of_make_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert set(re.findall(r"\bmake ([a-z-]+)", text.split("```sh")[0])) <= set(TARGETS)
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= set(TARGETS)


@pytest.mark.parametrize("level", ["0", "1"], ids=["from a shell", "from a make"])
def test_help_lists_every_verb(level: str) -> None:
    # A make inside « make test » says which folder it enters, unless told not to.
    told = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        env={**os.environ, "MAKELEVEL": level},
        capture_output=True,
        text=True,
        check=True,
    )

    listed = [line.split()[1] for line in told.stdout.splitlines()]
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony is not None
    assert listed == TARGETS == phony[1].split()
