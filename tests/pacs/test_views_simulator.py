"""The public simulator in a browser without script, account or cookie."""

import json
import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from icalendar import Calendar
from post_office.models import Email

from demarches.mail.emails import mail_text
from demarches.models import Agenda, Mairie
from pacs.models import Dossier, PacsSettings, PieceWording
from pacs.rules.cases import CASES, Case
from pacs.rules.eligibility import OUTCOME_TYPES
from pacs.rules.pieces import RULE_IDS
from pacs.views import simulator
from tests.pacs.simulator_answers import (
    FRENCH,
    ITALIAN_WIDOW,
    NOTHING_KNOWN,
    SENEGALESE,
    params_of,
)
from tests.support.reference import load

TODAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def town(db: None) -> Iterator[None]:
    load("mairie", "opening_hours", "agendas", "pacs_settings", "pacs_pieces")
    with time_machine.travel("2026-11-23T10:00:00+01:00", tick=False):
        yield


def get(client: Client, name: str, params: dict[str, str] | None = None) -> Any:
    return client.get(reverse(f"pacs:{name}"), params or {})


def pieces_in(html: str) -> list[str]:
    """« holder rule[:document][?] », in the order of the page."""
    found = []
    for tag in re.findall(r'<li class="piece"[^>]*>', html):
        data = dict(re.findall(r'data-([a-z]+)="([^"]*)"', tag))
        name = ":".join(filter(None, (data["piece"], data.get("about", ""))))
        found.append(f"{data['for']} {name}{'?' if 'uncertain' in data else ''}")
    return found


def piece_html(html: str, rule_id: str) -> str:
    """One item of the list, tags left out."""
    start = html.index(f'<li class="piece" data-piece="{rule_id}"')
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html[start:].split("</li>")[0])))


def html_of(response: Any) -> str:
    return str(response.content.decode())


def pages_of(response: Any) -> list[str]:
    """The text of each page of a PDF."""
    import pypdf

    pages = pypdf.PdfReader(BytesIO(response.content)).pages
    return [re.sub(r"\s+", " ", page.extract_text()) for page in pages]


class Nesting(HTMLParser):
    """Notes every element closed in the wrong order."""

    VOID = frozenset({"meta", "link", "input", "br", "img", "path", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")


# The questions.


def test_first_page_asks_about_both(client: Client) -> None:
    response = get(client, "simulator")

    assert response.status_code == 200
    assert list(response.context["form"].fields) == ["adresse", "lien", "age", "mesure"]
    assert "À Uzès, mais l’un de nous ne pourra pas venir à la mairie" in html_of(response)


def test_a_question_alone_is_answered_by_its_buttons(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of(ITALIAN_WIDOW | {"papiers": ""})))

    assert "<h1>Vos documents étrangers seront-ils en français" in html
    assert re.findall(r'<button class="button [^>]* name="papiers1" value="(\w+)">', html) == [
        "oui",
        "non",
        "inconnu",
    ]
    assert 'type="radio"' not in html
    assert "Votre réponse" not in html


def test_the_answer_given_before_is_said_and_may_stay(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of(ITALIAN_WIDOW) | {"etape": "papiers1"}))

    assert "Votre réponse\u00a0: <strong>Non, aucun</strong>" in html
    kept = re.search(r'<a href="([^"]*)">Garder cette réponse', html)
    assert kept
    assert "pour votre Pacs</h1>" in html_of(client.get(unescape(kept[1])))


def test_no_page_answers_for_people(client: Client) -> None:
    """Nothing is chosen that the address does not say."""
    for slug in ("ensemble", "personne1", "personne2", "projet", "documents1"):
        given = {name: value for name, value in params_of(ITALIAN_WIDOW).items() if name != "date"}
        form = get(client, "simulator", given | {"etape": slug}).context["form"]
        for name in form.fields:
            given.pop(name, None)
        html = html_of(get(client, "simulator", given | {"etape": slug}))
        assert " checked" not in html
        assert 'type="radio"' in html


