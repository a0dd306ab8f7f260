"""Rows that the suite shows: which tests prove what, a line each."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.audit.table import Row
from tests.support.portal import ROOT
from tests.support.postgres import throwaway_postgres

#: What `FUZZ_INPUTS` says, else as many as the issue on security asks for.
FUZZ_INPUTS = os.environ.get("FUZZ_INPUTS", "100000")


@dataclass(frozen=True)
class Proof:
    """What is wanted, and the files or tests that show it; to add one is to add a line below."""

    check: str
    aim: str
    tests: tuple[str, ...]
    #: Each database says it in its own way: SQLite alone would show half of it.
    on_both: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


PROOFS: dict[str, Proof] = {
    "headers": Proof(
        "headers, ways out, reports, tokens of forms",
        "every address by every sort of answer",
        ("tests/test_headers.py",),
    ),
    "uploads": Proof(
        "hostile uploads",
        "refused or made harmless, every one",
        (
            "tests/demarches/test_uploads.py",
            "tests/pacs/test_upload_doors.py",
            "tests/demarches/test_uploads_downloads.py",
            "tests/demarches/test_uploads_handler.py",
            "tests/demarches/test_uploads_storage.py",
        ),
    ),
    "antivirus": Proof(
        "antivirus",
        "a true daemon finds what it knows; without it nothing passes",
        ("tests/demarches/test_uploads_antivirus.py",),
    ),
    "rights": Proof(
        "address by person, desk by group",
        "each answers as its table says; a new one fails",
        ("tests/test_authorization.py", "tests/test_desk_rights.py"),
    ),
    "addresses": Proof(
        "one canonical e-mail address",
        "look-alikes open nothing",
        ("tests/demarches/test_addresses.py", "tests/demarches/rules/test_addresses.py"),
        on_both=True,
    ),
    "staff": Proof(
        "second factor, idle and absolute limits",
        "no page of the desk without them",
        ("tests/demarches/test_second_factor.py", "tests/demarches/test_staff_sign_in.py"),
    ),
    "openid": Proof(
        "FranceConnect, ProConnect",
        "every hostile answer refused",
        ("tests/demarches/test_openid.py",),
    ),
    "limits": Proof(
        "limits beside the view",
        "every costly address has one, whatever the method",
        ("tests/test_limits.py", "tests/demarches/test_ratelimit.py"),
    ),
    "texts": Proof(
        "no NIR, IBAN or card in free text",
        "every text field guarded or excused",
        ("tests/test_free_text.py", "tests/test_address_guard.py"),
    ),
    "readings": Proof(
        "every look is written down",
        "every view of a person's data adds a reading",
        ("tests/test_readings.py",),
    ),
    "journal": Proof(
        "the journal cannot be rewritten",
        "append-only on both engines, and chained",
        ("tests/demarches/test_journal.py",),
        on_both=True,
    ),
    "documents": Proof(
        "documents fetch nothing",
        "0 requests, whatever is typed",
        ("tests/demarches/test_documents.py",),
    ),
    "fuzz": Proof(
        "hostile values for every page and form",
        f"0 errors of ours in {FUZZ_INPUTS} inputs",
        ("tests/test_fuzz.py",),
        on_both=True,
        environment={"FUZZ_INPUTS": FUZZ_INPUTS},
    ),
}


def part(name: str) -> Callable[[Path], list[Row]]:
    """The part of the audit that runs these tests."""

    def rows(folder: Path) -> list[Row]:
        return [shown_by_tests(PROOFS[name], folder / f"{name}.xml")]

    return rows


def shown_by_tests(proof: Proof, report: Path, *, root: Path = ROOT) -> Row:
    """Run them; a file that does not exist shows nothing, nor does a test that never ran."""
    shown_by = ", ".join(proof.tests)
    missing = [test for test in proof.tests if not (root / test.split("::")[0]).exists()]
    if missing:
        return Row.not_shown(proof.check, proof.aim, f"no {', '.join(missing)}", shown_by)
    runs = {"SQLite": _run(proof, report, root, {})}
    if proof.on_both:
        with throwaway_postgres() as url:
            other = report.with_stem(f"{report.stem}-postgresql")
            runs["PostgreSQL"] = _run(proof, other, root, {"DATABASE_URL": url})
    told = "; ".join(f"{engine}: {run.told}" for engine, run in runs.items())
    if not all(run.is_good for run in runs.values()):
        return Row.of(proof.check, proof.aim, told, shown_by, is_met=False)
    skipped = set[str]().union(*(run.skipped for run in runs.values()))
    untried = skipped.difference(*(run.passed for run in runs.values()))
    if untried:
        told += f"; never tried: {', '.join(sorted(untried))}"
        return Row.not_shown(proof.check, proof.aim, told, shown_by)
    return Row.of(proof.check, proof.aim, told, shown_by, is_met=True)


@dataclass(frozen=True)
class Run:
    """The tests of one run, by name; `is_good`: it ended well, and had tests."""

    is_good: bool
    told: str
    passed: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()


def _run(proof: Proof, report: Path, root: Path, database: Mapping[str, str]) -> Run:
    command = [sys.executable, "-m", "pytest", "-m", "not e2e"]
    command += [f"--junitxml={report}", *proof.tests]
    report.unlink(missing_ok=True)
    # Their settings are those of their own pyproject.toml, also when the suite calls this.
    ours = {"DJANGO_SETTINGS_MODULE", "DATABASE_URL"}
    environment = {k: v for k, v in os.environ.items() if k not in ours}
    environment |= {**proof.environment, **database}
    done = subprocess.run(command, cwd=root, env=environment, check=False, capture_output=True)
    if not report.exists():
        return Run(is_good=False, told="pytest broke down")
    cases = list(ElementTree.parse(report).iter("testcase"))
    failed = [one for one in cases if {"failure", "error"} & {part.tag for part in one}]
    skipped = {_name(one) for one in cases if one.find("skipped") is not None}
    passed = {_name(one) for one in cases if one not in failed} - skipped
    return Run(
        is_good=done.returncode == 0 and not failed and bool(cases),
        told=f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped",
        passed=frozenset(passed),
        skipped=frozenset(skipped),
    )


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname')}::{case.get('name')}"
