"""What opens a follow-up without an account: a reference one may say aloud, and a secret.

The alphabet leaves out what is misread on paper (0 O 1 I L). A secret of sixteen such signs is
one of 10^23: it is not guessed, so its digest needs no slow hash.
"""

import re
import secrets
from hashlib import sha256
from hmac import compare_digest

from demarches.rules.nir import find_private_number

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
PREFIX = "CV"
GROUP = 4
SECRET_SIGNS = 16
#: What people put between the groups of a code.
TYPED_BETWEEN = ("-", " ", "")


def _grouped(signs: str) -> str:
    return "-".join(signs[i : i + GROUP] for i in range(0, len(signs), GROUP))


def _random(length: int) -> str:
    return _grouped("".join(secrets.choice(ALPHABET) for _ in range(length)))


def new_reference() -> str:
    """« CV-7K4M-2PQX »: says nothing of when or for whom."""
    return f"{PREFIX}-{_random(2 * GROUP)}"


def new_secret() -> str:
    """« 7K4M-2PQX-AB3D-9F7H »; never one that the form it is typed in would take for an IBAN."""
    secret = _random(SECRET_SIGNS)
    while any(find_private_number(secret.replace("-", between)) for between in TYPED_BETWEEN):
        secret = _random(SECRET_SIGNS)
    return secret


def _signs(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def parse_code_reference(text: str) -> str | None:
    """Read a reference as people type it; None when it is not one of ours."""
    signs = _signs(text)
    body = signs.removeprefix(PREFIX)
    if body == signs or len(body) != 2 * GROUP or not set(body) <= set(ALPHABET):
        return None
    return f"{PREFIX}-{_grouped(body)}"


def digest(reference: str, secret: str) -> str:
    """What is kept of a secret: bound to its reference, the same however it is typed."""
    return sha256(f"{reference}:{_signs(secret)}".encode()).hexdigest()


def opens(kept: str, reference: str, secret: str) -> bool:
    """Whether the secret is the right one; as slow for a wrong one, and without one never."""
    return compare_digest(kept or "-", digest(reference, secret))
