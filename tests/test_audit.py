"""The audit itself: nothing is shown as met that was not; and its parts that need no network."""

import json
from pathlib import Path

import pytest

from tests.audit import __main__ as command
from tests.audit import asvs, deploy, packages, static
from tests.audit.asvs import ABSENT, DEPLOYMENT, MET, NOT_MET, Requirement
from tests.audit.parts import PARTS
from tests.audit.proofs import PROOFS, Proof, shown_by_tests
from tests.audit.table import Row, State, as_markdown, counts
from tests.audit.tools import ToolMissing
from tests.support.portal import ROOT

GOOD = Row.of("a", "b", "c", "d", is_met=True)
BAD = Row.of("a", "b", "c", "d", is_met=False)
UNTRIED = Row.not_shown("a", "b", "no machine for it")


# The frame


def test_the_table_counts_what_was_not_tried_apart() -> None:
    assert counts([GOOD, BAD, UNTRIED, UNTRIED]) == {"met": 1, "FAILED": 1, "not shown here": 2}


def test_the_table_keeps_its_columns_whatever_a_tool_says() -> None:
    lines = as_markdown([Row.of("a|b", "x\ny", "é" * 30, "d", is_met=True)]).splitlines()

    assert [line.count("|") for line in lines] == [6, 6, 6]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("rows", "code"), [([GOOD], 0), ([GOOD, UNTRIED], 0), ([GOOD, BAD], 1)], ids=str
)
def test_only_a_failed_row_ends_with_one(
    rows: list[Row], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setitem(PARTS, "sample", lambda folder: rows)

    assert command.main(["sample"]) == code
    assert len(json.loads((tmp_path / "audit.json").read_text())) == len(rows)


def test_a_part_that_breaks_down_is_a_failed_row_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: Path) -> list[Row]:
        raise RuntimeError("no")

    monkeypatch.setitem(PARTS, "broken", broken)
    monkeypatch.setitem(PARTS, "sample", lambda folder: [GOOD])

    rows = command.run(["broken", "sample"], tmp_path)

    assert [row.state for row in rows] == [State.FAILED, State.MET]


def test_an_unknown_part_is_told_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["nothing"]) == 2
    assert "Unknown part: nothing. The parts are deploy, " in capsys.readouterr().out


@pytest.mark.parametrize("name", ["policy", "observatory", "wapiti"])
def test_a_tool_that_is_missing_shows_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(folder: Path) -> Path:
        raise ToolMissing("no network")

    module = {"policy": "node_packages", "observatory": "node_packages", "wapiti": "wapiti"}
    monkeypatch.setattr(f"tests.audit.{name}.{module[name]}", missing)

    assert {row.state for row in PARTS[name](tmp_path)} == {State.NOT_SHOWN}


