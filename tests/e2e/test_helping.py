"""A helper and a second partenaire, in browsers of their own: every page is examined."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from demarches.models import User
from pacs.actions.dossiers import choose_door, open_dossier
from pacs.models import Door, Helper, Partenaire
from tests.e2e.conftest import Visitor
from tests.support.dossiers import COMMON, PERSON

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("width", [320, 1280])
def test_somebody_helps_and_the_second_confirms_then_leaves(
    signed_in: Callable[..., Visitor], width: int
) -> None:
    giulia, karim, anne = (
        User.objects.create_user(f"{who}@example.org") for who in ("giulia", "karim", "anne")
    )
    said = {"situation": "divorce", "divorce_mentioned": "oui", "measure": "aucune"}
    people = (PERSON, {**said, "said_by_other": list(said)})
    dossier = open_dossier(at=timezone.now(), user=giulia, couple=COMMON, people=people)
    here = f"/pacs/{dossier.reference}/"
    size = {"viewport": {"width": width, "height": 800}}

    first = signed_in(giulia, **size)
    first.go(here)
    first.follow("Se faire aider")
    first.fill("Son prénom et son nom", "Anne Petit")
    first.fill("Son adresse e-mail", anne.email)
    first.press("Inviter par courriel")
    helper = signed_in(anne, **size)
    helper.go("/mes-demarches/")
    helper.follow("Une personne vous demande")
    helper.press("Aider à remplir")
    helper.go(f"{here}moi/situation/")
    helper.go(f"{here}verifier/")
    helper.go(f"{here}messages/")  # refused, in words
    expect(helper.page.get_by_text("C’est à Camille Anne Lemoine de le faire")).to_have_count(1)

    first.go(here)
    expect(first.page.get_by_text("Anne Petit vous aide à remplir.")).to_have_count(1)
    first.follow("Voir, ou mettre fin à cette aide")
    first.press("Mettre fin à cette aide")
    assert not Helper.objects.live().exists()
    first.go(f"{here}partenaire/")
    first.fill("Son adresse e-mail", karim.email)
    first.press("Inviter par courriel")
    assert first.page.inner_text("h1") == "Invitation partie"

    second = signed_in(karim, **size)
    second.go(f"{here}rejoindre/")
    second.press("Participer", exact=True)
    second.press("Oui, tout est exact")
    second.go(here)
    second.follow("Je ne participe plus")
    second.press("Je ne participe plus")

    left = Partenaire.objects.get(dossier=dossier, position=2)
    assert (left.user, left.door, left.situation) == (None, "", "")
    choose_door(left, Door.SAME_DEVICE, by=giulia, at=timezone.now())
    first.go(here)
    expect(first.page.get_by_role("link", name="une feuille à garder (PDF)")).to_have_count(1)
