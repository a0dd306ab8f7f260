"""How the text of a mail is read, so that its HTML part says the same with the town's look.

A mail is written once, as text. Blocks stand between empty lines, and in them: « Un titre : »
and an address on the next line are a link; « – » begins a line of a list; four spaces, a code;
« > », what somebody wrote (RFC 3676, 4.5), in which nothing more is read;
a block that begins with a day of the week, the day and place of an appointment. The last block
is the foot, unless it holds a link. Every other line is a line of a paragraph.
"""

import re
from dataclasses import dataclass
from typing import Literal

type Kind = Literal["text", "link", "list", "code", "plaque", "quote", "foot"]

_ADDRESS = re.compile(r"https?://\S+")
#: How a line ends that is the title of the address on the next one.
_LABEL_ENDS = (" :", "\u00a0:")
_DAY = re.compile(r"(lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) \d")
_ITEM, _CODE, _QUOTE = "– ", "    ", ">"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing after another in a mail: its lines; of a link, its address, and if it leads."""

    kind: Kind
    lines: tuple[str, ...]
    address: str = ""
    is_main: bool = False


def read_mail(text: str) -> list[Part]:
    """The parts of a mail, in their order; every word of `text` is in one of them.

    The first link is the main one: the page that the mail is about.
    """
    blocks = [block.split("\n") for block in re.split(r"\n\s*\n", text.strip("\n")) if block]
    found: list[Part] = []
    for rank, lines in enumerate(blocks):
        parts = _parts(lines)
        is_last = rank == len(blocks) - 1 and rank > 0
        if is_last and all(part.kind == "text" for part in parts):
            parts = [Part("foot", part.lines) for part in parts]
        found += parts
    main = next((rank for rank, part in enumerate(found) if part.kind == "link"), None)
    return [
        Part(part.kind, part.lines, part.address, is_main=rank == main)
        for rank, part in enumerate(found)
    ]


def quoted(text: str) -> str:
    """What somebody wrote, as a quotation: none of its lines is read as one of ours."""
    return "\n".join(f"{_QUOTE} {line}".rstrip() for line in text.strip().splitlines())


def _parts(lines: list[str]) -> list[Part]:
    if _DAY.match(lines[0].replace("\u00a0", " ")):
        return [Part("plaque", tuple(line.strip() for line in lines))]
    found: list[Part] = []
    for line in lines:
        if line.startswith(_QUOTE):
            _add(found, "quote", line.removeprefix(_QUOTE).strip())
        elif _ADDRESS.fullmatch(line.strip()):
            found.append(Part("link", _label_taken(found), line.strip()))
        elif line.startswith(_ITEM):
            _add(found, "list", line.removeprefix(_ITEM))
        elif line.startswith(_CODE):
            _add(found, "code", line.strip())
        elif line.strip():
            _add(found, "text", line.strip())
    return found


def _add(found: list[Part], kind: Kind, line: str) -> None:
    """Put a line with those before it when they are of the same kind."""
    before = found.pop().lines if found and found[-1].kind == kind else ()
    found.append(Part(kind, (*before, line)))


def _label_taken(found: list[Part]) -> tuple[str, ...]:
    """The title of a link, taken from the line before; nothing when that is no title."""
    if not found or found[-1].kind != "text":
        return ()
    *rest, last = found[-1].lines
    if not last.endswith(_LABEL_ENDS) or len(last) < len("a :"):
        return ()
    found.pop()
    if rest:
        found.append(Part("text", tuple(rest)))
    return (last[:-2],)
