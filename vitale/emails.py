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
from vitale.models import Demande, DemandeMail, Suivi, SuiviRoute
from vitale.tokens import reminder_token


def _queue(template: str, *, to: str, key: str, **context: Any) -> Email:
    return queue_mail(
        to=to,
        template=f"vitale/emails/{template}",
        context={
            "mairie": Mairie.objects.first(),
            "open_url": f"{settings.SITE_URL}{reverse('vitale:codes-open')}",
            **context,
        },
        key=key,
    )


def _choice_url(suivi: Suivi) -> str:
    path = reverse("vitale:suivi-reminder-choice", args=[reminder_token(suivi)])
    return f"{settings.SITE_URL}{path}"


def confirm_reminders(suivi: Suivi, *, at: datetime) -> Email:
    """Ask whoever reads this address whether they want the reminders."""
    return _queue(
        "confirm_reminders",
        to=suivi.reminder_email,
        key=f"confirm:{suivi.pk}:{at.isoformat()}",
        choice_url=_choice_url(suivi),
    )


def reminder(route: SuiviRoute, *, step: str) -> Email:
    """One reminder, of one step."""
    suivi = route.suivi
    return _queue(
        "reminder",
        to=suivi.reminder_email,
        key=f"reminder:{route.pk}:{step}",
        suivi=suivi,
        choice_url=_choice_url(suivi),
    )


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