def test_proofs_without_their_file_show_nothing(tmp_path: Path) -> None:
    row = shown_by_tests(Proof("a", "b", ("tests/none.py",)), tmp_path / "x.xml", root=tmp_path)

    assert (row.state, row.result) == (State.NOT_SHOWN, "no tests/none.py")


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ("assert True", State.MET),
        ("assert False", State.FAILED),
        ("import pytest; pytest.skip()", State.NOT_SHOWN),
    ],
    ids=["passes", "fails", "skips"],
)
def test_proofs_say_what_their_tests_say(body: str, state: State, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_x.py").write_text(f"def test_x():\n    {body}\n")

    row = shown_by_tests(Proof("a", "b", ("test_x.py",)), tmp_path / "x.xml", root=tmp_path)

    assert row.state == state


def test_a_test_that_ran_on_one_database_is_shown(tmp_path: Path) -> None:
    """What only PostgreSQL can try is tried there; what neither tries is no success."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_x.py").write_text(
        "import os, pytest\n"
        "@pytest.mark.skipif('DATABASE_URL' not in os.environ, reason='')\n"
        "def test_x():\n    pass\n"
    )
    one, both = (
        shown_by_tests(
            Proof("a", "b", ("test_x.py",), on_both=on_both), tmp_path / "x.xml", root=tmp_path
        )
        for on_both in (False, True)
    )

    assert (one.state, "never tried: test_x::test_x" in one.result) == (State.NOT_SHOWN, True)
    assert (both.state, both.result) == (
        State.MET,
        "SQLite: 0 passed, 0 failed, 1 skipped; PostgreSQL: 1 passed, 0 failed, 0 skipped",
    )


def test_every_proof_names_its_tests_once() -> None:
    named = [test for proof in PROOFS.values() for test in proof.tests]

    assert sorted(named) == sorted(set(named))
    assert set(PROOFS) <= set(PARTS)


def test_every_proof_names_tests_that_exist() -> None:
    named = {test.split("::")[0] for proof in PROOFS.values() for test in proof.tests}

    assert [test for test in sorted(named) if not (ROOT / test).exists()] == []


# The parts that need nothing from elsewhere


def test_the_checks_of_a_deployment_find_nothing(tmp_path: Path) -> None:
    assert [(row.result, row.state) for row in deploy.rows(tmp_path)] == [("0 issues", State.MET)]


def test_every_package_is_listed_pinned_and_installed_as_pinned(tmp_path: Path) -> None:
    rows = packages.rows(tmp_path)

    assert {row.check: row.state for row in rows if row.state != State.MET} == {}
    assert json.loads((tmp_path / "sbom.cdx.json").read_text())["bomFormat"] == "CycloneDX"


def test_the_code_read_without_running_it_shows_nothing(tmp_path: Path) -> None:
    assert {row.check: row.result for row in static.rows(tmp_path) if row.state != State.MET} == {}


def test_an_excuse_without_a_reason_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(
        "x = 1  # noqa: S308\ny = 2  # noqa: S308 -- ours\n# ours\nz = 3  # noqa: S308\n"
    )

    assert [static.is_explained(file, line) for line in (1, 2, 4)] == [False, True, True]
    assert not static.is_explained(file, 3)


# docs/asvs.csv


def test_the_matrix_is_whole_and_what_it_shows_exists() -> None:
    assert asvs.faults(asvs.read()) == []


def line(**given: str) -> Requirement:
    sound = {
        "id": "V1.1.1",
        "level": "1",
        "subject": "a",
        "state": MET,
        "evidence": "docs/security.md#Sessions",
        "remark": "",
    }
    return Requirement(**{**sound, **given})


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"id": "1.1.1"}, "'1.1.1' is no id"),
        ({"level": "3"}, "V1.1.1: level '3'"),
        ({"state": "yes"}, "V1.1.1: state 'yes'"),
        ({"evidence": ""}, "V1.1.1 is met, and nothing shows it"),
        ({"state": DEPLOYMENT, "evidence": "", "remark": "b"}, "and nothing shows it"),
        ({"state": NOT_MET}, "V1.1.1 is not met, and does not say why"),
        ({"state": ABSENT}, "V1.1.1 is not applicable, and does not say why"),
        ({"evidence": "docs/security.md#Nothing"}, "docs/security.md#Nothing is not there"),
        ({"evidence": "docs/nothing.md"}, "docs/nothing.md is not there"),
        ({"evidence": "tests/test_audit.py::test_nothing"}, "::test_nothing is not there"),
    ],
)
def test_a_line_that_claims_too_much_is_seen(given: dict[str, str], fault: str) -> None:
    found = asvs.faults([line(**given)], ROOT)

    assert [one for one in found if fault in one] != []


def test_a_line_too_many_and_one_too_few_are_seen() -> None:
    found = asvs.faults([line(), line()])

    assert found == [
        "V1.1.1 stands 2 times",
        "{'1': 2} requirements by level, not {'1': 70, '2': 183}",
    ]


def test_what_is_open_is_a_failed_row(tmp_path: Path) -> None:
    matrix, open_ones = asvs.rows(tmp_path)

    assert matrix.state == State.MET
    assert (open_ones.state == State.MET) == (open_ones.result == "none open")
