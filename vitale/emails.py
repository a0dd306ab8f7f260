"""One function per mail of the follow-ups; called inside the transaction of what they tell.

Subjects and reminders say nothing of the situation: a mail is read on a locked phone. None
looks like a mail of the Assurance maladie, and none asks to confirm anything there.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from post_office.models import Email

from demarches.emails import queue_mail
from demarches.models import Mairie
from vitale.models import Demande, DemandeMail, Suivi, SuiviMail, SuiviRoute
from vitale.tokens import reminder_token


def _queue(template: str, *, to: str, key: str, secret: bool = False, **context: Any) -> Email:
    return queue_mail(
        to=to,
        template=f"vitale/emails/{template}",
        context={
            "mairie": Mairie.objects.first(),
            "open_url": f"{settings.SITE_URL}{reverse('vitale:codes-open')}",
            **context,
        },
        key=key,
        secret=secret,
    )


def _to_resident(template: str, suivi: Suivi, *, key: str) -> None:
    """Queue a mail of an aide-mémoire; its text is erased once it has left: no agent reads it."""
    path = reverse("vitale:suivi-reminder-choice", args=[reminder_token(suivi)])
    email = _queue(
        template,
        to=suivi.reminder_email,
        key=key,
        secret=True,
        suivi=suivi,
        choice_url=f"{settings.SITE_URL}{path}",
    )
    SuiviMail.objects.create(suivi=suivi, email=email)


def confirm_reminders(suivi: Suivi, *, at: datetime) -> None:
    """Ask whoever reads this address whether they want the reminders."""
    _to_resident("confirm_reminders", suivi, key=f"confirm:{suivi.pk}:{at.isoformat()}")


def reminder(route: SuiviRoute, *, step: str) -> None:
    """One reminder, of one step."""
    _to_resident("reminder", route.suivi, key=f"reminder:{route.pk}:{step}")


def _tell(kind: str, demande: Demande, *, at: datetime, **context: Any) -> None:
    """Queue a mail to whoever left an address, and note it either way."""
    email = None
    if demande.email:
        email = _queue(
            kind,
            to=demande.email,
            key=f"{kind}:{demande.pk}",
            demande=demande,
            demande_url=f"{settings.SITE_URL}{demande.get_absolute_url()}",
            **context,
        )
    DemandeMail.objects.create(demande=demande, kind=kind, at=at, email=email)


def aide_received(demande: Demande, *, at: datetime) -> None:
    """Say that the request is here."""
    _tell("aide_received", demande, at=at)


def aide_answered(demande: Demande, *, at: datetime) -> None:
    """Give the answer, and where to go when the mairie orients."""
    _tell("aide_answered", demande, at=at)
