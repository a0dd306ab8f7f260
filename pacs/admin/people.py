"""Who acts at the desk."""

from collections.abc import Iterable

from django.http import HttpRequest
from django.utils import timezone

from demarches.accounts.acting import agent_of, version_of
from pacs.actions.readings import note_readings
from pacs.models import Dossier, Registration

__all__ = ["agent_of", "note", "version_of"]


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
