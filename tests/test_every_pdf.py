"""Every PDF of the product: its tags, its language, its title, its words.

The templates are found on the disk: a new one fails here until somebody makes it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import outloud
import pikepdf
import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from demarches.guidance.comarquage import import_source
from demarches.models import Mairie, ShownFiche
from demarches.papers.documents import render_pdf
from demarches.rules.enums import Status
from pacs.models import Dossier, PacsSettings, PieceWording, Registration
from pacs.papers import documents, official
from pacs.reads.checklist import blank_set_pdf, checklist_pdf
from tests.pacs.rules.people import FOREIGN, FRENCH
from tests.pacs.test_after import GIVEN
from tests.pacs.test_checklist import checklist_of
from tests.pacs.test_documents import every_document
from tests.pacs.test_official import booked, every_paper, line  # noqa: F401 -- fixtures
from tests.support.dossiers import COMMON, OTHER, PERSON
from tests.support.fiches import fiche_xml
from tests.support.pdf import text_of
from tests.support.present import the
from tests.support.reference import load
from uzes_portal.mine import copy_for

TEMPLATES = Path(settings.BASE_DIR, "templates")
#: Parts of a page begin with « _ ».
PAPERS = {
    str(path.relative_to(TEMPLATES))
    for path in TEMPLATES.glob("*/pdf/*.html")
    if not path.name.startswith("_")
}
TODAY = date(2026, 11, 27)
FEWEST_SIGNS = 200
#: What the checker says of WeasyPrint's own work, or of what is no link: a reader's own address,
#: the foot of a paper of four pages, a link whose words are in two parts; and of letters printed
#: together, each with its own letterhead, which is content.
KNOWN = {
    "mine": {"LNK-010", "PAG-001"},
    "fiche": {"LNK-001"},
    "batch": {"PAG-001"},
    "lists": {"PAG-001"},
}
#: The longest commune of France, and names and an address as long as real ones get.
LONGEST = {
    "birth_name": "Castellane-Montmorency de La Rochefoucauld-Villeneuve",
    "first_names": "Marie-Antoinette Wilhelmine Anne-Charlotte Élisabeth Bénédicte",
    "birth_city": "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson",
    "parent1_name": "Castellane-Montmorency de La Rochefoucauld",
    "parent1_first_names": "Jean-Baptiste Ferdinand Maximilien",
    "street": "Résidence Les Terrasses du Pont-du-Gard, bâtiment C, appartement 214,"
    " 1275 ancienne route de Saint-Quentin-la-Poterie",
}
LONGEST_OTHER = {
    **LONGEST,
    "birth_name": "Wittelsbach-Hohenzollern-Sigmaringen d’Almeida-Ünal",
    "first_names": "Maximilien-Alexandre Barthélemy Jean-Christophe Emmanuel",
}
#: CSS pixels in a millimetre, and what a window envelope shows of a sheet folded in three.
MM = 96 / 25.4
WINDOW_TOP, WINDOW_FOOT = 49, 81


@pytest.fixture(params=["usual", "longest"], autouse=True)
def names(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Who the papers are of: what fits a short name may not fit a long one."""
    if request.param == "longest":
        for row, values in ((PERSON, LONGEST), (OTHER, LONGEST_OTHER)):
            for name, value in values.items():
                monkeypatch.setitem(row, name, value)
        monkeypatch.setitem(COMMON, "street", LONGEST["street"])
    return str(request.param)


@dataclass(frozen=True)
class Word:
    """Some text on a page, where it is printed, and the classes of all that holds it."""

    text: str
    page: int
    left: float
    top: float
    right: float
    foot: float
    within: frozenset[str]

    def covers(self, other: "Word") -> bool:
        """Printed one over the other; the lines of a paragraph may touch."""
        deep = min(self.foot, other.foot) - max(self.top, other.top)
        wide = min(self.right, other.right) - max(self.left, other.left)
        return wide > 1 and deep > min(self.foot - self.top, other.foot - other.top) * 0.35


def _words(box: Any, page: int, within: frozenset[str] = frozenset()) -> Iterator[Word]:
    if box.element is not None and not isinstance(box.element, str):
        within |= frozenset((box.element.get("class") or "").split())
    if text := getattr(box, "text", "").strip():
        left, top = box.content_box_x(), box.content_box_y()
        yield Word(text, page, left, top, left + box.width, top + box.height, within)
    for child in getattr(box, "children", ()):
        yield from _words(child, page, within)


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[list[Word]]:
    """The words of each page of the papers made since the last look, as they were laid out."""
    found: list[list[Word]] = []
    finish: Callable[..., None] = render_pdf.__globals__["_print_links"]

    def spy(document: Any, pdf: Any) -> None:
        for number, page in enumerate(document.pages, start=1):
            found.append(list(_words(page._page_box, number)))
        finish(document, pdf)

    monkeypatch.setattr("demarches.papers.documents._print_links", spy)
    return found


