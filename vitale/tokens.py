"""The link in a mail that says yes to reminders, or stops them; dies when the address changes."""

from django.core import signing

from vitale.models import Suivi

SALT = "vitale.reminders"


def reminder_token(suivi: Suivi) -> str:
    return signing.dumps([suivi.pk, suivi.reminder_email], salt=SALT)


def suivi_of_token(token: str) -> Suivi | None:
    """The aide-mémoire whose reminders this link is about; it opens nothing else."""
    try:
        pk, email = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Suivi.objects.filter(pk=pk, reminder_email=email).exclude(reminder_email="").first()
