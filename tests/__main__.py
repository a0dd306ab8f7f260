"""Run the whole suite: on SQLite, on PostgreSQL, then in a real browser.

    python -m tests                     everything
    python -m tests sqlite browser      some stages, in this order

A failing stage does not hide the next one: at the end, each test that failed is named once more
with its stage and its first line, and the last line counts them all together.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from xml.etree import ElementTree

from tests.support.migrated import migrated_postgres
from tests.support.present import the

PYTEST = (sys.executable, "-m", "pytest", "-n", "2")
SLOWEST = ("--durations=15", "--durations-min=5")
#: Where each looks, the tests it takes there, and the address of its database.
STAGES: dict[str, tuple[str, str, AbstractContextManager[str]]] = {
    "sqlite": ("tests", "not e2e", nullcontext("")),
    # What opens no database has said all it can on the first one.
    "postgresql": ("tests", "not e2e and not no_database", migrated_postgres()),
    "browser": ("tests/e2e", "e2e", nullcontext("")),
}
#: Modules compiled by one process serve the others and the next stage, whatever the machine says.
KEEP_COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
OUTCOMES = ("passed", "failed", "skipped")
MOST_NAMED = 20


def _counts(report: Path) -> dict[str, int]:
    """What pytest wrote down; a stage that wrote nothing counts as one failure."""
    if not report.exists():
        return {"passed": 0, "failed": 1, "skipped": 0}
    suite = the(ElementTree.parse(report).getroot().find("testsuite"))
    tests, skipped = int(the(suite.get("tests"))), int(the(suite.get("skipped")))
    failed = int(the(suite.get("failures"))) + int(the(suite.get("errors")))
    return {"passed": tests - failed - skipped, "failed": failed, "skipped": skipped}


def failures(report: Path) -> list[str]:
    """Each test that failed or broke, as pytest names it, and the first line of why."""
    if not report.exists():
        return []
    return [
        f"{case.get('classname')}::{case.get('name')}: {_first_line(said.get('message') or '')}"
        for case in ElementTree.parse(report).iter("testcase")
        for said in (*case.findall("failure"), *case.findall("error"))
    ]


def _first_line(message: str) -> str:
    return next(iter(message.splitlines()), "")[:200]


def _run(stage: str, folder: Path) -> dict[str, int]:
    place, marker, server = STAGES[stage]
    report = folder / f"{stage}.xml"
    with server as database_url:
        print(f"\n== {stage} ==", flush=True)
        environment = {**os.environ, **KEEP_COMPILED, "DATABASE_URL": database_url}
        command = [*PYTEST, place, "-m", marker, f"--junitxml={report}", *SLOWEST]
        code = subprocess.run(command, env=environment).returncode
    counts = _counts(report)
    if code != 0 and counts["failed"] == 0:
        counts["failed"] = 1  # pytest itself stopped, or it found no test at all
    return counts


def main(stages: list[str]) -> int:
    unknown = [stage for stage in stages if stage not in STAGES]
    if unknown:
        print(f"Unknown stage: {', '.join(unknown)}. The stages are {', '.join(STAGES)}.")
        return 2
    # Being told to stop also stops the server and removes its files.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    total = dict.fromkeys(OUTCOMES, 0)
    failed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for stage in stages or STAGES:
            counts = _run(stage, Path(folder))
            total = {name: total[name] + counts[name] for name in OUTCOMES}
            failed += [f"{stage}: {one}" for one in failures(Path(folder) / f"{stage}.xml")]
    print(f"\n== all stages, in {time.monotonic() - started:.0f} s ==")
    print("\n".join(failed[:MOST_NAMED]))
    print(", ".join(f"{total[name]} {name}" for name in OUTCOMES), flush=True)
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
