"""The pieces in a bucket: sealed there as in a folder, and what a bucket that fails changes."""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from django.conf import LazySettings
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.urls import reverse

from demarches.desk import health
from demarches.files import bucket, storage, uploads
from demarches.files.uploads import CleanUpload, UploadRefused
from pacs.models import Dossier, PieceFile
from tests.support.bucket import ARCHIVES, KEYS, PIECES, answering, bucket_server, contents
from tests.support.desk import _file_of
from uzes_portal import backup, doctor

CONTENT = b"%PDF-1.7 CANARI acte de naissance " * 50
LATER = timedelta(hours=2)
REFUSAL = (
    b"HTTP/1.1 %s\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n"
    b"<?xml version='1.0'?><Error><Code>%s</Code><Message>no</Message></Error>"
)
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\nUZ1"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with bucket_server() as address:
        yield address


@pytest.fixture(autouse=True)
def in_the_bucket(settings: LazySettings, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Config(connect_timeout=0.5, read_timeout=0.5, retries={"total_max_attempts": 1})
    monkeypatch.setattr(bucket, "CLIENT", bucket.CLIENT.merge(quick))
    settings.S3_BUCKET = PIECES
    use(settings, server)
    for name in list(storage.stored_names()):
        storage.delete(name)


def use(settings: LazySettings, address: str, name: str = PIECES) -> None:
    options = {"endpoint_url": address, "region_name": "us-east-1", **KEYS}
    settings.STORAGES = settings.STORAGES | {
        alias: {
            "BACKEND": "demarches.files.bucket.Bucket",
            "OPTIONS": options | {"bucket_name": one},
        }
        for alias, one in (("private", name), ("backups", ARCHIVES if name == PIECES else name))
    }


def clean(content: bytes) -> CleanUpload:
    return CleanUpload(
        content=content, content_type="application/pdf", extension="pdf",
        display_name="acte.pdf", pages=1, width=None, height=None, warnings=(), sha256="",
    )  # fmt: skip


def test_a_file_comes_back_and_the_bucket_reads_nothing(server: str) -> None:
    name = storage.save(CONTENT)

    assert storage.read(name) == CONTENT
    kept = contents(server, PIECES)
    assert list(kept) == [name]
    assert kept[name].startswith(storage.MAGIC)
    assert b"CANARI" not in kept[name]


def test_a_long_file_comes_in_parts_and_comes_back() -> None:
    content = os.urandom(bucket.HELD_IN_MEMORY + 1)

    assert storage.read(storage.save(content)) == content


def test_a_file_that_is_not_there_is_lost_and_deleting_it_again_is_nothing() -> None:
    name = storage.save(CONTENT)
    storage.delete(name)
    storage.delete(name)

    with pytest.raises(storage.FileDamaged):
        storage.read(name)
    assert list(storage.stored_names()) == []


def test_two_files_swapped_are_refused() -> None:
    mine, yours = storage.save(b"mine"), storage.save(b"yours")
    with storages["private"].open(mine) as first:
        sealed = first.read()
    storages["private"].save(yours, io.BytesIO(sealed))

    with pytest.raises(storage.FileDamaged):
        storage.read(yours)


def test_orphans_are_found_by_their_age() -> None:
    names = {storage.save(b"one"), storage.save(b"two")}
    now = datetime.now(UTC)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "models_with_files", list)
        assert storage.orphans(before=now - LATER) == []
        assert set(storage.orphans(before=now + LATER)) == names


@pytest.mark.django_db
def test_a_piece_is_sent_opened_and_swept(
    client: Any, alice: Any, draft: Dossier, server: str
) -> None:
    kept = _file_of(draft)
    client.force_login(alice)

    answer = client.get(reverse("pacs:piece-file", args=[draft.reference, kept.pk]))

    assert answer.status_code == 200
    assert answer.content == storage.read(kept.storage_name)
    assert list(contents(server, PIECES)) == [kept.storage_name]
    call_command("sweep_files", stdout=io.StringIO())
    assert list(contents(server, PIECES)) == [kept.storage_name]


def nobody() -> AbstractContextManager[str]:
    return nullcontext("http://127.0.0.1:1")


