"""The list as people read it."""

from datetime import UTC, date, datetime
from pathlib import Path

import outloud
import pytest
from icalendar import Calendar

from demarches.models import Mairie
from demarches.papers.documents import RenderedPdf
from pacs.models import PacsSettings, PieceWording
from pacs.reads.checklist import (
    Checklist,
    NotNeeded,
    blank_set_pdf,
    build_checklist,
    checklist_pdf,
    not_needed,
    tasks_calendar,
)
from pacs.rules.situation import PartenaireAnswers
from tests.pacs.rules.people import FOREIGN, FRENCH, couple, inputs
from tests.support.reference import load

TODAY = date(2026, 11, 23)


def checklist_of(
    first: PartenaireAnswers, second: PartenaireAnswers, *, wished: date | None = None
) -> Checklist:
    return build_checklist(
        inputs(couple(first, second)),
        wished=wished,
        at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        settings=PacsSettings.current(),
        wordings=PieceWording.objects.by_rule(),
    )


@pytest.fixture(autouse=True)
def reference(db: None) -> None:
    load("mairie", "agendas", "pacs_settings", "pacs_pieces")


def test_three_groups_with_their_own_pieces() -> None:
    checklist = checklist_of(FRENCH, FOREIGN)

    assert [(g.title, g.holder, len(g.lines)) for g in checklist.groups] == [
        ("Pour vous deux", 0, 2),
        ("Vous", 1, 2),
        ("Votre partenaire", 2, 5),
    ]
    assert (checklist.count, checklist.uncertain_count) == (9, 0)
    assert [line.data_for for group in checklist.groups for line in group.lines[:1]] == [
        "couple",
        "1",
        "2",
    ]


def test_lead_time_follows_the_papers() -> None:
    wished = date(2027, 6, 5)

    assert checklist_of(FRENCH, FRENCH, wished=wished).plan.file_by == date(2027, 5, 6)
    assert checklist_of(FRENCH, FOREIGN, wished=wished).plan.file_by == date(2027, 4, 21)


def test_paper_about_a_paper_names_it() -> None:
    (line,) = [
        line
        for group in checklist_of(FRENCH, FOREIGN).groups
        for line in group.lines
        if line.piece.about
    ]

    assert (
        line.title == "Apostille ou légalisation, selon le pays\u00a0: acte de naissance étranger"
    )
    assert line.prepared_as.endswith("avant la traduction (acte de naissance étranger)")
    assert line.brought_as == (
        "Le document avec son apostille ou sa légalisation (acte de naissance étranger)"
    )


def test_not_needed_line_by_line() -> None:
    never = PieceWording(help="Justificatif\u00a0: déclaré sur l’honneur.\nChéquier")

    assert not_needed(never) == [
        NotNeeded("Justificatif", "déclaré sur l’honneur."),
        NotNeeded("Chéquier", ""),
    ]


def test_paper_list_is_set_smaller_when_long() -> None:
    short, long = checklist_of(FRENCH, FRENCH), checklist_of(FRENCH, PartenaireAnswers())

    assert 'class="checklist"' in checklist_pdf(short, mairie=None, today=TODAY).html
    assert 'class="checklist checklist-long"' in checklist_pdf(long, mairie=None, today=TODAY).html


def test_paper_without_a_date_says_why_to_wait() -> None:
    html = checklist_pdf(checklist_of(FRENCH, FRENCH), mairie=None, today=TODAY).html

    assert "avant d’avoir une date en tête" in html
    assert "Dossier à envoyer" not in html


def test_paper_for_a_date_too_near_gives_the_first_possible_one() -> None:
    checklist = checklist_of(FRENCH, FRENCH, wished=date(2026, 12, 1))

    html = checklist_pdf(checklist, mairie=None, today=TODAY).html

    assert "Cette date est trop proche" in html
    assert "mardi 22\u00a0décembre 2026" in html
    assert "Dossier à envoyer" not in html


def test_same_list_gives_the_same_paper() -> None:
    first, second = (
        checklist_pdf(checklist_of(FRENCH, FOREIGN), mairie=None, today=TODAY) for _ in range(2)
    )

    assert first.content == second.content


def test_paper_never_prints_what_was_not_listed() -> None:
    html = checklist_pdf(checklist_of(FRENCH, FRENCH), mairie=None, today=TODAY).html

    assert "certificat de coutume au consulat" not in html
    assert html.count("Justificatif de domicile") == 1


def test_calendar_without_a_date_is_empty() -> None:
    content = tasks_calendar(
        checklist_of(FRENCH, FRENCH), mairie=None, at=datetime(2026, 11, 23, tzinfo=UTC)
    )

    assert Calendar.from_ical(content).walk("VEVENT") == []


def blank_set() -> RenderedPdf:
    return blank_set_pdf(
        mairie=Mairie.objects.get(),
        settings=PacsSettings.current(),
        wordings=PieceWording.objects.by_rule(),
        today=TODAY,
    )


def test_papers_pass_the_accessibility_checker(tmp_path: Path) -> None:
    mairie = Mairie.objects.get()
    papers = {
        "blank": blank_set(),
        "short": checklist_pdf(checklist_of(FRENCH, FRENCH), mairie=mairie, today=TODAY),
        "long": checklist_pdf(
            checklist_of(FOREIGN, PartenaireAnswers(), wished=date(2027, 6, 5)),
            mairie=mairie,
            today=TODAY,
        ),
    }
    findings = {}
    for name, paper in papers.items():
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(paper.content)
        findings[name] = [f"{f.rule} {f.message}" for f in outloud.check(path).findings]

    assert findings == {"blank": [], "short": [], "long": []}


def test_blank_set_names_every_situation() -> None:
    html = blank_set().html

    for box in ("un partenariat enregistré à l’étranger", "en curatelle", "en tutelle"):
        # One for each of the two.
        assert html.count(f">{box}</li>") == 2

    for rule_id in ("P11_naissance_fr", "P13_naissance_ofpra", "P42_veuvage", "P50_mesure_preuve"):
        assert PieceWording.objects.get(rule_id=rule_id).label in html
    assert "15\u00a0jours" in html or "15 jours" in html