def test_what_is_known_of_a_foreign_document_can_be_said_beside_it(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of(ITALIAN_WIDOW)))
    link = re.search(r'<a href="([^"]*etape=documents1)">Préciser', html)
    assert link
    response = client.get(unescape(link[1]))
    fields = ["acte_en_francais1", "pays_a_jour1", "coutume1", "coutume_en_francais1"]
    assert list(response.context["form"].fields) == [*fields, "preuve_en_francais1"]

    sent = response.context["hidden"] | {"coutume1": "non", "acte_en_francais1": "oui"}
    pieces = pieces_in(html_of(get(client, "simulator", sent)))

    assert "1 P31_coutume_impossible" in pieces
    assert "1 P20_traduction:P14_naissance_etranger" not in pieces
    assert "1 P20_traduction:P42_veuvage" in pieces  # as said of all of them


def test_the_summary_says_a_question_once(client: Client) -> None:
    html = html_of(get(client, "simulator", {"envoi": "ensemble"}))
    summary = html.partition("error-summary-title")[2].partition("</ul>")[0]

    assert summary.count("Où habiterez-vous ensemble, le jour du Pacs") == 1
    assert summary.count("Répondez à la question") == 4


def test_questions_need_no_cookie_no_token_and_no_script(client: Client) -> None:
    for params in ({}, params_of(), params_of(lien="oui", quel_lien="fratrie")):
        response = get(client, "simulator", params)
        assert not response.cookies
        assert "csrfmiddlewaretoken" not in html_of(response)
        assert 'method="post"' not in html_of(response)


def test_form_carries_the_other_answers(client: Client) -> None:
    response = get(client, "simulator", params_of() | {"etape": "personne1", "x": "<b>"})

    hidden = dict(
        re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', html_of(response))
    )
    kept = {k: v for k, v in params_of().items() if k not in ("origine1", "situation1", "date")}
    assert hidden == kept | {"envoi": "personne1"}
    assert response.context["form"].initial["situation1"] == "celibataire"


def test_walk_with_the_forms_alone(client: Client) -> None:
    """Fill in each page as a browser would, from nothing to the list."""
    wanted = params_of(second=SENEGALESE)
    sent: dict[str, str] = {}
    for _ in range(20):
        response = get(client, "simulator", sent)
        form = response.context.get("form")
        if form is None:
            break
        sent = response.context["hidden"] | {name: wanted[name] for name in form.fields}

    assert "papiers pour votre Pacs" in html_of(response)
    assert pieces_in(html_of(response))[2:4] == ["1 P03_identite", "1 P11_naissance_fr"]


@pytest.mark.parametrize(
    "params",
    [
        {"envoi": "ensemble"},
        {"adresse": "x"},
        {"adresse": "x" * 4_000},
        {"adresse": "\x00"},
        params_of(date="hier"),
        params_of(date="2026-01-01"),
        params_of(origine2="<script>alert(1)</script>"),
        params_of(ITALIAN_WIDOW | {"papiers": "<script>alert(1)</script>"}),
        params_of(ITALIAN_WIDOW | {"coutume": "x"}),
    ],
)
def test_wrong_address_is_refused_in_french(client: Client, params: dict[str, str]) -> None:
    response = get(client, "simulator", params)

    assert response.status_code == 422
    assert "Il y a un problème" in html_of(response)
    assert "<title>Erreur&nbsp;: " in html_of(response)
    assert "alert(1)" not in html_of(response)


@pytest.mark.parametrize("name", ["simulator", "simulator-pdf", "simulator-ics"])
def test_hostile_addresses_never_break(client: Client, name: str) -> None:
    for query in (
        "adresse=ici&adresse=ailleurs&adresse[]=1",
        "a" * 5_000,
        "=&&&=%ff%fe",
        "etape=ensemble&envoi=ensemble",
        "date=9999-99-99&date=0000-00-00",
        urlencode(params_of(date="0001-01-01")),
    ):
        response = client.get(f"{reverse(f'pacs:{name}')}?{query}")
        assert response.status_code in (200, 302, 422)


def test_too_many_parameters_are_refused(client: Client) -> None:
    query = "&".join(f"a{n}=1" for n in range(400))

    assert client.get(f"{reverse('pacs:simulator')}?{query}").status_code == 400


