"""Files sent while the antivirus is away: kept, opened by nobody, looked at later, and told."""

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from PIL import Image
from post_office.models import Email

from demarches.files import storage
from demarches.models import User
from demarches.rules.enums import PieceStatus
from pacs.actions.desk import accept_piece
from pacs.actions.held_files import Looked, check_held
from pacs.actions.pieces import add_file
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, Message, PieceFile
from pacs.procedure import findings
from tests.support.clamd import serve
from tests.support.dossiers import bring_everything
from tests.support.forms import answer_pieces
from tests.support.pages import plain

NOW = datetime(2026, 11, 26, 10, tzinfo=ZoneInfo("Europe/Paris"))
NOWHERE = "127.0.0.1:1"
CARD = "1-P03_identite"
AWAY = "Notre antivirus ne répond pas"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def away(settings: Any) -> None:
    settings.CLAMD_ADDRESS = NOWHERE


def picture(shade: int = 60) -> SimpleUploadedFile:
    stream = io.BytesIO()
    Image.effect_noise((900, 600), shade).save(stream, "PNG")
    return SimpleUploadedFile("carte.png", stream.getvalue(), content_type="image/png")


def hold(dossier: Dossier, *, shade: int = 60) -> PieceFile:
    """A file of the first person's own identity card, sent while the antivirus was away."""
    one = dossier.partenaires.get(position=1)
    piece = dossier.pieces.get(rule_id="P03_identite", partenaire=one)
    return add_file(piece, picture(shade), "carte.png", partenaire=one, by=one.user, at=NOW)[0]


def look(settings: Any, *verdicts: bytes) -> Looked:
    """The antivirus is back, and says this of each file in turn."""
    left = list(verdicts)
    settings.CLAMD_ADDRESS, _ = serve(lambda content: left.pop(0), len(verdicts))
    return check_held(at=NOW)


@pytest.fixture
def held(draft: Dossier) -> PieceFile:
    return hold(draft)


