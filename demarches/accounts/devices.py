"""A mail when somebody enters an account from a browser it has never been entered from.

A browser that has been in keeps a signed mark of the account: no name, no address, nothing that
another site or another account reads. It gives no right: it only spares a mail.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from demarches.mail.emails import queue_mail
from demarches.models import User

SALT = "demarches.devices"
#: Half a year; entering again begins it anew.
KEPT_SECONDS = 180 * 86_400
#: A family may share a browser.
ACCOUNTS_KEPT = 6


class DeviceMiddleware:
    """Leave the mark with the answer to a sign-in, whichever way in was taken."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user: User | None = getattr(request, "entered_account", None)
        if user is not None:
            kept = [_mark(user), *(one for one in _marks(request) if one != _mark(user))]
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                signing.dumps(kept[:ACCOUNTS_KEPT], salt=SALT),
                max_age=KEPT_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def note_entry(request: HttpRequest, user: User, *, was_in: datetime | None) -> None:
    """Somebody has just entered this account; told by mail when the browser is a new one.

    `was_in`: when the account was last entered; None at the very first time, which is no news.
    """
    request.entered_account = user  # type: ignore[attr-defined]
    if was_in is None or _mark(user) in _marks(request):
        return
    at = timezone.now()
    context: dict[str, Any] = {
        "at": at,
        "sign_in_url": settings.SITE_URL + reverse("account_login"),
    }
    key = f"{user.pk}:{at.isoformat()}"
    queue_mail(to=user.email, template="account/email/new_device", context=context, key=key)


def _mark(user: User) -> str:
    return salted_hmac(SALT, str(user.pk), algorithm="sha256").hexdigest()[:32]


def _marks(request: HttpRequest) -> list[str]:
    """The accounts that have been entered from this browser; none when the mark is forged."""
    try:
        held = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=KEPT_SECONDS
        )
    except signing.BadSignature:
        return []
    return [one for one in held if isinstance(one, str)] if isinstance(held, list) else []
