"""The pages of FranceConnect and ProConnect: go there, come back, link an account, leave."""

import logging
import time
from dataclasses import dataclass
from typing import Any, Self

from allauth.account.adapter import get_adapter
from allauth.socialaccount.internal import statekit
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from demarches.models import User
from demarches.oidc import links, parting
from demarches.oidc.client import Identity, ProviderRefusedError, identify, new_request
from demarches.oidc.providers import FRANCECONNECT, OpenIDProvider, configured
from demarches.rules.addresses import same_address
from demarches.rules.openid import REFUSALS, Refusal, refusal_of_error
from demarches.serving.ratelimit import rate_limited

logger = logging.getLogger(__name__)

#: An identity that waits to be linked, until its owner has proven the account.
PENDING_KEY = "openid_pending"
#: Longer than a code lives, so that its owner has the time to read it.
PENDING_SECONDS = 1200
LONGEST_CODE = 2048


@dataclass(frozen=True, slots=True)
class Pending:
    """Who came back and opens no account yet; kept in the session, good for twenty minutes."""

    provider: str
    subject: str
    email: str
    name: str
    next_url: str
    at: float

    @classmethod
    def of(cls, request: HttpRequest, provider: OpenIDProvider) -> Self | None:
        kept = request.session.get(PENDING_KEY)
        if not kept or kept["provider"] != provider.slug:
            return None
        pending = cls(**kept)
        if time.time() - pending.at < PENDING_SECONDS:
            return pending
        del request.session[PENDING_KEY]
        return None


@login_not_required
@require_POST
@never_cache
@rate_limited("sign_in_ip", reads=False)
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the browser to the provider, with a state and a nonce that its session keeps."""
    provider = _provider(slug)
    if _is_elsewhere(request, provider):
        return _refuse(request, provider, Refusal.OTHER_SPACE)
    try:
        asked = new_request(provider)
    except ProviderRefusedError as error:
        return _refuse(request, provider, error.why, error)
    kept = {"nonce": asked.nonce, "verifier": asked.verifier, "next": _next(request)}
    statekit.stash_state(request, provider_id=slug, state=kept, state_id=asked.state)
    return parting.go(request, asked.url, slug)


@login_not_required
@require_GET
@never_cache
@rate_limited("code_ip", reads=True)
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    """Whoever comes back with a state of this very browser, and a proof: in, or on to the link."""
    provider = _provider(slug)
    # Taken out of the session before anything else: a state serves once.
    kept = statekit.unstash_state(
        request, provider_id=slug, state_id=request.GET.get("state", ""), raises=False
    )
    if kept is None:
        return _refuse(request, provider, Refusal.STALE)
    if error := request.GET.get("error"):
        return _refuse(request, provider, refusal_of_error(error))
    code = request.GET.get("code", "")
    # RFC 9207: an answer that names another issuer was mixed up.
    if not 0 < len(code) <= LONGEST_CODE or request.GET.get("iss", provider.issuer) != (
        provider.issuer
    ):
        return _refuse(request, provider, Refusal.UNVERIFIED)
    if _is_elsewhere(request, provider):
        return _refuse(request, provider, Refusal.OTHER_SPACE)
    try:
        who = identify(provider, code=code, nonce=kept["nonce"], verifier=kept["verifier"])
    except ProviderRefusedError as refused:
        return _refuse(request, provider, refused.why, refused)
    return _enter(request, who, kept["next"])


def _enter(request: HttpRequest, who: Identity, next_url: str) -> HttpResponse:
    provider = who.provider
    request.session.pop(PENDING_KEY, None)  # of whoever was here before
    user = links.linked_user(provider.slug, who.subject)
    why = who.shortfall or (_refusal_of(provider, user) if user else _refusal_to_link(who))
    if why is None and user is not None:
        _open(request, provider, user)
    # After the sign-in, which may begin a new session; also when it is refused: the session
    # over there is open, and the page offers to end it.
    parting.remember(request, who)
    if why is not None:
        return _refuse(request, provider, why)
    if user is not None:
        return redirect(next_url or _home(provider))
    request.session[PENDING_KEY] = {
        "provider": provider.slug,
        "subject": who.subject,
        "email": who.email,
        "name": who.name,
        "next_url": next_url,
        "at": time.time(),
    }
    return redirect(f"{provider.slug}-link")


def _open(request: HttpRequest, provider: OpenIDProvider, user: User) -> None:
    if provider.slug == FRANCECONNECT:
        get_adapter(request).login(request, user)
    else:
        backend = links.ProConnectBackend
        login(request, user, backend=f"{backend.__module__}.{backend.__qualname__}")


def _refusal_of(provider: OpenIDProvider, user: User) -> Refusal | None:
    """FranceConnect opens no staff account, ProConnect nothing else; closed ones stay closed."""
    if not user.is_active:
        return Refusal.CLOSED
    if provider.slug == FRANCECONNECT:
        return Refusal.STAFF_ACCOUNT if user.is_staff else None
    return None if user.is_staff else Refusal.NOT_AN_AGENT


def _refusal_to_link(who: Identity) -> Refusal | None:
    """ProConnect makes no account: there must be an agent with this very address."""
    if who.provider.slug == FRANCECONNECT:
        return None
    return None if who.email and links.active_agent(who.email) else Refusal.NOT_AN_AGENT


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@rate_limited("code_ip", reads=False)
def link(request: HttpRequest, slug: str) -> HttpResponse:
    """Link an identity to an account, once its owner has entered it the ordinary way; or undo it.

    A resident types the mailed code, an agent the password: what the provider says of an address
    opens nothing by itself. Both then say yes, under the name that the provider gave: the person
    in front of a shared screen may be another one.
    """
    provider = _provider(slug)
    pending = Pending.of(request, provider)
    user = request.user if _is_in(request, provider) else None
    if not isinstance(user, User):
        if pending is None:
            return redirect(_door(provider))
        return _proof_page(request, provider, pending)
    if request.method == "POST" and request.POST.get("action") == "unlink":
        links.unlink(user, slug)
        messages.success(request, f"{provider.name} n’ouvre plus ce compte.")
        return redirect(_home(provider))
    if pending is None:
        context = {"provider": provider, "is_linked": links.is_linked(user, slug)}
        return render(request, "account/openid_linked.html", context)
    if slug != FRANCECONNECT and not same_address(user.email, pending.email):
        return _refuse(request, provider, Refusal.OTHER_ADDRESS)
    if request.method != "POST":
        context = {"provider": provider, "pending": pending}
        return render(request, "account/openid_link.html", context)
    del request.session[PENDING_KEY]
    if not links.link(user, slug, pending.subject):
        return _refuse(request, provider, Refusal.OTHER_IDENTITY)
    messages.success(request, f"{provider.name} ouvre maintenant ce compte.")
    return redirect(pending.next_url or _home(provider))


def _proof_page(request: HttpRequest, provider: OpenIDProvider, pending: Pending) -> HttpResponse:
    here = urlencode({"next": reverse(f"{provider.slug}-link")})
    context = {
        "provider": provider,
        "pending": pending,
        "is_resident": provider.slug == FRANCECONNECT,
        "door": f"{_door(provider)}?{here}",
        "here": reverse(f"{provider.slug}-link"),
    }
    return render(request, "account/openid_proof.html", context)


@login_not_required
@require_POST
@never_cache
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Forget the identity that waits, and end the session at the provider; ours goes on."""
    _provider(slug)
    request.session.pop(PENDING_KEY, None)
    elsewhere = parting.open_session(request)
    return redirect("home") if elsewhere is None else parting.leave(request, elsewhere)


