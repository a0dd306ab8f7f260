"""An agent decides six pieces in a real browser: requests, keys, clicks and scrolls are counted.

Aims, for a laptop of 1366 × 768: one page load, eight clicks or nine keys, no scroll of the page.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from playwright.sync_api import Request

from demarches.files import storage
from demarches.models import User
from pacs.actions import desk, following
from pacs.models import Dossier, Piece, PieceFile
from tests.e2e.conftest import Visitor
from tests.support.dossiers import bring_everything, make_dossier, send
from tests.support.files import jpeg

pytestmark = pytest.mark.e2e

LAPTOP = {"width": 1366, "height": 768}
TABLET = {"width": 768, "height": 1024}
#: Of a panel before it may be accepted, in `static/js/desk.js`; and a little more.
SEEN = 500


@dataclass
class Counter:
    """What the browser asked of the portal, apart from pictures, styles and scripts."""

    loads: int = 0
    posts: int = 0
    pages: list[str] = field(default_factory=list)

    def listen(self, request: Request) -> None:
        if request.method == "POST":
            self.posts += 1
        elif request.resource_type == "document":
            self.loads += 1
            self.pages.append(request.url)


@pytest.fixture
def officer(site: str) -> User:
    user = User.objects.create_user("agent@example.org", is_staff=True, full_name="Nour Vidal")
    user.groups.add(Group.objects.get(name="officier"))
    return user


@pytest.fixture
def six(site: str) -> Dossier:
    """Six pieces to judge one by one; the one with a file has no date yet."""
    users = [User.objects.create_user(f"{name}@example.org") for name in ("alice", "bob")]
    draft = make_dossier(*users)
    # Kept as it is: how a file is checked is tried elsewhere, and depends on the machine's load.
    piece = draft.pieces.get(key="1-P03_identite")
    content = jpeg()
    PieceFile.objects.create(
        piece=piece,
        storage_name=storage.save(content),
        display_name="carte.jpg",
        content_type="image/jpeg",
        size=len(content),
        sha256="0" * 64,
        uploaded_at=timezone.now(),
    )
    draft.pieces.filter(pk=piece.pk).update(status="provided")
    bring_everything(draft)
    dossier = send(draft)
    # Two pieces of a measure of protection are settled beforehand: six are left.
    for one in dossier.pieces.required().filter(rule_id__startswith="P5"):
        desk.bring_piece(one, by=User.objects.get(is_staff=True), at=timezone.now(), version=None)
    pieces = dossier.pieces.required()
    pieces.filter(rule_id__startswith="P5").update(status="accepted", decided_at=timezone.now())
    pieces.filter(key="1-P03_identite").update(expires_on="2099-01-01")
    assert pieces.exclude(status="accepted").count() == 6
    return Dossier.objects.get(pk=dossier.pk)


def scrolled(agent: Visitor) -> float:
    """How far the page itself was scrolled, and how much there is to scroll."""
    far: float = agent.page.evaluate(
        "scrollY + document.documentElement.scrollHeight - document.documentElement.clientHeight"
    )
    return far


def open_pile(agent: Visitor) -> Counter:
    """From « À faire », one click to the first dossier of the pile; counted from there."""
    agent.go("/agents/")
    counter = Counter()
    agent.page.on("request", counter.listen)
    agent.page.get_by_role("link", name="Commencer : À vérifier").click()
    agent.page.locator("[data-desk-work]").wait_for()
    # The address of the pile only leads on.
    counter.loads -= sum("/pile/" in url for url in counter.pages)
    return counter


def settled(agent: Visitor, count: int) -> None:
    """Wait until the page says so many pieces are settled."""
    agent.page.get_by_text(f"{count} sur 8 réglée").wait_for()
    picture = agent.page.locator(".panel:not([hidden]) img")
    if picture.count():  # a page that is still on its way was not seen
        picture.first.evaluate("picture => picture.decode()")
    agent.page.wait_for_timeout(SEEN)


def test_six_pieces_by_the_keyboard(
    officer: User, six: Dossier, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(officer, viewport=LAPTOP)
    counter = open_pile(agent)
    keys = 1  # the link of the pile
    settled(agent, 2)

    for rank in range(6):
        agent.page.keyboard.press("a")
        keys += 1
        settled(agent, 3 + rank)
    agent.page.keyboard.press("c")
    agent.page.keyboard.press("Enter")
    keys += 2
    agent.page.get_by_role("link", name="Suivant dans la pile", exact=True).wait_for()
    agent.examine()

    six.refresh_from_db()
    assert six.status == "complete"
    assert (keys, counter.loads, counter.posts) == (9, 1, 7)
    assert scrolled(agent) == 0


def test_six_pieces_by_the_mouse_at_the_same_place(
    officer: User, six: Dossier, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(officer, viewport=LAPTOP)
    counter = open_pile(agent)
    clicks = 1
    settled(agent, 2)
    button = agent.page.get_by_role("button", name="Accepter :").locator("visible=true").first
    box = button.bounding_box()
    assert box is not None

    for rank in range(6):
        agent.page.mouse.click(box["x"] + 30, box["y"] + 20)
        clicks += 1
        settled(agent, 3 + rank)
    agent.page.get_by_role("button", name="Déclarer complet").click()
    clicks += 1
    agent.page.get_by_role("link", name="Suivant dans la pile", exact=True).wait_for()

    six.refresh_from_db()
    assert six.status == "complete"
    assert (clicks, counter.loads, counter.posts) == (8, 1, 7)
    assert scrolled(agent) == 0


def test_a_blind_row_of_letters_accepts_nothing_that_was_not_seen(
    officer: User, six: Dossier, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(officer, viewport=LAPTOP)
    open_pile(agent)

    agent.page.keyboard.type("aaaaaa")
    agent.page.wait_for_timeout(SEEN)
    agent.page.get_by_label("Toutes les réponses").first.wait_for(state="attached")

    assert six.pieces.required().filter(status="accepted").count() <= 3


def test_letters_are_text_in_a_field_and_can_be_turned_off(
    officer: User, six: Dossier, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(officer, viewport=LAPTOP)
    open_pile(agent)
    settled(agent, 2)

    agent.page.keyboard.press("r")
    agent.page.get_by_label("Illisible").locator("visible=true").check()
    text = agent.page.locator("textarea[name=text]").locator("visible=true")
    text.focus()
    agent.page.keyboard.type("aaa")
    assert text.input_value().endswith("aaa")
    agent.page.keyboard.press("Escape")
    agent.page.get_by_text("Raccourcis", exact=True).click()
    agent.page.get_by_label("Lettres actives").uncheck()
    agent.page.locator(".row[aria-current]").focus()
    agent.page.keyboard.press("a")
    agent.page.wait_for_timeout(SEEN)

    assert six.pieces.required().filter(status="accepted").count() == 2


def test_somebody_was_first_and_nothing_typed_is_lost(
    officer: User, six: Dossier, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(officer, viewport=LAPTOP)
    open_pile(agent)
    settled(agent, 2)
    agent.page.keyboard.press("r")
    agent.page.get_by_label("Illisible").locator("visible=true").check()
    text = agent.page.locator("textarea[name=text]").locator("visible=true")
    text.fill("Refaites la photo de votre carte.")
    ticked = agent.page.evaluate(
        """() => {
            const box = [...document.querySelectorAll("[hidden] input[name=code]")].at(-1);
            box.checked = true;
            return box.id;
        }"""
    )
    other = Piece.objects.get(key="2-P03_identite")
    desk.accept_piece(other, by=officer, at=timezone.now(), version=None)

    agent.page.get_by_role("button", name="Refuser cette pièce").locator("visible=true").click()
    agent.page.get_by_text("Votre geste n’est pas enregistré").wait_for()
    agent.page.get_by_text("A changé : Pièce d’identité").wait_for()

    assert text.input_value() == "Refaites la photo de votre carte."
    assert agent.page.evaluate("(id) => document.getElementById(id).checked", ticked)
    agent.examine()
    # Signed in again in another tab meanwhile: the forms of this page hold a token of before.
    cookies = agent.page.context.cookies()
    token: Any = next(one for one in cookies if one["name"].endswith("csrftoken"))
    agent.page.context.add_cookies([token | {"value": "b" * 32}])
    agent.page.get_by_role("button", name="Refuser cette pièce").locator("visible=true").click()
    agent.page.get_by_text("Illisible").first.wait_for(state="attached")
    agent.page.get_by_text("envoyez la demande").wait_for()
    assert six.pieces.filter(status="refused").count() == 1


@pytest.mark.parametrize("viewport", [LAPTOP, TABLET])
def test_every_page_of_a_dossier_pleases_axe(
    officer: User, six: Dossier, signed_in: Callable[..., Visitor], viewport: dict[str, int]
) -> None:
    agent = signed_in(officer, viewport=viewport)
    following.assign(six, to=officer, by=officer, at=timezone.now())
    desk.add_note(six, body="À rappeler.", by=officer, at=timezone.now())
    base, soon = f"/agents/pacs/dossier/{six.pk}/", timezone.now() + timedelta(days=9)
    for path in (
        "/agents/",
        f"{base}change/",
        f"{base}change/?vue=demander",
        f"{base}change/?vue=reponses",
        f"{base}echanges/",
        f"{base}suivi/",
        f"{base}history/",
        f"{base}reponses/",
        "/agents/pacs/dossier/",
        "/agents/pacs/dossier/?status=complete&q=menar",
        "/agents/pacs/registration/",
        "/agents/vitale/demande/",
        "/agents/vitale/demande/pile/recues/suivante/",
        "/agents/pacs/dossier/participation/",
        "/agents/securite/",
        "/agents/password_change/",
        f"/agents/pacs/dossier/confier/?dossier={six.pk}",
        f"/agents/pacs/dossier/donner/?creneau={soon:%Y-%m-%dT%H:%MZ}",
    ):
        agent.go(path)


def test_the_same_gestures_without_script(
    officer: User, six: Dossier, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(officer, viewport=LAPTOP, java_script_enabled=False)
    agent.go(f"/agents/pacs/dossier/{six.pk}/change/")
    for _ in range(6):
        agent.page.get_by_role("button", name="Accepter :").locator("visible=true").click()
        agent.page.wait_for_load_state()
    agent.page.get_by_role("button", name="Déclarer complet").click()

    six.refresh_from_db()
    assert six.status == "complete"
