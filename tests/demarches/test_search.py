"""A search over the guide and our pages: it forgives, ranks, and goes with the set in service."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from demarches.desk.search import _vocabulary, answer
from demarches.guidance.comarquage import import_source, roll_back
from demarches.models import Fiche, FicheWord, ShownFiche, SitePage, Synonym
from demarches.rules.search import folded, names_in, sound_of, stem, stems_in
from tests.support.everyday_queries import MEASURED, QUERIES, TUNED
from tests.support.fiches import fiche_xml, small, write_zip
from tests.support.reference import load

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
#: The archive of November 2020; nothing of it is kept here.
ARCHIVE = Path(
    os.environ.get("COMARQUAGE_ARCHIVE")
    or Path(__file__).resolve().parents[3] / "shared/data/comarquage/vosdroits-2020.zip"
)


# Words


@pytest.mark.parametrize(
    "words",
    ["volée Volés voler VOLE", "sœur soeurs SŒUR", "journal journaux", "pacs Pacsé pacser pacsée"],
)
def test_forms_of_a_word_have_one_stem(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 1


def test_what_says_nothing_is_left_out() -> None:
    assert stems_in("Comment puis-je obtenir l’acte de naissance ?") == ("acte", "naissanc")
    assert stems_in("où, que faire ? …") == ()
    assert stem("pacs") != stem("pack")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pasport", "passeport"),
        ("aloccation", "allocation"),
        ("naissence", "naissance"),
        ("paxs", "pacs"),
        ("karte", "carte"),
        ("desses", "deces"),
    ],
)
def test_words_that_sound_alike(one: str, other: str) -> None:
    assert abs(len(sound_of(one)) - len(sound_of(other))) <= 1
    assert sound_of(folded(one))[:3] == sound_of(folded(other))[:3]


def test_the_names_a_title_gives() -> None:
    assert {"rsa"} in names_in("Revenu de solidarité active (RSA)", is_list=False)
    assert {"divorc"} in names_in("Divorce, séparation de corps", is_list=True)
    assert {"divorc"} not in names_in("Divorce, séparation de corps", is_list=False)


# Answers


def document(code: str, title: str, text: str, summary: str = "") -> str:
    body = f"<Texte><Paragraphe>{text}</Paragraphe></Texte></Publication>"
    return fiche_xml(code, title=title, description=summary, body=body)


DOCUMENTS = {
    "F1": document("F1", "Mariage", "Un autre sujet."),
    "F2": document("F2", "Contrat de mariage", "Des biens."),
    "F3": document("F3", "Bans", "Affichage.", "Avant le banquet."),
    "F4": document("F4", "Salle", "Pour un banquet."),
    "N1": document("N1", "Mariage", "Un dossier."),
    "R1": document("R1", "Mariage", "Un formulaire."),
    "F5": document("F5", "Passeport", "Un voyage avec son frère, sa sœur."),
    "F6": document("F6", "Certificat d’immatriculation", "Un véhicule."),
    **{f"F{n}": document(f"F{n}", "Passeport", "Voyage.") for n in range(7, 14)},
}


@pytest.fixture
def guide(db: None, tmp_path: Path) -> Path:
    path = write_zip(tmp_path / "a.zip", {f"{code}.xml": xml for code, xml in DOCUMENTS.items()})
    import_source(path, at=AT)
    # A set never changes, but the key of one that a test took back is given again.
    _vocabulary.cache_clear()
    return path


def codes(query: str) -> list[str]:
    return [one.code for one in answer(query).found]


def test_exact_title_then_title_then_summary_then_text(guide: Path) -> None:
    assert codes("le mariage")[:4] == ["F1", "N1", "R1", "F2"]
    assert codes("contrats mariages")[0] == "F2"
    assert codes("banquet") == ["F3", "F4"]


def test_accents_ligatures_and_questions_do_not_count(guide: Path) -> None:
    assert codes("frere soeur") == codes("FRÈRE, SŒUR ?") == codes("qui est ma sœur, mon frère")
    assert codes("frere soeur") == ["F5"]
    passage = answer("soeur").found[0].passage
    assert [words for words, is_hit in passage if is_hit] == ["sœur"]


def test_what_people_say_is_looked_for_as_the_guide_writes_it(guide: Path) -> None:
    assert codes("carte grise") == []
    Synonym.objects.create(said="carte grise", meant="certificat d’immatriculation")

    assert codes("carte grise") == codes("ma carte grise !") == ["F6"]
    assert answer("carte grise").instead == ""


@pytest.mark.parametrize("typed", ["pasport", "passeprot", "passepor", "paseporte", "Passeporrt"])
def test_a_slip_is_taken_for_the_nearest_word(guide: Path, typed: str) -> None:
    found = answer(typed)

    assert found.instead == "passeport"
    assert found.found[0].title == "Passeport"


def test_glued_words_are_cut_and_nonsense_stays_without_answer(guide: Path) -> None:
    SitePage.objects.create(title="Carte grise", address="/mairie/")

    assert answer("cartegrise").instead == "carte grise"
    assert answer("xkzwq") == answer("???") == answer("") == answer("que faire")


def test_pages_of_the_mairie_come_apart(guide: Path) -> None:
    SitePage.objects.create(title="La mairie : horaires", address="/mairie/", words="ouverture")
    SitePage.objects.create(title="Se pacser", address="/pacs/")

    assert [page.address for page in answer("horaire").pages] == ["/mairie/"]
    assert [page.address for page in answer("quand ouvre-t-elle ? ouvertures").pages] == []
    assert [page.address for page in answer("ouvertures").pages] == ["/mairie/"]
    assert [page.address for page in answer("pacsé").pages] == ["/pacs/"]
    assert answer("paxser").instead == "pacser"


def test_a_document_that_is_not_shown_here_is_read_on_the_national_site(guide: Path) -> None:
    ShownFiche.objects.create(code="F1")

    assert {one.code: one.url for one in answer("mariage").found} | {
        "F1": "/fiches/F1/",
        "F2": "https://www.service-public.gouv.fr/particuliers/vosdroits/F2",
    } == {one.code: one.url for one in answer("mariage").found}


def test_the_index_goes_with_its_set(guide: Path, tmp_path: Path) -> None:
    other = {f"{code}.xml": xml for code, xml in DOCUMENTS.items()}
    other["F1.xml"] = small("F1", "Noces")
    import_source(write_zip(tmp_path / "b.zip", other), at=AT)
    assert codes("noces") == ["F1"]
    roll_back(at=AT)
    assert codes("mariage")[0] == "F1"
    assert answer("noces").found == []
    single = tmp_path / "F2.xml"
    single.write_text(small("F2", "Épousailles"), encoding="utf-8")
    import_source(single, at=AT)

    assert codes("epousailles") == ["F2"]
    assert codes("frère") == ["F5"]


def test_an_import_that_fails_leaves_the_index_alone(guide: Path, tmp_path: Path) -> None:
    before = set(FicheWord.objects.values_list("pk", flat=True))
    files = {f"{code}.xml": xml for code, xml in DOCUMENTS.items()} | {"R1.xml": "<a"}

    with pytest.raises(ValueError, match="illisible"):
        import_source(write_zip(tmp_path / "b.zip", files), at=AT)
    assert set(FicheWord.objects.values_list("pk", flat=True)) == before
    assert codes("mariage")[0] == "F1"


def test_a_set_without_an_index_is_read_again(guide: Path) -> None:
    FicheWord.objects.all().delete()

    assert import_source(guide, at=AT).is_new
    assert codes("mariage")[0] == "F1"


@pytest.mark.parametrize(
    "address", ["//ailleurs.fr", "/\\ailleurs.fr", "javascript:alert(1)", "mairie"]
)
def test_the_database_refuses_an_address_that_leads_astray(db: None, address: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        SitePage.objects.create(title="x", address=address)


@pytest.mark.parametrize("count", [1, 3])
def test_a_search_asks_the_same_whatever_it_finds(
    db: None, tmp_path: Path, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    files = {f"F{n}.xml": small(f"F{n}", f"Fiche {n}") for n in range(1, count + 1)}
    import_source(write_zip(tmp_path / "a.zip", files), at=AT)
    for n in range(count):
        SitePage.objects.create(title=f"Fiche {n}", address=f"/{n}/")
        Synonym.objects.create(said=f"papier {n}", meant="fiche")

    # Pages, synonyms, words, the titles of those that hold them, what is shown of the best.
    with django_assert_num_queries(5):
        assert len(answer("fiches").found) == count
    answer("ficche")
    # The set, then the same again but the pages.
    with django_assert_num_queries(3 + 1 + 4):
        assert len(answer("ficche").found) == count


@pytest.mark.parametrize(
    "query",
    ["a" * 5000, "é " * 2500, "%", "' OR 1=1 --", "<b>", "\u202e", "(" * 99, "\\", "🙂", "ﷺ" * 90],
)
def test_a_hostile_query_is_answered(guide: Path, query: str) -> None:
    assert answer(query).found == []


# The page


@pytest.fixture
def first_words(reference_data: None) -> None:
    """What a new portal takes for what, and the pages it finds."""
    load("search_pages", "search_synonyms")


def test_the_page_says_what_it_looked_for(client: Client, guide: Path, first_words: None) -> None:
    html = client.get(reverse("demarches:fiches"), {"q": "pasport"}).content.decode()

    assert "Vouliez-vous dire «&nbsp;<strong>passeport</strong>&nbsp;»&nbsp;?" in html
    assert "(sur Service-Public.gouv.fr)" in html
    found = client.get(reverse("demarches:fiches"), {"q": "horaires"}).content.decode()
    assert "<h2>Sur ce site</h2>" in found


@pytest.mark.parametrize("name", ["home", "demarches:fiches"])
def test_there_is_no_box_over_nothing(client: Client, reference_data: None, name: str) -> None:
    html = client.get(reverse(name)).content.decode()

    assert 'role="search"' not in html
    assert "https://www.service-public.gouv.fr/particuliers/vosdroits" in html


def test_the_box_is_there_once_the_guide_is(
    client: Client, guide: Path, reference_data: None
) -> None:
    assert 'role="search"' in client.get("/").content.decode()
    assert 'role="search"' in client.get(reverse("demarches:fiches")).content.decode()


def test_every_page_of_the_first_rows_answers(client: Client, first_words: None) -> None:
    assert SitePage.objects.count() > 20
    for page in SitePage.objects.all():
        got = client.get(page.address)
        assert got.status_code in {200, 302}, page.address
        if got.status_code == 302:
            assert got["Location"].startswith((reverse("account_login"), "/vitale/")), page.address


# What residents type, over the whole national guide


@pytest.fixture
def whole_guide(first_words: None) -> None:
    import_source(ARCHIVE, at=AT)


def wrong(queries: tuple[tuple[str, str], ...], rank: int) -> list[str]:
    """The questions without a right document among the first."""
    return [query for query, right in queries if not set(codes(query)[:rank]) & set(right.split())]


@pytest.mark.skipif(not ARCHIVE.exists(), reason="the real documents are not there")
def test_everyday_questions_find_their_page(whole_guide: None) -> None:
    held = set(Fiche.objects.current().values_list("code", flat=True))

    assert {code for _, right in QUERIES for code in right.split()} <= held
    for queries in (TUNED, MEASURED):
        assert len(wrong(queries, 1)) <= len(queries) * 0.2, wrong(queries, 1)
        assert len(wrong(queries, 3)) <= len(queries) * 0.05, wrong(queries, 3)


@pytest.mark.parametrize(
    "query", ["commnet faire", "obtenirr", "commment obtenir", "mettere", "pouvoire", "commennt"]
)
def test_a_slip_of_a_little_word_is_answered(client: Client, first_words: None, query: str) -> None:
    """The nearest word may be one that says nothing."""
    assert client.get(reverse("demarches:fiches"), {"q": query}).status_code == 200


def test_a_title_of_little_words_is_answered(client: Client, reference_data: None) -> None:
    SitePage.objects.create(title="Où ?", words="horaires mairie adresse", address="/mairie/")

    assert [page.title for page in answer("mairie").pages] == ["Où ?"]
