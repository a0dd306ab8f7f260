"""Short secrets kept in the database (the seed of an agent's codes), sealed like the files.

The key is derived from the ring of `demarches.files.storage` (`FILE_KEYS`), one for each purpose,
so that a stolen database alone opens nothing.

A sealed text: « key id:base64(nonce, ciphertext and tag) »; purpose and key id are authenticated.
"""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from demarches.files.storage import NONCE_LENGTH, current_key_id, file_keys


class SecretDamaged(Exception):
    """The sealed text is not one of ours, or its key is not known any more."""


def seal(text: str, *, purpose: str) -> str:
    """Seal a text under the first key of the ring."""
    key_id = current_key_id()
    nonce = os.urandom(NONCE_LENGTH)
    sealed = AESGCM(_key(key_id, purpose)).encrypt(nonce, text.encode(), _bound(key_id, purpose))
    return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"


def unseal(sealed: str, *, purpose: str) -> str:
    """Open a sealed text; raise `SecretDamaged` rather than give another one."""
    key_id, _, encoded = sealed.rpartition(":")
    try:
        raw = base64.b64decode(encoded, validate=True)
        nonce, ciphertext = raw[:NONCE_LENGTH], raw[NONCE_LENGTH:]
        plain = AESGCM(_key(key_id, purpose)).decrypt(nonce, ciphertext, _bound(key_id, purpose))
    except (InvalidTag, ValueError, KeyError) as error:
        raise SecretDamaged from error
    return plain.decode()


def is_current(sealed: str) -> bool:
    """Whether the first key of the ring seals it."""
    return sealed.rpartition(":")[0] == current_key_id()


def _key(key_id: str, purpose: str) -> bytes:
    ring = file_keys(settings.FILE_KEYS)
    return HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(ring[key_id])


def _bound(key_id: str, purpose: str) -> bytes:
    return f"{purpose}:{key_id}".encode()
