"""The papers of a PACS dossier: their words, what they hide, and how they are built."""

import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import outloud
import pikepdf
import pytest
import time_machine
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from demarches.papers.documents import RenderedPdf, qr_picture
from demarches.rules.enums import PieceStatus, Status
from demarches.rules.reference import ALPHABET
from pacs.models import Dossier, Partenaire, Piece, PieceWording
from pacs.papers import documents
from pacs.papers.documents import DocumentNotReady
from pacs.rules.convention import ConventionChoices, MaterialAid, PropertyRegime
from pacs.rules.situation import Impediment, Situation

AT = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)

ANNE: dict[str, Any] = {
    "birth_name": "MARTIN", "first_names": "Anne-Claire Éloïse", "usage_name": "DURAND", "sex": "F",
    "birth_year": 1991, "birth_month": 5, "birth_day": 1, "birth_city": "Nîmes",
    "birth_department": "Gard", "birth_country": "FR", "nationalities": ["FR", "IT"],
    "parent1_name": "MARTIN", "parent1_first_names": "Jean-Noël", "parent2_unknown": True,
    "situation": "celibataire", "street": "1, rue SECRÈTE", "contact_email": "anne@secret.test",
    "phone": "+33466010101", "measure": "curatelle",
}  # fmt: skip
OMER: dict[str, Any] = {
    "birth_name": "ŞAHİN", "first_names": "Ömer", "sex": "M", "birth_year": 1988,
    "birth_city": "İzmir", "birth_country": "TR", "nationalities": ["TR"],
    "parent1_name": "ŞAHİN", "parent1_first_names": "Mehmet", "parent2_name": "ĐẶNG",
    "parent2_first_names": "Thị", "situation": "divorce", "street": "9, rue SECRÈTE",
    "contact_email": "omer@secret.test", "phone": "+33466020202", "protection": "refugie",
    "measure": "tutelle",
}  # fmt: skip
PRIVATE_OF_OMER = ["İzmir", "1988", "Turquie", "Mehmet", "Divorce"]


@pytest.fixture
def dossier(db: None) -> Dossier:
    call_command("loaddata", "mairie", verbosity=0)
    dossier = Dossier.objects.create(
        reference="PACS-2026-000042-K", created_at=AT, last_activity_at=AT,
        status=Status.SUBMITTED.value, submitted_at=AT, street="12, rue de la République",
        postcode="30700", city="Uzès",
    )  # fmt: skip
    for position, person in enumerate((ANNE, OMER), start=1):
        Partenaire.objects.create(
            dossier=dossier,
            position=position,
            attested_at=AT,
            attested_text="J’atteste.",
            attested_digest="legacy",
            **person,
        )
    return dossier


