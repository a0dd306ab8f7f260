"""The private storage: encrypted, authenticated, rotatable, never half written."""

import base64
import os
import resource
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from demarches.files import storage, uploads
from demarches.files.storage import FileDamaged, StorageFull

CONTENT = b"%PDF-1.7 CANARI acte de naissance " * 50


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


def stored(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_a_file_comes_back_as_it_was() -> None:
    assert storage.read(storage.save(CONTENT)) == CONTENT
    assert storage.read(storage.save(b"")) == b""


def test_nothing_readable_stands_on_the_disk(private_root: Path) -> None:
    name = storage.save(CONTENT)

    (path,) = stored(private_root)
    assert path.relative_to(private_root).as_posix() == name
    assert b"CANARI" not in path.read_bytes()
    assert b"%PDF" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert private_root.stat().st_mode & 0o777 == 0o700


def test_the_same_content_never_looks_the_same_twice(private_root: Path) -> None:
    names = {storage.save(CONTENT) for _ in range(20)}

    assert len(names) == 20
    assert len({path.read_bytes() for path in stored(private_root)}) == 20


def test_one_changed_byte_anywhere_is_refused(private_root: Path) -> None:
    name = storage.save(b"short")
    (path,) = stored(private_root)
    sealed = path.read_bytes()

    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        path.write_bytes(changed)
        with pytest.raises(FileDamaged):
            storage.read(name)

    for length in range(len(sealed)):
        path.write_bytes(sealed[:length])
        with pytest.raises(FileDamaged):
            storage.read(name)


def test_two_files_swapped_on_the_disk_are_refused(private_root: Path) -> None:
    mine, yours = storage.save(b"mine"), storage.save(b"yours")
    first, second = private_root / mine, private_root / yours
    first_bytes, second_bytes = first.read_bytes(), second.read_bytes()
    first.write_bytes(second_bytes)
    second.write_bytes(first_bytes)

    for name in (mine, yours):
        with pytest.raises(FileDamaged):
            storage.read(name)


def test_a_lost_file_is_damaged_and_deleting_it_again_is_nothing() -> None:
    name = storage.save(CONTENT)
    storage.delete(name)
    storage.delete(name)

    with pytest.raises(FileDamaged):
        storage.read(name)


def test_an_older_key_still_opens_and_an_unknown_one_does_not(settings: Any) -> None:
    old = settings.FILE_KEYS
    name = storage.save(CONTENT)

    settings.FILE_KEYS = f"{key('two')}, {old}"
    assert storage.read(name) == CONTENT
    assert storage.key_id_of(storage.save(CONTENT)) == "two"

    settings.FILE_KEYS = key("two")
    with pytest.raises(FileDamaged):
        storage.read(name)

    # Another key under the same name does not open it either.
    settings.FILE_KEYS = key("one")
    with pytest.raises(FileDamaged):
        storage.read(name)


@pytest.mark.parametrize(
    "setting", ["", "one", "one:", "one:c2hvcnQ=", ":" + "A" * 43 + "=", "one:not base64!"]
)
def test_bad_keys_stop_everything(settings: Any, setting: str) -> None:
    settings.FILE_KEYS = setting

    with pytest.raises(ImproperlyConfigured):
        storage.save(CONTENT)


def test_a_full_disk_keeps_nothing_and_says_so(private_root: Path) -> None:
    clean = uploads.CleanUpload(
        content=os.urandom(200_000), content_type="application/pdf", extension="pdf",
        display_name="acte.pdf", pages=1, width=None, height=None, warnings=(), sha256="",
    )  # fmt: skip
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(StorageFull):
            storage.save(clean.content)
        with pytest.raises(uploads.UploadRefused) as refusal:
            uploads.store_upload(clean)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert refusal.value.code == "storage_full"
    assert stored(private_root) == []
    assert storage.read(uploads.store_upload(clean)) == clean.content


def test_every_stored_file_is_listed() -> None:
    names = {storage.save(CONTENT) for _ in range(5)}

    assert set(storage.stored_names()) == names


def test_nothing_stored_yet_is_an_empty_list() -> None:
    assert list(storage.stored_names()) == []