@pytest.mark.parametrize(
    "name", ["simulator", "simulator-pdf", "simulator-ics", "blank-set", "rules-json"]
)
def test_nothing_is_posted(client: Client, name: str) -> None:
    assert client.post(reverse(f"pacs:{name}"), params_of()).status_code == 405


# The list.


def test_list_of_two_french_people(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of()))

    assert pieces_in(html) == [
        "couple P01_declaration",
        "couple P02_convention",
        "1 P03_identite",
        "1 P11_naissance_fr",
        "2 P03_identite",
        "2 P11_naissance_fr",
    ]
    assert "<h1>6 papiers pour votre Pacs</h1>" in html


def test_list_of_a_foreign_widow_for_the_right_person(client: Client) -> None:
    one_way = pieces_in(html_of(get(client, "simulator", params_of(second=ITALIAN_WIDOW))))
    other_way = pieces_in(html_of(get(client, "simulator", params_of(first=ITALIAN_WIDOW))))

    assert [piece for piece in one_way if piece.startswith("2 ")] == [
        "2 P03_identite",
        "2 P14_naissance_etranger",
        "2 P20_traduction:P14_naissance_etranger",
        "2 P30_coutume",
        "2 P20_traduction:P30_coutume",
        "2 P32_non_pacs",
        "2 P42_veuvage",
        "2 P20_traduction:P42_veuvage",
    ]
    assert [piece.replace("1 ", "2 ") for piece in other_way if piece.startswith("1 ")] == [
        piece for piece in one_way if piece.startswith("2 ")
    ]


def test_list_of_somebody_nobody_knows_says_perhaps(client: Client) -> None:
    unknown = NOTHING_KNOWN | {"mesure": "inconnu"}

    html = html_of(get(client, "simulator", params_of(first=unknown)))

    uncertain = [piece for piece in pieces_in(html) if piece.endswith("?")]
    assert len(uncertain) == 13
    assert "<h1>5 papiers pour votre Pacs, et peut-être 12 autres</h1>" in html
    assert "Peut-être" in piece_html(html, "P12_naissance_scec")


def test_nothing_to_provide_is_told(client: Client) -> None:
    divorced = FRENCH | {"situation": "divorce", "divorce_inscrit": "oui"}

    html = html_of(get(client, "simulator", params_of(first=divorced)))

    assert "1 P40_divorce_rien" in pieces_in(html)
    assert "Rien à fournir" in piece_html(html, "P40_divorce_rien")
    assert "6 papiers" in html


def test_record_the_mairie_verifies_is_not_asked_for(client: Client) -> None:
    PacsSettings.objects.update(comedec_active=True, connected_communes="SCEC 30189")
    born_abroad = FRENCH | {"origine": "etranger_francaise", "acte_francais": "oui"}

    html = html_of(get(client, "simulator", params_of(first=born_abroad)))

    assert "1 P10_naissance_comedec" in pieces_in(html)
    assert "1 P12_naissance_scec" not in pieces_in(html)


def test_piece_says_what_where_how_much_how_old_and_why(client: Client) -> None:
    text = piece_html(html_of(get(client, "simulator", params_of())), "P11_naissance_fr")

    assert "Acte de naissance avec filiation" in text
    assert "Original, moins de 3 mois le jour du Pacs" in text
    assert "Gratuit. À la mairie de votre commune de naissance." in text
    assert "Décret 2006-1806, art. 1" in text


