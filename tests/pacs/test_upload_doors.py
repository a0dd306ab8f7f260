"""Every page that takes a file meets every bomb: answered in time, in words, and nothing kept."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.forms.pieces import MultipleFileField
from pacs.models import Dossier, PieceFile
from tests.support import files
from tests.support.forms import answer_pieces
from tests.support.pages import Page, plain

type ClientOf = Callable[[User], Client]
type Send = Callable[[list[SimpleUploadedFile]], Any]

CARD = "1-P03_identite"
#: What the checks of one request may take here, and what all the rest of it may.
CHECK_SECONDS, REST = 3, 40
#: What each of them exhausts, those that take all the time they are given last.
BOMBS: dict[str, Callable[[], bytes]] = {
    "taille.pdf": lambda: files.pdf() + b"\0" * 10_000_000,
    "pixels.png": files.png_bomb,
    "boucle.pdf": files.looping_pages_pdf,
    "arbre.pdf": files.wide_tree_pdf,
    "tableaux.pdf": files.deep_pdf,
    "double.pdf": files.twice_packed_pdf,
    "gonflage.pdf": files.inflating_pdf,
    "formes.pdf": files.nested_forms_pdf,
}


@pytest.fixture
def their_own(draft: Dossier, alice: User, client_of: ClientOf) -> Send:
    """« Vos papiers », as the person who holds the piece."""
    client = client_of(alice)
    page = reverse("pacs:dossier-pieces", args=[draft.reference])

    def send(sent: list[SimpleUploadedFile]) -> Any:
        return answer_pieces(client, client.get(page), CARD, documents=sent)

    return send


@pytest.fixture
def counter(agent: User, client_of: ClientOf) -> Send:
    """The pieces of a couple received at the counter, as the agent who receives them."""
    client = client_of(agent)
    Page.open(client, reverse("admin:pacs_dossier_counter")).press()
    page = reverse("admin:pacs_dossier_guided", args=[Dossier.objects.get().pk, "pieces"])

    def send(sent: list[SimpleUploadedFile]) -> Any:
        return Page.open(client, page).press({f"{CARD}-documents": sent})

    return send


#: The forms that take a file, and the doors above that show them; the style guide keeps nothing.
DOORS = {
    "pacs.forms.pieces.PieceForm": ("their_own",),
    "pacs.forms.counter.CounterPieceForm": ("counter",),
}
SHOWN_ONLY = {"uzes_portal.styleguide.SampleForm"}


def _forms(of: type[forms.BaseForm]) -> list[type[forms.BaseForm]]:
    return [of, *(found for one in of.__subclasses__() for found in _forms(one))]


def test_every_form_that_takes_a_file_has_its_doors_here() -> None:
    """A new one without a door fails; ours are told from Django's by their package."""
    taking = {
        f"{one.__module__}.{one.__qualname__}"
        for one in _forms(forms.BaseForm)
        if one.__module__.split(".")[0] in {"demarches", "pacs", "vitale", "uzes_portal"}
        and any(isinstance(f, forms.FileField) for f in getattr(one, "base_fields", {}).values())
    }

    assert issubclass(MultipleFileField, forms.FileField)
    assert {name for name in taking if not name.startswith("pacs.forms")} <= SHOWN_ONLY
    assert {name for name in taking if name.startswith("pacs.forms")} == set(DOORS)


@pytest.mark.django_db
@pytest.mark.parametrize("door", [door for doors in DOORS.values() for door in doors])
def test_no_bomb_gets_in_by_any_door(
    door: str, request: pytest.FixtureRequest, settings: Any
) -> None:
    settings.CHECK_SECONDS = CHECK_SECONDS
    send: Send = request.getfixturevalue(door)
    sent = [SimpleUploadedFile(name, make()) for name, make in BOMBS.items()]

    began = time.monotonic()
    answer = send(sent)
    took = time.monotonic() - began

    told = plain(answer.content.decode())
    assert answer.status_code == 422
    assert [name for name in BOMBS if name not in told] == []
    assert not PieceFile.objects.exists()
    assert took < CHECK_SECONDS + REST
