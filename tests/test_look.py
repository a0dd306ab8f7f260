"""The frame and the look: what every page stands on."""

import gzip
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone
from django.views.defaults import server_error

from demarches.agenda.day_field import DayField
from demarches.models import Mairie
from demarches.rules.enums import PieceStatus, Status
from demarches.steps.forms import PageFormMixin
from demarches.templatetags import portal
from pacs.models import PacsSettings
from uzes_portal import accessibility, assets
from uzes_portal.accessibility import Audit

ROOT = Path(__file__).resolve().parent.parent
TOKENS = (ROOT / "static/css/tokens.css").read_text()
PAGES = [
    "/",
    "/accessibilite/",
    "/donnees-personnelles/",
    "/mentions-legales/",
    "/modalites-d-utilisation/",
    "/plan-du-site/",
]


def squash(html: str) -> str:
    """One space between words, none around tags."""
    return re.sub(r" *([<>]) *", r"\1", re.sub(r"[ \n]+", " ", html))


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


# Weight


def test_style_sheet_font_and_script_keep_their_budget() -> None:
    style, font, desk, names = assets.build()
    # The design asked for 20 kB before calendars and folded lists; what travels is compressed.
    assert style.stat().st_size <= 24_000
    assert len(gzip.compress(style.read_bytes(), 9)) <= 6_500
    assert font.stat().st_size <= 16_000
    assert names.stat().st_size <= 9_000
    # Half of it when it travels: every page that agents read is in the town’s frame.
    assert desk.stat().st_size <= 15_500
    # For agents alone, who fetch it once: it swaps what changed without losing what is typed.
    assert (ROOT / "static/js/desk.js").stat().st_size <= 11_500
    assert (ROOT / "static/js/uzes.js").stat().st_size <= 5_000
    assert font.read_bytes()[:4] == b"wOF2"


def test_building_again_changes_nothing_until_a_source_does(settings: Any, tmp_path: Path) -> None:
    settings.BUILD_DIR = tmp_path
    built = assets.build()
    stamps = [path.stat().st_mtime_ns for path in built]
    assert [path.stat().st_mtime_ns for path in assets.build()] == stamps
    built[0].write_text("old")
    assert assets.build()[0].read_text() == assets.style_sheet()


def test_heading_font_writes_french() -> None:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 -- slow import

    signs = TTFont(assets.build()[1]).getBestCmap()
    assert [sign for sign in "Àçéèêëîïôœùûüÿ’«»–…€\u00a0\u202f" if ord(sign) not in signs] == []


def test_style_sheet_holds_every_source_without_comments() -> None:
    sheet = assets.style_sheet()
    assert sheet.count("@layer tokens,base,components,pages,print;") == 1
    assert "/*" not in sheet
    assert sheet.count("{") == sheet.count("}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "most"),
    [("/", 28), ("/mairie/", 28), ("/pacs/", 28), ("/fiches/", 28), ("/vitale/", 29)],
)
def test_first_visit_makes_three_requests_and_sets_no_cookie(
    reference_data: None, client: Client, path: str, most: int
) -> None:
    response = client.get(path)
    html = response.content.decode()
    fetched = set(re.findall(r"<(?:link|script|img)[^>]+(?:href|src)=\"(/static/[^\"]+)\"", html))
    style, font, *_ = assets.build()
    assert fetched == {f"/static/css/{style.name}", f"/static/fonts/{font.name}"}
    travels = (response.content, style.read_bytes())
    assert sum(len(gzip.compress(one)) for one in travels) + font.stat().st_size <= most * 1000
    assert response.cookies == {}
    if path == "/":
        assert len(re.findall(r"<[a-z]", html)) <= 200


# Colours

LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", part))
    for part in TOKENS.split("@media (prefers-color-scheme: dark)")
)
TEXT_PAIRS = [
    ("ink", "ground"),
    ("ink", "surface"),
    ("ink", "stone"),
    ("muted", "ground"),
    ("muted", "surface"),
    ("muted", "stone"),
    ("action", "ground"),
    ("action", "surface"),
    ("action-hover", "ground"),
    ("action-hover", "stone"),
    ("on-action", "action"),
    ("on-action", "action-hover"),
    ("accent", "ground"),
    ("accent", "stone"),
    ("error", "ground"),
    ("error", "surface"),
    ("error", "error-tint"),
    ("ground", "error"),
    ("ink", "error-tint"),
    ("success", "success-tint"),
    ("ink", "success-tint"),
    ("warning", "warning-tint"),
    ("ink", "warning-tint"),
    ("on-foot", "foot"),
]
SHAPE_PAIRS = [("control", "ground"), ("control", "surface"), ("ink", "focus")]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_the_formula_of_wcag() -> None:
    assert round(contrast("#000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#fff"), 2) == 4.48


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_its_ground(scheme: str) -> None:
    tokens = LIGHT if scheme == "light" else {**LIGHT, **DARK}
    weak = {pair: contrast(tokens[pair[0]], tokens[pair[1]]) for pair in TEXT_PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_controls_stand_out(scheme: str) -> None:
    tokens = LIGHT if scheme == "light" else {**LIGHT, **DARK}
    pairs = [p for p in SHAPE_PAIRS if scheme == "light" or p != ("ink", "focus")]
    if scheme == "dark":
        pairs.append(("ground", "focus"))
    weak = {pair: contrast(tokens[pair[0]], tokens[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}


def test_colours_are_numbers_in_the_tokens_only() -> None:
    # Paper is black on white, whatever the scheme: print.css says so itself.
    others = [n for n in assets.STYLE_SOURCES if n not in ("tokens.css", "print.css")]
    found = {
        name: re.findall(
            r"(?<![\w-])#[0-9a-fA-F]{3,8}\b|rgba?\(", (ROOT / "static/css" / name).read_text()
        )
        for name in others
    }
    assert {name: values for name, values in found.items() if values} == {}


# What no template may hold

TEMPLATES = [
    path
    for path in (ROOT / "templates").rglob("*.html")
    if "pdf" not in path.relative_to(ROOT / "templates").parts
    # A mail is no page: its style has to stand in it.
    and path.name != "mail.html"
]
FORBIDDEN = {
    "a style": re.compile(r"<style|\sstyle="),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+="),
    "a script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/ld\+json\")"),
    "a script address": re.compile(r"javascript:"),
    "another site": re.compile(r"<(?:link|script|img|iframe)[^>]+(?:src|href)=\"(?:https?:)?//"),
    "the State's look": re.compile(r"class=\"fr-|marianne|#000091", re.IGNORECASE),
}


def test_forbidden_patterns_recognise_what_they_forbid() -> None:
    samples = {
        "a style": '<p style="x">',
        "an event attribute": '<a href="#" onclick="x()">',
        "a script": "<script>x()</script>",
        "a script address": '<a href="javascript:x()">',
        "another site": '<img src="https://example.org/x.png">',
        "the State's look": '<p class="fr-alert">',
    }
    assert [name for name, sample in samples.items() if not FORBIDDEN[name].search(sample)] == []


def test_no_template_holds_what_the_content_policy_refuses() -> None:
    assert len(TEMPLATES) > 20
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in TEMPLATES
        for name, pattern in FORBIDDEN.items()
        if pattern.search(path.read_text())
    ]
    assert found == []


def test_every_component_names_its_variables() -> None:
    components = sorted((ROOT / "templates/components").glob("*.html"))
    assert [c.name for c in components if "Variables: " not in c.read_text()] == []


# The crispy pack


class QuestionForm(PageFormMixin, forms.Form):
    page_heading = "Avez-vous déjà été marié ?"
    page_hint = "Même si le divorce est ancien."
    answer = forms.ChoiceField(
        label="Réponse",
        choices=[("yes", "Oui"), ("no", "Non")],
        widget=forms.RadioSelect,
        help_text="Une seule réponse.",
        error_messages={"required": "Choisissez une réponse."},
    )


class DateForm(PageFormMixin, forms.Form):
    page_heading = "Avez-vous une date en tête ?"
    page_hint = "Elle ne réserve rien."
    wished = DayField(label="Date", required=False)


class NamesForm(PageFormMixin, forms.Form):
    page_heading = "Votre nom"
    required_in_clean = ("first",)
    birth = forms.CharField(label="Nom de naissance", help_text="Comme sur l’acte.")
    first = forms.CharField(label="Prénoms", required=False)
    usage = forms.CharField(label="Nom d’usage", required=False)
    agree = forms.BooleanField(label="Mon acte n’a qu’un nom", required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        if self.data.get("birth") == "x":
            raise forms.ValidationError("Les deux noms se contredisent.")
        return self.cleaned_data


def render(form: forms.Form) -> str:
    template = Template("{% load crispy_forms_tags %}{% crispy form %}")
    return squash(template.render(Context({"form": form})))


def test_a_question_is_the_legend_of_its_choices() -> None:
    assert render(QuestionForm()) == squash(
        """
        <div class="field">
          <fieldset aria-describedby="page-hint id_answer_helptext">
            <legend class="field__page-label"><h1>Avez-vous déjà été marié\u00a0?</h1></legend>
            <p class="page-hint" id="page-hint">Même si le divorce est ancien.</p>
            <div class="field__hint" id="id_answer_helptext">Une seule réponse.</div>
            <div class="choices">
              <div class="choice"><input type="radio" name="answer" value="yes"
                id="id_answer_0" required><label for="id_answer_0">Oui</label></div>
              <div class="choice"><input type="radio" name="answer" value="no"
                id="id_answer_1" required><label for="id_answer_1">Non</label></div>
            </div>
          </fieldset>
        </div>"""
    )


def test_a_refused_question_says_so_before_its_choices() -> None:
    html = render(QuestionForm({}))
    assert '<div class="field field--wrong">' in html
    assert '<fieldset aria-describedby="page-hint id_answer_helptext id_answer_error">' in html
    error = (
        '<div id="id_answer_error"><p class="field__error"><span class="visually-hidden">'
        "Erreur&nbsp;:</span>Choisissez une réponse.</p></div>"
    )
    assert error + '<div class="choices">' in html


def test_a_question_with_one_box_is_its_label() -> None:
    assert render(DateForm({"wished": "32"})) == squash(
        """
        <div class="field field--wrong">
          <h1 class="field__page-label"><label for="id_wished">Avez-vous une date en tête\u00a0?
          </label></h1>
          <p class="page-hint" id="page-hint">Elle ne réserve rien.</p>
          <div class="field__hint" id="id_wished_helptext">Par exemple 6/6/2027.</div>
          <div id="id_wished_error"><p class="field__error"><span class="visually-hidden">
          Erreur&nbsp;:</span>
          Il manque le mois et l’année\u00a0: écrivez par exemple 6/6/2027.</p></div>
          <input type="text" name="wished" value="32" autocomplete="off" size="18"
            aria-describedby="page-hint id_wished_helptext id_wished_error"
            aria-invalid="true" id="id_wished">
        </div>"""
    )


def test_several_fields_keep_their_labels_under_one_heading() -> None:
    html = render(NamesForm())
    assert html.count("<h1>") == 1
    assert "<h1>Votre nom</h1>" in html
    labels = re.findall(r"<label[^>]*>(.*?)</label>", html)
    assert labels == [
        "Nom de naissance",
        "Prénoms",
        'Nom d’usage<span class="field__optional">(facultatif)</span>',
        "Mon acte n’a qu’un nom",
    ]
    assert "*" not in html
    assert 'aria-describedby="id_birth_helptext"' in html
    assert html.count('<input type="hidden"') == 1


def test_finishing_later_makes_nothing_optional() -> None:
    form = NamesForm({})
    form.partial = True  # type: ignore[attr-defined]
    assert render(form).count("facultatif") == 0
    assert render(NamesForm({})).count("facultatif") == 1


def test_errors_about_the_whole_form_are_shown_and_linked() -> None:
    html = render(NamesForm({"birth": "x"}))
    assert 'id="form-errors"' in html
    assert html.count("Les deux noms se contredisent.") == 1


def test_what_people_typed_is_escaped() -> None:
    html = render(NamesForm({"birth": '"><script>x</script>'}))
    assert "<script>" not in html
    assert 'value="&quot;&gt;&lt;script&gt;x&lt;/script&gt;"' in html


def test_the_parts_of_a_date_have_their_own_labels() -> None:
    from uzes_portal.styleguide import SampleForm  # noqa: PLC0415 -- routed in DEBUG only

    html = render(SampleForm())
    start = html.index('<legend class="field__label">Date de l’acte')
    parts = re.findall(r'<label for="(id_issued_\d)">(.*?)</label><input', html[start:])
    assert parts == [("id_issued_0", "Jour"), ("id_issued_1", "Mois"), ("id_issued_2", "Année")]
    assert 'type="file"' in html
    assert html.count("<fieldset") == html.count("</fieldset>") == 4


# Components that compute something


def test_a_long_list_is_cut_into_pages() -> None:
    pages = Paginator(range(25), 10)
    template = Template(
        '{% include "components/_pagination.html" with page=page name="essais" only %}'
    )

    def links(number: int) -> list[tuple[str, str]]:
        html = template.render(Context({"page": pages.page(number)}))
        return re.findall(r'<a href="(.*?)".*?>(.*?)</a>', html)

    assert links(1) == [("?page=2", "Page suivante")]
    assert links(2) == [("?page=1", "Page précédente"), ("?page=3", "Page suivante")]
    assert links(3) == [("?page=2", "Page précédente")]
    alone = template.render(Context({"page": Paginator(range(5), 10).page(1)}))
    assert alone.strip() == ""


def test_a_file_leads_to_the_question_about_removing_it_and_names_it() -> None:
    template = Template(
        '{% include "components/_file_row.html" with name=name url="/f/1/" size=340000'
        ' remove_url="/f/1/retirer/" only %}'
    )
    html = squash(template.render(Context({"name": "<a>.pdf"})))
    assert '<a href="/f/1/retirer/" data-uzes-remove>Retirer<span' in html
    assert '<span class="visually-hidden">le fichier &lt;a&gt;.pdf</span></a>' in html


# The error summary, by a real page


@pytest.mark.django_db
def test_a_refused_form_announces_itself(client: Client) -> None:
    html = squash(client.post("/compte/connexion/", {"email": "nul"}).content.decode())
    assert re.search(r"<title>Erreur&nbsp;: (?!Erreur)", html)
    main = html[html.index('<main id="contenu"') :]
    summary = main[main.index('<div class="error-summary"') : main.index("<h1")]
    assert 'tabindex="-1" data-uzes-focus' in summary
    links = re.findall(r'<a href="#(.*?)">(.*?)</a>', summary)
    refusal = "Il manque le signe « @ » dans cette adresse. Exemple : nom@exemple.fr."
    line = f"Votre adresse e-mail : {refusal}"
    assert links == [("id_email", re.sub(r"(?<=«) | (?=[»:])", "\u00a0", line))]
    told = links[0][1].removeprefix("Votre adresse e-mail\u00a0: ")
    assert f"</span>{told}</p>" in main
    assert 'id="id_email"' in main


@pytest.mark.django_db
def test_an_untouched_form_announces_nothing(client: Client) -> None:
    html = page(client, "/compte/connexion/")
    assert "Erreur" not in html
    assert "error-summary" not in html


# Pages


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_public_pages_stand_without_any_data(client: Client, path: str) -> None:
    html = page(client, path)
    assert html.count("<h1") == 1
    assert '<html lang="fr">' in html
    assert '<a href="#contenu">' in html


@pytest.mark.django_db
def test_pages_show_the_mairie(client: Client) -> None:
    Mairie.objects.create(
        name="Mairie d’Essai",
        commune="Essai",
        insee_code="30001",
        postal_code="30000",
        postal_city="Essai",
        phone="+33466000000",
    )
    html = page(client, "/mentions-legales/")
    assert "<title>Mentions légales – Mairie d’Essai</title>" in html
    assert html.count('href="tel:+33-4-66-00-00-00"') == 3
    assert "Commune d’Essai, 30000 Essai" in html


@pytest.mark.django_db
def test_privacy_page_tells_the_durations_in_force(client: Client) -> None:
    PacsSettings.objects.create(pk=1, draft_retention_days=37, inactive_retention_days=91)
    html = page(client, "/donnees-personnelles/")
    assert "<dd>37\u00a0jours sans activité" in html
    assert "<dd>91\u00a0jours" in html


@pytest.mark.django_db
def test_terms_name_the_address_that_mails_come_from(client: Client, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "expediteur@example.fr"
    assert "<strong>expediteur@example.fr</strong>" in page(client, "/modalites-d-utilisation/")


@pytest.mark.django_db
def test_legal_notice_names_the_host_that_the_settings_give(client: Client, settings: Any) -> None:
    assert "son hébergeur n’est pas renseigné" in page(client, "/mentions-legales/")
    settings.LEGAL_HOST = "Hébergeur d’essai, 1 rue de l’Essai"
    html = page(client, "/mentions-legales/")
    assert "Hébergeur d’essai, 1 rue de l’Essai" in html
    assert "pas renseigné" not in html


@pytest.mark.django_db
def test_robots_are_kept_out_of_private_addresses(client: Client) -> None:
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert "Disallow: /compte/" in response.content.decode()


def test_style_guide_is_not_routed_outside_debug(client: Client, db: None) -> None:
    assert client.get("/styleguide/").status_code == 404


# Refusals


def refusal(response: Any) -> tuple[int, str]:
    html = response.content.decode()
    assert html.count("<h1") == 1
    assert 'id="contenu"' in html
    found = re.search(r"<h1>(.*?)</h1>", html)
    assert found is not None
    return response.status_code, found.group(1)


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
def test_refusals_are_pages_in_french(client: Client, settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    assert refusal(client.get("/nulle-part/")) == (404, "Cette page n’existe pas")
    wrong_method = client.post("/")
    assert refusal(wrong_method) == (405, "Nous n’avons pas compris cette demande")
    assert wrong_method["Allow"] == "GET, HEAD"
    huge = client.post("/compte/connexion/", {"email": "a" * 3_000_000})
    assert refusal(huge) == (413, "Cet envoi est trop lourd")
    fields = {f"champ{rank}": "x" for rank in range(400)}
    assert refusal(client.post("/compte/connexion/", fields)) == (
        400,
        "Nous n’avons pas compris cette demande",
    )


@pytest.mark.django_db
def test_a_form_without_its_token_says_what_to_do() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/compte/connexion/", {"email": "a@example.org"})
    assert refusal(response) == (403, "Votre formulaire n’a pas pu être reçu")


def test_the_page_of_a_breakdown_needs_no_database(rf: RequestFactory) -> None:
    response = server_error(rf.get("/"))
    assert refusal(response) == (500, "Le site a un problème")


# Accessibility status

AUDIT = Audit(date(2026, 3, 1), "Cabinet d’essai", "4.1.2", 53, 53, ())


@pytest.mark.parametrize(
    ("conform", "day", "expected"),
    [
        (53, date(2026, 3, 1), "totalement conforme"),
        (52, date(2026, 3, 1), "partiellement conforme"),
        (27, date(2026, 3, 1), "partiellement conforme"),
        (26, date(2026, 3, 1), "non conforme"),
        (53, date(2029, 3, 1), "totalement conforme"),
        (53, date(2029, 3, 2), "non conforme"),
    ],
)
def test_accessibility_status_follows_the_audit(conform: int, day: date, expected: str) -> None:
    audit = Audit(AUDIT.day, AUDIT.auditor, AUDIT.version, conform, 53, ())
    assert accessibility.status(audit, day) == expected


def test_without_an_audit_nothing_is_claimed() -> None:
    assert accessibility.status(None, date(2026, 3, 1)) == "non conforme"


@pytest.mark.django_db
def test_a_recorded_audit_shows_on_every_page(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    assert "Accessibilité&nbsp;: non conforme" in page(client, "/")
    path = tmp_path / "audit.json"
    data = {
        "day": timezone.localdate().isoformat(),
        "auditor": "Cabinet d’essai",
        "version": "4.1.2",
        "conform": 40,
        "applicable": 50,
        "failures": ["Une vidéo n’a pas de sous-titres."],
    }
    path.write_text(json.dumps(data), encoding="utf-8")
    settings.ACCESSIBILITY_AUDIT_FILE = str(path)
    assert "Accessibilité&nbsp;: partiellement conforme" in page(client, "/")
    declaration = page(client, "/accessibilite/")
    assert "80&nbsp;% des critères applicables" in declaration
    assert "<li>Une vidéo n’a pas de sous-titres.</li>" in declaration


@pytest.mark.parametrize("content", ["", "{}", '{"day": "hier"}'])
def test_an_unreadable_audit_stops_the_portal(tmp_path: Path, content: str) -> None:
    path = tmp_path / "audit.json"
    path.write_text(content)
    with pytest.raises(ImproperlyConfigured, match=r"accessibility\.md"):
        Audit.load(path)


# Words of the templates


def test_every_status_has_a_badge() -> None:
    values = [member.value for member in (*Status, *PieceStatus)]
    assert sorted(portal.TONES) == sorted(values)
    assert len(portal.LABELS) == len(values)
    html = Template("{% status_badge 'refused' %}").render(Context())
    assert squash(html) == '<span class="badge badge--problem">Refusée, à remplacer</span>'


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "1 Ko"), (1_499, "1 Ko"), (340_000, "340 Ko"), (1_240_000, "1,2 Mo")],
)
def test_sizes_are_told_as_phones_do(size: int, expected: str) -> None:
    assert portal.file_size(size) == expected.replace(" ", "\u00a0")


def test_dates_are_french_and_local() -> None:
    late = datetime(2027, 4, 30, 22, 45, tzinfo=timezone.get_fixed_timezone(0))
    assert portal.date_fr(late) == "1er\u00a0mai 2027"
    assert portal.weekday_date_fr(late) == "samedi 1er\u00a0mai 2027"
    assert portal.iso_date(late) == "2027-05-01"
    assert portal.moment_fr(late) == "1er\u00a0mai 2027 à\u00a00\u00a0h\u00a045"
    assert portal.date_fr(None) == portal.weekday_date_fr(None) == portal.moment_fr(None) == ""


def test_punctuation_stays_with_its_word() -> None:
    assert portal.nb("Prêt ? « Oui » : 5 %") == "Prêt\u00a0? «\u00a0Oui\u00a0»\u00a0: 5\u00a0%"
    rendered = Template("{{ text|nb }}").render(Context({"text": "<b> : "}))
    assert rendered == "&lt;b&gt;\u00a0: "