def text_of(document: RenderedPdf) -> str:
    """The words as they are read, pages and lines joined."""
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(document.content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def page_count(document: RenderedPdf) -> int:
    with pikepdf.open(io.BytesIO(document.content)) as pdf:
        return len(pdf.pages)


def every_document(dossier: Dossier) -> dict[str, RenderedPdf]:
    first, second = dossier.people
    fixed = ConventionChoices(MaterialAid.FIXED, PropertyRegime.INDIVISION, (450, None))
    legal = ConventionChoices(MaterialAid.PROPORTIONAL, PropertyRegime.SEPARATION)
    return {
        "checklist": documents.checklist(dossier, reader=None),
        "acknowledgement": documents.acknowledgement(dossier, reader=None),
        "declaration": documents.declaration(dossier, reader=None),
        "declaration_of_first": documents.declaration(dossier, reader=first),
        "convention_legal": documents.convention(dossier, legal),
        "convention_fixed": documents.convention(dossier, fixed),
        "personal_part": documents.personal_part(dossier, second),
        "way_back": documents.way_back(dossier),
    }


# All of them


def test_every_document_passes_the_accessibility_checker(dossier: Dossier, tmp_path: Path) -> None:
    findings = {}
    for name, document in every_document(dossier).items():
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(document.content)
        findings[name] = [f"{found.rule} {found.message}" for found in outloud.check(path).findings]

    assert [name for name in findings if findings[name]] == [], findings


def test_every_document_is_titled_and_french(dossier: Dossier) -> None:
    titles = {}
    for name, document in every_document(dossier).items():
        with pikepdf.open(io.BytesIO(document.content)) as pdf:
            assert str(pdf.Root.Lang) == "fr"
            titles[name] = str(pdf.docinfo.Title)

    assert titles == {
        "checklist": "Vos pièces\u00a0: à préparer, à apporter",
        "acknowledgement": "Accusé de réception de votre dossier",
        "declaration": "Préparation de la déclaration conjointe de Pacs",
        "declaration_of_first": "Préparation de la déclaration conjointe de Pacs",
        "convention_legal": "Convention de Pacs",
        "convention_fixed": "Convention de Pacs",
        "personal_part": "Votre partie du dossier, sur papier",
        "way_back": "Pour revenir à votre démarche",
    }


def test_the_paper_part_asks_what_the_rules_read(dossier: Dossier) -> None:
    text = text_of(documents.personal_part(dossier, dossier.people[1]))

    for box in (
        *(one.label for one in Situation if one not in {Situation.MARRIED, Situation.PACSED}),
        "Curatelle",
        "Tutelle",
        "Une autre mesure de protection",
        "Mon futur partenaire me protège (curateur, tuteur)",
        "trois ans et de 45 000 €",
    ):
        assert " ".join(box.split()) in text


def test_what_fits_on_one_sheet_stays_on_one_sheet(dossier: Dossier) -> None:
    counts = {name: page_count(document) for name, document in every_document(dossier).items()}

    assert counts == {
        "checklist": 1,
        "acknowledgement": 1,
        "declaration": 1,
        "declaration_of_first": 1,
        "convention_legal": 1,
        "convention_fixed": 1,
        # Recto to fill in, verso to sign.
        "personal_part": 2,
        "way_back": 1,
    }


def test_documents_say_nothing_in_the_log_and_are_the_same_twice(
    dossier: Dossier, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = every_document(dossier), every_document(dossier)

    assert first == second
    assert [record.getMessage() for record in caplog.records if record.levelno >= 30] == []


def test_no_document_depends_on_what_is_private(dossier: Dossier) -> None:
    before = every_document(dossier)

    dossier.partenaires.update(
        street="autre rue", city="Autre", contact_email="autre@secret.test", phone="",
        measure="aucune", protection="aucune", needs="langue des signes", common_comment="non",
    )  # fmt: skip

    assert every_document(Dossier.objects.get()) == before


def test_hostile_names_stay_text(dossier: Dossier) -> None:
    typed = "<img src=file:///etc/passwd> {{ dossier }}"
    dossier.partenaires.update(birth_name=typed)

    for name, document in every_document(dossier).items():
        if name not in {"acknowledgement", "checklist", "way_back"}:
            assert typed in text_of(document)


# Acknowledgement


def test_the_acknowledgement_carries_every_mention_of_the_law(dossier: Dossier) -> None:
    text = text_of(documents.acknowledgement(dossier, reader=None))

    for mention in (
        "PACS-2026-000042-K",
        "23 novembre 2026 à 15 h 05",
        "Mairie d’Uzès, service de l’état civil",
        "BP 71103, 30701 Uzès cedex",
        "04 66 03 48 48",
        # Ten working days: neither Saturdays nor Sundays.
        "au plus tard le 7 décembre 2026",
        "articles L112-11 et R112-11-1",
        "le silence de la mairie ne vaut ni acceptation ni refus",
        "décision d’irrecevabilité motivée",
    ):
        assert mention in text


def test_a_draft_has_no_acknowledgement(dossier: Dossier) -> None:
    dossier.submitted_at = None

    with pytest.raises(DocumentNotReady):
        documents.acknowledgement(dossier, reader=None)


def test_the_acknowledgement_names_what_its_reader_may_know_of(dossier: Dossier) -> None:
    first, second = dossier.people
    for rule_id, label in (
        ("P01_declaration", "Déclaration conjointe"),
        ("P13_naissance_ofpra", "Certificat de l’Ofpra"),
        ("P03_identite", "Pièce d’identité"),
        ("P20_traduction", "Traduction"),
    ):
        PieceWording.objects.filter(pk=rule_id).update(label=label)
    rows = [
        (None, "P01_declaration", "", PieceStatus.TO_BRING, True),
        (first, "P03_identite", "", PieceStatus.MISSING, True),
        (first, "P20_traduction", "P03_identite", PieceStatus.BLOCKED, True),
        (second, "P13_naissance_ofpra", "", PieceStatus.MISSING, True),
        (second, "P03_identite", "", PieceStatus.PROVIDED, True),
        (first, "P13_naissance_ofpra", "", PieceStatus.MISSING, False),
    ]
    for position, (holder, rule_id, about, status, is_required) in enumerate(rows):
        Piece.objects.create(
            dossier=dossier, partenaire=holder, key=str(position), rule_id=rule_id, about=about,
            position=position, status=status.value, is_required=is_required,
        )  # fmt: skip

    def missing(reader: Partenaire | None) -> list[str]:
        return documents.piece_labels(dossier, documents.MISSING_STATUSES, reader=reader)

    mine = [
        "Pièce d’identité, pour Anne-Claire Éloïse DURAND",
        "Traduction (Pièce d’identité), pour Anne-Claire Éloïse DURAND",
    ]
    theirs = ["Certificat de l’Ofpra, pour Ömer ŞAHİN"]
    assert (missing(first), missing(second), missing(None)) == (mine, theirs, mine + theirs)
    text = text_of(documents.acknowledgement(dossier, reader=first))
    assert all(label in text for label in mine)
    assert "Ofpra" not in text
    assert "apporter le jour du rendez-vous : • Déclaration conjointe" in text


# Checklist


def test_the_checklist_says_what_to_prepare_and_what_to_bring(dossier: Dossier) -> None:
    call_command("loaddata", "pacs_pieces", verbosity=0)
    first, second = dossier.people
    rows = [
        (None, "P02_convention", "", PieceStatus.MISSING, None),
        (first, "P03_identite", "", PieceStatus.ACCEPTED, None),
        (first, "P11_naissance_fr", "", PieceStatus.PROVIDED, date(2026, 11, 3)),
        (first, "P10_naissance_comedec", "", PieceStatus.PROVIDED, None),
        (second, "P13_naissance_ofpra", "", PieceStatus.REFUSED, None),
        (second, "P20_traduction", "P30_coutume", PieceStatus.BLOCKED, None),
    ]
    for position, (holder, rule_id, about, status, issued_on) in enumerate(rows):
        Piece.objects.create(
            dossier=dossier, partenaire=holder, key=str(position), rule_id=rule_id, about=about,
            position=position, status=status.value, issued_on=issued_on, decided_at=AT,
            refusal_text="Illisible." if status is PieceStatus.REFUSED else "",
        )  # fmt: skip

    with time_machine.travel(AT, tick=False):
        everything = text_of(documents.checklist(dossier, reader=None))
        mine = text_of(documents.checklist(dossier, reader=first))

    prepare, bring = everything.split("À apporter le jour du rendez-vous")
    for words in (
        "Choisir et écrire la convention",
        "Demander à l’Ofpra le certificat",
        "Faire traduire le document (certificat de coutume)",
    ):
        assert words in prepare
    # In hand already: nothing to prepare, and still to be brought.
    for words in ("pièce d’identité", "acte de naissance à la mairie"):
        assert words not in prepare
    for words in (
        "La convention, un seul original",
        "La pièce d’identité, et sa photocopie",
        "L’acte de naissance, original délivré le 3 novembre 2026, utilisable jusqu’au 2 février",
        "Le certificat de l’Ofpra, original",
        "N’apportez pas Justificatif de domicile",
    ):
        assert words in bring
    assert "Rien à demander" not in bring
    assert "Ofpra" not in mine
    assert "Ömer" not in mine
    assert "Choisir et écrire la convention" in mine


# Declaration


def test_a_declaration_without_common_residence_says_whose_it_is(dossier: Dossier) -> None:
    Dossier.objects.update(impediment=Impediment.NO_COMMON_RESIDENCE.value, already_home=None)

    text = text_of(documents.declaration(Dossier.objects.get(), reader=None))

    assert "fixer notre résidence commune à cette adresse" not in text
    assert "résidence principale commune" not in text
    assert "l’un de nous a sa résidence à cette adresse" in text


def test_the_declaration_carries_the_content_of_the_form(dossier: Dossier) -> None:
    rows = documents.declaration_rows(dossier, reader=None)

    assert [(row.label, row.first, row.second) for row in rows] == [
        ("Nom de naissance", "MARTIN", "ŞAHİN"),
        ("Prénoms", "Anne-Claire Éloïse", "Ömer"),
        ("Nom d’usage", "DURAND", ""),
        ("Sexe", "Féminin", "Masculin"),
        ("Date de naissance", "1er\u00a0mai 1991", "1988 (jour et mois inconnus)"),
        ("Lieu de naissance", "Nîmes (Gard), France", "İzmir, Turquie"),
        ("Pays de nationalité", "France, Italie", "Turquie"),
        ("Premier parent", "MARTIN Jean-Noël", "ŞAHİN Mehmet"),
        ("Second parent", "Inconnu", "ĐẶNG Thị"),
        ("Situation", "Ni mariage, ni Pacs jusqu’ici", "Divorce"),
    ]
    text = text_of(documents.declaration(dossier, reader=None))
    for words in (
        *(row.first for row in rows),
        *(row.second for row in rows),
        "12, rue de la République, 30700 Uzès",
        "articles 515-1 à 515-7 du Code civil",
        "Non-parenté",
        "Non-alliance",
        "Résidence commune",
        "un an d’emprisonnement et de 15 000 € d’amende",
        "article 441-7 du Code pénal",
        f"Code de contrôle {documents.check_code(dossier)}",
    ):
        assert " ".join(words.split()) in text


def test_the_other_ones_identity_waits_for_their_attestation(dossier: Dossier) -> None:
    first, second = dossier.people
    Partenaire.objects.filter(pk=second.pk).update(attested_at=None)
    dossier = Dossier.objects.get()
    first, second = dossier.people

    for_first = text_of(documents.declaration(dossier, reader=first))
    for_second = text_of(documents.declaration(dossier, reader=second))
    for_mairie = text_of(documents.declaration(dossier, reader=None))

    assert [word for word in PRIVATE_OF_OMER if word in for_first] == []
    assert "quand cette personne l’aura relue et attestée" in for_first
    for text in (for_second, for_mairie):
        assert [word for word in PRIVATE_OF_OMER if word in text] == PRIVATE_OF_OMER
        assert "quand cette personne" not in text
    # The code is the dossier's, not the copy's.
    assert f"Code de contrôle {documents.check_code(dossier)}" in for_first


@pytest.mark.parametrize("status", list(Status))
def test_the_declaration_is_a_draft_until_the_dossier_is_complete(
    dossier: Dossier, status: Status
) -> None:
    dossier.status = status.value

    text = text_of(documents.declaration(dossier, reader=None))

    final = status in {Status.COMPLETE, Status.SCHEDULED, Status.REGISTERED}
    assert ("Projet" in text) is not final


def test_a_dossier_just_opened_still_prints(dossier: Dossier) -> None:
    Partenaire.objects.all().delete()
    for position in (1, 2):
        Partenaire.objects.create(dossier=dossier, position=position)
    Dossier.objects.update(
        street="", postcode="", city="", submitted_at=None, status=Status.DRAFT.value
    )
    dossier = Dossier.objects.get()

    text = text_of(documents.declaration(dossier, reader=None))

    assert "adresse à compléter" in text
    assert "Partenaire 2" in text


# Check code


def test_the_check_code_is_short_and_easy_to_read(dossier: Dossier) -> None:
    code = documents.check_code(dossier)

    assert len(code) == 9
    assert code[4] == "-"
    assert set(code.replace("-", "")) <= set(ALPHABET)
    assert documents.check_code(Dossier.objects.get()) == code


@pytest.mark.parametrize(
    "change",
    [
        {"birth_name": "MARTINE"}, {"first_names": "Anne-Claire Eloïse"}, {"usage_name": ""},
        {"sex": "X"}, {"birth_day": 2}, {"birth_month": None, "birth_day": None},
        {"birth_city": "Nimes"}, {"birth_department": ""}, {"nationalities": ["FR"]},
        {"parent1_name": "Martin"}, {"parent2_unknown": False}, {"situation": "veuf"},
    ],
)  # fmt: skip
def test_the_check_code_changes_with_every_printed_fact(
    dossier: Dossier, change: dict[str, Any]
) -> None:
    before = documents.check_code(dossier)

    dossier.partenaires.filter(position=1).update(**change)

    assert documents.check_code(Dossier.objects.get()) != before


def test_the_check_code_changes_with_the_address(dossier: Dossier) -> None:
    codes = {documents.check_code(dossier)}
    for street in ("12 rue de la République", "13, rue de la République"):
        Dossier.objects.update(street=street)
        codes.add(documents.check_code(Dossier.objects.get()))

    assert len(codes) == 3


def test_the_check_code_ignores_what_is_not_printed(dossier: Dossier) -> None:
    before = documents.check_code(dossier)

    dossier.partenaires.update(street="ailleurs", phone="", measure="aucune", attested_at=None)
    Dossier.objects.update(status=Status.COMPLETE.value, completed_at=AT, version=99)

    assert documents.check_code(Dossier.objects.get()) == before


# Convention

SENTENCE = (
    "Nous, Anne-Claire Éloïse MARTIN et Ömer ŞAHİN, concluons un pacte civil de solidarité régi par"
    " les dispositions de la loi du 15 novembre 1999 modifiée et les articles 515-1 à 515-7 du"
    " code civil."
)
WORDS = {
    MaterialAid.PROPORTIONAL: "proportionnelle à ses facultés",
    MaterialAid.FIXED: "une somme versée chaque mois",
    PropertyRegime.SEPARATION: "Nous choisissons la séparation des patrimoines (article 515-5",
    PropertyRegime.INDIVISION: "Nous choisissons le régime de l’indivision (article 515-5-1",
}


@pytest.mark.parametrize("aid", list(MaterialAid))
@pytest.mark.parametrize("regime", list(PropertyRegime))
def test_a_convention_says_what_was_chosen_and_only_that(
    dossier: Dossier, aid: MaterialAid, regime: PropertyRegime
) -> None:
    text = text_of(documents.convention(dossier, ConventionChoices(aid, regime)))

    assert SENTENCE in text
    assert {choice for choice, words in WORDS.items() if words in text} == {aid, regime}
    assert "Fait à" in text


def test_a_fixed_aid_names_each_sum_or_leaves_a_line(dossier: Dossier) -> None:
    choices = ConventionChoices(MaterialAid.FIXED, PropertyRegime.SEPARATION, (450, None))

    document = documents.convention(dossier, choices)

    text = text_of(document)
    assert "Anne-Claire Éloïse MARTIN : 450 € par mois" in text
    assert "Ömer ŞAHİN" in text
    assert "None" not in text
    assert document.html.count('class="blank blank-date"') == 2


def test_a_convention_leaves_no_trace(
    dossier: Dossier, django_assert_num_queries: DjangoAssertNumQueries, settings: Any
) -> None:
    before = sorted(Path(settings.PRIVATE_ROOT).rglob("*"))

    with django_assert_num_queries(4) as queries:
        documents.convention(
            Dossier.objects.get(),
            ConventionChoices(MaterialAid.FIXED, PropertyRegime.INDIVISION, (987_654, 1)),
        )

    assert [query["sql"][:6] for query in queries if query["sql"][:6] != "SELECT"] == []
    assert sorted(Path(settings.PRIVATE_ROOT).rglob("*")) == before


# Personal part


def test_the_personal_part_carries_the_reference_and_nothing_of_the_other(dossier: Dossier) -> None:
    text = text_of(documents.personal_part(dossier, dossier.people[1]))

    assert "PACS-2026-000042-K" in text
    assert "BP 71103, 30701 Uzès cedex" in text
    assert "12, rue de la République, 30700 Uzès" in text
    for private in ("DURAND", "1991", "Nîmes", "Jean-Noël", "SECRÈTE", "secret.test"):
        assert private not in text


def test_their_own_papers_lead_to_the_dossier_and_the_official_ones_nowhere(
    dossier: Dossier, settings: Any
) -> None:
    """The address holds the reference, never an answer; what is signed bears no code."""
    settings.SITE_URL = "https://demarches.example"
    address = f"https://demarches.example{dossier.get_absolute_url()}"

    led = {
        name: re.findall(r"https://demarches[^\s\"<]*", document.html)
        for name, document in every_document(dossier).items()
    }

    own = {"checklist", "acknowledgement", "personal_part", "way_back"}
    assert {name for name, found in led.items() if found} == own
    assert {one for name in own for one in led[name]} == {address}


def test_the_code_holds_the_address_and_nothing_else() -> None:
    """Drawn anew from the address, it is the same picture, sign for sign."""
    address = "https://demarches.example/pacs/PACS-2026-000001-L/"

    drawn = qr_picture(address)

    assert drawn == qr_picture(address)
    assert drawn != qr_picture(address + "?")
    assert b"<text" not in drawn
    assert b"http" not in drawn


def test_links_are_printed_with_their_page(dossier: Dossier) -> None:
    with pikepdf.open(io.BytesIO(every_document(dossier)["checklist"].content)) as pdf:
        flags = [int(one.F) for page in pdf.pages for one in page.get("/Annots", [])]

    assert flags == [4]


def test_the_list_says_where_to_ask(draft: Dossier) -> None:
    html = documents.checklist(draft, reader=draft.people[0]).html

    assert "À préparer, et où demander" in html
    assert "À la mairie de votre commune de naissance." in html
