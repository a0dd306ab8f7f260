"""Every act of a citizen, sent by somebody who lost their place while the click waited.

The row is read before the lock, as a view reads it; then they leave, somebody else comes in, the
pass of the device ends, or the help does.
"""

import ast
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from demarches.models import User
from demarches.rules.enums import PieceStatus
from pacs.actions import appointments, corrections, dossiers, helping, pieces
from pacs.actions.appointments import Seen
from pacs.actions.helping import accept_help, invite_helper
from pacs.actions.refusals import ActionRefused
from pacs.models import Door, Dossier, Helper, Partenaire, Piece, PieceFile
from pacs.reads.access import find_reader
from tests.support.files import png

pytestmark = pytest.mark.django_db

VIEWS = Path(__file__).resolve().parents[2] / "pacs" / "views"
type Act = Callable[[Partenaire, User | None], object]


def piece_of(read: Partenaire) -> Piece:
    return Piece.objects.select_related("partenaire", "dossier").get(
        partenaire=read, rule_id="P03_identite"
    )


def file_of(read: Partenaire) -> PieceFile:
    return PieceFile.objects.select_related("piece").get(piece=piece_of(read))


def answers(read: Partenaire) -> Any:
    """A page of answers, of which nothing may be asked but whose it is."""
    return SimpleNamespace(instance=read, partial=False)


def now() -> Any:
    return timezone.now()


#: What somebody who helps may do too.
FILLING: dict[str, Act] = {
    "record_answers": lambda one, by: dossiers.record_answers(
        answers(one), dossier=one.dossier, at=now(), by=by
    ),
    "confirm_said": lambda one, by: dossiers.confirm_said(one, at=now(), by=by),
    "add_file": lambda one, by: pieces.add_file(
        piece_of(one),
        SimpleUploadedFile("a.png", png()),
        "a.png",
        partenaire=one,
        by=by,
        at=now(),
    ),
    "answer_piece": lambda one, by: pieces.answer_piece(
        piece_of(one), declared=PieceStatus.TO_BRING, by=by, reader=one, at=now()
    ),
    "bring_pieces": lambda one, by: pieces.bring_pieces(
        [piece_of(one)], by=by, reader=one, at=now()
    ),
    "remove_file": lambda one, by: pieces.remove_file(file_of(one), by=by, reader=one, at=now()),
}
IN_PERSON: dict[str, Act] = {
    "confirm_common": lambda one, by: dossiers.confirm_common(one, comment="x", at=now(), by=by),
    "attest": lambda one, by: dossiers.attest(one, at=now(), by=by),
    "submit_dossier": lambda one, by: dossiers.submit_dossier(one, at=now(), by=by),
    "resubmit_dossier": lambda one, by: dossiers.resubmit_dossier(one, at=now(), by=by),
    "keep_dossier": lambda one, by: dossiers.keep_dossier(one, at=now(), by=by),
    "stop_dossier": lambda one, by: dossiers.stop_dossier(one, at=now(), by=by),
    "leave_dossier": lambda one, by: dossiers.leave_dossier(one, at=now(), by=by),
    "write_message": lambda one, by: dossiers.write_message(
        one, body="Zyxw", private=False, form_key="k", at=now()
    ),
    "invite_helper": lambda one, by: helping.invite_helper(
        one, name="Anne", email="anne@example.org", by=by, at=now()
    ),
    "send_corrections": lambda one, by: corrections.send_corrections(one, at=now(), by=by),
    "drop_correction": lambda one, by: corrections.drop_correction(one, 0, at=now(), by=by),
    "hold_slot": lambda one, by: appointments.hold_slot(one, now(), at=now()),
    "confirm_slot": lambda one, by: appointments.confirm_slot(one, at=now(), by=by),
    "cancel_appointment": lambda one, by: appointments.cancel_appointment(one, at=now(), by=by),
    "want_earlier": lambda one, by: appointments.want_earlier(one, wanted=False, at=now()),
    "refuse_offer": lambda one, by: appointments.refuse_offer(one, at=now()),
    "move_from_mail": lambda one, by: appointments.move_from_mail(
        one, now(), at=now(), seen=Seen.of(one.dossier)
    ),
    "cancel_from_mail": lambda one, by: appointments.cancel_from_mail(
        one, at=now(), seen=Seen.of(one.dossier)
    ),
}
#: Of the first, of an account that has no place yet, or of nobody's place.
ELSEWHERE = {
    "accept_help": "an invitation, read anew under the lock",
    "choose_door": "the first's act: `test_only_whoever_opened_it_chooses_the_way_in`",
    "choose_private_code": "begins a part that nobody has begun, read anew under the lock",
    "decline_invitation": "an invitation, read anew under the lock",
    "end_help": "of either of them, one help that the page named",
    "join_dossier": "an invitation, read anew under the lock",
    "note_help": "writes down that a page was seen",
    "open_dossier": "no place yet",
    **dict.fromkeys(
        ("attestation_of", "bookable_agenda", "has_begun", "in_words", "lay_over", "pending_of"),
        "reads only",
    ),
}