def test_the_person_is_told_at_once_and_nothing_is_asked_again(
    draft: Dossier, alice: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    page = reverse("pacs:dossier-pieces", args=[draft.reference])

    answer = answer_pieces(client, client.get(page), CARD, documents=picture())

    stored = PieceFile.objects.get()
    url = reverse("pacs:piece-file", args=[draft.reference, stored.pk])
    told = client.get(answer["Location"]).content.decode()
    assert stored.held_since == NOW
    assert stored.piece.status == PieceStatus.PROVIDED.value
    assert AWAY in told
    assert "sera ouvert après l’antivirus" in told
    assert f'href="{url}"' not in told
    assert client.get(url).status_code == 404


def test_no_agent_opens_it_nor_accepts_its_piece(
    sent: Dossier, agent: User, client_of: Callable[[User], Client]
) -> None:
    stored = _held_of_sent(sent)
    client = client_of(agent)

    statuses = [
        client.get(reverse(f"admin:pacs_dossier_{name}", args=args)).status_code
        for name, args in (("file", [stored.pk]), ("preview", [stored.pk, 1]))
    ]
    page = client.get(reverse("admin:pacs_dossier_change", args=[sent.pk])).content.decode()

    assert statuses == [404, 404]
    assert "attend l’antivirus depuis le" in page
    assert reverse("admin:pacs_dossier_preview", args=[stored.pk, 1]) not in page
    with pytest.raises(ActionRefused, match="attend l’antivirus"):
        accept_piece(stored.piece, by=agent, at=NOW, version=None, day=None)


def _held_of_sent(sent: Dossier) -> PieceFile:
    piece = sent.pieces.get(rule_id="P03_identite", partenaire__position=1)
    piece.status = PieceStatus.PROVIDED.value
    piece.save(update_fields=["status"])
    return PieceFile.objects.create(
        piece=piece,
        storage_name=storage.save(b"held"),
        display_name="carte.jpg",
        content_type="image/jpeg",
        size=4,
        sha256="0" * 64,
        uploaded_at=NOW,
        held_since=NOW,
    )


def test_while_the_antivirus_is_away_all_of_them_wait(draft: Dossier, held: PieceFile) -> None:
    hold(draft, shade=50)

    assert check_held(at=NOW) == Looked(waiting=2)
    assert PieceFile.objects.exclude(held_since=None).count() == 2


def test_a_clean_one_is_opened_again(
    held: PieceFile, alice: User, client_of: Callable[[User], Client], settings: Any
) -> None:
    assert look(settings, b"stream: OK\0") == Looked(freed=1)

    url = reverse("pacs:piece-file", args=[held.piece.dossier.reference, held.pk])
    assert client_of(alice).get(url).status_code == 200
    assert not Message.objects.exists()


def test_what_it_knows_is_deleted_and_its_holder_alone_is_told(
    held: PieceFile,
    settings: Any,
    bob: User,
    client_of: Callable[[User], Client],
    django_capture_on_commit_callbacks: Any,
) -> None:
    before = Email.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        done = look(settings, b"stream: Known FOUND\0")

    message = Message.objects.get()
    mail = Email.objects.order_by("pk")[before:]
    held.piece.refresh_from_db()
    assert done == Looked(thrown_away=1)
    assert not PieceFile.objects.exists()
    assert held.storage_name not in storage.owned_names()
    with pytest.raises(storage.FileDamaged):
        storage.read(held.storage_name)
    assert held.piece.status == PieceStatus.MISSING.value
    assert (message.private_to, message.from_mairie) == (held.piece.partenaire, True)
    assert message.body.startswith("Notre antivirus a reconnu un programme dangereux")
    assert "carte.jpg" in message.body
    assert [one.to for one in mail] == [["alice@example.org"]]
    assert "carte.jpg" not in "".join(one.subject + one.message for one in mail)


def test_once_sent_the_couple_reads_what_to_do_and_the_agent_what_happened(
    sent: Dossier,
    agent: User,
    alice: User,
    bob: User,
    settings: Any,
    client_of: Callable[[User], Client],
) -> None:
    bring_everything(sent)
    _held_of_sent(sent)
    pages = {
        "alice": (client_of(alice), sent.get_absolute_url()),
        "bob": (client_of(bob), sent.get_absolute_url()),
        "decide": (client_of(agent), reverse("admin:pacs_dossier_change", args=[sent.pk])),
        "thread": (client_of(agent), reverse("admin:pacs_dossier_exchanges", args=[sent.pk])),
    }
    before = read_all(pages)
    look(settings, b"stream: Known FOUND\0")
    after = read_all(pages)

    assert all("Vous n’avez rien à faire" in before[one] for one in ("alice", "bob"))
    told = after["alice"]
    assert "Notre antivirus a reconnu un programme dangereux dans le fichier" in told
    assert "Votre dossier reste envoyé. La pièce « Pièce d’identité" in told
    assert "est de nouveau à fournir : sur la page du dossier, envoyez cette photo" in told
    assert "une pièce est à fournir, plus bas sur cette page" in told
    assert "Vous n’avez rien à faire" not in told
    # It is hers: the other reads what they read before.
    assert "antivirus" not in after["bob"]
    assert "attend l’antivirus depuis le" in before["decide"]
    assert "attend l’antivirus" not in after["decide"]
    assert "antivirus a reconnu un programme dangereux" in after["thread"]
    page = reverse("pacs:dossier-pieces", args=[sent.reference])
    client = client_of(alice)
    settings.CLAMD_ADDRESS = ""
    answer_pieces(client, client.get(page), CARD, documents=picture())
    assert PieceFile.objects.get().held_since is None


def read_all(pages: dict[str, tuple[Client, str]]) -> dict[str, str]:
    return {name: plain(client.get(url).content.decode()) for name, (client, url) in pages.items()}


def test_one_that_it_cannot_look_at_keeps_no_other_waiting(
    draft: Dossier, held: PieceFile, settings: Any
) -> None:
    other = hold(draft, shade=50)

    done = look(settings, b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK\0")

    assert done == Looked(freed=1, waiting=1)
    assert set(PieceFile.objects.exclude(held_since=None)) == {held}
    other.refresh_from_db()
    assert other.held_since is None


def test_a_lost_file_waits_and_is_the_sweepers_to_tell(held: PieceFile) -> None:
    storage.delete(held.storage_name)

    assert check_held(at=NOW) == Looked(waiting=1)


def test_the_job_says_what_became_of_them_and_the_doctor_that_some_wait(
    held: PieceFile, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = [one.wrong for one in findings(NOW)]
    call_command("check_held_files")
    settings.CLAMD_ADDRESS, _ = serve(lambda content: b"stream: OK\0", 1)
    call_command("check_held_files")
    call_command("check_held_files")

    assert "1 attendent l’antivirus : personne ne les ouvre avant." in waiting
    assert capsys.readouterr().out.splitlines() == [
        "Pièces vérifiées : 0. Supprimées : 0. En attente : 1.",
        "Pièces vérifiées : 1. Supprimées : 0. En attente : 0.",
    ]
    assert [one.wrong for one in findings(NOW) if one.name == "pieces-gardees"] == [""]
