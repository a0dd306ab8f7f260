"""Rows that the suite shows: which tests prove what, a line each."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.audit.table import Row
from tests.support.portal import ROOT


@dataclass(frozen=True)
class Proof:
    """What is wanted, and the files or tests that show it; to add one is to add a line below."""

    check: str
    aim: str
    tests: tuple[str, ...]


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
            "tests/demarches/test_uploads_antivirus.py",
            "tests/demarches/test_uploads_downloads.py",
            "tests/demarches/test_uploads_handler.py",
            "tests/demarches/test_uploads_storage.py",
        ),
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
    ),
    "documents": Proof(
        "documents fetch nothing",
        "0 requests, whatever is typed",
        ("tests/demarches/test_documents.py",),
    ),
}


def part(name: str) -> Callable[[Path], list[Row]]:
    """The part of the audit that runs these tests."""

    def rows(folder: Path) -> list[Row]:
        return [shown_by_tests(PROOFS[name], folder / f"{name}.xml")]

    return rows


def shown_by_tests(proof: Proof, report: Path, *, root: Path = ROOT) -> Row:
    """Run them; a file that does not exist shows nothing, and the row says so."""
    shown_by = ", ".join(proof.tests)
    missing = [test for test in proof.tests if not (root / test.split("::")[0]).exists()]
    if missing:
        return Row.not_shown(proof.check, proof.aim, f"no {', '.join(missing)}", shown_by)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "not e2e",
        f"--junitxml={report}",
        *proof.tests,
    ]
    report.unlink(missing_ok=True)
    # Their settings are those of their own pyproject.toml, also when the suite calls this.
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=root, env=environment, check=False, capture_output=True)
    if not report.exists():
        return Row.of(proof.check, proof.aim, "pytest broke down", shown_by, is_met=False)
    suite = ElementTree.parse(report).getroot().find("testsuite")
    number, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    told = f"{number - failed - skipped} passed, {failed} failed, {skipped} skipped"
    is_met = done.returncode == 0 and number > skipped
    return Row.of(proof.check, proof.aim, told, shown_by, is_met=is_met)