def test_not_needed_is_told_with_its_reason(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of()))

    section = html[html.index('data-piece="N01_jamais" data-for="couple"') :].split("</section>")[0]
    assert re.findall(r"<strong>([^<]+)</strong>", section) == [
        "Justificatif de domicile",
        "Livret de famille, sauf pour prouver un divorce ou un décès",
        "Certificat de célibat",
        "Copie certifiée conforme",
        "Numéro de sécurité sociale",
    ]
    assert "CRPA, art. R113-8" in section


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("simulator", {}),
        ("simulator", {"envoi": "ensemble"}),
        ("simulator", params_of()),
        ("simulator", params_of(NOTHING_KNOWN, ITALIAN_WIDOW, date="2027-06-05")),
        ("simulator", params_of(date="2026-12-01")),
        ("simulator", params_of(lien="oui", quel_lien="fratrie")),
        ("simulator", params_of(ITALIAN_WIDOW) | {"etape": "papiers1"}),
        ("simulator", params_of(ITALIAN_WIDOW) | {"etape": "documents1"}),
        ("how-we-decide", {}),
    ],
)
def test_pages_are_well_nested(client: Client, name: str, params: dict[str, str]) -> None:
    page = Nesting()

    page.feed(html_of(get(client, name, params)))

    assert (page.wrong, page.open) == ([], [])


# The dates.


def test_wished_date_gives_the_days_to_ask_on(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of(second=SENEGALESE, date="2027-06-05")))

    assert (
        '<time datetime="2027-04-21">' in html
    )  # ten working days, then 30 days before, with foreign papers
    assert "à partir du samedi 6 mars 2027 , pas avant." in piece_html(html, "P11_naissance_fr")
    assert "à partir du samedi 5 décembre 2026 , pas avant." in piece_html(
        html, "P14_naissance_etranger"
    )


def test_near_date_may_be_asked_for_now(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of(date="2026-12-29")))

    assert "dès maintenant" in piece_html(html, "P11_naissance_fr")
    assert "daté du 30 septembre 2026 ou après." in piece_html(html, "P11_naissance_fr")
    assert '<time datetime="2026-11-30">' in html


def test_date_too_near_is_told_with_the_first_possible_one(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of(date="2026-12-01")))

    assert "Le 1er\u00a0décembre 2026 est trop proche" in html
    assert "mardi 22\u00a0décembre 2026" in html


def test_no_date_invites_to_give_one(client: Client) -> None:
    html = html_of(get(client, "simulator", params_of()))

    assert "Ne demandez pas les actes trop tôt" in html
    assert "pieces.ics" not in html


# What stands in the way.


@pytest.mark.parametrize(
    ("params", "code", "others"),
    [
        (params_of(lien="oui", quel_lien="oncle_tante"), "B05", []),
        (params_of(age="moins_18"), "B01", []),
        (params_of(second=FRENCH | {"situation": "marie"}), "B03", []),
        (params_of(adresse="autre_commune", age="moins_18"), "B01", ["B06"]),
        (params_of(adresse="etranger"), "B08", []),
        (params_of(convention="notariee"), "B07", []),
    ],
)
def test_stopped_couple_gets_reasons_and_no_list(
    client: Client, params: dict[str, str], code: str, others: list[str]
) -> None:
    response = get(client, "simulator", params)
    html = html_of(response)

    assert response.status_code == 200
    assert re.findall(r'data-outcome="([^"]+)"', html) == [code, *others]
    assert pieces_in(html) == []
    assert "Que faire" in html


def test_cousins_go_on(client: Client) -> None:
    assert (
        len(
            pieces_in(html_of(get(client, "simulator", params_of(lien="oui", quel_lien="cousins"))))
        )
        == 6
    )


def test_stopped_couple_may_change_the_answer(client: Client) -> None:
    response = get(client, "simulator", params_of(second=FRENCH | {"situation": "marie"}))

    query = parse_qs(urlsplit(response.context["back_url"]).query)
    assert query["etape"] == ["personne2"]
    again = client.get(response.context["back_url"])
    assert again.context["form"].initial["situation2"] == "marie"


def test_agent_looks_at_some_situations(client: Client) -> None:
    young = {"age": "18_20", "qui": "partenaire"}

    html = html_of(
        get(client, "simulator", params_of(FRENCH, SENEGALESE, adresse="ici_deplacement", **young))
    )

    assert re.findall(r'data-outcome="([^"]+)"', html) == ["R01", "B02"]
    assert "un point est à regarder avec la mairie" in html
    assert "2 P30_coutume" in pieces_in(html)


