"""The papers that are signed, and the sheets of the mairie: words, structure, what they hide."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import outloud
import pikepdf
import pypdfium2 as pdfium
import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from demarches.models import Officer, User
from demarches.papers.documents import RenderedPdf
from demarches.web.tables import as_table
from pacs.actions import desk
from pacs.actions.appointments import book_for
from pacs.actions.endings import end_dossier
from pacs.actions.registration import (
    Ceremony,
    mark_avis_mentioned,
    mark_avis_sent,
    open_act,
    originals_of,
    register_act,
    register_pacs,
)
from pacs.admin.registration import PAPERS
from pacs.hooks import mine
from pacs.models import Dossier, LaterAct, Registration
from pacs.models.registration import signed_by
from pacs.papers import documents, official, sheets
from pacs.papers.documents import DocumentNotReady
from tests.support.appointments import make_complete
from tests.support.dossiers import dates_read, make_dossier
from tests.support.pdf import text_of as read
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)
START = datetime(2026, 11, 23, 9, tzinfo=PARIS)
AFTER = START + timedelta(minutes=20)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def booked(alice: User, bob: User, agent: User) -> Dossier:
    complete = make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)
    book_for(complete, START, by=agent, at=NOW)
    return Dossier.objects.get(pk=complete.pk)


@pytest.fixture
def line(booked: Dossier, agent: User) -> Registration:
    officer = Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=date(2026, 1, 1)
    )
    keys = [piece.key for piece, _ in originals_of(booked)]
    return register_pacs(
        booked,
        Ceremony(
            officer,
            AFTER,
            [1, 2],
            keys,
            dates_read(booked, AFTER.date()),
            convention_visa=True,
            convention_returned=True,
        ),
        by=agent,
        at=AFTER,
        version=None,
    )


def dissolved(line: Registration, agent: User) -> Registration:
    act = open_act(
        line,
        kind="dissolution_conjointe",
        received_on=TODAY,
        by_post=False,
        pieces=["declaration", "identites"],
        event_on=None,
        by=agent,
        at=AFTER,
    )
    register_act(act, officer=the(line.officer), by=agent, at=AFTER)
    return Registration.objects.get(pk=line.pk)


def text_of(paper: RenderedPdf) -> str:
    return read(paper.content)


def ended(line: Registration, kind: str, deceased: int | None = None) -> LaterAct:
    """An end as the register has it, not written."""
    return LaterAct(
        deceased=deceased,
        registration=line,
        kind=kind,
        status="registered",
        received_on=TODAY,
        effect_on=TODAY,
        registered_at=NOW,
        **signed_by(the(line.officer)),
    )


def refused_act(line: Registration) -> LaterAct:
    """A modification that was refused."""
    return LaterAct(
        registration=line,
        kind="modification",
        received_on=TODAY,
        status="inadmissible",
        ground="La convention modifiée n’est pas signée.",
        refused_at=NOW,
    )


def every_paper(line: Registration) -> dict[str, RenderedPdf]:
    return {
        "recepisse": official.recepisse(line),
        "attestation": official.attestation(line),
        "extract": official.register_extract(line),
        "avis": official.avis_de_mention(the(line.avis.first())),
        "batch": official.avis_batch(line.avis.all(), dated=TODAY),
        "counts": official.counts_sheet(official.half_yearly_counts(2026, 2), dated=TODAY),
        "day": sheets.day_sheet(TODAY, at=NOW),
        "front_desk": sheets.front_desk_sheet(TODAY, at=NOW),
        "plan_b": sheets.plan_b(TODAY - timedelta(days=1), at=NOW),
        "dissolution_receipt": official.dissolution_receipt(ended(line, "dissolution_conjointe")),
        "end_letter": official.end_letter(ended(line, "dissolution_deces"), 1),
        "act_decision": official.act_decision(refused_act(line)),
        "convocation": documents.convocation(the(line.dossier), reader=the(line.dossier).people[0]),
    }


def test_every_paper_is_tagged_titled_french_and_passes_the_checker(
    line: Registration, tmp_path: Path
) -> None:
    findings = {}
    for name, paper in every_paper(line).items():
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(paper.content)
        findings[name] = [f"{found.rule} {found.message}" for found in outloud.check(path).findings]
        with pikepdf.open(path) as pdf:
            assert (pdf.Root.Lang, bool(pdf.Root.MarkInfo.Marked)) == ("fr", True)
            assert str(pdf.docinfo["/Title"])

    # Each letter of a batch has its own letterhead: that is its content, not a running header.
    findings["batch"] = [one for one in findings["batch"] if not one.startswith("PAG-001")]
    assert {name: found for name, found in findings.items() if found} == {}


def test_a_renamed_officer_leaves_every_past_paper_as_it_was(
    line: Registration, agent: User, alice: User, client_of: Callable[[User], Client]
) -> None:
    line = dissolved(line, agent)
    told = [ended(line, kind) for kind in ("dissolution_unilaterale", "dissolution_deces")]
    act = line.acts.get()

    def papers() -> dict[str, str]:
        """Read again from the register, whatever the officer is called now."""
        row = Registration.objects.get(pk=line.pk)
        made = {
            **{name: make(row) for name, make in PAPERS.items()},
            "receipt": official.dissolution_receipt(LaterAct.objects.get(pk=act.pk)),
            "batch": official.avis_batch(row.avis.all(), dated=TODAY),
            **{f"letter {one.kind}": official.end_letter(one, 1) for one in told},
            **{f"avis {one.pk}": official.avis_de_mention(one) for one in row.avis.all()},
        }
        return {name: paper.html for name, paper in made.items()}

    def screens() -> str:
        """What the desk and the copy of her data say."""
        desk = client_of(agent)
        pages = [
            desk.get(reverse("admin:pacs_registration_change", args=[line.pk])),
            desk.get(reverse("admin:pacs_registration_act", args=[act.pk])),
        ]
        return "".join(page.content.decode() for page in pages) + str(list(mine.parts(alice)))

    before = papers()
    assert [name for name, html in before.items() if "Claire Martin" not in html] == []

    Officer.objects.update(name="Claire Nouvel", quality="maire", act="arrêté 12")

    assert papers() == before
    assert ("Claire Martin, adjointe au maire" in screens(), "Nouvel" in screens()) == (True, False)


def test_the_database_refuses_an_act_signed_by_nobody(line: Registration, agent: User) -> None:
    act = dissolved(line, agent).acts.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        LaterAct.objects.filter(pk=act.pk).update(officer_name="")


def test_the_same_rows_give_the_same_bytes(line: Registration) -> None:
    first, second = every_paper(line), every_paper(line)

    assert [name for name in first if first[name].content != second[name].content] == []


def test_the_recepisse_tells_what_was_done(line: Registration) -> None:
    text = text_of(official.recepisse(line))

    for words in (
        "Récépissé d’enregistrement d’un Pacs",
        "30334-2026-1-0001",
        "23 novembre 2026 à 9 h 20",
        "Claire Martin, adjointe au maire",
        "Lemoine",
        "d’Almeida-Ünal",
        "4 mai 1990",
        "Nîmes, France",
        "visée, datée et rendue",
        "Modèle 1, version 1, du 23 novembre 2026",
    ):
        assert words in text


@pytest.mark.parametrize("paper", ["recepisse", "attestation", "extract", "avis"])
def test_no_paper_says_opposable_before_the_publicity(line: Registration, paper: str) -> None:
    text = text_of(every_paper(line)[paper])

    assert "opposable" not in text
    assert "depuis le" not in text


def test_the_attestation_says_since_when_third_parties_are_bound(
    line: Registration, agent: User
) -> None:
    later = AFTER + timedelta(days=2)
    for avis in line.avis.all():
        mark_avis_sent([avis.pk], on=TODAY, by=agent, at=AFTER)
        mark_avis_mentioned(avis, on=later.date(), by=agent, at=later)

    text = text_of(official.attestation(Registration.objects.get()))

    assert "Effet à l’égard des tiers depuis le 25 novembre 2026" in text


def test_the_avis_names_the_record_the_other_and_the_facts(line: Registration) -> None:
    text = text_of(official.avis_de_mention(line.avis.get(person__position=2)))

    for words in (
        "Mairie de Nîmes",
        "d’Almeida-Ünal",
        "Camille Anne",
        "JUSC2021489C",
        "article 49",
    ):
        assert words in text


def test_a_batch_has_one_page_a_letter_by_recipient(line: Registration) -> None:
    first, second = line.avis.select_related("person", "act")
    first.recipient = "Service central d’état civil (SCEC)"

    paper = official.avis_batch([first, second], dated=TODAY)

    with pikepdf.open(BytesIO(paper.content)) as pdf:
        assert len(pdf.pages) == 3
    text = text_of(paper)
    assert "2 lettres, 2 enveloppes" in text
    assert text.index("Mairie de Nîmes") < text.index("Service central")


def test_acts_stand_on_the_extract_the_attestation_and_their_avis(
    line: Registration, agent: User
) -> None:
    ended = dissolved(line, agent)
    avis = the(ended.avis.exclude(act=None).first())

    for paper in (official.register_extract(ended), official.attestation(ended)):
        text = text_of(paper)
        assert "Dissolution par déclaration conjointe" in text
        assert "version 2" in text
    assert "Date d’effet entre les partenaires 23 novembre 2026" in text_of(
        official.avis_de_mention(avis)
    )


def test_the_decision_is_motivated_and_names_the_recourse(booked: Dossier, agent: User) -> None:
    with pytest.raises(DocumentNotReady):
        official.inadmissibility_decision(booked)
    ground = "Article 515-2 : mariage en cours."
    end_dossier(booked, "irrecevable", reason=ground, by=agent, at=NOW, version=None)

    text = text_of(official.inadmissibility_decision(Dossier.objects.get()))

    for words in (
        "Article 515-2 : mariage en cours.",
        "président du tribunal judiciaire du domicile des partenaires",
        "tribunal judiciaire de Nîmes",
        "Copie certifiée conforme",
    ):
        assert words in text


def test_counts_are_of_one_half_year_and_name_nobody(line: Registration, agent: User) -> None:
    dissolved(line, agent)

    counts = official.half_yearly_counts(2026, 2)
    text = text_of(official.counts_sheet(counts, dated=TODAY))

    assert counts.registered == {
        "une femme et un homme": 1,
        "deux femmes": 0,
        "deux hommes": 0,
        "composition non renseignée": 0,
    }
    assert (counts.total, counts.total_dissolved, counts.modified) == (1, 1, 0)
    assert official.half_yearly_counts(2026, 1).total == 0
    assert "Lemoine" not in text


def test_the_sheet_of_the_officer_says_what_to_check(booked: Dossier, agent: User) -> None:
    booked.partenaires.filter(position=1).update(needs="boucle magnétique")
    booked.pieces.filter(key="1-P11_naissance_fr").update(issued_on=date(2026, 8, 24))
    desk.add_note(booked, body="Interprète prévu.", by=agent, at=NOW)

    text = text_of(sheets.day_sheet(TODAY, at=NOW))

    for words in (
        "9 h",
        "besoins : boucle magnétique",
        "Curatelle",
        "jusqu’au 23 novembre 2026 dernier jour",
        "Note : Interprète prévu.",
        "Convention visée et rendue",
    ):
        assert words in text


def test_the_sheet_of_the_front_desk_holds_hours_and_initials(booked: Dossier) -> None:
    text = text_of(sheets.front_desk_sheet(TODAY, at=NOW))

    assert "C. L. et N. D." in text
    for name in ("Lemoine", "Camille", "Almeida", booked.reference):
        assert name not in text


def test_the_plan_b_covers_ten_working_days(booked: Dossier) -> None:
    before = text_of(sheets.plan_b(date(2026, 11, 6), at=NOW))
    after = text_of(sheets.plan_b(TODAY, at=NOW))

    # The 11th is a holiday: the tenth working day after the 6th is the 23rd.
    assert "du 7 au 23 novembre 2026" in before.lower()
    assert ("Lemoine" in before, "Lemoine" in after) == (True, False)


def test_a_convocation_needs_an_appointment(sent: Dossier) -> None:
    with pytest.raises(DocumentNotReady):
        documents.convocation(sent, reader=None)


def test_the_convocation_of_one_hides_the_papers_of_the_other(booked: Dossier) -> None:
    first, second = (
        text_of(documents.convocation(booked, reader=person)) for person in booked.people
    )

    assert "lundi 23 novembre 2026 à 9 h" in first
    assert ("répertoire civil" in first, "répertoire civil" in second) == (False, True)


def test_a_name_without_a_break_stays_on_the_page(line: Registration) -> None:
    """140 letters: what follows them on the same line is printed all the same."""
    long = "Wolfeschlegelsteinhausenbergerdorff" * 4
    line.persons.filter(position=1).update(birth_name=long)

    papers = official.recepisse(line), official.register_extract(line), official.attestation(line)
    for paper in papers:
        for page in pdfium.PdfDocument(paper.content):
            text = page.get_textpage()
            edges = [text.get_charbox(n)[2] for n in range(text.count_chars())]
            assert max(edges) <= page.get_width()


def test_the_end_of_a_pacs_is_told_to_whom_the_decree_says(line: Registration) -> None:
    first, second = line.people
    letter = text_of(official.end_letter(ended(line, "dissolution_unilaterale"), 2))
    assert f"entre vous et {first.name}" in letter
    assert second.name in letter
    assert "l’article 5 du décret n° 2006-1806" in letter
    assert "l’article 3 du" in text_of(official.end_letter(ended(line, "dissolution_mariage"), 1))
    receipt = text_of(official.dissolution_receipt(ended(line, "dissolution_conjointe")))
    assert first.birth_name in receipt
    assert line.number in receipt
    nobodys: tuple[Callable[[], object], ...] = (
        lambda: official.end_letter(ended(line, "dissolution_conjointe"), 1),
        lambda: official.end_letter(ended(line, "modification"), 1),
        lambda: official.dissolution_receipt(ended(line, "dissolution_deces")),
    )
    for make in nobodys:
        with pytest.raises(DocumentNotReady):
            make()


@pytest.mark.parametrize(("deceased", "survivor"), [(1, 2), (2, 1)])
def test_the_letter_after_a_death_goes_to_whoever_survives_and_says_it(
    line: Registration, deceased: int, survivor: int
) -> None:
    people = dict(zip((1, 2), line.people, strict=True))
    act = ended(line, "dissolution_deces", deceased)

    letter = text_of(official.end_letter(act, survivor))

    assert people[survivor].name in letter
    assert f"informée du décès de {people[deceased].name}" in letter
    assert "l’article 3 du décret n° 2006-1806" in letter
    assert "entre vous et" not in letter
    assert "Les partenaires règlent eux-mêmes" not in letter
    with pytest.raises(DocumentNotReady, match="décédée"):
        official.end_letter(act, deceased)


def test_a_death_registered_before_its_name_was_kept_has_both_letters(line: Registration) -> None:
    first, second = line.people
    act = ended(line, "dissolution_deces")

    for place, other in ((1, second), (2, first)):
        assert f"du décès de {other.name}" in text_of(official.end_letter(act, place))


def test_the_decision_on_a_later_act_says_why_and_where_to_contest(line: Registration) -> None:
    act = refused_act(line)
    said = text_of(official.act_decision(act))
    act.refused_at = None

    for words in (act.ground, line.number, line.people[0].birth_name, "tribunal judiciaire"):
        assert words in said
    with pytest.raises(DocumentNotReady):
        official.act_decision(act)  # of before its day was kept


def test_the_table_of_counts_hides_what_could_be_somebody() -> None:
    registered = {"une femme et un homme": 12, "deux femmes": 6, "deux hommes": 2}
    counts = official.Counts(2026, 2, registered, 1, {"Dissolution par mariage": 7})

    table = as_table("csv", counts.label, official.COUNTED, official.counts_rows(counts))
    assert table.decode("utf-8-sig").splitlines() == [
        "annee;semestre;nature;detail;nombre",
        "2026;2;pacs_enregistre;une femme et un homme;12",
        "2026;2;pacs_enregistre;deux femmes;moins de 5, ou caché",
        "2026;2;pacs_enregistre;deux hommes;moins de 5, ou caché",
        "2026;2;modification;;moins de 5, ou caché",
        "2026;2;dissolution;Dissolution par mariage;7",
    ]