def test_every_act_of_a_page_is_in_the_table() -> None:
    used = set[str]()
    for path in VIEWS.glob("*.py"):
        tree = ast.parse(path.read_text())
        modules = set[str]()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pacs.actions"):
                names = {one.name for one in node.names}
                (modules if node.module == "pacs.actions" else used).update(names)
        used |= {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in modules
        }

    assert {name for name in used if name.islower()} == {*FILLING, *IN_PERSON, *ELSEWHERE}


@pytest.fixture
def waiting(draft: Dossier, monkeypatch: pytest.MonkeyPatch) -> Dossier:
    """The second has said all there is to say, and a slot is there to be had."""
    PieceFile.objects.create(
        piece=draft.pieces.get(key="2-P03_identite"),
        storage_name="none",
        display_name="a.png",
        content_type="image/png",
        size=1,
        pages=1,
        sha256="0" * 64,
        uploaded_at=timezone.now(),
    )
    draft.partenaires.filter(position=2).update(said_by_other=["needs"])
    for name, value in {"bookable_agenda": None, "asked_by": None}.items():
        monkeypatch.setattr(appointments, name, lambda *args, v=value, **kwargs: v)
    slot = SimpleNamespace(day=timezone.localdate())
    monkeypatch.setattr(appointments, "find_free", lambda *args: slot)
    return draft


def state(dossier: Dossier) -> list[object]:
    rows = [Dossier.objects.get(pk=dossier.pk), *dossier.partenaires.order_by("pk")]
    rows += [*dossier.pieces.order_by("pk"), *dossier.events.order_by("pk")]
    rows += [*PieceFile.objects.order_by("pk"), *dossier.messages.all(), *Helper.objects.all()]
    return [model_to_dict(row) | {"pk": row.pk} for row in rows]


def acted(acts: Mapping[str, Act], read: Partenaire, by: User | None) -> dict[str, str]:
    """The acts that were done, or refused for another reason than the place that is lost."""
    before, found = state(read.dossier), {}
    for name, act in acts.items():
        with transaction.atomic():
            answer = "done"
            try:
                with transaction.atomic():
                    act(read, by)
            except ValidationError as refused:
                answer = " ".join(refused.messages)
            is_same = state(read.dossier) == before
            transaction.set_rollback(True)
        # Leaving twice is leaving once.
        is_right = "est terminée" in answer or name == "leave_dossier"
        if not (is_right and is_same):
            found[name] = answer
    return found


@pytest.mark.parametrize("next_one", [False, True])
def test_whoever_left_does_nothing_more(
    waiting: Dossier, bob: User, charlie: User, next_one: bool
) -> None:
    read = waiting.partenaires.select_related("user", "dossier").get(user=bob)
    Partenaire.objects.filter(pk=read.pk).update(user=charlie if next_one else None)

    assert acted(FILLING | IN_PERSON, read, bob) == {}


@pytest.mark.parametrize("moved", [{"door": Door.PAPER.value}, {"private_code": "another"}])
def test_the_guest_of_a_device_does_nothing_more_once_the_pass_has_ended(
    waiting: Dossier, moved: dict[str, str]
) -> None:
    second = Partenaire.objects.filter(dossier=waiting, position=2)
    second.update(user=None, door=Door.SAME_DEVICE.value, private_code="one")
    read = second.select_related("user", "dossier").get()
    second.update(**moved)

    assert acted(FILLING | IN_PERSON, read, None) == {}


def test_whoever_helped_does_nothing_more(waiting: Dossier, bob: User, charlie: User) -> None:
    second = waiting.partenaires.select_related("user", "dossier").get(user=bob)
    helper = invite_helper(second, name="Ch", email=charlie.email, by=bob, at=timezone.now())
    accept_help(helper, charlie, at=timezone.now())
    read = find_reader(
        waiting.reference, user=charlie, guest=None, at=timezone.now(), page="said", method="POST"
    )
    assert read is not None
    Helper.objects.update(ended_at=timezone.now(), email="")

    assert acted(FILLING, read, charlie) == {}


def test_only_whoever_opened_it_chooses_the_way_in(
    draft: Dossier, alice: User, charlie: User
) -> None:
    second = draft.partenaires.select_related("dossier", "user").get(position=2)
    Partenaire.objects.filter(pk=second.pk).update(user=None, invited_email="", door="")
    Partenaire.objects.filter(dossier=draft, position=1).update(user=None)
    before = state(draft)

    with pytest.raises(ActionRefused):
        dossiers.choose_door(second, Door.OWN, email=charlie.email, by=alice, at=timezone.now())

    assert state(draft) == before
