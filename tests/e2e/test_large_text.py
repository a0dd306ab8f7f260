"""At 320 px and with text twice as large, no page of a dossier leaves the screen (WCAG 1.4.4)."""

from collections.abc import Callable

import pytest

from demarches.models import User
from pacs.models import Dossier
from tests.e2e.conftest import Visitor
from tests.support.dossiers import make_dossier, send

pytestmark = pytest.mark.e2e

SMALL = {"width": 320, "height": 640}
DRAFT = (
    *("", "pieces/", "verifier/", "arreter/", "partenaire/", "messages/", "aide/", "convention/"),
    *(f"commun/{slug}/" for slug in ("adresse", "lien", "jour")),
    *(f"moi/{slug}/" for slug in ("naissance", "situation")),
)
SENT = ("", "pieces/", "envoye/", "corriger/", "rendez-vous/")
#: What leads out of the screen; the list is empty when nothing does.
OUTSIDE = """() => [...document.querySelectorAll('body *')]
    .filter(it => it.getBoundingClientRect().right > innerWidth + 1)
    .map(it => it.className || it.tagName)"""


def test_twice_larger_text_fits_the_smallest_phone(
    site: str, signed_in: Callable[..., Visitor]
) -> None:
    alice = User.objects.create_user("alice.de.montalembert@exemple-de-domaine.example.org")
    bob = User.objects.create_user("bertrand.de.la.tour@exemple-de-domaine.example.org")
    dossier = make_dossier(alice, bob)
    one = signed_in(alice, viewport=SMALL)

    def look(pages: tuple[str, ...]) -> None:
        for path in ("/mes-demarches/", "/mes-demarches/supprimer/", "/mes-demarches/donnees/"):
            _fits(one, path)
        for path in pages:
            _fits(one, dossier.get_absolute_url() + path)

    look(DRAFT)
    send(Dossier.objects.get(pk=dossier.pk))
    look(SENT)


def _fits(one: Visitor, path: str) -> None:
    answer = one.page.goto(one.site + path)
    assert answer is not None
    one.page.evaluate("document.documentElement.style.fontSize = '200%'")
    wide = one.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    outside = one.page.evaluate(OUTSIDE) if wide else []
    assert (path, answer.status, outside) == (path, 200, [])
