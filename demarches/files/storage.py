"""The private storage: files of residents, encrypted, under names that mean nothing.

Each file is sealed by AES-256-GCM with a key from the environment (`FILE_KEYS`), under a fresh
nonce. The key's id stands in the clear header, so that old files still open after a
rotation; header and name are authenticated, so that a changed byte or two files
swapped on the disk are refused, never served.

A file on disk:  UZ1 | length of key id (1) | key id | nonce (12) | ciphertext and tag (16)

The bytes go to `STORAGES["private"]`, any Django storage: a folder, or a bucket.
"""

import base64
import binascii
import contextlib
import os
import secrets
from collections.abc import Iterator
from datetime import datetime
from functools import cache, partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import transaction
from django.db.models import Model

MAGIC = b"UZ1"
NONCE_LENGTH = 12


class FileDamaged(Exception):
    """The stored bytes are not those that were written, or their key is not known."""


class StorageFull(Exception):
    """The bytes could not be written; nothing was kept."""


class StorageUnreachable(OSError):
    """The bucket is down, slow, missing or refuses us; nothing is known of the file."""


def save(content: bytes) -> str:
    """Seal and write a file; return its storage name, the only way to find it again.

    Call it inside the transaction that writes the row: when that one is rolled back, the
    file is an orphan that `sweep_files` removes.
    """
    token = secrets.token_hex(20)
    name = f"{token[:2]}/{token[2:]}.bin"
    try:
        return _inner().save(name, ContentFile(seal(name, content)))
    except StorageUnreachable as error:
        # A bucket keeps a whole file or none; one whose receipt was lost is an orphan.
        raise StorageFull from error
    except OSError as error:
        # A full disk leaves the beginning of a file behind.
        with contextlib.suppress(OSError):
            _inner().delete(name)
        raise StorageFull from error


def read(name: str) -> bytes:
    """Open a file; raise `FileDamaged` rather than give bytes that are not the original ones.

    Raises `StorageUnreachable` when the storage does not answer: the file may be well.
    """
    return unseal(name, _sealed_bytes(name))


def answers() -> bool:
    """Whether the storage lives and lets us read: it says that a file which never was is not."""
    try:
        _inner().open("nothing").close()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def unseal(name: str, sealed: bytes) -> bytes:
    """What `seal` closed under this name; raise `FileDamaged` for anything else."""
    key_id, header, nonce, ciphertext = _split(sealed)
    key = file_keys(settings.FILE_KEYS).get(key_id)
    if key is None:
        raise FileDamaged(f"no key {key_id!r}")
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, header + name.encode())
    except InvalidTag as error:
        raise FileDamaged("the seal is broken") from error


def delete(name: str) -> None:
    """Remove a file at once; a missing one is already removed."""
    _inner().delete(name)


def delete_after_commit(*names: str) -> None:
    """Remove files once their rows are gone for good: a rolled back deletion loses nothing."""
    for name in names:
        transaction.on_commit(partial(delete, name), robust=True)


def stored_names() -> Iterator[str]:
    """Every file there is."""
    inner = _inner()
    try:
        folders = inner.listdir("")[0]
    except FileNotFoundError:  # a folder is made with its first file
        return
    for folder in folders:
        for name in inner.listdir(folder)[1]:
            yield f"{folder}/{name}"


def models_with_files() -> list[type[Model]]:
    """Every model whose rows point to a stored file, found without importing a procedure."""
    return [
        model
        for model in apps.get_models()
        if any(field.name == "storage_name" for field in model._meta.get_fields())
    ]


def owned_names() -> set[str]:
    """The storage names that a row still points to."""
    return {
        name
        for model in models_with_files()
        for name in model._base_manager.values_list("storage_name", flat=True)
    }


def orphans(*, before: datetime) -> list[str]:
    """Files no row points to, written before this instant (younger rows may be on their way)."""
    # The files first: a row written in between then protects its file.
    names = list(stored_names())
    owned = owned_names()
    # A bucket is asked for the age of one file at a time.
    return [
        name for name in names if name not in owned and _inner().get_modified_time(name) < before
    ]


def damaged_names() -> list[str]:
    """Files that a row points to and that cannot be opened: lost, changed, or without their key."""
    damaged = []
    for name in sorted(owned_names()):
        try:
            read(name)
        except FileDamaged:
            damaged.append(name)
    return damaged


def rotate_keys() -> tuple[int, int]:
    """Seal again, under the current key, every file that another one seals.

    Return how many were, and how many cannot be opened any more, which stay as they are. Each file
    is written under a new name before its row is pointed to it: a crash leaves either the old file
    in use, or an orphan for `sweep_files`.
    """
    rotated = lost = 0
    for model in models_with_files():
        for name in model._base_manager.values_list("storage_name", flat=True):
            try:
                if key_id_of(name) == current_key_id():
                    continue
                content = read(name)
            except FileDamaged:
                lost += 1
                continue
            with transaction.atomic():
                renewed = save(content)
                model._base_manager.filter(storage_name=name).update(storage_name=renewed)
                delete_after_commit(name)
            rotated += 1
    return rotated, lost


def key_id_of(name: str) -> str:
    """Which key seals this file."""
    return _split(_sealed_bytes(name))[0]


def current_key_id() -> str:
    return next(iter(file_keys(settings.FILE_KEYS)))


@cache
def file_keys(setting: str) -> dict[str, bytes]:
    """Read « id:key,id:key »; keys are 32 bytes in base64, and the first one seals."""
    keys = {}
    for item in filter(None, (part.strip() for part in setting.split(","))):
        key_id, _, encoded = item.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not 1 <= len(key_id.encode()) <= 40 or len(key) != 32:
            raise ImproperlyConfigured(
                "FILE_KEYS: write « id:key », the key being 32 bytes in base64."
            )
        keys[key_id] = key
    if not keys:
        raise ImproperlyConfigured("FILE_KEYS manque : les pièces ne peuvent pas être chiffrées.")
    return keys


def _inner() -> Storage:
    return storages["private"]


def _sealed_bytes(name: str) -> bytes:
    try:
        with _inner().open(name) as stored:
            sealed: bytes = stored.read()
    except FileNotFoundError as error:
        raise FileDamaged("file not found") from error
    return sealed


def seal(name: str, content: bytes) -> bytes:
    """Encrypt under the current key; `name` is what it is about, and opens nothing else."""
    key_id, key = next(iter(file_keys(settings.FILE_KEYS).items()))
    header = MAGIC + bytes([len(key_id.encode())]) + key_id.encode()
    nonce = os.urandom(NONCE_LENGTH)
    return header + nonce + AESGCM(key).encrypt(nonce, content, header + name.encode())


def _split(sealed: bytes) -> tuple[str, bytes, bytes, bytes]:
    start = len(MAGIC) + 1
    if not sealed.startswith(MAGIC) or len(sealed) < start:
        raise FileDamaged("not a sealed file")
    end = start + sealed[len(MAGIC)]
    nonce, ciphertext = sealed[end : end + NONCE_LENGTH], sealed[end + NONCE_LENGTH :]
    if len(ciphertext) < 16:
        raise FileDamaged("the file is cut short")
    return sealed[start:end].decode(errors="replace"), sealed[:end], nonce, ciphertext
