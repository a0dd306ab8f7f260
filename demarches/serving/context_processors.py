"""What every page shows about the mairie."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from demarches.models import Entrance, Mairie
from demarches.rules.opening_hours import Today


def mairie(request: HttpRequest) -> dict[str, Any]:
    """`mairie` (its row), `today` (open or closed, in a sentence), `entrances`: read when shown.

    One query a page, four more after a change of the hours. All are false in templates
    while no mairie has been set up.
    """
    found = SimpleLazyObject(Mairie.objects.current)

    def today() -> Today | None:
        return found.schedule(at).today(at) if found else None

    def entrances() -> tuple[Entrance, ...]:
        return found.schedule(at).entrances if found else ()

    at = timezone.now()
    return {
        "mairie": found,
        "today": SimpleLazyObject(today),
        "entrances": SimpleLazyObject(entrances),
    }
