"""Which branches of the rules and of the actions no test takes; fails below a floor.

    python -m tests.coverage          the whole suite on SQLite, then both floors
    python -m tests.coverage rules    the tests of the rules alone, then theirs: no database

Apart from `make test`, which it would slow down by half.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.portal import ROOT

#: Percent of lines and branches that must be taken by the whole suite. Floors only rise.
FLOORS = {"rules": 95, "actions": 90}
#: The same, of the rules by their own tests: what reads rows (the gate) is tried elsewhere.
BY_THEMSELVES = {"rules": 88}
#: The tests that are enough for the rules: pure functions, tried by themselves.
OF_RULES = ("tests/demarches/rules", "tests/pacs/rules", "tests/vitale/rules")


def main(words: list[str]) -> int:
    """Run, then report each part with what it lacks; 1 when a test or a floor fails."""
    if words not in ([], ["rules"]):
        print(f"Unknown part: {' '.join(words)}. « rules », or nothing.")
        return 2
    tests, floors = (OF_RULES, BY_THEMSELVES) if words else (("-m", "not e2e"), FLOORS)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "COVERAGE_FILE": str(Path(folder) / "data")}

        def run(*command: str) -> int:
            line = [sys.executable, "-m", *command]
            return subprocess.run(line, cwd=ROOT, env=environment, check=False).returncode

        failed = run("pytest", "-n", "2", *tests, "--cov", "--cov-report=") != 0
        for part, floor in floors.items():
            print(f"\n== {part}: at least {floor} % ==", flush=True)
            report = ["--skip-covered", "--show-missing", f"--fail-under={floor}"]
            failed |= run("coverage", "report", f"--include=*/{part}/*", *report) != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
