"""An agent's first sign-in and the next one, with a passkey, in a real browser."""

from collections.abc import Callable
from typing import Any

import pytest

from demarches.models import User
from tests.e2e.conftest import Visitor
from tests.support.staff import PASSWORD

pytestmark = pytest.mark.e2e


def test_a_passkey_opens_the_desk(
    site: str, visitor: Callable[..., Visitor], settings: Any
) -> None:
    settings.STAFF_SECOND_FACTOR = True
    root = User.objects.create_superuser("chef@mairie.example", PASSWORD, full_name="Ada Chef")
    agent = visitor()
    devtools = agent.context.new_cdp_session(agent.page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )

    def sign_in() -> None:
        agent.go("/agents/")
        agent.fill("Adresse e-mail", root.email)
        agent.fill("Mot de passe", PASSWORD)
        agent.press("Se connecter")
        agent.examine()

    sign_in()
    with agent.page.expect_navigation():
        agent.page.get_by_role("button", name="Ajouter une clé d’accès").click()
    agent.examine()
    agent.press("J’ai gardé mes codes")
    agent.go("/agents/securite/")
    agent.go("/agents/demarches/user/")
    agent.page.locator("#logout-form button").click()
    agent.examine()
    sign_in()
    with agent.page.expect_navigation():
        agent.page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    agent.examine()

    assert agent.path == "/agents/"
    agent.go("/agents/mot-de-passe-oublie/")
    other = User.objects.create_user("neuf@mairie.example", is_staff=True, full_name="Neuf")
    agent.page.set_viewport_size({"width": 1280, "height": 900})
    for path in (
        "/agents/securite/",
        "/agents/",
        f"/agents/demarches/user/{other.pk}/change/",
        "/agents/demarches/signin/",
    ):
        agent.go(path)
