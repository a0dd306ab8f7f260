"""Every type of page, by itself: weight, cookies, narrow screens, large text, the keyboard."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from demarches.guidance.comarquage import import_source
from demarches.models import User
from demarches.serving.kept_pages import pages
from tests.e2e.conftest import PHONE, Visitor
from tests.support.dossiers import COMMON, OTHER, PERSON, make_dossier
from tests.support.fiches import fiche_xml, write_zip
from tests.support.reference import load

pytestmark = pytest.mark.e2e

PUBLIC = (
    "/",
    "/mairie/",
    "/pacs/",
    "/pacs/pieces/",
    "/pacs/comment-ca-se-passe/",
    "/pacs/convention/",
    "/pacs/ce-que-change-un-pacs/",
    "/pacs/comment-nous-decidons/",
    "/pacs/resultats/kinship/",
    "/pacs/?langue=en",
    "/pacs/pieces/?langue=en",
    "/pacs/convention/?langue=en",
    "/pacs/apres/",
    "/pacs/apres/ici/",
    "/pacs/apres/ancien-tribunal/",
    "/pacs/apres/notaire/",
    "/pacs/apres/documents/modifier/",
    "/pacs/apres/documents/dissoudre/",
    "/accessibilite/",
    "/donnees-personnelles/",
    "/mentions-legales/",
    "/modalites-d-utilisation/",
    "/plan-du-site/",
    "/vitale/suivi/ouvrir/",
    "/vitale/suivi/retrouver/",
    "/compte/connexion/",
    "/n-existe-pas/",
)
MAX_BYTES = 60_000
MAX_REQUESTS = 5


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_public_pages_please_axe_and_fit(
    visitor: Callable[..., Visitor], width: int, scheme: str
) -> None:
    reader = visitor(viewport={"width": width, "height": 800}, color_scheme=scheme)

    for path in PUBLIC:
        reader.go(path)

    assert len(reader.seen) == len(PUBLIC)


def test_twice_larger_text_fits_a_phone(visitor: Callable[..., Visitor]) -> None:
    reader = visitor(viewport=PHONE)

    for path in PUBLIC:
        reader.page.goto(reader.site + path)
        reader.page.evaluate("document.documentElement.style.fontSize = '200%'")
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert (path, reader.page.evaluate(wide)) == (path, 0)


@pytest.fixture
def kept(settings: Any) -> Iterator[None]:
    settings.KEPT_PAGES_BYTES = 1024 * 1024
    pages.clear()
    yield
    pages.clear()


#: Notes what the policy refuses, from the first byte of the page.
REFUSALS = """
    window.refused = [];
    addEventListener('securitypolicyviolation', it => window.refused.push(it.effectiveDirective));
"""


def test_data_in_a_page_is_no_script_for_the_policy(
    visitor: Callable[..., Visitor], tmp_path: Path, kept: None
) -> None:
    """So it needs no nonce, and a proxy may keep the page; a script without one does not run."""
    import_source(
        write_zip(tmp_path / "guide.zip", {"F265.xml": fiche_xml("F265")}), at=timezone.now()
    )
    load("shown_fiches")
    reader = visitor()
    reader.page.add_init_script(REFUSALS)
    for path in ("/mairie/", "/fiches/F265/") * 2:  # as it is made, and as it is kept
        answer = reader.page.goto(reader.site + path)
        assert answer is not None
        assert "nonce" not in answer.headers["content-security-policy"]
        data = reader.page.locator('script[type="application/ld+json"]').text_content()
        assert json.loads(data or "")["@context"] == "https://schema.org"
        assert reader.page.evaluate("window.refused") == []
    assert reader.troubles == []

    reader.page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.body.append(script);
    }""")
    reader.page.wait_for_function("window.refused.length > 0")
    assert reader.page.evaluate("[window.refused, window.ran]") == [["script-src-elem"], None]
    reader.troubles.clear()  # what the browser said of the script just refused


@pytest.mark.parametrize("path", ["/", "/mairie/", "/pacs/", "/pacs/pieces/"])
def test_a_first_visit_is_light_and_leaves_no_cookie(
    visitor: Callable[..., Visitor], path: str
) -> None:
    reader = visitor()
    answers = []
    reader.page.on("response", lambda answer: answers.append(answer))

    reader.page.goto(reader.site + path, wait_until="networkidle")

    sizes = [answer.request.sizes()["responseBodySize"] for answer in answers]
    assert [answer.url for answer in answers][MAX_REQUESTS:] == []
    assert sum(sizes) <= MAX_BYTES
    assert reader.context.cookies() == []