def test_unknown_commune_is_to_be_checked_first(client: Client) -> None:
    unknown = html_of(get(client, "simulator", params_of(adresse="inconnu")))

    assert "Vérifiez d’abord la commune" in unknown
    for params in (params_of(), params_of(adresse="sans_adresse", habite="deux")):
        assert "Vérifiez d’abord la commune" not in html_of(get(client, "simulator", params))


@pytest.mark.parametrize("kind", OUTCOME_TYPES, ids=lambda kind: kind.code)
def test_every_outcome_has_its_page(client: Client, kind: Any) -> None:
    response = client.get(reverse("pacs:outcome", args=[kind.slug]))
    html = html_of(response)

    assert response.status_code == 200
    assert re.findall(r'data-outcome="([^"]+)"', html) == [kind.code]
    assert kind.title in html
    why, way_out = html.split("<h2>Pourquoi</h2>")[1].split("<h2>Que faire</h2>")
    assert len(re.sub(r"<[^>]+>", "", why)) > 100
    assert len(re.sub(r"<[^>]+>", "", way_out)) > 100
    assert 'href="tel:+33-4-66-03-48-48"' in way_out


def test_unknown_outcome_is_not_found(client: Client) -> None:
    assert client.get(reverse("pacs:outcome", args=["nothing"])).status_code == 404


# What can be taken along.


def test_links_carry_the_answers(client: Client) -> None:
    params = params_of(date="2027-06-05")

    response = get(client, "simulator", params)

    for name in ("simulator", "simulator_pdf", "simulator_ics", "dossier_start"):
        address = urlsplit(response.context["links"][name])
        assert {k: v for k, [v] in parse_qs(address.query).items()} == params
        assert response.context["links"][name].replace("&", "&amp;") in html_of(response)


def test_answers_do_not_travel_through_the_sign_in_address(client: Client) -> None:
    """From the list of pieces to an open dossier, by way of the sign-in."""
    params = params_of(date="2027-06-05")
    start = get(client, "simulator", params).context["links"]["dossier_start"]
    browser = Client()
    page = browser.get(start)["Location"]
    assert page == "/pacs/commencer/"
    assert browser.get(page).status_code == 200  # it asks for the address itself

    handed = browser.post(page, {"email": "camille@exemple.fr", "next": page})
    assert (handed.status_code, handed["Location"]) == (307, "/compte/connexion/")
    asked = browser.post(handed["Location"], {"email": "camille@exemple.fr", "next": page})
    code = mail_text(Email.objects.get()).split("    ")[1].split("\n")[0]
    entered = browser.post(
        asked["Location"], {"action": "verify", "code": code, "next": "/pacs/commencer/"}
    )
    opened = browser.get(entered["Location"])

    dossier = Dossier.objects.get()
    assert opened["Location"].startswith(dossier.get_absolute_url())
    assert dossier.wished_date == date(2027, 6, 5)
    assert "pacs_simulated" not in browser.session


def test_what_is_no_answer_is_not_kept(client: Client) -> None:
    client.get("/pacs/commencer/?utm_source=lettre&x=" + "y" * 3000)

    assert "pacs_simulated" not in client.session


def test_pdf_holds_the_list_on_one_side(client: Client) -> None:

    response = get(client, "simulator-pdf", params_of(second=ITALIAN_WIDOW, date="2027-06-05"))

    assert response["Content-Type"] == "application/pdf"
    (text,) = pages_of(response)
    assert "À préparer" in text
    assert "À apporter le jour du Pacs" in text
    assert "pas avant le 6 mars 2027" in text


def test_pdf_of_unfinished_answers_leads_back_to_the_questions(client: Client) -> None:
    params = params_of(lien="")

    response = get(client, "simulator-pdf", params)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("pacs:simulator"))


def test_pdf_of_a_stopped_couple_leads_to_the_reason(client: Client) -> None:
    related = params_of(lien="oui", quel_lien="fratrie")

    response = client.get(reverse("pacs:simulator-pdf"), related, follow=True)

    assert 'data-outcome="B05"' in html_of(response)


