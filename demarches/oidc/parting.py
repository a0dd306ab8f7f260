"""What the session keeps of an identification, and how both sessions end together.

Leaving the portal leaves FranceConnect too (its rules make it compulsory), and ProConnect.
"""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare

from demarches.oidc.client import Identity
from demarches.oidc.providers import NAMES, configured

#: The session over there, to be ended: provider, its address, identity token.
OPEN_KEY = "openid_open"
#: State of an end of session under way.
LEAVING_KEY = "openid_leaving"


def remember(request: HttpRequest, identity: Identity) -> None:
    """A session is open at the provider: keep what ends it."""
    request.session[OPEN_KEY] = {
        "provider": identity.provider.slug,
        "url": identity.end_session_url,
        "id_token": identity.id_token,
    }


def open_session(request: HttpRequest) -> Mapping[str, Any] | None:
    """What `leave` needs; take it before the portal's own session ends."""
    kept: Mapping[str, Any] | None = request.session.get(OPEN_KEY)
    return kept if kept and configured(kept["provider"]) else None


def leave(request: HttpRequest, kept: Mapping[str, Any]) -> HttpResponse:
    """Send the browser to the provider's end of session; it comes back to « left »."""
    provider = configured(kept["provider"])
    if provider is None:
        raise ValueError("the provider is off")
    state = secrets.token_urlsafe(32)
    request.session.pop(OPEN_KEY, None)
    request.session[LEAVING_KEY] = state
    params = {
        "id_token_hint": kept["id_token"],
        "state": state,
        "post_logout_redirect_uri": provider.left_url,
    }
    return go(request, f"{kept['url']}?{urlencode(params)}", provider.slug, leaving=True)


def has_left(request: HttpRequest) -> bool:
    """The browser brings back the state of its own end of session; it serves once."""
    expected = request.session.pop(LEAVING_KEY, "")
    if expected and not request.user.is_authenticated:
        request.session.flush()
    return bool(expected) and constant_time_compare(expected, request.GET.get("state", ""))


def go(request: HttpRequest, url: str, slug: str, *, leaving: bool = False) -> HttpResponse:
    """A page that sends the browser on at once.

    Not a redirect: it would answer a form, and Chromium holds every hop that follows a form
    (the provider's own identity providers, too) to our `form-action 'self'`.
    """
    context = {"url": url, "name": NAMES[slug], "leaving": leaving}
    response = render(request, "account/openid_go.html", context)
    response["Cache-Control"] = "no-store"
    return response
