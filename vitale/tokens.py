"""The link in a mail that says yes to reminders, or stops them; dies when the address changes.

It holds no address: links are kept by proxies, histories and mail programs.
"""

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from demarches.rules.addresses import same_address
from vitale.models import Suivi

SALT = "vitale.reminders"


def reminder_token(suivi: Suivi) -> str:
    return signing.dumps([suivi.pk, _mark(suivi)], salt=SALT)


def suivi_of_token(token: str) -> Suivi | None:
    """The aide-mémoire whose reminders this link is about; it opens nothing else."""
    try:
        pk, mark = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    suivi = Suivi.objects.filter(pk=pk).exclude(reminder_email="").first()
    if suivi is None or not isinstance(mark, str):
        return None
    # Links mailed before held the address itself: they live as long as the address they name.
    is_same = same_address(mark, suivi.reminder_email) if "@" in mark else _is_mark(mark, suivi)
    return suivi if is_same else None


def _mark(suivi: Suivi, key: str | None = None) -> str:
    """What tells this address from any other, and tells nobody what it is."""
    text = f"{suivi.pk}:{suivi.reminder_email}"
    return salted_hmac(SALT, text, secret=key, algorithm="sha256").hexdigest()[:32]


def _is_mark(mark: str, suivi: Suivi) -> bool:
    """Under the key of today, or one of those before it that still open links."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(mark, _mark(suivi, key)) for key in keys)