def test_calendar_is_neutral(client: Client) -> None:
    response = get(client, "simulator-ics", params_of(second=SENEGALESE, date="2027-06-05"))

    text = response.content.decode()
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="echeances.ics"'
    for word in ("pacs", "partenaire", "http", "étranger né"):
        assert word not in text.lower()
    events = Calendar.from_ical(text).walk("VEVENT")
    assert [(e["DTSTART"].dt, str(e["SUMMARY"])) for e in events] == [
        (date(2026, 12, 5), "Démarche d’état civil : documents à demander"),
        (date(2027, 3, 6), "Démarche d’état civil : documents à demander"),
        (date(2027, 4, 21), "Démarche d’état civil : dernier jour pour envoyer le dossier"),
        (date(2027, 6, 5), "Démarche d’état civil : date souhaitée"),
    ]
    assert str(events[1]["DESCRIPTION"]).splitlines() == [
        "Acte de naissance",
        "Certificat du service central d’état civil",
    ]


def test_calendar_has_nothing_in_the_past(client: Client) -> None:
    response = get(client, "simulator-ics", params_of(date="2026-12-01"))

    events = Calendar.from_ical(response.content).walk("VEVENT")
    assert [e["DTSTART"].dt for e in events] == [TODAY, date(2026, 12, 1)]


def test_calendar_is_the_same_when_asked_again(client: Client) -> None:
    first, second = (get(client, "simulator-ics", params_of(date="2027-06-05")) for _ in range(2))

    assert first.content == second.content


def test_calendar_needs_a_date(client: Client) -> None:
    response = get(client, "simulator-ics", params_of())

    assert response.status_code == 302
    assert "etape=projet" in response["Location"]
    assert get(client, "simulator-ics", {}).status_code == 302


def test_blank_set_is_a_pdf_for_the_counter(client: Client) -> None:

    pieces, one, other = pages_of(get(client, "blank-set"))

    assert "Certificat tenant lieu d’acte de naissance" in pieces
    assert "Votre projet" in one
    assert "L’un de vous" in one
    assert "L’autre" in other


# Open data.


def test_rules_are_open_data(client: Client) -> None:
    response = get(client, "rules-json")
    data = json.loads(response.content)

    assert set(response["Cache-Control"].split(", ")) == {
        "public",
        "max-age=3600",
        "s-maxage=60",
    }
    assert response["Access-Control-Allow-Origin"] == "*"
    assert (data["version"], data["law_read_on"]) == ("1.1", "2026-04-03")
    assert [piece["id"] for piece in data["pieces"]] == list(RULE_IDS)
    assert all(piece["basis"] for piece in data["pieces"])
    birth = next(piece for piece in data["pieces"] if piece["id"] == "P11_naissance_fr")
    assert birth["max_age"] == {"months": 3, "strict": True}
    assert [piece["id"] for piece in data["pieces"] if piece["asks_nothing"]] == [
        "P10_naissance_comedec",
        "P40_divorce_rien",
        "P43_pacs_dissous",
        "N01_jamais",
    ]
    assert [outcome["code"] for outcome in data["outcomes"]] == [k.code for k in OUTCOME_TYPES]
    assert [case["as_expected"] for case in data["cases"]] == [True] * 13


def test_rules_are_not_sent_twice(client: Client) -> None:
    etag = get(client, "rules-json")["ETag"]

    again = client.get(reverse("pacs:rules-json"), headers={"if-none-match": etag})

    assert (again.status_code, again.content) == (304, b"")


def test_how_we_decide_computes_the_cases(client: Client) -> None:
    html = html_of(get(client, "how-we-decide"))

    assert html.count('data-expected="oui"') == 13
    assert "Les 13 cas donnent aujourd’hui le résultat attendu." in html


