"""« Vos papiers » in a browser: with and without JavaScript, by keyboard, on a broken line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from demarches.models import User
from pacs.models import Dossier, PieceFile
from tests.e2e.conftest import DESKTOP, PHONE, Visitor
from tests.support.dossiers import COMMON, OTHER, PERSON, make_dossier

pytestmark = pytest.mark.e2e

CARD, ACT = "[data-piece=P03_identite]", "[data-piece=P11_naissance_fr]"
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def alice(site: str) -> User:
    return User.objects.create_user("alice@example.org")


@pytest.fixture
def dossier(alice: User) -> Dossier:
    return make_dossier(alice, User.objects.create_user("bob@example.org"))


@pytest.fixture
def page_of(
    alice: User, dossier: Dossier, signed_in: Callable[..., Visitor]
) -> Callable[..., Visitor]:
    def make(**options: Any) -> Visitor:
        one = signed_in(alice, **options)
        one.go(f"{dossier.get_absolute_url()}pieces/")
        return one

    return make


def photo(folder: Path, name: str, noise: int = 90) -> Path:
    path = folder / name
    Image.effect_noise((1200, 800), noise).convert("RGB").save(path, quality=80)
    return path


def told(one: Visitor) -> str:
    return one.page.locator("[data-uzes-told]").inner_text()


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def names() -> list[str]:
    return sorted(PieceFile.objects.values_list("display_name", flat=True))


@pytest.mark.parametrize("viewport", [NARROW, PHONE, DESKTOP], ids=["320", "360", "1280"])
def test_a_file_leaves_when_it_is_chosen(
    page_of: Callable[..., Visitor], tmp_path: Path, viewport: dict[str, int]
) -> None:
    one = page_of(viewport=viewport)
    card = one.page.locator(CARD)
    card.locator("[name$=expires_on]").fill("5/5/2090")
    card.locator("input[type=file]").set_input_files(
        [photo(tmp_path, "recto.jpg"), photo(tmp_path, "verso.jpg", 60)]
    )
    card.locator(".file__name", has_text="verso.jpg").wait_for()

    assert "« verso.jpg » est envoyé. L’original vient avec vous." in plain(told(one))
    assert "recopiez la date de fin du document" in plain(told(one))
    assert names() == ["recto.jpg", "verso.jpg"]
    # What is typed and not saved is still there, and is an error told in its place.
    assert card.locator("[name$=expires_on]").input_value() == "5/5/2090"
    one.examine()


def test_a_line_that_breaks_is_told_and_tried_again(
    page_of: Callable[..., Visitor], tmp_path: Path
) -> None:
    one = page_of()
    tries: list[str] = []

    def cut(route: Route) -> None:
        tries.append(route.request.method)
        route.abort()

    one.page.route("**/pieces/1-P03_identite/", cut)
    card = one.page.locator(CARD)
    one.page.clock.install()
    card.locator("input[type=file]").set_input_files(photo(tmp_path, "carte.jpg"))
    for _ in range(8):
        one.page.clock.run_for(1_000)
    retry = card.get_by_role("button", name="Réessayer")
    retry.wait_for()
    assert len(tries) == 3
    assert "La connexion s’est coupée. carte.jpg n’est pas parti." in told(one)
    one.troubles.clear()  # the browser tells the cut line in its console
    one.examine()

    one.page.unroute("**/pieces/1-P03_identite/")
    retry.click()
    card.locator(".file__name", has_text="carte.jpg").wait_for()
    assert names() == ["carte.jpg"]


def test_what_is_taken_back_can_be_put_back_until_one_leaves(
    page_of: Callable[..., Visitor], tmp_path: Path, dossier: Dossier
) -> None:
    one = page_of()
    card = one.page.locator(CARD)
    card.locator("input[type=file]").set_input_files(photo(tmp_path, "carte.jpg"))
    card.get_by_role("link", name="Retirer").click()
    assert told(one) == "carte.jpg est retiré."
    one.examine()
    card.get_by_role("button", name="Remettre").click()
    assert card.locator(".file__name").inner_text() == "carte.jpg"
    assert names() == ["carte.jpg"]

    card.get_by_role("link", name="Retirer").click()
    with one.page.expect_navigation():
        one.page.locator("button[name=enregistrer]:not([hidden])").click()
    one.examine()
    assert names() == []


@pytest.mark.parametrize("by_keyboard", [False, True], ids=["mouse", "keyboard"])
def test_one_request_without_a_script(
    alice: User,
    dossier: Dossier,
    signed_in: Callable[..., Visitor],
    tmp_path: Path,
    by_keyboard: bool,
) -> None:
    one = signed_in(alice, java_script_enabled=by_keyboard, by_keyboard=by_keyboard)
    one.go(f"{dossier.get_absolute_url()}pieces/")
    if not by_keyboard:
        one.page.locator(f"{CARD} input[type=file]").set_input_files(photo(tmp_path, "carte.jpg"))
        one.page.locator(f"{ACT} input[type=file]").set_input_files(photo(tmp_path, "acte.jpg", 60))
    one.write(one.page.locator(f"{CARD} [name$=expires_on]"), "5/5/2030")
    one.act_on(one.page.get_by_role("button", name="nous apporterons le reste"))

    assert names() == ([] if by_keyboard else ["acte.jpg", "carte.jpg"])
    hers = dossier.pieces.required().exclude(partenaire__position=2)
    assert not hers.filter(status="missing").exists()


def test_the_enter_key_promises_nothing(page_of: Callable[..., Visitor], dossier: Dossier) -> None:
    one = page_of()
    one.page.locator(f"{CARD} [name$=expires_on]").fill("5/5/2030")
    with one.page.expect_navigation():
        one.page.keyboard.press("Enter")

    assert dossier.pieces.get(key="1-P11_naissance_fr").status == "missing"
    assert str(dossier.pieces.get(key="1-P03_identite").expires_on) == "2030-05-05"


def test_every_state_reads_well(
    page_of: Callable[..., Visitor], dossier: Dossier, tmp_path: Path
) -> None:
    one = page_of()
    one.page.locator(f"{ACT} summary").click()
    one.page.locator(f"{ACT} [value=blocked]").check()
    one.page.locator(f"{ACT} textarea").wait_for()
    one.examine()
    one.page.locator(f"{CARD} [name$=expires_on]").fill("31/4/2030")
    one.act_on(one.page.locator("button[name=enregistrer]:not([hidden])"))
    summary = one.page.locator(".error-summary:not([hidden])")
    expect(summary.locator("a")).to_have_count(2)
    assert summary.evaluate("box => box === document.activeElement")
    one.page.locator(f"{ACT} textarea").fill("Fermé.")
    one.page.locator(f"{CARD} [name$=expires_on]").fill("1/2/2023")
    one.act_on(one.page.locator("button[name=enregistrer]:not([hidden])"))
    assert one.page.locator(f"{CARD} [name$=is_french_adult_card]").is_visible()


def test_several_files_are_told_their_piece_then_leave_together(
    page_of: Callable[..., Visitor], tmp_path: Path
) -> None:
    one = page_of()
    photos = [photo(tmp_path, "carte.jpg"), photo(tmp_path, "acte.jpg", 60)]
    one.page.get_by_label("Déposez ici plusieurs fichiers").set_input_files(photos)
    one.examine()
    one.page.get_by_label("carte.jpg : pour quelle pièce ?").select_option(
        "Pièce d’identité en cours de validité"
    )
    leave = one.page.get_by_role("button", name="Envoyer ces fichiers")
    leave.click()
    one.page.locator(CARD).locator(".file__name", has_text="carte.jpg").wait_for()
    # The other waits to be told where it goes: the page does not go on without it.
    one.page.locator("button[name=enregistrer]:not([hidden])").click()
    assert told(one) == "Dites pour quelle pièce est ce fichier."
    one.page.get_by_label("acte.jpg : pour quelle pièce ?").select_option("none")
    leave.click()
    assert names() == ["carte.jpg"]
    one.examine()


def test_a_refused_file_is_named_on_top_with_the_way_to_its_piece(
    page_of: Callable[..., Visitor], tmp_path: Path
) -> None:
    one = page_of()
    broken = tmp_path / "abime.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0")
    one.page.locator(CARD).locator("input[type=file]").set_input_files(broken)
    link = one.page.locator(".error-summary a")
    link.wait_for()
    named = "Pièce d’identité en cours de validité : L’image « abime.jpg »"
    assert plain(link.inner_text()).startswith(named)
    one.examine()
    link.click()
    assert one.page.evaluate("document.activeElement.id") == "piece-1-P03_identite"
    one.page.locator(CARD).locator("input[type=file]").set_input_files(photo(tmp_path, "carte.jpg"))
    one.page.locator(CARD).locator(".file__name", has_text="carte.jpg").wait_for()
    assert one.page.locator(".error-summary").is_hidden()


def test_the_page_of_the_hardest_couple_stays_short(
    signed_in: Callable[..., Visitor], alice: User
) -> None:
    """An Italian widow who has sent nothing yet: nine pieces, each with its file at hand."""
    widow = {
        **PERSON,
        "birth_country": "IT",
        "birth_city": "Rome",
        "nationalities": ["IT"],
        "protection": "aucune",
        "birth_record_in_french": "non",
        "coutume_in_french": "oui",
        "country_updates_records": "oui",
        "country_issues_coutume": "oui",
        "situation": "veuf",
        "union_record_country": "IT",
        "union_record_in_french": "non",
    }
    bob = User.objects.create_user("bob@example.org")
    couple = {**COMMON, "convention": "personnalisee"}
    hers = make_dossier(alice, bob, common=couple, people=(widow, OTHER))
    one = signed_in(alice)
    one.go(f"{hers.get_absolute_url()}pieces/")

    expect(one.page.locator("fieldset.piece-card")).to_have_count(9)
    assert one.page.evaluate("document.documentElement.scrollHeight") <= 4_000
