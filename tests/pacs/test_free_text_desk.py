"""Whatever an agent sends at any button of the desk: no private number is kept, no error 500."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.actions.endings import ENDINGS
from pacs.admin.dossier import VERBS
from pacs.models import Dossier, MessageTemplate, RefusalReason
from tests.test_free_text import GUARDED

NIR = "1 85 05 78 006 084"
TEXTS = {"number": f"Vu {NIR} au guichet", "no end": "a" * 200_000}
NAMES = ("text", "body", "reason", "ground", "text_1", "text_2")
#: The boxes that a sent dossier shows; after a refusal they hold what was typed.
BOXES = {"noter": "body", "refuser": "text", "ecrire": "body", "demander": "text_1"}


def everything_kept() -> str:
    """Every guarded column of every row."""
    kept: list[str] = []
    for name, field in GUARDED.items():
        if name.startswith("pacs."):
            kept += map(str, field.model._default_manager.values_list(field.name, flat=True))
    return " ".join(kept)


@pytest.fixture
def desk(agent: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(agent)


def posted(dossier: Dossier, text: str) -> dict[str, str]:
    piece = dossier.pieces.first()
    assert piece is not None
    return {**dict.fromkeys(NAMES, text), "version": str(dossier.version), "piece": str(piece.pk)}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("verb", VERBS)
def test_no_button_keeps_it(desk: Client, sent: Dossier, verb: str, kind: str) -> None:
    url = reverse("admin:pacs_dossier_act", args=[sent.pk, verb])

    answer = desk.post(url, posted(sent, TEXTS[kind]))

    assert answer.status_code in {302, 404, 409, 422}
    kept = everything_kept()
    assert NIR not in kept
    assert "a" * 5_000 not in kept


@pytest.mark.parametrize("slug", ENDINGS)
@pytest.mark.parametrize("kind", TEXTS)
def test_no_end_of_a_dossier_keeps_it(desk: Client, sent: Dossier, slug: str, kind: str) -> None:
    url = reverse("admin:pacs_dossier_end", args=[sent.pk, slug])

    answer = desk.post(url, posted(sent, TEXTS[kind]))

    sent.refresh_from_db()
    assert (answer.status_code, sent.is_ended) == (422, False)
    assert f">{TEXTS[kind]}</textarea>" in answer.content.decode()
    assert NIR not in everything_kept()


@pytest.mark.parametrize("verb", BOXES)
def test_what_was_typed_stays_in_its_box_and_the_place_is_told(
    desk: Client, sent: Dossier, verb: str
) -> None:
    sent.pieces.update(status="to_bring")  # there is something to refuse
    url = reverse("admin:pacs_dossier_act", args=[sent.pk, verb])

    answer = desk.post(url, {**posted(sent, TEXTS["number"]), "private_to": ""})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'name="{BOXES[verb]}"' in page
    assert f">{TEXTS['number']}</textarea>" in page
    assert "Le passage commence par « 1 85 0… »" in page


FORBIDDEN = "Merci d’apporter un justificatif de domicile."


@pytest.mark.usefixtures("reference_data")
@pytest.mark.parametrize(("model", "column"), [(RefusalReason, "text"), (MessageTemplate, "body")])
def test_a_text_that_asks_for_what_the_law_forbids_is_proposed_to_nobody(
    model: type[RefusalReason | MessageTemplate], column: str
) -> None:
    row = model._default_manager.first()
    assert row is not None
    before = getattr(row, column)
    setattr(row, column, FORBIDDEN)

    for path in (
        row.full_clean,
        row.save,
        lambda: model._default_manager.filter(pk=row.pk).update(**{column: FORBIDDEN}),
    ):
        with pytest.raises(ValidationError, match=r"CRPA, art\. R113-8"), transaction.atomic():
            path()

    assert getattr(model._default_manager.get(pk=row.pk), column) == before
    # What is there already asks for none of it.
    for one in model._default_manager.all():
        one.full_clean()