@login_not_required
@require_GET
@never_cache
def left(request: HttpRequest, slug: str) -> HttpResponse:
    """Back from the provider's end of session."""
    provider = _provider(slug)
    context = {"provider": provider, "has_left": parting.has_left(request)}
    return render(request, "account/openid_left.html", context)


def _provider(slug: str) -> OpenIDProvider:
    provider = configured(slug)
    if provider is None:
        raise Http404
    return provider


def _is_in(request: HttpRequest, provider: OpenIDProvider) -> bool:
    """Somebody entered the kind of space that this provider opens."""
    if provider.slug == FRANCECONNECT:
        return request.user.is_authenticated and not request.user.is_staff
    return admin.site.has_permission(request)


def _is_elsewhere(request: HttpRequest, provider: OpenIDProvider) -> bool:
    """Somebody entered the other kind of space, in this browser."""
    if not request.user.is_authenticated:
        return False
    return bool(request.user.is_staff) is (provider.slug == FRANCECONNECT)


def _door(provider: OpenIDProvider) -> str:
    """The ordinary way in, which stays."""
    return reverse("account_login" if provider.slug == FRANCECONNECT else "admin:login")


def _home(provider: OpenIDProvider) -> str:
    if provider.slug == FRANCECONNECT:
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return reverse("admin:index")


def _next(request: HttpRequest) -> str:
    """Where to go on, when it is a page of ours."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if is_ours else ""


def _refuse(
    request: HttpRequest,
    provider: OpenIDProvider,
    why: Refusal,
    error: ProviderRefusedError | None = None,
) -> HttpResponse:
    """Say why nobody entered, and the way on; the log holds nothing of the person."""
    logger.warning("openid_refused provider=%s why=%s", provider.slug, error or why.value)
    words = REFUSALS[why]
    context: dict[str, Any] = {
        "provider": provider,
        "heading": why.label,
        "text": words.text.format(name=provider.name),
        "is_resident": provider.slug == FRANCECONNECT,
        "door": _door(provider),
        "can_leave": parting.open_session(request) is not None,
        "other_space": why is Refusal.OTHER_SPACE,
    }
    return render(request, "account/openid_refused.html", context, status=words.status)
