"""The rows of the audit, and the table that is printed and kept."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class State(StrEnum):
    """What a row may say; what was not tried is never shown as met."""

    MET = "met"
    FAILED = "FAILED"
    NOT_SHOWN = "not shown here"


@dataclass(frozen=True)
class Row:
    """One check: what is wanted, what was found, and by what."""

    check: str
    aim: str
    result: str
    shown_by: str
    state: State

    @classmethod
    def of(cls, check: str, aim: str, result: str, shown_by: str, *, is_met: bool) -> "Row":
        return cls(check, aim, result, shown_by, State.MET if is_met else State.FAILED)

    @classmethod
    def not_shown(cls, check: str, aim: str, why: str, shown_by: str = "nothing") -> "Row":
        return cls(check, aim, why, shown_by, State.NOT_SHOWN)


COLUMNS = ("state", "check", "aim", "result", "shown_by")


def as_markdown(rows: Iterable[Row]) -> str:
    """The table as it is printed: aligned, and a table for whoever renders it."""
    lines = [COLUMNS, *(tuple(_cell(getattr(row, name)) for name in COLUMNS) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    written = [
        "| "
        + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    ]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(written) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows are in each state."""
    found = [row.state for row in rows]
    return {state.value: found.count(state) for state in State}


def keep(rows: list[Row], folder: Path) -> None:
    """Write audit.md and audit.json."""
    (folder / "audit.md").write_text(as_markdown(rows), encoding="utf-8")
    text = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1)
    (folder / "audit.json").write_text(text + "\n", encoding="utf-8")
