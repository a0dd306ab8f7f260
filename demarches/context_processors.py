"""What every page shows about the mairie."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from demarches.models import Mairie
from demarches.rules.opening_hours import Today


def mairie(request: HttpRequest) -> dict[str, Any]:
    """`mairie` (its row) and `today` (open or closed, in a sentence), read only when shown.

    One query a page, three more after a change of the hours. Both are false in templates
    while no mairie has been set up.
    """
    found = SimpleLazyObject(Mairie.objects.order_by("pk").first)

    def today() -> Today | None:
        return found.schedule(at).today(at) if found else None

    at = timezone.now()
    return {"mairie": found, "today": SimpleLazyObject(today)}
