"""The links in the mails of an aide-mémoire; they die when its address changes.

They hold no address: links are kept by proxies, histories and mail programs.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from demarches.rules.addresses import same_address
from vitale.models import Suivi

SALT = "vitale.reminders"
RECOVERY_SALT = "vitale.recovery"
#: Long enough to find the mail, too short for who opens an old mailbox.
RECOVERY_LIFE = timedelta(hours=1)


def reminder_token(suivi: Suivi) -> str:
    """What says yes to the reminders, or stops them."""
    return signing.dumps([suivi.pk, _mark(SALT, _address_of(suivi))], salt=SALT)


def suivi_of_token(token: str) -> Suivi | None:
    """The aide-mémoire whose reminders this link is about; it opens nothing else."""
    pk, mark = _read(token, salt=SALT)
    suivi = Suivi.objects.filter(pk=pk).exclude(reminder_email="").first()
    if suivi is None or not isinstance(mark, str):
        return None
    # Links mailed before held the address itself: they live as long as the address they name.
    if "@" in mark:
        return suivi if same_address(mark, suivi.reminder_email) else None
    return suivi if _is_mark(mark, SALT, _address_of(suivi)) else None


def recovery_token(suivi: Suivi) -> str:
    """What opens the aide-mémoire for a while, without its codes."""
    return signing.dumps([suivi.pk, _mark(RECOVERY_SALT, _ways_in(suivi))], salt=RECOVERY_SALT)


def suivi_of_recovery(token: str) -> Suivi | None:
    """The aide-mémoire that this link opens; None when it is too old, or for another address.

    New codes end the link, but not what its address may ask for: the page of the codes says so.
    """
    pk, mark = _read(token, salt=RECOVERY_SALT, max_age=RECOVERY_LIFE)
    suivi = Suivi.objects.filter(pk=pk).first()
    if suivi is None or not isinstance(mark, str):
        return None
    if not Suivi.objects.opened_by(suivi.reminder_email).filter(pk=suivi.pk).exists():
        return None
    return suivi if _is_mark(mark, RECOVERY_SALT, _ways_in(suivi)) else None


def _read(token: str, *, salt: str, max_age: timedelta | None = None) -> tuple[Any, Any]:
    try:
        pk, mark = signing.loads(token, salt=salt, max_age=max_age)
    except (signing.BadSignature, ValueError, TypeError):
        return None, None
    return pk, mark


def _address_of(suivi: Suivi) -> str:
    return f"{suivi.pk}:{suivi.reminder_email}"


def _ways_in(suivi: Suivi) -> str:
    return f"{_address_of(suivi)}:{suivi.secret_digest}"


def _mark(salt: str, text: str, key: str | None = None) -> str:
    """What tells this text from any other, and tells nobody what it is."""
    return salted_hmac(salt, text, secret=key, algorithm="sha256").hexdigest()[:32]


def _is_mark(mark: str, salt: str, text: str) -> bool:
    """Under the key of today, or one of those before it that still open links."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(mark, _mark(salt, text, key)) for key in keys)
