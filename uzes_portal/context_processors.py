"""What the foot of every page says about the portal."""

from django.http import HttpRequest
from django.utils import timezone

from uzes_portal.accessibility import recorded_audit, status


def accessibility(request: HttpRequest) -> dict[str, str]:
    return {"accessibility_status": status(recorded_audit(), timezone.localdate())}
