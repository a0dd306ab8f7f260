"""Run a part of the suite at hours that are seldom met, and on a machine that does much else.

    python -m tests.clocks                       the chosen part, at every clock
    python -m tests.clocks tests/pacs -k book    another part, as pytest names it

Every test begins at the moment of its clock, and its time goes on from there. The last round is
at the clock of the machine, with twenty processes that only count beside it.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: What it is -> its moment, at the mairie.
CLOCKS = {
    "a minute before midnight": "2026-12-01T23:59:00+01:00",
    "the last instant of a year": "2026-12-31T23:59:59.500+01:00",
    "29 February": "2028-02-29T10:00:00+01:00",
    "the hour that does not exist": "2027-03-28T01:59:50+01:00",
    "the hour that comes twice": "2026-10-25T02:30:00+02:00",
    "its second coming": "2026-10-25T02:30:00+01:00",
}
#: What computes days, and what waits.
CHOSEN = (
    "tests/demarches/rules",
    "tests/pacs/rules",
    "tests/vitale/rules",
    "tests/pacs/test_appointments.py",
    "tests/pacs/test_retention.py",
    "tests/vitale/test_meetings.py",
    "tests/test_closing.py",
    "tests/test_health.py",
    "tests/test_kept_pages.py",
)
BUSY = 20
PYTEST = (sys.executable, "-m", "pytest", "-m", "not e2e", "--tb=short")


def _count() -> None:
    while True:
        pass


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """A machine that has as many other things to do."""
    others = [multiprocessing.Process(target=_count, daemon=True) for _ in range(processes)]
    for one in others:
        one.start()
    try:
        yield
    finally:
        for one in others:
            one.kill()


def _run(name: str, words: list[str], clock: str = "") -> bool:
    print(f"\n== {name} ==", flush=True)
    environment = {**os.environ, "TEST_CLOCK": clock}
    return subprocess.run([*PYTEST, *words], env=environment).returncode == 0


def main(words: list[str]) -> int:
    words = words or list(CHOSEN)
    right = {name: _run(name, words, moment) for name, moment in CLOCKS.items()}
    with busy(BUSY):
        right[f"{BUSY} other processes"] = _run(f"{BUSY} other processes", words)
    print()
    for name, is_right in right.items():
        print(f"{'right' if is_right else 'WRONG'}  {name}")
    return 0 if all(right.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
