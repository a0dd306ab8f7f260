"""FranceConnect in a real browser, without script, under our own policy: there, and back."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from demarches.oidc.providers import NAMES
from tests.demarches.test_signin import mailed_code
from tests.e2e.conftest import PHONE
from tests.support.openid import running_provider

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def press(page: Page, name: str, arrives: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(f"**{arrives}**")


@pytest.mark.parametrize("has_script", [True, False])
def test_first_visit_then_next_visit_then_leave(
    browser: Browser, site: str, settings: Any, has_script: bool
) -> None:
    cache.clear()
    troubles: list[str] = []
    with running_provider() as op:
        settings.OPENID_PROVIDERS = {slug: op.settings(slug) for slug in NAMES}
        context = browser.new_context(viewport=PHONE, java_script_enabled=has_script)
        page = context.new_page()
        page.on(
            "console", lambda line: troubles.append(line.text) if line.type == "error" else None
        )

        def examine() -> None:
            expect(page.get_by_role("heading", level=1)).to_have_count(1)
            if has_script:
                assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
                troubles.extend(v["id"] for v in Axe().run(page).response["violations"])

        page.goto(f"{site}/compte/connexion/?next=/mairie/")
        examine()
        press(page, "S’identifier avec FranceConnect", "/compte/franceconnect/relier/")
        examine()
        press(page, "Recevoir un code", "/compte/code/")
        page.get_by_label("Le code reçu par e-mail").fill(mailed_code())
        press(page, "Entrer", "/compte/franceconnect/relier/")
        examine()
        press(page, "Oui, relier les deux", "/mairie/")
        assert SocialAccount.objects.count() == 1

        page.goto(f"{site}/compte/deconnexion/")
        press(page, "Quitter mon espace", "/compte/franceconnect/sortie/")
        examine()
        page.goto(f"{site}/compte/connexion/")
        press(page, "S’identifier avec FranceConnect", "/mes-demarches/")
        page.goto(f"{site}/compte/deconnexion/")
        press(page, "Quitter mon espace", "/compte/franceconnect/sortie/")
        context.close()

    assert len(op.ended) == 2
    assert troubles == []
