"""Files and rows stay together: orphans go, losses are noticed, keys rotate."""

import base64
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction

from demarches.files import storage
from pacs.models import Dossier, Piece, PieceFile

NOW = datetime.now(UTC)


def key(name: str) -> str:
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


@pytest.fixture(autouse=True)
def private_root(settings: Any, tmp_path: Path) -> Path:
    root = tmp_path / "private"
    options = settings.STORAGES["private"]["OPTIONS"] | {"location": root}
    private = settings.STORAGES["private"] | {"OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"private": private}
    settings.FILE_KEYS = key("one")
    return root


@pytest.fixture
def piece(db: None) -> Piece:
    dossier = Dossier.objects.create(
        reference="PACS-2026-000042-K", created_at=NOW, last_activity_at=NOW
    )
    return Piece.objects.create(dossier=dossier, key="0-P01", rule_id="P01")


def keep(piece: Piece, content: bytes) -> PieceFile:
    return PieceFile.objects.create(
        piece=piece, storage_name=storage.save(content), display_name="acte.pdf",
        content_type="application/pdf", size=len(content), sha256=content.hex()[:64],
        uploaded_at=NOW,
    )  # fmt: skip


def run(command: str, **options: bool) -> str:
    output = io.StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue().replace("\u00a0", " ")


def test_orphans_older_than_an_hour_are_removed_and_nothing_else(piece: Piece) -> None:
    owned = keep(piece, b"owned")
    orphan = storage.save(b"orphan")

    # Just written: its row may be on its way.
    assert run("sweep_files").splitlines()[0] == "Fichiers orphelins supprimés : 0"

    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        assert (
            run("sweep_files", dry_run=True).splitlines()[0] == "Fichiers orphelins à supprimer : 1"
        )
        assert set(storage.stored_names()) == {owned.storage_name, orphan}
        assert run("sweep_files").splitlines() == [
            "Fichiers orphelins supprimés : 1",
            "Fichiers perdus ou abîmés : 0",
        ]
        assert run("sweep_files").splitlines()[0] == "Fichiers orphelins supprimés : 0"

    assert set(storage.stored_names()) == {owned.storage_name}
    assert storage.read(owned.storage_name) == b"owned"


def test_a_lost_or_changed_file_is_reported(piece: Piece, private_root: Path) -> None:
    whole, lost, changed = (keep(piece, word) for word in (b"whole", b"lost", b"changed"))
    storage.delete(lost.storage_name)
    path = private_root / changed.storage_name
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(CommandError) as error:
        run("sweep_files")

    assert str(error.value).startswith("2 fichiers perdus ou abîmés")
    assert whole.storage_name not in str(error.value)
    assert storage.damaged_names() == sorted([lost.storage_name, changed.storage_name])


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_only_once_its_row_is_gone_for_good(piece: Piece) -> None:
    kept = keep(piece, b"content")

    with transaction.atomic():
        storage.delete_after_commit(kept.storage_name)
        PieceFile.objects.all().delete()
        transaction.set_rollback(True)

    assert storage.read(PieceFile.objects.get().storage_name) == b"content"

    with transaction.atomic():
        storage.delete_after_commit(kept.storage_name)
        PieceFile.objects.all().delete()
        assert storage.read(kept.storage_name) == b"content"

    assert list(storage.stored_names()) == []


@pytest.mark.django_db(transaction=True)
def test_after_a_rotation_the_old_key_may_go(piece: Piece, settings: Any) -> None:
    old = settings.FILE_KEYS
    contents = {b"first", b"second", b"third"}
    for content in contents - {b"third"}:
        keep(piece, content)
    new = key("two")
    settings.FILE_KEYS = f"{new},{old}"
    untouched = keep(piece, b"third").storage_name

    assert run("rotate_file_keys").splitlines()[0] == "Fichiers chiffrés à nouveau : 2"
    assert run("rotate_file_keys").splitlines()[0] == "Fichiers chiffrés à nouveau : 0"

    settings.FILE_KEYS = new
    names = set(PieceFile.objects.values_list("storage_name", flat=True))
    assert {storage.read(name) for name in names} == contents
    assert untouched in names
    assert set(storage.stored_names()) == names


@pytest.mark.django_db(transaction=True)
def test_a_lost_key_stops_no_rotation(piece: Piece, settings: Any) -> None:
    lost = keep(piece, b"lost").storage_name
    old = key("two")
    settings.FILE_KEYS = old
    keep(piece, b"kept")
    settings.FILE_KEYS = f"{key('three')},{old}"

    with pytest.raises(CommandError, match="1 pièces"):
        run("rotate_file_keys")

    names = set(PieceFile.objects.values_list("storage_name", flat=True))
    assert lost in names
    assert [storage.read(name) for name in names - {lost}] == [b"kept"]


def test_every_model_with_files_is_found() -> None:
    assert storage.models_with_files() == [PieceFile]
