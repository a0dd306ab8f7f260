"""Back and Reload after a form: the page, never the browser's own « send it again? »."""

from collections.abc import Callable

import pytest
from django.urls import reverse

from demarches.models import User
from pacs.models import Partenaire
from tests.e2e.conftest import Visitor
from tests.support.dossiers import make_dossier

pytestmark = pytest.mark.e2e

BAD, GOOD = "Камила", "Camille"


@pytest.mark.parametrize("has_script", [True, False])
def test_back_and_reload_show_the_form(signed_in: Callable[..., Visitor], has_script: bool) -> None:
    alice, bob = [User.objects.create_user(f"{who}@example.org") for who in ("alice", "bob")]
    dossier = make_dossier(alice, bob)
    step = reverse("pacs:own-step", args=[dossier.reference, "acte"])
    alone = signed_in(alice, java_script_enabled=has_script)
    page = alone.page

    def shown() -> tuple[bool, str]:
        """Whether it tells an error, and what stands in the box."""
        alone.examine()
        assert alone.path.startswith(step), alone.path
        assert page.locator("h1").inner_text() == "Vous, comme sur votre acte de naissance"
        return page.title().startswith("Erreur"), page.locator("#id_first_names").input_value()

    alone.go(dossier.get_absolute_url())
    alone.go(step)
    _, before = shown()
    page.locator("#id_first_names").fill(BAD)
    alone.press("Enregistrer et continuer")

    assert shown() == (True, BAD)
    if has_script:
        assert page.evaluate("document.activeElement.className") == "error-summary"
    line = page.locator(".error-summary li a")
    assert line.inner_text().startswith("Tous vos prénoms")
    assert page.locator(str(line.get_attribute("href"))).get_attribute("name") == "first_names"
    page.reload()
    assert shown() == (True, BAD)
    page.go_back()
    # Browsers put back in the box what was typed there.
    assert shown() in {(False, before), (False, BAD)}
    page.go_forward()
    assert shown() == (True, BAD)

    # A line of the summary marks the address; the page of the next refusal begins on top again.
    line.click()
    page.locator("#id_first_names").fill(BAD + BAD)
    alone.press("Enregistrer et continuer")
    assert shown() == (True, BAD + BAD)
    assert page.url.endswith("#a-lire")

    page.locator("#id_first_names").fill(GOOD)
    alone.press("Enregistrer et continuer")
    assert not alone.path.startswith(step)
    assert Partenaire.objects.filter(first_names=GOOD).exists()
    page.go_back()
    is_wrong, _ = shown()
    assert not is_wrong
