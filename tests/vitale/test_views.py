"""The guide in a browser without script, account or cookie."""

import re
from datetime import date
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from demarches.models import Mairie
from tests.vitale.answers import READINGS, answers_of, readings_of
from vitale.models import Fact, PlanLine, Section, Situation
from vitale.reads.plans import sheet_of
from vitale.rules.situations import GROUPS, Regime

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

ONLINE = {"caisse": "cpam", "situation": "perte", "voie": "en-ligne"}


@pytest.fixture(autouse=True)
def no_limit() -> None:
    cache.clear()


def get(client: Client, name: str, params: dict[str, str] | None = None) -> Any:
    return client.get(reverse(f"vitale:{name}"), params or {})


def html_of(response: Any) -> str:
    return str(response.content.decode())


def plain(html: str) -> str:
    """Spaces that bind made plain."""
    return html.replace("\u00a0", " ").replace("&nbsp;", " ")


def words(html: str) -> str:
    """The text of a page, spaces made plain."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain(html)))


def heading(html: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", html, re.DOTALL)
    assert found
    return words(found[1]).strip()


def hidden(html: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))


def offered(html: str) -> list[str]:
    return re.findall(r'<input type="radio"[^>]*value="([^"]+)"', html)


# The page


def test_home_tells_every_fact_and_its_sources_once_a_part(client: Client) -> None:
    html = plain(html_of(get(client, "home")))

    for fact in Fact.objects.all():
        assert fact.heading in html
    parts = [one.partition("</section>")[0] for one in html.split('<section id="')[1:]]
    parts = [one for one in parts if "<details" in one]
    assert len(parts) == len(Section) + 1
    assert {part.count("Sources : ") for part in parts} == {1}
    assert {part.count("Service-Public, fiche F265") for part in parts} <= {0, 1}
    assert "d’après le texte du 18 novembre 2025" in html
    assert "relu à la source" not in html
    assert not re.search(r"à confirmer|vérifié le", html, re.IGNORECASE)


def test_a_part_tells_the_day_an_agent_read_its_sources(client: Client) -> None:
    Fact.objects.filter(section="fraude").update(checked_on=date(2027, 3, 1))

    parts = plain(html_of(get(client, "home"))).split('<section id="')

    told = [part for part in parts if "relu à la source le 1er mars 2027" in part]
    assert [part.partition('"')[0] for part in told] == ["fraude"]


def test_a_suspect_message_is_one_click_from_both_home_pages(client: Client) -> None:
    for page in (reverse("home"), reverse("vitale:home")):
        html = html_of(client.get(page))
        (link,) = set(re.findall(r'href="([^"]+[?]situation=fraude)"', html))
        assert heading(html_of(client.get(link))) == "Comment vous a-t-on contacté ?"


def test_home_shows_what_an_agent_has_just_written(client: Client) -> None:
    Fact.objects.filter(key="duree").update(text="Autre <b>durée</b>")

    html = html_of(get(client, "home"))

    assert "Autre &lt;b&gt;durée&lt;/b&gt;" in html
    assert "date de fin" not in html


def test_home_leads_to_the_plan_of_a_situation(client: Client) -> None:
    html = html_of(get(client, "home"))
    (link,) = set(re.findall(r'href="([^"]+situation=perte)"', html))

    question = html_of(client.get(link))

    assert heading(question) == "Quelle est votre caisse ?"
    assert hidden(question) == {"situation": "perte", "envoi": "caisse"}


def test_pages_ask_few_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    get(client, "home")  # the hours of the mairie are read once and kept

    for name, params in [
        ("home", {}),
        ("router", {}),
        ("router", {"situation": "perte"}),
        ("router", {"caisse": "cpam", "situation": "perte"}),
        ("plan", ONLINE),
        ("plan", {**ONLINE, "caisse": "inconnue"}),
    ]:
        with django_assert_max_num_queries(6):
            get(client, name, params)


def test_more_rows_ask_no_more_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    get(client, "home")
    with django_assert_num_queries(6):
        get(client, "plan", ONLINE)
    for line in PlanLine.objects.filter(situation="perte"):
        line.pk, line.key = None, f"{line.key}.bis"
        line.save()

    get(client, "plan", ONLINE)  # the new rows are a new mark
    with django_assert_num_queries(6):
        get(client, "plan", ONLINE)


def test_nothing_is_kept_in_the_browser(client: Client) -> None:
    for name, params in [("home", {}), ("router", {}), ("plan", ONLINE), ("plan-sheet", ONLINE)]:
        assert get(client, name, params).cookies == {}


@pytest.mark.parametrize("name", ["home", "router", "plan", "plan-sheet"])
def test_the_guide_takes_no_post(client: Client, name: str) -> None:
    assert client.post(reverse(f"vitale:{name}"), {"nir": "1"}).status_code == 405


# The questions


def follow(client: Client, answers: dict[str, str]) -> tuple[list[str], Any]:
    """Answer each question as a browser sends it; the questions met, and where it ends."""
    asked = []
    response = get(client, "router")
    while response.status_code == 200:
        html = html_of(response)
        name = hidden(html)["envoi"]
        asked.append(name)
        assert answers[name] in offered(html)
        response = get(client, "router", {**hidden(html), name: answers[name]})
    return asked, response


def test_every_way_is_walked_in_the_pages_as_in_the_rules(client: Client) -> None:
    for reading in READINGS[::5]:
        asked, end = follow(client, reading.params)

        assert asked == list(reading.params)
        assert end.status_code == 302
        assert end["Location"] == f"{reverse('vitale:plan')}?{urlencode(reading.params)}"


def test_the_situations_are_asked_in_groups_in_the_words_of_the_data(client: Client) -> None:
    html = html_of(get(client, "router"))

    assert offered(html) == list(Situation.objects.values_list("slug", flat=True))
    assert "Ma carte est perdue" in html
    groups = re.findall(r'role="group" aria-labelledby="([^"]+)"', html)
    assert len(groups) == len(GROUPS)
    for name, group in zip(groups, GROUPS, strict=True):
        assert f'id="{name}">{group.label}</p>' in plain(html)


def test_an_empty_answer_says_what_to_do(client: Client) -> None:
    response = get(client, "router", {"situation": "perte", "envoi": "caisse"})

    assert response.status_code == 422
    html = html_of(response)
    assert "Erreur&nbsp;: Quelle est votre caisse" in html
    assert html.count("Choisissez une des réponses, puis continuez.") == 2
    assert hidden(html) == {"situation": "perte", "envoi": "caisse"}


def test_going_back_shows_the_answer_given(client: Client) -> None:
    first = html_of(get(client, "router", {"caisse": "cpam", "situation": "perte"}))
    back = re.search(r'aria-label="Page précédente"><a href="([^"]+)"', first)
    assert back

    before = html_of(client.get(back[1].replace("&amp;", "&")))

    assert heading(before) == "Quelle est votre caisse ?"
    assert re.search(r'value="cpam"[^>]*checked', before)


def test_changing_the_caisse_keeps_the_other_answers(client: Client) -> None:
    html = html_of(get(client, "router", {**ONLINE, "etape": "caisse"}))
    assert heading(html) == "Quelle est votre caisse ?"

    response = get(client, "router", {**hidden(html), "caisse": "msa"})

    assert response["Location"].endswith("/plan/?situation=perte&caisse=msa")


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({"situation": "perte", "caisse": "<script>"}, "Quelle est votre caisse ?"),
        ({"caisse": "cpam", "situation": "\x00' OR 1=1"}, "Quelle est votre situation ?"),
        ({**ONLINE, "voie": "x" * 3000}, "Comment préférez-vous faire ?"),
        ({"etape": "__class__", "envoi": "[]"}, "Quelle est votre situation ?"),
    ],
)
def test_hostile_answers_are_dropped_and_never_shown(
    client: Client, params: dict[str, str], asked: str
) -> None:
    html = html_of(get(client, "router", params))

    assert heading(html) == asked
    known = ("cpam", "perte", "en-ligne")
    for value in params.values():
        assert value in known or value not in html


def test_a_wrong_answer_that_was_sent_is_an_error(client: Client) -> None:
    response = get(client, "router", {"situation": "perte", "caisse": "banque", "envoi": "caisse"})

    assert response.status_code == 422
    assert "banque" not in words(html_of(response))


def test_a_repeated_parameter_counts_once(client: Client) -> None:
    response = client.get(f"{reverse('vitale:router')}?caisse=cpam&caisse=msa&situation=perte")

    assert parse_qs(urlsplit(response["Location"]).query)["caisse"] == ["msa"]


@pytest.mark.parametrize("name", ["plan", "plan-sheet"])
def test_a_plan_without_its_answers_leads_to_the_question(client: Client, name: str) -> None:
    response = get(client, name, {"caisse": "zzz", "situation": "perte"})

    assert (response.status_code, response["Location"]) == (
        302,
        f"{reverse('vitale:router')}?situation=perte",
    )


# The plan


def section(html: str, caisse: str) -> str:
    return html[html.index(f'data-caisse="{caisse}"') :].split("</section>")[0]


def test_the_plan_of_a_lost_card(client: Client) -> None:
    html = html_of(get(client, "plan", ONLINE))
    text = words(html)

    assert heading(html) == "Ma carte est perdue"
    assert re.findall(r'data-step="perte.\d+">\s*<h3>(.*?)</h3>', html) == [
        "Déclarez la perte",
        "Commandez une nouvelle carte",
        "Recevez la carte et relisez la copie papier",
    ]
    assert "Délai indicatif de la CPAM : 2 à 3 semaines" in text
    assert "n’en commande pas une nouvelle." in text
    assert "trente-six, quarante-six" in text
    assert 'href="tel:3646"' in html
    assert "as_commande_vitale_page" in html


def test_every_plan_is_a_page(client: Client) -> None:
    for reading in READINGS[::4]:
        response = get(client, "plan", reading.params)
        html = html_of(response)

        assert response.status_code == 200
        assert html.count("<h1") == 1
        assert "data-step=" in html
        ids = re.findall(r'\bid="([^"]+)"', html)
        assert len(ids) == len(set(ids))


def test_an_unknown_caisse_shows_both_apart(client: Client) -> None:
    html = html_of(get(client, "plan", {**ONLINE, "caisse": "inconnue"}))

    assert "Trouvez le nom de votre caisse" in html
    assert "2 à 3 semaines" in plain(section(html, "cpam"))
    assert "semaines" not in section(html, "msa")
    assert "ameli" not in section(html, "msa")
    assert "espace privé" in section(html, "msa")


def test_a_plan_common_to_both_caisses_is_told_once(client: Client) -> None:
    params = {"situation": "fraude", "moyen": "sms", "reponse": "rien-donne"}

    html = html_of(get(client, "plan", params))

    assert re.findall(r'data-caisse="([^"]+)"', html) == ["cpam msa"]
    assert "Si c’est" not in html


def test_no_plan_of_the_msa_speaks_of_ameli_delays(client: Client) -> None:
    for reading in readings_of(regime=Regime.MSA):
        html = html_of(get(client, "plan", reading.params))
        assert "Délai indicatif" not in html


def test_a_plan_says_once_whom_to_ask_and_never_that_it_is_unsure(client: Client) -> None:
    for reading in READINGS[::9]:
        html = plain(html_of(get(client, "plan", reading.params)))
        assert not re.search(r"à confirmer|vérifié le", html, re.IGNORECASE)
        assert html.count("Un doute ?") == html.count("data-caisse=")


def test_the_sources_of_a_plan_are_listed_once(client: Client) -> None:
    html = plain(html_of(get(client, "plan", ONLINE)))

    listed = html[html.index("Sources : ") :].split("</p>")[0]

    assert listed.count("Service-Public, fiche F265") == 1
    assert listed.count("d’après le texte du 18 novembre 2025") == 1


def test_other_channels_and_answers_can_be_changed(client: Client) -> None:
    html = html_of(get(client, "plan", ONLINE))
    links = re.findall(r'<a href="([^"]+voie=[a-z]+)">(?:Avec|Par|Au)', html)

    assert {parse_qs(urlsplit(link.replace("&amp;", "&")).query)["voie"][0] for link in links} == {
        "appli",
        "telephone",
        "guichet",
    }
    assert html.count("etape=") == 4


def test_the_address_of_a_plan_holds_answers_and_nothing_else(client: Client) -> None:
    html = html_of(get(client, "plan", {**ONLINE, "nom": "Alice", "numero": "nia"}))

    assert "Alice" not in html
    assert "numero" not in html


# On paper


def pages_of(response: Any) -> list[str]:
    import pypdf

    pages = pypdf.PdfReader(BytesIO(response.content)).pages
    return [plain(re.sub(r"\s+", " ", page.extract_text())) for page in pages]


def test_the_sheet_is_one_page_for_the_counter(client: Client) -> None:
    response = get(client, "plan-sheet", ONLINE)

    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == 'inline; filename="carte-vitale.pdf"'
    (page,) = pages_of(response)
    assert "Ma carte est perdue" in page
    assert page.count("fait") >= 3
    assert "3646 (trente-six, quarante-six)" in page
    assert "n’en commande pas une nouvelle" in page
    assert "d’après le texte du 18 novembre 2025" in page
    assert "assure.ameli.fr" in page


def test_the_sheet_of_an_unknown_caisse_keeps_both_apart(client: Client) -> None:
    text = " ".join(pages_of(get(client, "plan-sheet", {**ONLINE, "caisse": "inconnue"})))
    cpam, msa = text.split("Si c’est la MSA")

    assert "2 à 3 semaines" in cpam
    assert "semaines" not in msa.split("Sources")[0]


def test_every_sheet_is_one_page(client: Client) -> None:
    """The longest of each situation, the caisse known or not."""
    chosen: dict[tuple[str, str], tuple[int, dict[str, str]]] = {}
    for reading in READINGS:
        answers = answers_of(reading)
        lines = sum(len(part.track.lines) for part in sheet_of(answers).parts)
        key = (answers.situation, "two" if answers.regime is Regime.UNKNOWN else "one")
        chosen[key] = max(chosen.get(key, (0, {})), (lines, reading.params), key=lambda one: one[0])

    long = [
        (params, count)
        for _, params in chosen.values()
        if (count := len(pages_of(get(client, "plan-sheet", params)))) > 1
    ]

    assert long == []


def test_the_sheet_stands_without_a_mairie(client: Client) -> None:
    Mairie.objects.all().delete()

    assert get(client, "plan-sheet", ONLINE).status_code == 200


def test_the_guide_stands_without_its_data(client: Client) -> None:
    for model in (PlanLine, Fact):
        model.objects.all().delete()

    assert [
        get(client, n, ONLINE if n == "plan" else {}).status_code
        for n in ("home", "router", "plan")
    ] == [200, 200, 200]
