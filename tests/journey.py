"""Write what the way to « envoyé » costs, page by page: `make journey`."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "docs" / "journey.md"
#: Each couple, and the most pages, then taps and fields, that it may cost them.
BUDGETS = {"A": (36, 95), "B": (25, 50)}
COUPLES = {
    "B": "two French singles who live together in Uzès, the model convention, one phone passed"
    " from one to the other, no simulator",
    "A": "an Italian widow born in Rome and a French divorced man born in Oran, their own text, an"
    " invitation by mail, not yet living together, the simulator first",
}


def save_walk(folder: Path, name: str, walk: Sequence[Any]) -> None:
    """Keep a walk for the table."""
    (folder / f"{name}.json").write_text(json.dumps([asdict(shown) for shown in walk]))


def recorded(name: str) -> tuple[int, int]:
    """Pages, then taps and fields, that the table gives for this couple."""
    found = re.search(rf"^\| {name} \| (\d+) \| (\d+) \|", TABLE.read_text(), re.MULTILINE)
    if found is None:
        raise LookupError(f"docs/journey.md says nothing of couple {name}.")
    return int(found[1]), int(found[2])


def write_table(folder: Path) -> None:
    """The table, of the walks kept in this folder."""
    walks = {name: json.loads((folder / f"{name}.json").read_text()) for name in COUPLES}
    lines = [
        "# The way to « envoyé », counted",
        "",
        "Two couples go from the home page to the acknowledgement (`tests/e2e/test_walks.py`), at",
        "360 px, both persons' parts included. `make journey` writes this file; the walks fail",
        "when they cost more, or less, than what stands here.",
        "",
        "A page is one HTML document shown; redirections, PDFs and mails are none. A tap is one",
        "activation of a link, button, radio, box or suggestion. A field is one control typed",
        "into, chosen from, or given files; a date in three boxes is three. Seconds are those of",
        "the server on the machine that wrote this, redirections included; bytes, those of the",
        "HTML.",
        "",
        "| Couple | Pages | Taps and fields | Most pages | Most taps and fields |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, walk in walks.items():
        acts = sum(shown["taps"] + shown["fields"] for shown in walk)
        pages, most = BUDGETS[name]
        lines.append(f"| {name} | {len(walk)} | {acts} | {pages} | {most} |")
    for name, walk in walks.items():
        lines += [
            "",
            f"## Couple {name}",
            "",
            f"{COUPLES[name][0].upper()}{COUPLES[name][1:]}.",
            "",
        ]
        lines.append("| | Page | Taps | Fields | Seconds | Bytes | Header, px |")
        lines.append("| --- | --- | --- | --- | --- | --- | --- |")
        for number, shown in enumerate(walk, start=1):
            title = shown["title"].rpartition(" – ")[0] or shown["title"]
            lines.append(
                f"| {number} | {title} | {shown['taps']} | {shown['fields']}"
                f" | {shown['seconds']:.2f} | {shown['size']} | {shown['header']} |"
            )
    TABLE.write_text("\n".join(lines) + "\n")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        walks = ("tests/e2e/test_walks.py", "-k", "narrow and not script")
        command = [sys.executable, "-m", "pytest", *walks]
        code = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "JOURNEY_FOLDER": folder}, check=False
        ).returncode
        if code == 0:
            write_table(Path(folder))
    return code


if __name__ == "__main__":
    sys.exit(main())
