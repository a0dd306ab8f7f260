"""What every page shows about the mairie."""

from typing import Any

from django.http import HttpRequest


def mairie(request: HttpRequest) -> dict[str, Any]:
    return {}
