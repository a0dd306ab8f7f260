"""The national guidance: read safely, switched whole or not at all, shown without a word lost."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from lxml import html as lxml_html
from pytest_django import DjangoAssertNumQueries

from demarches.desk.search import answer
from demarches.guidance.comarquage import ImportRefused, import_source, roll_back
from demarches.models import Fiche, FicheSet, ShownFiche, SitePage
from demarches.rules.fiche import MAX_BYTES, FicheRefused, body_of, read_document, words_of
from demarches.rules.fiche_html import ANNEX_TAGS, ANNEXES, Renderer
from tests.support.fiches import fiche_xml, small, write_zip
from tests.support.pages import Answer
from tests.support.pdf import text_of
from tests.support.present import the

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "comarquage"
REAL = sorted(SAMPLES.glob("xml-*/*.xml"))
NIR = "2 90 05 30 189 042 " + f"{97 - 2900530189042 % 97:02d}"


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


def shown_words(html: str) -> str:
    """The words of a page, without those we add."""
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    for added in tree.xpath("//*[@data-added]"):
        _drop(added)
    return words("".join(tree.itertext()))


def _drop(element: Any) -> None:
    element.text = None
    for child in list(element):
        element.remove(child)
    element.drop_tag()


def source_words(content: bytes) -> str:
    children = list(body_of(read_document(content, name="x").root))
    ordered = [child for child in children if child.tag not in ANNEX_TAGS]
    ordered += [child for _, tags in ANNEXES for child in children if child.tag in tags]
    return words("".join("".join(words_of(child)) for child in ordered))


def render(xml: str, **options: Any) -> str:
    renderer = Renderer(link_to=lambda code: f"/fiches/{code}/" if code else "", **options)
    return renderer.document(read_document(xml.encode(), name="x").root)


@pytest.mark.skipif(not REAL, reason="the real documents are not there")
@pytest.mark.parametrize("path", REAL, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_word_of_a_real_document_is_lost_or_added(path: Path) -> None:
    content = path.read_bytes()

    html = render(content.decode())

    assert shown_words(html) == source_words(content)
    assert read_document(content, name=path.name).unknown == {}


def test_no_word_of_our_own_sample_is_lost_or_added() -> None:
    xml = fiche_xml()

    assert shown_words(render(xml)) == source_words(xml.encode())
    assert read_document(xml.encode(), name="x").unknown == {"Nouveau2030": 1}


def test_headings_follow_the_nesting_and_alternatives_are_sections() -> None:
    html = render(fiche_xml(), address="/fiches/F1/", situation=2)
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    headings = [(one.tag, one.text_content()) for one in tree.xpath("//h2|//h3|//h4|//h5")]

    assert headings[:5] == [
        ("h2", "Salarié"),
        ("h3", "Perte"),
        ("h4", "En ligne"),
        ("h4", "Sur place"),
        ("h2", "Étudiant"),
    ]
    links = tree.xpath("//nav[@aria-label='Votre situation']//a")
    assert [link.get("href") for link in links] == [
        "/fiches/F1/?situation=1#situation-1",
        "/fiches/F1/?situation=2#situation-2",
    ]
    assert [link.get("aria-current") for link in links] == [None, "true"]
    assert len(tree.xpath("//details/summary")) == 2


def test_lists_that_touch_are_one_and_tables_have_real_headers() -> None:
    html = render(fiche_xml())
    tree = lxml_html.fragment_fromstring(html, create_parent="div")
    (table,) = tree.xpath("//table")

    assert "<ul><li>un</li><li>deux</li></ul>" in html
    assert table.findtext("caption") == "Prix"
    assert [
        (one.tag, one.get("scope"), one.get("rowspan")) for one in table.xpath(".//th|.//td")
    ] == [
        ("td", None, None),
        ("th", "col", None),
        ("th", "row", "2"),
        ("td", None, None),
        ("td", None, None),
    ]


def test_links_go_where_they_say_and_nowhere_else() -> None:
    html = render(fiche_xml(), mairie="<p>Notre mairie</p>")

    for expected in (
        '<a href="/fiches/F2/">',
        '<a href="#d-D1">',
        '<abbr title="Caisse primaire d&#x27;assurance maladie">CPAM</abbr>',
        'href="https://exemple.fr/perte"',
        "Faire la démarche en ligne",
        "<p>Notre mairie</p>",
    ):
        assert expected in html
    assert "javascript:" not in html


def test_hostile_words_stay_words() -> None:
    html = render(small("F1", "x", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; « é »"))

    assert "<script" not in html
    assert "&lt;script&gt;" in html


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (fiche_xml().replace("<Publication", BOMB + "<Publication", 1).encode(), "DTD"),
        (b"<Publication ID='F1'>" + b"<a>" * 300 + b"</a>" * 300 + b"</Publication>", "emboîtés"),
        (b"<Publication ID='F1'>", "illisible"),
        (b"", "illisible"),
        (b"<Publication ID='../../etc'/>", "identifiant"),
        (b"<Publication/>", "identifiant"),
        (fiche_xml().encode("utf-16"), "UTF-8"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><Publication ID='F1'/>", "UTF-8"),
        (b"<Publication ID='F1'>&undefined;</Publication>", "illisible"),
        (b"x" * (MAX_BYTES + 1), "dépasse"),
    ],
)
def test_hostile_documents_are_refused_in_plain_words(content: bytes, why: str) -> None:
    with pytest.raises(FicheRefused, match=why):
        read_document(content, name="F1.xml")


def test_old_and_odd_metadata_are_read() -> None:
    document = read_document(b"<Publication ID='F7'/>", name="F7.xml")

    assert (document.title, document.modified, document.schema) == ("F7", None, "")
    assert document.url == "https://www.service-public.gouv.fr/particuliers/vosdroits/F7"


# Import


@pytest.fixture
def guide(db: None, tmp_path: Path) -> Path:
    """Ten documents in a zip, imported."""
    files = {f"F{rank}.xml": small(f"F{rank}", f"Fiche {rank}") for rank in range(2, 11)}
    path = write_zip(tmp_path / "vosdroits.zip", {"F1.xml": fiche_xml(), **files})
    import_source(path, at=AT)
    return path


def test_an_import_says_what_it_brought_and_the_second_changes_nothing(
    guide: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_comarquage", str(guide))

    current = the(FicheSet.current())
    assert "rien à changer" in capsys.readouterr().out
    assert (FicheSet.objects.count(), current.count, len(current.added)) == (1, 10, 10)
    assert (current.source_name, current.unknown) == ("vosdroits.zip", {"Nouveau2030": 1})
    fiche = Fiche.objects.get(code="F1")
    assert (fiche.title, fiche.theme, the(fiche.modified).isoformat()) == (
        "Carte Vitale",
        "Santé",
        "2026-03-04",
    )


def changed_zip(tmp_path: Path, *, without: int = 0) -> Path:
    files = {f"F{rank}.xml": small(f"F{rank}", f"Fiche {rank}") for rank in range(3, 12 - without)}
    files["F3.xml"] = small("F3", "Fiche 3", "Un autre texte.")
    files["redirections.xml"] = "<R><Redirection ancien='F2' nouveau='F1'/></R>"
    return write_zip(tmp_path / "next.zip", {"F1.xml": fiche_xml(), **files})


def test_a_retired_document_is_remembered_for_good(
    guide: Path, client: Client, tmp_path: Path
) -> None:
    """Five imports later its set is gone, and its address still answers."""
    for rank in range(5):
        files = {f"F{n}.xml": small(f"F{n}", f"Fiche {n}, {rank}") for n in range(3, 11)}
        import_source(
            write_zip(tmp_path / f"{rank}.zip", {"F1.xml": fiche_xml(), **files}),
            at=AT + timedelta(days=rank),
        )

    assert not Fiche.objects.filter(code="F2").exists()
    assert get(client, "fiche", "F2").status_code == 410
    back = {"F1.xml": fiche_xml(), **{f"F{n}.xml": small(f"F{n}", "Fiche") for n in range(2, 11)}}
    import_source(write_zip(tmp_path / "back.zip", back), at=AT + timedelta(days=9))
    assert get(client, "fiche", "F2").status_code == 302


def test_what_changed_is_told_and_can_be_taken_back(guide: Path, tmp_path: Path) -> None:
    report = import_source(changed_zip(tmp_path), at=AT)

    assert (report.added, report.changed, report.removed) == (["F11"], ["F3"], ["F2"])
    assert roll_back(at=AT).source_name == "vosdroits.zip"
    assert Fiche.objects.current().filter(code="F2").exists()
    FicheSet.objects.filter(is_current=False).delete()
    with pytest.raises(ImportRefused, match="précédent"):
        roll_back(at=AT)


def test_two_sets_are_kept(guide: Path, tmp_path: Path) -> None:
    import_source(changed_zip(tmp_path), at=AT)
    single = tmp_path / "F4.xml"
    single.write_text(small("F4", "Fiche 4", "Encore un."), encoding="utf-8")
    report = import_source(single, at=AT)

    assert (report.changed, report.count) == (["F4"], 10)
    assert [one.source_name for one in FicheSet.objects.all()] == ["F4.xml", "next.zip"]


def test_a_set_that_is_suspiciously_small_is_refused(guide: Path, tmp_path: Path) -> None:
    few = changed_zip(tmp_path, without=5)

    with pytest.raises(ImportRefused, match="incomplète"):
        import_source(few, at=AT)
    assert the(FicheSet.current()).source_name == "vosdroits.zip"
    assert import_source(few, at=AT, force=True).count == 5


def bad_sources(folder: Path) -> Iterator[tuple[Path, str]]:
    good = {f"F{rank}.xml": small(f"F{rank}", "x") for rank in range(1, 11)}
    yield folder / "absent.zip", "n’existe pas"
    yield write_zip(folder / "a.zip", {"../F1.xml": "x"}), "chemin suspect"
    yield write_zip(folder / "b.zip", {"/etc/F1.xml": "x"}), "chemin suspect"
    yield write_zip(folder / "c.zip", {**good, "F4.xml": "<a"}), "illisible"
    yield write_zip(folder / "d.zip", {**good, "F4.xml": BOMB + "<x/>"}), "DTD"
    yield write_zip(folder / "e.zip", {"readme.txt": "x"}), "aucune fiche"
    yield write_zip(folder / "f.zip", {**good, "F4.xml": small("F5", "x")}), "dit être F5"
    yield write_zip(folder / "g.zip", {**good, "F4.xml": b"0" * (MAX_BYTES + 10)}), "dépasse"
    yield write_zip(folder / "h.zip", {"a/F1.xml": "x", "b/F1.xml": "x"}), "deux fois"
    broken = folder / "i.zip"
    broken.write_bytes((folder / "c.zip").read_bytes()[:-30])
    yield broken, "illisible|trop gros|UTF-8"
    empty = folder / "empty"
    empty.mkdir()
    yield empty, "aucune fiche"


def test_hostile_sources_change_nothing(guide: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    before = (FicheSet.objects.count(), Fiche.objects.count(), the(FicheSet.current()).pk)

    for path, why in bad_sources(folder):
        with pytest.raises(ImportRefused, match=why):
            import_source(path, at=AT)
    with pytest.raises(CommandError, match="Rien n’a changé"):
        call_command("import_comarquage", str(folder / "a.zip"))

    assert (FicheSet.objects.count(), Fiche.objects.count(), the(FicheSet.current()).pk) == before


def test_a_folder_is_a_source_too_and_links_out_of_it_are_not(db: None, tmp_path: Path) -> None:
    folder = tmp_path / "guide"
    folder.mkdir()
    (folder / "F1.xml").write_text(fiche_xml(), encoding="utf-8")
    outside = tmp_path / "F2.xml"
    outside.write_text(small("F2", "x"), encoding="utf-8")
    (folder / "F2.xml").symlink_to(outside)

    assert import_source(folder, at=AT).added == ["F1"]


# Pages


@pytest.fixture
def site(guide: Path, reference_data: None) -> None:
    ShownFiche.objects.all().delete()
    for code in ("F1", "F2", "F3"):
        ShownFiche.objects.create(code=code)


def get(client: Client, name: str, *args: str, **query: str) -> Answer:
    return client.get(reverse(f"demarches:{name}", args=args), query)


def test_a_fiche_shows_its_text_its_source_and_the_words_of_the_mairie(
    client: Client, site: None
) -> None:
    ShownFiche.objects.filter(code="F1").update(note="Bureau 12, le matin.")

    html = get(client, "fiche", "F1").content.decode()

    for expected in (
        "<h1>Carte Vitale</h1>",
        "Un bloc que personne ne connaît.",
        "À Uzès",
        "Bureau 12, le matin.",
        "1, place du Duché",
        "Service-Public.gouv.fr / DILA",
        "fiche modifiée le 4\u00a0mars 2026",
        "«&nbsp;vosdroits.zip&nbsp;»",
        "Licence Ouverte 2.0",
        '<a href="/fiches/F2/">',
        "https://www.service-public.gouv.fr/particuliers/vosdroits/F9",
        '"dateModified": "2026-03-04"',
    ):
        assert expected in html


def test_what_is_not_shown_here_is_elsewhere_gone_or_unknown(
    client: Client, site: None, tmp_path: Path
) -> None:
    official = "https://www.service-public.gouv.fr/particuliers/vosdroits/F5"
    assert get(client, "fiche", "F5")["Location"] == official
    assert get(client, "fiche", "F777").status_code == 404
    import_source(changed_zip(tmp_path), at=AT)
    moved = get(client, "fiche", "F2")
    FicheSet.objects.update(redirections={})

    assert (moved.status_code, moved["Location"]) == (301, "/fiches/F1/")
    assert get(client, "fiche", "F2").status_code == 410
    assert client.get("/fiches/F1x/").status_code == 404


DOSSIER = """<FilDAriane><Niveau ID="Particuliers">Accueil</Niveau><Niveau ID="N8">Famille</Niveau>
<Niveau ID="N9" type="Dossier">Couple</Niveau></FilDAriane>
<SousDossier ID="N90-1"><Titre>Conclure</Titre><Fiche ID="F1">La carte</Fiche>
<Fiche ID="F5">Le reste</Fiche></SousDossier>
<Fiche ID="F2">Seule</Fiche><Fiche ID="F3">Autre</Fiche></Publication>"""
MEMBER = """<FilDAriane><Niveau ID="Particuliers">Accueil</Niveau><Niveau ID="N8">Famille</Niveau>
<Niveau ID="N9">Couple</Niveau><Niveau ID="F2">Seule</Niveau></FilDAriane>
<DossierPere ID="N9"><Titre>Couple</Titre><SousDossier ID="N90-1"><Titre>Autre part</Titre>
<Fiche ID="F7">Loin</Fiche></SousDossier><SousDossier ID="N90-2"><Titre>Conclure</Titre>
<Fiche ID="F1">La carte</Fiche><Fiche ID="F2">Seule</Fiche><Fiche ID="F5">Le reste</Fiche>
</SousDossier></DossierPere><Texte><Paragraphe>x</Paragraphe></Texte></Publication>"""


def test_a_dossier_is_a_table_of_contents() -> None:
    html = render(fiche_xml("N9", body=DOSSIER))

    assert "<h2>Conclure</h2>" in html
    assert '<ul><li><a href="/fiches/F1/">La carte</a></li><li><a href="/fiches/F5/">' in html
    assert '<ul><li><a href="/fiches/F2/">Seule</a></li><li><a href="/fiches/F3/">' in html
    themes = DOSSIER.replace("SousDossier", "SousTheme").replace("<Fiche", "<Dossier")
    html = render(fiche_xml("N9", body=themes.replace("</Fiche>", "</Dossier>")))
    assert '<h2>Conclure</h2><ul><li><a href="/fiches/F1/">La carte</a></li>' in html


def test_a_fiche_says_where_it_stands_and_what_stands_beside_it(
    client: Client, guide: Path, reference_data: None, tmp_path: Path
) -> None:
    for code, body in (("N9", DOSSIER), ("F2", MEMBER)):
        one = tmp_path / f"{code}.xml"
        one.write_text(fiche_xml(code, title=f"Titre {code}", body=body), encoding="utf-8")
        import_source(one, at=AT)
    ShownFiche.objects.all().delete()
    for code in ("F1", "F2", "N9"):
        ShownFiche.objects.create(code=code)

    tree = lxml_html.fromstring(get(client, "fiche", "F2").content)

    path = tree.xpath("//nav[@aria-label='Fil d’Ariane']//a/@href")
    assert path == ["/", "/fiches/", "/fiches/N9/"]
    assert tree.xpath("//nav[@aria-labelledby='beside']//a/@href") == [
        "/fiches/F1/",
        "https://www.service-public.gouv.fr/particuliers/vosdroits/F5",
    ]


def test_a_fiche_proposes_our_pages_about_it(client: Client, site: None) -> None:
    SitePage.objects.create(title="Se pacser ici", address="/pacs/?un", fiches="F1 F33")
    SitePage.objects.create(title="Ailleurs", address="/pacs/?deux", fiches="F11")

    tree = lxml_html.fromstring(get(client, "fiche", "F1").content)

    assert tree.xpath("//nav[@aria-labelledby='doors']//a/@href") == ["/pacs/?un"]
    assert "À Uzès" in tree.xpath("string(//*[@id='doors'])")
    assert not lxml_html.fromstring(get(client, "fiche", "F3").content).xpath("//*[@id='doors']")


def test_without_a_guide_a_document_is_read_on_the_national_site(
    client: Client, reference_data: None
) -> None:
    official = "https://www.service-public.gouv.fr/particuliers/vosdroits/F265"
    assert get(client, "fiche", "F265")["Location"] == official


def test_the_choice_of_an_alternative_stands_in_the_address(client: Client, site: None) -> None:
    for query, chosen in (("1", 1), ("2", 1), ("9", 0), ("x", 0), ("-1", 0), ("9" * 99, 0)):
        html = get(client, "fiche", "F1", situation=query).content.decode()
        assert html.count("data-chosen") == chosen


def test_a_long_fiche_lists_its_parts_and_a_short_one_does_not(client: Client, site: None) -> None:
    page = lxml_html.fromstring(get(client, "fiche", "F1").content.decode())
    links = page.xpath("//nav[@aria-labelledby='contents']//a")

    assert len(links) >= 4
    for link in links:
        (part,) = page.xpath(f"//*[@id='{link.get('href')[1:]}']")
        assert words(part[0].text_content()) == words(link.text_content())
    assert "Sur cette page" not in get(client, "fiche", "F2").content.decode()


def test_the_pdf_holds_the_same_words(client: Client, site: None) -> None:
    answer = get(client, "fiche-pdf", "F1")

    assert answer["Content-Type"] == "application/pdf"
    text = text_of(answer.content)
    for expected in ("Carte Vitale", "Par le compte.", "Licence Ouverte 2.0", "Étudiant"):
        assert expected in text
    assert get(client, "fiche-pdf", "F5").status_code == 404


def test_themes_then_answers_best_first_with_their_passage(client: Client, site: None) -> None:
    html = get(client, "fiches").content.decode()
    found = get(client, "fiches", q="CARTES perdues vitale").content.decode()

    assert "<h2>Santé</h2>" in html
    assert "1 fiche pour" in found
    both = "".join(text for text, is_hit in answer("carte perte").found[0].passage if is_hit)
    assert "carte" in both.lower()
    assert "perte" in both.lower()
    passage = answer("étudiant").found[0].passage
    assert [text for text, is_hit in passage if is_hit] == ["Étudiant"]


def test_a_social_security_number_is_neither_searched_nor_shown_again(
    client: Client, site: None
) -> None:
    answer = get(client, "fiches", q=f"carte {NIR}")

    html = answer.content.decode()
    assert answer.status_code == 400
    assert get(client, "fiches", q="x" * 95 + f" {NIR}").status_code == 400
    assert NIR not in html
    assert "sécurité sociale" in html


@pytest.mark.parametrize("query", ["x" * 5000, "%", "' OR 1=1 --", "<script>", "\u0000", "é" * 200])
def test_hostile_searches_find_nothing(client: Client, site: None, query: str) -> None:
    answer = get(client, "fiches", q=query)

    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_pages_ask_the_same_whatever_is_shown(
    client: Client, site: None, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    keep = [f"F{rank}" for rank in range(1, count + 1)]
    ShownFiche.objects.exclude(code__in=keep).delete()
    get(client, "fiche", "F1")

    with django_assert_num_queries(4):
        get(client, "fiche", "F1")
    get(client, "fiches")
    with django_assert_num_queries(3):
        get(client, "fiches")


def test_without_an_import_the_page_says_where_to_look(
    client: Client, reference_data: None
) -> None:
    html = get(client, "fiches").content.decode()

    assert "Aucune fiche n’est affichée ici pour le moment." in html
