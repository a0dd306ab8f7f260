"""The guide in a browser without script, account or cookie."""

import re
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from demarches.models import Mairie
from tests.vitale.answers import READINGS, readings_of
from vitale.models import Contact, Fact, PlanLine, Situation
from vitale.rules.situations import Regime

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


def test_home_tells_every_fact_with_its_source_and_its_day(client: Client) -> None:
    html = plain(html_of(get(client, "home")))

    for fact in Fact.objects.all():
        assert fact.heading in html
    assert html.count("Source :") == Fact.objects.count() + Contact.objects.count()
    assert html.count("Vérifié le 23 novembre 2026.") == (
        Fact.objects.exclude(checked_on=None).count()
        + Contact.objects.exclude(checked_on=None).count()
    )
    assert html.count("À confirmer.") == (
        Fact.objects.filter(checked_on=None).count()
        + Contact.objects.filter(checked_on=None).count()
    )


def test_home_shows_what_an_agent_has_just_written(client: Client) -> None:
    Fact.objects.filter(key="duree").update(text="Autre <b>durée</b>", checked_on=None)

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
        ("router", {"caisse": "cpam"}),
        ("router", {"caisse": "cpam", "situation": "perte"}),
        ("plan", ONLINE),
        ("plan", {**ONLINE, "caisse": "inconnue"}),
    ]:
        with django_assert_max_num_queries(5):
            get(client, name, params)


def test_more_rows_ask_no_more_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    get(client, "home")
    with django_assert_num_queries(5):
        get(client, "plan", ONLINE)
    for line in PlanLine.objects.filter(situation="perte"):
        line.pk, line.key = None, f"{line.key}.bis"
        line.save()

    with django_assert_num_queries(5):
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


def test_the_situations_are_asked_in_the_words_of_the_data(client: Client) -> None:
    html = html_of(get(client, "router", {"caisse": "msa"}))

    assert offered(html) == list(Situation.objects.values_list("slug", flat=True))
    assert "Ma carte est perdue" in html


def test_an_empty_answer_says_what_to_do(client: Client) -> None:
    response = get(client, "router", {"caisse": "cpam", "envoi": "situation"})

    assert response.status_code == 422
    html = html_of(response)
    assert "Erreur&nbsp;: Quelle est votre situation" in html
    assert html.count("Choisissez une des réponses, puis continuez.") == 2
    assert hidden(html) == {"caisse": "cpam", "envoi": "situation"}


def test_going_back_shows_the_answer_given(client: Client) -> None:
    first = html_of(get(client, "router", {"caisse": "cpam", "situation": "perte"}))
    back = re.search(r'aria-label="Page précédente"><a href="([^"]+)"', first)
    assert back

    before = html_of(client.get(back[1].replace("&amp;", "&")))

    assert heading(before) == "Quelle est votre situation ?"
    assert re.search(r'value="perte"[^>]*checked', before)


def test_changing_the_caisse_keeps_the_other_answers(client: Client) -> None:
    html = html_of(get(client, "router", {**ONLINE, "etape": "caisse"}))
    assert heading(html) == "Quelle est votre caisse ?"

    response = get(client, "router", {**hidden(html), "caisse": "msa"})

    assert response["Location"].endswith("/plan/?caisse=msa&situation=perte")


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({"caisse": "<script>"}, "Quelle est votre caisse ?"),
        ({"caisse": "cpam", "situation": "\x00' OR 1=1"}, "Quelle est votre situation ?"),
        ({**ONLINE, "voie": "x" * 3000}, "Comment préférez-vous faire ?"),
        ({"etape": "__class__", "envoi": "[]"}, "Quelle est votre caisse ?"),
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
    response = get(client, "router", {"caisse": "banque", "envoi": "caisse"})

    assert response.status_code == 422
    assert "banque" not in words(html_of(response))


def test_a_repeated_parameter_counts_once(client: Client) -> None:
    response = client.get(f"{reverse('vitale:router')}?caisse=cpam&caisse=msa&situation=perte")

    assert parse_qs(urlsplit(response["Location"]).query)["caisse"] == ["msa"]


@pytest.mark.parametrize("name", ["plan", "plan-sheet"])
def test_a_plan_without_its_answers_leads_to_the_question(client: Client, name: str) -> None:
    response = get(client, name, {"caisse": "cpam", "situation": "zzz"})

    assert (response.status_code, response["Location"]) == (
        302,
        f"{reverse('vitale:router')}?caisse=cpam",
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
    assert "Délai indicatif 2 à 3 semaines" in text
    assert "Elle n’en commande pas une nouvelle." in text
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
    params = {"caisse": "inconnue", "situation": "fraude", "reponse": "rien-donne"}

    html = html_of(get(client, "plan", params))

    assert re.findall(r'data-caisse="([^"]+)"', html) == ["cpam msa"]
    assert "Si c’est" not in html


def test_no_plan_of_the_msa_speaks_of_ameli_delays(client: Client) -> None:
    for reading in readings_of(regime=Regime.MSA):
        html = html_of(get(client, "plan", reading.params))
        assert "Délai indicatif" not in html


def test_a_step_to_confirm_says_so(client: Client) -> None:
    confirmed = PlanLine.objects.get(
        situation="perte", heading="Déclarez la perte", channels=["en-ligne"]
    )
    before = html_of(get(client, "plan", ONLINE)).count("Étape à confirmer")

    PlanLine.objects.filter(pk=confirmed.pk).update(checked_on=None)

    assert html_of(get(client, "plan", ONLINE)).count("Étape à confirmer") == before + 1


def test_the_sources_of_a_plan_are_listed_once(client: Client) -> None:
    html = html_of(get(client, "plan", ONLINE))
    listed = plain(html[html.index("<h2>Sources</h2>") :].split("</ul>")[0])

    assert listed.count("<li>") == 4
    assert listed.count("vérifié le 23 novembre 2026") == 1


def test_other_channels_and_answers_can_be_changed(client: Client) -> None:
    html = html_of(get(client, "plan", ONLINE))
    links = re.findall(r'<li><a href="([^"]+voie=[a-z]+)"', html)

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
    assert "Elle n’en commande pas une nouvelle" in page
    assert "vérifié le 23 novembre 2026" in page


def test_the_sheet_of_an_unknown_caisse_keeps_both_apart(client: Client) -> None:
    text = " ".join(pages_of(get(client, "plan-sheet", {**ONLINE, "caisse": "inconnue"})))
    cpam, msa = text.split("Si c’est la MSA")

    assert "2 à 3 semaines" in cpam
    assert "semaines" not in msa.split("Si vous êtes en difficulté")[0]


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
