"""docs/asvs.csv: each requirement of OWASP ASVS 5.0, levels 1 and 2, with what meets it.

python -m tests.audit asvs
"""

import ast
import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.audit.table import Row
from tests.support.portal import ROOT

FILE = ROOT / "docs" / "asvs.csv"
FIELDS = ["id", "level", "subject", "state", "evidence", "remark"]
ID = re.compile(r"V\d{1,2}\.\d{1,2}\.\d{1,2}")
MET, NOT_MET, ABSENT = "met", "not met", "not applicable"
#: Whoever runs the portal meets it; a section of the documentation says how.
DEPLOYMENT = "deployment"
#: How many the standard has (version 5.0.0): one that was left out shows here.
NUMBER_BY_LEVEL = {"1": 70, "2": 183}


@dataclass(frozen=True)
class Requirement:
    """A line of the file."""

    id: str
    level: str
    subject: str
    state: str
    evidence: str
    remark: str

    @property
    def evidences(self) -> list[str]:
        """« path::test », « path » of tests, or « docs/file.md#Section »."""
        return [one.strip() for one in self.evidence.split(";") if one.strip()]


def read(file: Path = FILE) -> list[Requirement]:
    """Every line; a file with other columns is refused with ValueError."""
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if reader.fieldnames != FIELDS:
            raise ValueError(f"{file.name}: the columns are {reader.fieldnames}, not {FIELDS}")
        return [Requirement(**line) for line in reader]


def faults(lines: Iterable[Requirement], root: Path = ROOT) -> list[str]:
    """What is wrong with the lines, one sentence each."""
    lines = list(lines)
    times = Counter(line.id for line in lines)
    found = [f"{name} stands {number} times" for name, number in times.items() if number > 1]
    for line in lines:
        if not ID.fullmatch(line.id):
            found.append(f"{line.id!r} is no id")
        if line.level not in NUMBER_BY_LEVEL:
            found.append(f"{line.id}: level {line.level!r}")
        if line.state not in {MET, NOT_MET, ABSENT, DEPLOYMENT}:
            found.append(f"{line.id}: state {line.state!r}")
        if line.state in {MET, DEPLOYMENT} and not line.evidences:
            found.append(f"{line.id} is {line.state}, and nothing shows it")
        if line.state != MET and not line.remark:
            found.append(f"{line.id} is {line.state}, and does not say why")
        missing = [one for one in line.evidences if not exists(one, root)]
        found += [f"{line.id}: {one} is not there" for one in missing]
    by_level = Counter(line.level for line in lines)
    if by_level != NUMBER_BY_LEVEL:
        found.append(f"{dict(by_level)} requirements by level, not {NUMBER_BY_LEVEL}")
    return found


def exists(evidence: str, root: Path = ROOT) -> bool:
    """Whether the test, the file or the section of a document is there."""
    path, _, name = evidence.partition("::")
    if name:
        return (root / path).is_file() and name in _tests(root / path)
    path, _, section = evidence.partition("#")
    if not (root / path).exists():
        return False
    return not section or section in _sections(root / path)


@cache
def _tests(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@cache
def _sections(file: Path) -> frozenset[str]:
    text = file.read_text(encoding="utf-8")
    return frozenset(title.strip() for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE))


def rows(folder: Path) -> list[Row]:
    """One row for the file, one for what is not met."""
    lines = read()
    wrong = faults(lines)
    number = Counter(line.state for line in lines)
    told = ", ".join(f"{number[state]} {state}" for state in (MET, ABSENT, DEPLOYMENT, NOT_MET))
    open_ids = [line.id for line in lines if line.state == NOT_MET]
    aim = "every L1 and L2 requirement has a line; what is met is shown"
    return [
        Row.of("ASVS 5.0 matrix", aim, "; ".join(wrong) or told, "docs/asvs.csv", is_met=not wrong),
        Row.of(
            "ASVS 5.0 met",
            "none of those that apply is open",
            f"{len(open_ids)} open: {', '.join(open_ids)}" if open_ids else "none open",
            "docs/asvs.csv",
            is_met=not open_ids,
        ),
    ]
