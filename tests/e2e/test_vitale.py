"""The guide on the Carte Vitale in a real browser: questions, back, plan, paper."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from tests.e2e.conftest import PHONE, Visitor
from tests.support.reference import load
from tests.vitale.answers import READINGS

pytestmark = pytest.mark.e2e

PLAN = "/vitale/que-dois-je-faire/plan/?situation=perte&caisse={}&voie=en-ligne"
PAGES = (
    "/vitale/",
    "/vitale/que-dois-je-faire/",
    "/vitale/que-dois-je-faire/?situation=perte&envoi=caisse",
    PLAN.format("cpam"),
    PLAN.format("inconnue"),
    "/vitale/que-dois-je-faire/plan/?caisse=msa&situation=arrivee&numero=nia",
)


@pytest.fixture(autouse=True)
def guide(site: str) -> None:
    names = ("vitale_references", "vitale_situations", "vitale_facts")
    load(*names)


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_please_axe_and_fit(visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    reader = visitor(viewport={"width": width, "height": 800}, color_scheme=scheme)

    for path in PAGES:
        reader.go(path)

    assert len(reader.seen) == len(PAGES)


@pytest.mark.parametrize("script", [True, False])
def test_a_lost_card_from_the_door_to_the_plan(
    visitor: Callable[..., Visitor], script: bool
) -> None:
    reader = visitor(viewport=PHONE, java_script_enabled=script)
    reader.go("/vitale/")
    reader.follow("Que dois-je faire")
    reader.press("Continuer")  # nothing chosen
    assert reader.page.title().startswith("Erreur")
    reader.choose("Ma carte est perdue")
    reader.press("Continuer")
    reader.choose("La CPAM (compte ameli)")
    reader.press("Continuer")
    reader.page.go_back()
    assert reader.page.get_by_role("heading", level=1).inner_text() == (
        "Quelle est votre caisse\u00a0?"
    )
    reader.page.go_forward()
    reader.choose("Au guichet de la caisse")
    reader.press("Continuer")

    assert reader.path == (
        "/vitale/que-dois-je-faire/plan/?situation=perte&caisse=cpam&voie=guichet"
    )
    steps = reader.page.locator(".steps h3").all_inner_texts()
    assert steps == [
        "Remettez une déclaration à la CPAM",
        "Recevez le formulaire «\u00a0Carte Vitale\u00a0»",
        "Renvoyez ce formulaire",
        "Recevez la carte et relisez la copie papier",
    ]
    assert reader.context.cookies() == []


def test_the_questions_are_answered_by_keyboard_alone(visitor: Callable[..., Visitor]) -> None:
    reader = visitor()
    reader.go("/vitale/que-dois-je-faire/?situation=arrivee")
    reader.page.locator("input[type=radio]").first.focus()
    reader.page.keyboard.press("ArrowDown")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**caisse=msa**")
    reader.page.locator("input[type=radio]").first.focus()
    reader.page.keyboard.press("Space")
    reader.page.keyboard.press("Enter")
    reader.page.wait_for_url("**/plan/**")

    assert reader.path.endswith("situation=arrivee&caisse=msa&numero=sans-numero")


#: Two screens of a telephone.
TWO_SCREENS = 1600


def test_every_plan_is_read_in_two_screens(visitor: Callable[..., Visitor]) -> None:
    """From the title to whom to ask: what is folded, and the foot of the page, are left out.

    The plans of the caisses that are named differ by an address: one stands for them.
    """
    reader = visitor(viewport={"width": 360, "height": 800})
    long = {}
    for reading in READINGS:
        if reading.params.get("organisme", "mgen") != "mgen":
            continue
        address = f"/vitale/que-dois-je-faire/plan/?{urlencode(reading.params)}"
        reader.page.goto(reader.site + address)
        height = reader.page.evaluate(
            "document.querySelector('main').querySelectorAll('section[data-caisse]').values()"
            ".reduce((low, one) => Math.max(low, one.getBoundingClientRect().bottom), 0)"
            " - document.querySelector('h1').getBoundingClientRect().top"
        )
        if height > TWO_SCREENS:
            long[address] = height

    assert long == {}


def test_the_page_of_the_card_is_short(visitor: Callable[..., Visitor]) -> None:
    reader = visitor(viewport={"width": 360, "height": 800})
    reader.go("/vitale/")

    assert reader.page.evaluate("document.documentElement.scrollHeight") <= 5000
