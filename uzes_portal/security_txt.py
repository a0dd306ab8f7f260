"""Whom to tell about a weakness: /.well-known/security.txt (RFC 9116)."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

#: RFC 9116, 2.5.5: less than a year ahead. Readers who keep a copy come back within this time.
VALID_FOR = timedelta(days=180)


def security_text(*, contact: str, canonical: str, at: datetime) -> str:
    """The file's lines; it stops being valid some months after the day it is read."""
    expires = (at.astimezone(UTC) + VALID_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = {
        "Contact": contact,
        "Expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Preferred-Languages": "fr, en",
        "Canonical": canonical,
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """The contact of the settings, else the page that says how to reach the mairie."""
    text = security_text(
        contact=settings.SECURITY_CONTACT or settings.SITE_URL + reverse("demarches:mairie"),
        canonical=settings.SITE_URL + reverse("security-txt"),
        at=timezone.now(),
    )
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