FAULTS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "down": nobody,
    "silent": lambda: answering(None),
    "forbidden": lambda: answering(REFUSAL % (b"403 Forbidden", b"AccessDenied")),
    "overwhelmed": lambda: answering(REFUSAL % (b"503 Slow Down", b"SlowDown")),
    "no bucket": lambda: answering(REFUSAL % (b"404 Not Found", b"NoSuchBucket")),
    "not S3": lambda: answering(b"HTTP/1.1 500 Oops\r\nConnection: close\r\n\r\n<html>"),
}


@pytest.fixture(params=[*FAULTS, "cut"])
def fault(request: Any, settings: LazySettings) -> Iterator[str]:
    """A server that fails; « cut » breaks off in the middle of what it says."""
    opened = answering(CUT) if request.param == "cut" else FAULTS[request.param]()
    with opened as address:
        use(settings, address)
        yield request.param


def test_a_bucket_that_fails_is_not_a_file_that_is_lost(fault: str) -> None:
    with pytest.raises(storage.StorageUnreachable):
        storage.read("ab/cd.bin")
    assert not storage.answers()


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_kept_is_refused(settings: LazySettings, server: str, name: str) -> None:
    with FAULTS[name]() as address:
        use(settings, address)
        with pytest.raises(UploadRefused) as refusal:
            uploads.store_upload(clean(CONTENT))
    use(settings, server)

    assert refusal.value.code == "storage_full"
    assert contents(server, PIECES) == {}


def test_a_real_bucket_that_is_missing(settings: LazySettings, server: str) -> None:
    use(settings, server, "another")

    assert not storage.answers()
    with pytest.raises(storage.StorageUnreachable):
        storage.read("ab/cd.bin")
    with pytest.raises(UploadRefused):
        uploads.store_upload(clean(CONTENT))


@pytest.mark.django_db(transaction=True)
def test_pages_say_to_wait_and_nothing_is_lost(
    client: Any, alice: Any, draft: Dossier, settings: LazySettings, server: str
) -> None:
    kept = _file_of(draft)
    client.force_login(alice)
    use(settings, "http://127.0.0.1:1")

    opened = client.get(reverse("pacs:piece-file", args=[draft.reference, kept.pk]))

    assert opened.status_code == 503
    assert "Attendez une minute" in opened.content.decode()
    # Taken back while the bucket is away: the row goes, the sweeper takes the file later.
    storage.delete_after_commit(kept.storage_name)
    PieceFile.objects.all().delete()
    use(settings, server)
    assert storage.orphans(before=datetime.now(UTC) + LATER) == [kept.storage_name]


@pytest.mark.django_db
def test_the_doctor_and_the_checks_name_it(settings: LazySettings) -> None:
    def wrong() -> dict[str, str]:
        found = [*health._bucket(datetime.now(UTC)), *doctor._files(datetime.now(UTC))]
        return {one.name: one.remedy for one in found if not one.is_well}

    assert wrong() == {}
    use(settings, "http://127.0.0.1:1")
    found = wrong()

    assert set(found) == {"stockage", "pieces"}
    assert all("S3_BUCKET" in remedy for remedy in found.values())


@pytest.mark.django_db(transaction=True)  # a backup waits for whoever writes
@pytest.mark.parametrize("command", ["sweep_files", "rotate_file_keys", "backup"])
def test_commands_say_so_and_may_be_repeated(
    draft: Dossier, settings: LazySettings, command: str
) -> None:
    kept = _file_of(draft)
    use(settings, "http://127.0.0.1:1")

    with pytest.raises(CommandError, match="ne répond pas"):
        call_command(command, stdout=io.StringIO())

    assert PieceFile.objects.get().storage_name == kept.storage_name


def test_archives_are_kept_listed_and_leave(settings: LazySettings, tmp_path: Any) -> None:
    settings.BACKUPS_KEPT = 1
    first, second = (
        datetime(2026, 11, day, tzinfo=UTC) for day in (27, 28)
    )  # the second drives out the first
    for at in (first, second):
        path = tmp_path / backup.archive_name(at)
        path.write_bytes(b"sealed")
        gone = backup.keep(path, at=at)

    assert gone == [backup.archive_name(first)]
    assert backup.kept() == [backup.archive_name(second)]
