"""Who acts at the desk."""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from demarches.models import User
from demarches.rules.numbers import read_number
from pacs.actions.readings import note_readings
from pacs.models import Dossier, Registration


def agent_of(request: HttpRequest) -> User:
    """The agent; the admin site has already checked that they are staff."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def version_of(request: HttpRequest) -> int:
    """The version the agent was looking at; without one, nothing matches."""
    return read_number(request.POST.get("version", "")) or 0


def note(
    request: HttpRequest,
    what: str,
    *dossiers: Dossier | int,
    registrations: Iterable[Registration | int] = (),
) -> None:
    """Write down what this page shows of people, before it is shown; every page of the desk does.

    A table over every address of the desk tells a page that forgets (tests/test_readings.py).
    """
    note_readings(
        agent_of(request),
        what,
        at=timezone.now(),
        dossiers=dossiers,
        registrations=registrations,
    )