def test_how_we_decide_admits_a_wrong_result(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:

    wrong = Case("Un cas faux", CASES[0].person, frozenset({"P30_coutume"}))
    monkeypatch.setattr(simulator, "CASES", [*CASES, wrong])

    html = html_of(get(client, "how-we-decide"))

    assert html.count('data-expected="non"') == 1
    assert "Attention" in html


# Cost.


@pytest.mark.parametrize("params", [params_of(), params_of(ITALIAN_WIDOW, NOTHING_KNOWN)])
def test_list_costs_two_queries_however_long(
    client: Client, params: dict[str, str], django_assert_num_queries: Any
) -> None:
    get(client, "simulator", params)  # the hours are computed once

    # The limit, and the mark under which the mairie, settings, words and single days are kept.
    with django_assert_num_queries(2):
        get(client, "simulator", params)


def test_question_costs_one_query(client: Client, django_assert_num_queries: Any) -> None:
    get(client, "simulator")

    with django_assert_num_queries(1):
        get(client, "simulator")


def test_portal_without_reference_data_still_answers(client: Client) -> None:

    PieceWording.objects.all().delete()
    PacsSettings.objects.all().delete()
    Agenda.objects.all().delete()
    Mairie.objects.all().delete()

    html = html_of(get(client, "simulator", params_of(date="2027-06-05")))

    assert "2 P11_naissance_fr" in pieces_in(html)
    for name in ("simulator-pdf", "simulator-ics"):
        assert get(client, name, params_of(date="2027-06-05")).status_code == 200


# The calendar of the wished day.


def calendar_of(html: str) -> tuple[list[str], list[str]]:
    """The days that can be touched, and the months that can be looked at."""
    return (
        re.findall(r'<button name="date" value="([\d-]+)"', html),
        re.findall(r'name="mois" value="([\d-]+)"', html),
    )


def test_wished_day_is_touched_on_a_calendar_of_open_days(client: Client) -> None:
    asked = params_of() | {"etape": "projet"}
    html = get(client, "simulator", asked).content.decode()
    days, months = calendar_of(html)

    assert (days[0], days[-1]) == ("2026-12-22", "2026-12-31")
    assert "2026-12-25" not in days
    assert "2026-12-27" not in days
    assert months == ["2026-11", "2027-01"]

    chosen = get(client, "simulator", asked | {"envoi": "projet", "date": days[0]})
    assert "mardi 22\xa0décembre 2026" in unescape(chosen.content.decode())


def test_day_touched_counts_beside_a_field_left_as_it_was(client: Client) -> None:
    """The browser sends both: what was in the field, then the day that was touched."""
    query = urlencode([*params_of(date="2027-06-05").items(), ("date", "2027-01-14")])
    html = client.get(f"{reverse('pacs:simulator')}?{query}").content.decode()

    assert "jeudi 14\xa0janvier 2027" in unescape(html)


def test_turning_the_month_keeps_what_was_chosen_and_typed(client: Client) -> None:
    sent = params_of(convention="personnalisee") | {"date": "le 5 juin", "envoi": "projet"}
    html = get(client, "simulator", sent | {"mois": "2027-03"}).content.decode()
    days, months = calendar_of(html)

    assert days[0] == "2027-03-01"
    assert months == ["2027-02", "2027-04"]
    assert re.search(r'value="personnalisee"[^>]*checked', html)
    assert 'value="le 5 juin"' in html
    assert 'role="alert"' not in html


@pytest.mark.parametrize("month", ["", "2020-01", "9999-12", "x", "2026-13", "0000-00"])
def test_month_that_is_none_is_the_nearest_one(client: Client, month: str) -> None:
    response = get(client, "simulator", params_of() | {"etape": "projet", "mois": month})

    assert response.status_code == 200
    assert 'name="mois"' in response.content.decode()


def test_enter_in_a_field_sends_the_page_and_touches_no_day(client: Client) -> None:
    """The first button of the form is the one that Enter presses."""
    html = get(client, "simulator", params_of() | {"etape": "projet"}).content.decode()
    form = html.split('action="/pacs/pieces/"')[1]

    assert "name=" not in form[form.index("<button") :].split(">")[0]


def test_calendar_speaks_english(client: Client) -> None:
    asked = params_of() | {"etape": "projet", "langue": "en", "mois": "2026-12"}
    html = unescape(get(client, "simulator", asked).content.decode())

    for words in ("December 2026", "Tuesday 22\xa0December 2026", "Next month", "too soon"):
        assert words in html
    assert "lundi" not in re.sub(r'<ul[^>]*lang="fr".*?</ul>', "", html, flags=re.S)
