"""What one partenaire never reads of the other: canaries in every private field."""

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.models import User
from pacs.actions.dossiers import write_message
from pacs.models import Dossier, Partenaire
from tests.support.dossiers import OTHER, PERSON, bring_everything, make_dossier, send

CANARIES = {
    "street": "17 allée Zyxw-Rue",
    "street_more": "Bâtiment Zyxw-More",
    "city": "Zyxw-Ville",
    "postcode": "99871",
    "contact_email": "zyxw-contact@example.org",
    "needs": "Zyxw-Besoin",
}
SECRETS = (*CANARIES.values(), "Zyxw-Message", "curatelle", "Curatelle", "tutelle")
PAGES = (
    "dossier",
    "dossier-review",
    "dossier-pieces",
    "dossier-messages",
    "dossier-stop",
    "partner-door",
    "partner-attest",
)


@pytest.fixture
def shared(reference_data: None, alice: User, bob: User) -> Dossier:
    """A draft whose second partenaire has a secret in every private field."""
    dossier = make_dossier(alice, bob, people=(PERSON, {**OTHER, **CANARIES}))
    second = Partenaire.objects.select_related("dossier").get(dossier=dossier, position=2)
    write_message(second, body="Zyxw-Message", private=True, form_key="k1", at=timezone.now())
    bring_everything(dossier)
    return dossier


def _walk(client: Client, dossier: Dossier) -> str:
    """Every page and paper this person can open, as one text."""
    from pypdf import PdfReader

    text = []
    for name in PAGES:
        page = client.get(reverse(f"pacs:{name}", args=[dossier.reference]))
        text.append(page.content.decode())
    for slug in ("pieces", "declaration", "accuse", "partie-papier"):
        paper = client.get(reverse("pacs:dossier-paper", args=[dossier.reference, slug]))
        if paper.status_code == 200:
            reader = PdfReader(BytesIO(paper.content))
            text += [page.extract_text() for page in reader.pages]
    return "\n".join(text)


def _found(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def test_the_canaries_are_really_there(
    shared: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    """The second one does read them: what could leak exists."""
    assert set(_found(_walk(client_of(bob), shared))) >= {CANARIES["street"], "Zyxw-Message"}


def test_a_draft_shows_nothing_private_of_the_other(
    shared: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    assert _found(_walk(client_of(alice), shared)) == []


def test_a_dossier_that_was_sent_shows_nothing_private_of_the_other(
    shared: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    send(shared)

    assert _found(_walk(client_of(alice), shared)) == []


def test_mails_to_the_other_carry_nothing_private(shared: Dossier, alice: User) -> None:
    send(shared)

    mails = "\n".join(f"{m.subject}\n{m.message}" for m in Email.objects.filter(to=[alice.email]))

    assert mails != ""
    assert _found(mails) == []


def test_no_address_carries_a_personal_datum(
    shared: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    links = set(re.findall(r'(?:href|action|src)="([^"]+)"', _walk(client_of(bob), shared)))

    assert [link for link in links if re.search(r"zyxw|almeida|bob@|lemoine", link, re.I)] == []