def test_signing_in_and_a_step_by_keyboard_alone(
    visitor: Callable[..., Visitor], django_user_model: type[User]
) -> None:
    alice = visitor()
    alice.go("/pacs/commencer/")
    page = alice.page

    def tab_to(words: str) -> None:
        """Press Tab until the focused control carries these words."""
        focused = """() => {
            const it = document.activeElement;
            return (it.innerText || '') + ' ' + [...(it.labels || [])].map(l => l.innerText).join()
        }"""
        for _ in range(60):
            page.keyboard.press("Tab")
            if words.lower() in page.evaluate(focused).lower():
                return
        raise AssertionError(f"{words} cannot be reached")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Aller au contenu"
    tab_to("Adresse e-mail")
    page.keyboard.type("alice@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compte/code/**")
    alice.type_code("alice@example.org")
    page.keyboard.press("Enter")
    page.wait_for_url("**/commun/adresse/")
    tab_to("À Uzès")
    page.keyboard.press("Space")
    tab_to("Numéro et voie")
    page.keyboard.type("3 rue des Lilas")
    tab_to("Enregistrer et continuer")
    page.keyboard.press("Enter")
    page.wait_for_url("**/commun/projet/")
    alice.examine()


def test_the_same_phone_passed_over(
    site: str, visitor: Callable[..., Visitor], django_user_model: type[User]
) -> None:
    alice = visitor()
    alice.go("/pacs/commencer/")
    alice.sign_in("alice@example.org")
    home = alice.path.removesuffix("commun/adresse/")
    alice.go(f"{home}partenaire/")
    alice.press("Fermer mes pages et passer")
    alice.fill("Votre code", "12")
    alice.press("Ouvrir mes pages")
    assert alice.page.title().startswith("Erreur")
    alice.fill("Votre code", "lilas-2027")
    alice.press("Ouvrir mes pages")

    # The second one's own pages, and none of the first's.
    assert alice.path == f"{home}moi/acte/"
    alice.go(home)
    assert "appareil partagé" in alice.page.inner_text("main")
    alice.go(f"{home}moi/acte/")
    alice.go(f"{home}partenaire/")
    assert "n’existe pas" in alice.page.inner_text("h1")
    alice.go(home)
    alice.press("Fermer mes pages")
    alice.page.goto(site + home)
    assert "/compte/connexion/" in alice.page.url


def test_every_page_of_a_draft_fits_the_narrowest_screen(
    site: str, signed_in: Callable[..., Visitor], django_user_model: type[User]
) -> None:
    first = django_user_model.objects.create_user("alice@example.org")
    second = django_user_model.objects.create_user("bob@example.org")
    home = make_dossier(first, second).get_absolute_url()
    alice = signed_in(first, viewport={"width": 320, "height": 700})

    for path in (
        "",
        "verifier/",
        "pieces/",
        "pieces/1-P11_naissance_fr/",  # leads to its place on the page before
        "convention/",
        "messages/",
        "arreter/",
        "moi/acte/",
        "moi/situation/",
        "attester/",
    ):
        alice.go(home + path)

    assert len(alice.seen) == 9


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_the_second_reads_which_address_is_taken_and_puts_another(
    site: str,
    signed_in: Callable[..., Visitor],
    django_user_model: type[User],
    javascript: bool,
) -> None:
    first = django_user_model.objects.create_user("alice@example.org")
    second = django_user_model.objects.create_user("bob@example.org")
    nowhere = {"street": "", "postcode": "", "city": ""}
    dossier = make_dossier(
        first,
        second,
        common={**COMMON, "already_home": True},
        people=({**PERSON, **nowhere}, {**OTHER, **nowhere}),
    )
    home = dossier.get_absolute_url()
    narrow = {"width": 320, "height": 700}
    bob = signed_in(second, viewport=narrow, java_script_enabled=javascript)

    bob.go(f"{home}verifier/")
    bob.follow("Modifier l’adresse d’aujourd’hui")
    assert "dite par Camille Anne Lemoine" in bob.page.inner_text("main")
    street = bob.page.get_by_label("Numéro et voie")
    if not street.is_visible():  # the link opens the fold it leads into
        bob.page.get_by_text("J’habite à une autre adresse").click()
    bob.fill("Numéro et voie", "5 rue Haute")
    bob.press("Enregistrer et continuer")
    assert bob.page.title().startswith("Erreur")
    assert street.is_visible()
    bob.fill("Code postal", "30000")
    bob.fill("Commune", "Nîmes")
    bob.press("Enregistrer et continuer")

    assert bob.path == f"{home}verifier/"
    assert "Vous habitez 5 rue Haute, 30000 Nîmes." in bob.page.inner_text("main")
    alice = signed_in(first, viewport=narrow, java_script_enabled=javascript)
    alice.go(f"{home}verifier/")
    assert "5 rue Haute" not in alice.page.content()
    alice.go(f"{home}moi/situation/")
    alice.follow("Changer cette réponse")
    assert alice.path == f"{home}commun/adresse/"
