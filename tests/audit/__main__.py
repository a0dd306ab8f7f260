"""Try the portal as an attacker and an auditor would, and print one table.

    python -m tests.audit                     every part
    python -m tests.audit deploy policy       some parts, in this order

The table is kept in var/audit/, with the reports of the tools. Ends with 1 if a row failed; a row
« not shown here » says what this machine could not try, and is no success.
"""

import signal
import sys
import time
from pathlib import Path

from tests.audit.parts import PARTS
from tests.audit.table import Row, State, as_markdown, counts, keep
from tests.support.portal import ROOT

FOLDER = ROOT / "var" / "audit"


def run(names: list[str], folder: Path) -> list[Row]:
    """Every row of these parts; one that breaks down is a failed row, and stops no other."""
    rows: list[Row] = []
    for name in names:
        started = time.monotonic()
        print(f"== {name} ==", flush=True)
        try:
            found = PARTS[name](folder)
        except Exception as error:  # noqa: BLE001 -- told in its row
            found = [
                Row(name, "runs to its end", f"{type(error).__name__}: {error}", "", State.FAILED)
            ]
        rows += found
        print(as_markdown(found) + f"({time.monotonic() - started:.0f} s)", flush=True)
    return rows


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"Unknown part: {', '.join(unknown)}. The parts are {', '.join(PARTS)}.")
        return 2
    # Being told to stop also stops the servers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = run(names or list(PARTS), FOLDER)
    keep(rows, FOLDER)
    print("\n== the audit ==\n" + as_markdown(rows))
    print(", ".join(f"{number} {state}" for state, number in counts(rows).items()), flush=True)
    return 1 if counts(rows)[State.FAILED] else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
