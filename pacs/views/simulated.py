"""The simulator's answers on their way to a dossier: kept in the session, in no other address.

The address of the sign-in page is written into logs and histories: whoever has answered about a
tutelle or an asylum keeps that to themselves.
"""

from urllib.parse import parse_qsl

from django.http import HttpRequest
from django.utils import timezone
from django.utils.timezone import localdate

from pacs.forms.simulator import read_journey
from pacs.models import PacsSettings

SESSION_KEY = "pacs_simulated"


def keep_answers(request: HttpRequest) -> None:
    """Keep the valid answers of this address until a dossier opens, or the session ends."""
    journey = read_journey(
        request.GET,
        today=localdate(timezone.now()),
        dematerialisation=PacsSettings.current().dematerialisation,
    )
    if journey.query:
        request.session[SESSION_KEY] = journey.query


def kept_answers(request: HttpRequest) -> dict[str, str]:
    """The answers kept in this session, as the simulator's forms name them."""
    return dict(parse_qsl(request.session.get(SESSION_KEY, "")))


def forget_answers(request: HttpRequest) -> None:
    """They are in a dossier now."""
    request.session.pop(SESSION_KEY, None)
