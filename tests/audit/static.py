"""What reads the code without running it: bandit, and ruff's rules on security."""

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.audit.table import Row
from tests.support.portal import ROOT

APPS = ("uzes_portal", "demarches", "pacs", "vitale")
RUFF_RULES = "S,B,BLE"
EXCUSE = re.compile(r"#\s*noqa:\s*S\d+")


def rows(folder: Path) -> list[Row]:
    """bandit from « medium » up, and every excuse given to ruff; a reason stands beside each."""
    return [_bandit(folder), _ruff(), _excuses()]


def _bandit(folder: Path) -> Row:
    report = folder / "bandit.json"
    program = Path(sys.executable).with_name("bandit")
    command: list[str | Path] = [program, "-q", "-r", *APPS, "-ll", "-f", "json", "-o", report]
    subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    found = json.loads(report.read_text(encoding="utf-8"))["results"]
    places = [(str(one["filename"]), int(one["line_number"])) for one in found]
    bare = [f"{file}:{line}" for file, line in places if not is_explained(ROOT / file, line)]
    high = [one for one in found if one["issue_severity"] == "HIGH"]
    return Row.of(
        "bandit",
        "0 high; each medium one explained in the code",
        f"{len(high)} high, {len(found)} medium or more, {len(bare)} unexplained"
        + "".join(f" {place}" for place in bare),
        "var/audit/bandit.json",
        is_met=not high and not bare,
    )


def _ruff() -> Row:
    program = Path(sys.executable).with_name("ruff")
    command: list[str | Path] = [program, "check", "--select", RUFF_RULES, *APPS]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    last = (done.stdout.strip().splitlines() or ["it broke down"])[-1]
    return Row.of(
        f"ruff {RUFF_RULES}",
        "0",
        last,
        "ruff check, with pyproject.toml",
        is_met=not done.returncode,
    )


def _excuses() -> Row:
    bare, number = [], 0
    for app in APPS:
        for file in sorted((ROOT / app).rglob("*.py")):
            for line, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if EXCUSE.search(text):
                    number += 1
                    if not is_explained(file, line):
                        bare.append(f"{file.relative_to(ROOT)}:{line}")
    return Row.of(
        "excuses given to ruff S",
        "a reason beside each",
        f"{number} excuses, {len(bare)} without a reason" + "".join(f" {place}" for place in bare),
        "the code",
        is_met=not bare,
    )


def is_explained(file: Path, line: int) -> bool:
    """An excuse stands on the line with its reason, or under a comment that gives it."""
    lines = file.read_text(encoding="utf-8").splitlines()
    if not EXCUSE.search(lines[line - 1]):
        return False
    has_reason = " -- " in lines[line - 1]
    return has_reason or (line > 1 and lines[line - 2].lstrip().startswith("#"))
