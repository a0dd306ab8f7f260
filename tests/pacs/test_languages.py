"""The public pages in other languages: same pieces and dates, nothing left in French."""

import re
from collections.abc import Iterator
from datetime import date
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import polib
import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from demarches.models import Mairie, User
from demarches.rules.dates_spoken import day_in, weekday_day_in
from demarches.web.languages import LIST, PAGES
from pacs.forms.simulator import SENT_PARAMETER
from pacs.models import PacsSettings, PieceTranslation, PieceWording
from pacs.models.translation import TEXTS, digest_of, shipped_translations
from pacs.models.wording import shipped_wordings
from pacs.reads.checklist import Checklist, build_checklist, checklist_pdf
from pacs.rules.cases import CASES, Case
from pacs.rules.eligibility import OUTCOME_TYPES
from pacs.rules.situation import (
    CoupleAnswers,
    CoupleInputs,
    Dematerialisation,
    PartenaireAnswers,
    derive_inputs,
)
from tests.pacs.simulator_answers import (
    FRENCH,
    ITALIAN_WIDOW,
    NOTHING_KNOWN,
    SENEGALESE,
    params_of,
)
from tests.support.catalogs import catalog, catalog_path, needed, of_pages
from tests.support.reference import load

ANSWERS = {
    "french": params_of(),
    "dated": params_of(date="2027-06-05"),
    "too soon": params_of(date="2026-11-30"),
    "closed": params_of(date="2027-06-06"),
    "foreign": params_of(FRENCH, SENEGALESE, date="2027-06-05"),
    "widow": params_of(SENEGALESE, ITALIAN_WIDOW, date="2027-06-05"),
    "unknown": params_of(NOTHING_KNOWN, NOTHING_KNOWN, date="2027-06-05"),
    "agent": params_of(adresse="ici_deplacement"),
    "commune unknown": params_of(adresse="inconnu"),
}
GUIDANCE = ("home", "how", "convention-explained", "effects")
#: Words that every French sentence has one of, and that are no word of English.
FRENCH_WORDS = re.compile(
    r"\b(le|la|les|des|du|une|vous|votre|vos|est|sont|pour|dans|avec|ce|cette|qui|que|ou|et|au)\b",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def town(db: None) -> Iterator[None]:
    load("mairie", "opening_hours", "agendas", "pacs_settings", "pacs_pieces")
    with time_machine.travel("2026-11-23T10:00:00+01:00", tick=False):
        yield


class Spoken(HTMLParser):
    """The texts of a page that are said to be in a language, with the attributes read aloud."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "hr"})

    def __init__(self, html: str, language: str) -> None:
        super().__init__()
        self.language, self.texts = language, list[str]()
        self.open: list[str] = [language]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        language = named.get("lang") or self.open[-1]
        if tag in ("script", "style"):
            language = ""
        if language == self.language:
            self.texts += [named[name] or "" for name in ("aria-label", "title") if name in named]
            if tag == "meta" and named.get("name") == "description":
                self.texts.append(named["content"] or "")
        if tag not in self.VOID:
            self.open.append(language)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1] == self.language:
            self.texts.append(data)


def left_in_french(html: str, language: str = "en") -> list[str]:
    """The texts of the page with two French words or more; names in brackets are kept."""
    texts = [re.sub(r"\([^)]*\)|«[^»]*»", "", text) for text in Spoken(html, language).texts]
    return [text for text in texts if len(FRENCH_WORDS.findall(text)) > 1]


def page(client: Client, name: str, params: dict[str, str], *args: str) -> str:
    response = client.get(reverse(f"pacs:{name}", args=args), params)
    assert response.status_code in (200, 422)
    return response.content.decode()


def facts_in(html: str) -> tuple[list[tuple[str | None, ...]], list[str], list[str]]:
    """The pieces of a page in order, its dates, and the counts of its heading."""
    pieces = re.findall(
        r'data-piece="(\w+)" data-for="(\w+)"(?: data-about="(\w+)")?(?: data-uncertain="(1)")?',
        html,
    )
    heading = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    return (
        pieces,
        re.findall(r'<time datetime="([\d-]+)"', html),
        re.findall(r"\d+", heading[1] if heading else ""),
    )


@pytest.mark.parametrize("language", LIST)
@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_the_list_is_the_same_in_every_language(
    client: Client, answers: dict[str, str], language: str
) -> None:
    french = page(client, "simulator", answers)
    spoken = page(client, "simulator", {**answers, "langue": language})

    assert facts_in(spoken) == facts_in(french)
    assert facts_in(spoken)[0]
    assert f'<html lang="{language}">' in spoken


def couple_of(case: Case) -> CoupleInputs:
    other = PartenaireAnswers()
    return derive_inputs(
        CoupleAnswers(kinship=case.kinship, people=(case.person, other)),
        Dematerialisation(),
    )


@pytest.mark.parametrize("language", LIST)
def test_each_case_of_the_reference_has_the_same_list(language: str) -> None:
    wordings = PieceWording.objects.by_rule()
    translated = PieceTranslation.objects.of(language, wordings)
    settings = PacsSettings.current()

    def facts(checklist: Checklist) -> Any:
        return (
            [(line.planned, line.data_for) for group in checklist.groups for line in group.lines],
            checklist.count,
            checklist.uncertain_count,
            checklist.plan.file_by,
            len(checklist.not_needed),
            [bool(one.why) for one in checklist.not_needed],
        )

    for case in CASES:
        french, spoken = (
            build_checklist(
                couple_of(case),
                wished=date(2027, 6, 5),
                at=timezone.now(),
                settings=settings,
                wordings=wordings,
                translated=one,
            )
            for one in (None, translated)
        )
        assert facts(spoken) == facts(french)
        for group in spoken.groups:
            for line in group.lines:
                assert line.in_french is not None
                assert line.in_french.title
                assert line.title != line.in_french.title


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_no_french_is_left_on_the_list(client: Client, answers: dict[str, str]) -> None:
    assert left_in_french(page(client, "simulator", {**answers, "langue": "en"})) == []


@pytest.mark.parametrize("name", GUIDANCE)
def test_no_french_is_left_on_the_guidance(client: Client, name: str) -> None:
    html = page(client, name, {"langue": "en"})

    assert left_in_french(html) == []
    assert '<html lang="en">' in html


@pytest.mark.parametrize("slug", [kind.slug for kind in OUTCOME_TYPES])
def test_no_french_is_left_on_the_outcomes(client: Client, slug: str) -> None:
    assert left_in_french(page(client, "outcome", {"langue": "en"}, slug)) == []


def test_no_french_is_left_on_the_questions_nor_on_their_errors(client: Client) -> None:
    answers = params_of(ITALIAN_WIDOW, NOTHING_KNOWN)
    for slug in ("ensemble", "personne1", "naissance2", "preuve1", "papiers1", "documents1"):
        for asked in ({"etape": slug}, {SENT_PARAMETER: slug}):
            html = page(client, "simulator", {**answers, **asked, "langue": "en"})
            assert left_in_french(html) == []
    for typed in ("6/6", "31/2/2027", "1/1/2020", "1/1/2090", "demain"):
        html = page(client, "simulator", {**answers, "date": typed, "langue": "en"})
        assert 'class="error-summary"' in html
        assert left_in_french(html) == []


def test_the_language_is_carried_by_the_links_and_the_form(client: Client) -> None:
    question = page(client, "simulator", {"langue": "en"})
    assert '<input type="hidden" name="langue" value="en">' in question

    result = page(client, "simulator", {**params_of(date="2027-06-05"), "langue": "en"})
    for link in re.findall(r'href="(/pacs/(?:pieces|resultats)[^"]*)"(?! lang)', result):
        assert "langue=en" in link
    start = re.search(r'href="(/pacs/commencer/[^"]*)"', result)
    assert start
    assert "langue" not in start[1]
    assert "The online file is in French only." in result


def test_each_page_offers_its_other_languages(client: Client) -> None:
    result = page(client, "simulator", params_of())
    for code in LIST:
        assert f'lang="{code}" hreflang="{code}">' in result
        assert f'<link rel="alternate" hreflang="{code}" href="http://testserver/pacs/' in result
    for code in (*LIST, "fr"):
        assert ('hreflang="fr">Français' in page(client, "home", {"langue": code})) == (
            code in PAGES
        )


@pytest.mark.parametrize("asked", ["de", "EN", "", "../en", "it"])
def test_a_page_without_the_language_is_in_french(client: Client, asked: str) -> None:
    response = client.get(reverse("pacs:how"), {"langue": asked})

    assert '<html lang="fr">' in response.content.decode()
    assert response["Content-Language"] == "fr"
    assert not response.cookies


def test_the_language_of_a_page_does_not_reach_the_next(client: Client) -> None:
    page(client, "simulator", {**params_of(), "langue": "en"})

    assert translation.get_language() == "fr"
    assert '<html lang="fr">' in page(client, "simulator", params_of())


@pytest.mark.parametrize("language", LIST)
def test_the_paper_list_has_the_french_names_and_says_it_is_unchecked(language: str) -> None:
    wordings = PieceWording.objects.by_rule()
    checklist = build_checklist(
        couple_of(CASES[0]),
        wished=date(2027, 6, 5),
        at=timezone.now(),
        settings=PacsSettings.current(),
        wordings=wordings,
        translated=PieceTranslation.objects.of(language, wordings),
    )
    with translation.override(language):
        paper = checklist_pdf(checklist, mairie=Mairie.objects.first(), today=date(2026, 11, 23))

    assert f'<html lang="{language}">' in paper.html
    assert '<span lang="fr">(Déclaration conjointe de Pacs (cerfa 15725))</span>' in paper.html
    unchecked = "Traduction pas encore vérifiée par la mairie : le texte français fait foi."
    with translation.override(language):
        assert translation.gettext(unchecked) in paper.html
    if language == "en":
        assert left_in_french(paper.html) == []


@pytest.mark.parametrize("language", LIST)
def test_the_paper_list_of_two_countries_holds_on_one_side(client: Client, language: str) -> None:
    import pypdf

    born_abroad = {
        "origine": "etranger_francaise",
        "acte_francais": "oui",
        "situation": "divorce",
        "divorce_inscrit": "oui",
    }
    answers = params_of(ITALIAN_WIDOW, born_abroad, date="2027-06-05", langue=language)

    response = client.get(reverse("pacs:simulator-pdf"), answers)

    (only,) = pypdf.PdfReader(BytesIO(response.content)).pages
    text = " ".join(only.extract_text().split())
    assert "Certificat de non-Pacs" in text
    assert "CRPA, art. R113-10" in text  # the last lines too


@pytest.mark.parametrize("language", LIST)
def test_each_catalog_has_every_text_and_no_other(language: str) -> None:
    entries = {
        (one.msgid, one.msgid_plural) if one.msgid_plural else one.msgid: one
        for one in catalog(language)
    }

    assert set(entries) == needed(language)
    assert not [one.msgid for one in entries.values() if not one.translated() or one.fuzzy]
    for one in entries.values():
        for text in (one.msgstr, *one.msgstr_plural.values()):
            if text:
                holders = set(re.findall(r"%\(\w+\)s", text))
                assert holders == set(re.findall(r"%\(\w+\)s", one.msgid))


@pytest.mark.parametrize("language", ["fr", *LIST])
def test_the_compiled_catalog_is_the_written_one(language: str) -> None:
    compiled = polib.mofile(str(catalog_path(language).with_suffix(".mo")))

    def texts(entries: Any) -> dict[str, Any]:
        return {one.msgid: (one.msgstr, one.msgstr_plural) for one in entries}

    assert texts(compiled) == texts(catalog(language))


def test_the_english_catalog_covers_the_list() -> None:
    assert needed("it") < of_pages()


@pytest.mark.parametrize("language", LIST)
def test_the_shipped_translations_translate_the_shipped_french(language: str) -> None:
    rows = shipped_translations(language)
    assert set(rows) == set(shipped_wordings())
    for rule_id, french in shipped_wordings().items():
        texts = {name: french[name] for name in TEXTS if french[name]}
        assert set(rows[rule_id]["texts"]) == set(texts)
        assert rows[rule_id]["digests"] == {n: digest_of(text) for n, text in texts.items()}
        for name, text in texts.items():
            assert rows[rule_id]["texts"][name].count("\n") == text.count("\n")
            assert re.findall(r"\d+", rows[rule_id]["texts"][name]) == re.findall(r"\d+", text) or (
                name == "help"
            )


def test_migrate_writes_the_missing_translations_and_keeps_the_others() -> None:
    PieceTranslation.objects.filter(language="it").delete()
    PieceTranslation.objects.filter(language="en", wording="P30_coutume").update(label="Ours")

    call_command("migrate", verbosity=0)

    assert PieceTranslation.objects.count() == len(LIST) * len(shipped_wordings())
    assert PieceTranslation.objects.get(language="en", wording="P30_coutume").label == "Ours"


def test_a_stale_translation_falls_back_to_french_and_is_listed(client: Client) -> None:
    new = "Aux autorités de votre pays seulement."
    PieceWording.objects.filter(pk="P30_coutume").update(where_to_get=new)

    html = page(client, "simulator", {**params_of(FRENCH, SENEGALESE), "langue": "en"})

    assert new in html
    assert "Ask the consulate for the certificate of custom" in html
    assert {row.language for row in PieceTranslation.objects.stale()} == set(LIST)


def checked_row(admin_client: Client, **texts: Any) -> PieceTranslation:
    row = PieceTranslation.objects.get(language="en", wording="P30_coutume")
    address = reverse("admin:pacs_piecetranslation_change", args=[row.pk])
    page = admin_client.get(address)
    data = {name: getattr(row, name) for name in TEXTS} | texts
    data["lu"] = page.context["adminform"].form["lu"].value()
    response = admin_client.post(address, data, follow=True)
    assert response.status_code == 200
    return PieceTranslation.objects.get(pk=row.pk)


def test_an_administrateur_checks_a_translation(admin_client: Client, admin_user: User) -> None:
    PieceWording.objects.filter(pk="P30_coutume").update(cost="Gratuit")
    PieceWording.objects.filter(pk="P30_coutume").update(where_to_get="Autre texte.")
    home = admin_client.get(reverse("admin:index")).content.decode()
    assert "Traductions à reprendre" in home

    row = checked_row(admin_client, cost="Free", where_to_get="Another text.")
    assert row.stale_texts(row.wording) == []
    assert row.checked_on is None

    row = checked_row(admin_client, is_checked="on")
    assert row.checked_on == date(2026, 11, 23)
    assert row.checked_by == admin_user


def test_a_translation_is_checked_beside_the_french_that_was_read(admin_client: Client) -> None:
    """The mairie changes the French text while somebody reads its translation."""
    row = PieceTranslation.objects.get(language="en", wording="P30_coutume")
    address = reverse("admin:pacs_piecetranslation_change", args=[row.pk])
    typed = {name: getattr(row, name) for name in TEXTS} | {"is_checked": "on"}

    def read(page: Any) -> dict[str, str]:
        return {"lu": page.context["adminform"].form["lu"].value()}

    before = read(admin_client.get(address))
    PieceWording.objects.filter(pk="P30_coutume").update(cost="Vingt euros")
    stale, unread = (admin_client.post(address, typed | lu) for lu in (before, {}))
    row.refresh_from_db()
    assert row.checked_on is None
    for page in (stale, unread):
        assert "Le texte français a changé" in page.content.decode()
        assert "Vingt euros" in page.content.decode()

    again = typed | read(stale) | {"cost": "Twenty euros"}
    assert admin_client.post(address, again).status_code == 302
    row = PieceTranslation.objects.get(pk=row.pk)
    assert row.checked_on == date(2026, 11, 23)
    assert row.stale_texts(row.wording) == []


def test_a_list_whose_every_text_is_checked_no_longer_says_it_is_not(client: Client) -> None:
    unchecked = "Translation not yet checked"
    assert unchecked in page(client, "simulator", {**params_of(), "langue": "en"})

    PieceTranslation.objects.update(checked_on=date(2026, 11, 20))

    assert unchecked not in page(client, "simulator", {**params_of(), "langue": "en"})
    assert unchecked not in page(client, "simulator", params_of())


@pytest.mark.parametrize(
    ("language", "first", "weekday"),
    [
        ("fr", "1er mai 2027", "samedi 1er mai 2027"),
        ("en", "1 May 2027", "Saturday 1 May 2027"),
        ("it", "1º maggio 2027", "sabato 1º maggio 2027"),
        ("es", "1 de mayo de 2027", "sábado 1 de mayo de 2027"),
        ("pt", "1 de maio de 2027", "sábado, 1 de maio de 2027"),
    ],
)
def test_dates_are_those_of_the_language(language: str, first: str, weekday: str) -> None:
    day = date(2027, 5, 1)

    assert day_in(language, day).replace("\u00a0", " ") == first
    assert weekday_day_in(language, day).replace("\u00a0", " ") == weekday
