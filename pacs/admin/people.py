"""Who acts at the desk."""

from collections.abc import Iterable, Sequence

from django.http import HttpRequest
from django.utils import timezone

from demarches.accounts.acting import agent_of, version_of
from pacs.actions.readings import note_readings
from pacs.models import Dossier, Partenaire, Registration

__all__ = ["agent_of", "note", "told", "version_of"]


def told(people: Sequence[Partenaire]) -> str:
    """Who gets a mail, and whom to call since no address of theirs is known."""
    return " ".join(
        f"{one.display_name} reçoit un mail."
        if one.mail_address
        else f"{one.display_name} n’a pas d’adresse e-mail : appelez cette personne"
        + (f" au {one.phone}." if one.phone else ".")
        for one in people
    )


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
