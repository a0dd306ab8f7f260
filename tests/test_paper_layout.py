"""Every PDF with the longest real names and communes: nothing is printed over anything else.

The boxes are those that WeasyPrint draws: lines of text, pictures, and rules to write on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from pacs.models import Registration
from tests.pacs.test_official import booked, line  # noqa: F401 -- fixtures
from tests.support.dossiers import COMMON, OTHER, PERSON
from tests.support.reference import load
from tests.test_every_pdf import papers

#: The longest name of a French commune, and names as long as the register has seen.
LONG = {
    "birth_name": "Castellane-Montmorency de La Rochefoucauld-Villeneuve",
    "first_names": "Marie-Antoinette Wilhelmine Anne-Charlotte Élisabeth Bénédicte",
    "street": "Résidence Les Terrasses du Pont-du-Gard, bâtiment C, appartement 214,"
    " 1275 ancienne route de Saint-Quentin-la-Poterie",
    "birth_city": "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson",
    "parent1_name": "Castellane-Montmorency de La Rochefoucauld",
    "parent1_first_names": "Jean-Baptiste Ferdinand Maximilien",
}
OTHER_LONG = {
    **LONG,
    "first_names": "Maximilien-Alexandre Barthélemy Jean-Christophe Emmanuel",
    "birth_name": "Wittelsbach-Hohenzollern-Sigmaringen d’Almeida-Ünal",
}
#: Lines follow each other closely: what overlaps is more than the room around the letters.
SLACK = 0.25


@dataclass(frozen=True)
class Drawn:
    """What takes room on a page, in CSS pixels."""

    what: str
    left: float
    top: float
    right: float
    bottom: float

    def is_over(self, other: "Drawn") -> bool:
        """Whether they share more than the edge of a line."""
        high = SLACK * min(self.bottom - self.top, other.bottom - other.top)
        return (
            min(self.right, other.right) - max(self.left, other.left) > 1
            and min(self.bottom, other.bottom) - max(self.top, other.top) > high
        )


def drawn(page: Any) -> Iterator[Drawn]:
    """The texts, pictures and rules of a page, those out of the flow too."""
    for box in page._page_box.descendants(placeholders=True):
        kind = type(box).__name__
        is_rule = "blank" in (box.element.get("class") or "") if box.element is not None else False
        what = getattr(box, "text", "").strip()
        if kind == "InlineBlockBox" and is_rule:
            what = "____"
        elif "Replaced" in kind:
            what = "(image)"
        elif not what:
            continue
        left, top = float(box.position_x), float(box.position_y)
        yield Drawn(what, left, top, left + box.margin_width(), top + box.margin_height())


@pytest.fixture
def long_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for person, words in (
        (PERSON, LONG),
        (OTHER, OTHER_LONG),
        (COMMON, {"street": LONG["street"]}),
    ):
        for name, value in words.items():
            monkeypatch.setitem(person, name, value)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The pages as they are laid out, paper after paper."""
    found: list[Any] = []

    def look(document: Any, pdf: Any) -> None:
        found.append(document.pages)

    monkeypatch.setattr("demarches.papers.documents._print_links", look)
    return found


def test_nothing_is_printed_over_anything_else(
    long_names: None,
    line: Registration,  # noqa: F811
    client: Client,
    pages: list[Any],
    tmp_path: Path,
) -> None:
    load("vitale_references", "vitale_situations")
    cache.clear()
    over: dict[str, list[str]] = {}
    alone: list[str] = []
    for rank, (name, content) in enumerate(papers(line, client, tmp_path)):
        (tmp_path / f"{rank:02d}-{name}.pdf").write_bytes(content)
        made, pages[:] = pages[:], []
        for number, page in enumerate(paper for one in made for paper in one):
            shown = list(drawn(page))
            if found := [f"{a.what} / {b.what}" for a, b in combinations(shown, 2) if a.is_over(b)]:
                over[f"{rank} {name} {number + 1}"] = found
            words = " ".join(one.what for one in shown)
            if "Cadre réservé à la mairie" in words and "Signature, le jour" not in words:
                alone.append(f"{rank} {name} {number + 1}")

    assert over == {}
    # The frame of the mairie is on the page of the signatures that it seals.
    assert alone == []
