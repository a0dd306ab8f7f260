"""Passwords found in a theft elsewhere (ASVS 6.2.12): refused from a file, asking no other server.

The file is the one of « Pwned Passwords », ordered by digest: a line for each password, its SHA-1
in capitals, then « : » and a count. Forty gigabytes, or any part of it: it is never read whole.
"""

import hashlib
import logging
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError

logger = logging.getLogger(__name__)

DIGEST_LENGTH = 40


class BreachedPasswordsValidator:
    """Refuse a password of the file `BREACHED_PASSWORDS_FILE`; without a file, refuse nothing.

    A file that cannot be read refuses every new password: no answer is no agreement.
    """

    def validate(self, password: str, user: object = None) -> None:
        path = settings.BREACHED_PASSWORDS_FILE
        if not path:
            return
        try:
            is_known = is_listed(Path(path), password)
        except OSError as error:
            logger.exception("breached_passwords_unreadable")
            raise ValidationError(
                "La liste des mots de passe volés ne se lit pas : prévenez un administrateur du"
                " portail. Votre mot de passe n’a pas changé.",
                code="breached_passwords_unreadable",
            ) from error
        if is_known:
            raise ValidationError(
                "Ce mot de passe figure dans une liste de mots de passe volés sur d’autres sites :"
                " choisissez-en un autre, que vous n’utilisez nulle part ailleurs.",
                code="breached_password",
            )

    def get_help_text(self) -> str:
        return "Votre mot de passe ne doit pas être l’un de ceux déjà volés sur d’autres sites."


def is_listed(path: Path, password: str) -> bool:
    """Whether the file has this password: by bisection, some forty lines of it are read.

    Raises `OSError` when the file cannot be read.
    """
    # The digest is the key of that file; nothing is protected by it here.
    sought = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with path.open("rb") as lines:
        # A line that begins within [low, high) may be the one.
        low, high = 0, lines.seek(0, 2)
        while low < high:
            middle = (low + high) // 2
            if middle > low:
                lines.seek(middle - 1)
                lines.readline()
            else:
                lines.seek(low)
            if lines.tell() >= high:
                high = middle
                continue
            found = lines.readline()[:DIGEST_LENGTH].upper()
            if found == sought:
                return True
            if found < sought:
                low = lines.tell()
            else:
                high = middle
    return False