def misplaced(pages: list[list[Word]]) -> list[str]:
    """Words over others, out of the window of the envelope, or a frame without its signatures."""
    found = []
    for words in pages:
        found += [
            f"p. {one.page}: « {one.text} » over « {two.text} »"
            for one, two in combinations(words, 2)
            if one.covers(two)
        ]
        for word in words:
            if "window" in word.within and not (
                word.top >= WINDOW_TOP * MM and word.foot <= WINDOW_FOOT * MM
            ):
                found.append(f"p. {word.page}: « {word.text} » is not seen in the window")
        held = frozenset[str]().union(*(word.within for word in words))
        if "mairie-box" in held and "signature" not in held:
            found.append(f"p. {words[0].page}: the frame of the mairie without the signatures")
    return found


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The title that each template was last made with."""
    found: dict[str, str] = {}
    render: Callable[..., object] = render_pdf.__globals__["render_to_string"]

    def spy(template: str, context: dict[str, str] | None = None, *args: object) -> object:
        if context is not None and template in PAPERS:
            found[template] = context["title"]
        return render(template, context, *args)

    monkeypatch.setattr("demarches.papers.documents.render_to_string", spy)
    return found


def _refused(dossier: Dossier) -> Dossier:
    """The same couple, told that they may not."""
    Dossier.objects.filter(pk=dossier.pk).update(
        status=Status.INADMISSIBLE.value,
        inadmissible_ground="Vous êtes frère et sœur.",
        ended_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    return Dossier.objects.get(pk=dossier.pk)


def papers(line: Registration, client: Client, folder: Path) -> Iterator[tuple[str, bytes]]:  # noqa: F811
    """One of each, and more of those that may differ."""
    mairie = Mairie.objects.get()
    for name, paper in {**every_document(the(line.dossier)), **every_paper(line)}.items():
        yield name, paper.content
    yield (
        "list",
        checklist_pdf(checklist_of(FRENCH, FOREIGN), mairie=mairie, today=TODAY).content,
    )
    yield "lists", documents.checklists([the(line.dossier)]).content
    blank = blank_set_pdf(
        mairie=mairie,
        settings=PacsSettings.current(),
        wordings=PieceWording.objects.by_rule(),
        today=TODAY,
    )
    yield "blank", blank.content
    yield "mine", copy_for(the(the(line.dossier).people[0].user)).content
    for slug in ("dissoudre", "modifier"):
        yield slug, client.post(reverse("pacs:after-papers", args=[slug]), GIVEN).content
    (folder / "F1.xml").write_text(fiche_xml(), encoding="utf-8")
    import_source(folder, at=datetime(2026, 11, 27, tzinfo=UTC))
    ShownFiche.objects.create(code="F1")
    yield "fiche", client.get(reverse("demarches:fiche-pdf", args=["F1"])).content
    plan = reverse("vitale:plan-sheet")
    for params in (
        {"situation": "perte", "caisse": "cpam", "voie": "en-ligne"},
        {"situation": "perte", "caisse": "inconnue"},
        {"situation": "fraude", "moyen": "sms", "reponse": "banque-donnee"},
    ):
        yield "plan", client.get(plan, params).content
    yield "decision", official.inadmissibility_decision(_refused(the(line.dossier))).content


def test_every_pdf_is_tagged_named_and_laid_out(
    line: Registration,  # noqa: F811
    client: Client,
    made: dict[str, str],
    laid_out: list[list[Word]],
    tmp_path: Path,
) -> None:
    load("vitale_references", "vitale_situations")
    cache.clear()
    folder = tmp_path / "guide"
    folder.mkdir()
    wrong: dict[str, list[str]] = {}
    for rank, (name, content) in enumerate(papers(line, client, folder)):
        path = tmp_path / f"{rank}.pdf"
        path.write_bytes(content)
        findings = outloud.check(path).findings
        found = [
            f"{one.rule} {one.message}" for one in findings if one.rule not in KNOWN.get(name, ())
        ]
        with pikepdf.open(path) as pdf:
            if (str(pdf.Root.Lang), bool(pdf.Root.MarkInfo.Marked)) != ("fr", True):
                found.append("neither French nor tagged")
            if not str(pdf.docinfo["/Title"]):
                found.append("without a title")
        found += misplaced(laid_out)
        laid_out.clear()
        if len(text_of(content)) < FEWEST_SIGNS:
            found.append("without words")
        if found:
            wrong[f"{rank} {name}"] = found

    assert wrong == {}
    assert set(made) == PAPERS
