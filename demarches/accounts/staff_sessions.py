"""The sessions of agents: each is a row, ended by time, by its owner or by an administrateur.

One place decides who an agent's request belongs to: `StaffSessionMiddleware`. Whatever reads
`request.user` afterwards (the desk, a page of residents, a download) gets nobody until the
session is alive and the second factor was given.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import SimpleLazyObject

from demarches.models import SignIn, StaffSession, User
from demarches.rules.staff_sessions import SignInResult, address_prefix, browser_words
from demarches.serving.ratelimit import client_ip

SESSION_KEY = "staff_session"
PROCONNECT_BACKEND = "demarches.oidc.links.ProConnectBackend"


class StaffSessionMiddleware:
    """Give the views the agent whose session is alive and complete, and nobody else.

    `request.pending_agent`: the agent who has typed a password and still owes the second factor.
    `request.staff_session`: the row of the agent that `request.user` is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        signed_in = request.user
        # Lazily: a public page that asks nobody's name reads no session.
        request.user = SimpleLazyObject(  # type: ignore[assignment]
            lambda: effective_user(request, signed_in)
        )
        return self.get_response(request)


def effective_user(request: HttpRequest, signed_in: Any) -> Any:
    """Who the views see: a resident as they are, an agent when everything is there, or nobody.

    Effect: a session that is over is flushed, and its row deleted.
    """
    if not isinstance(signed_in, User) or not signed_in.is_staff:
        return signed_in
    at = timezone.now()
    row = StaffSession.objects.filter(
        pk=request.session.get(SESSION_KEY, 0), user_id=signed_in.pk
    ).first()
    if row is None or row.is_over(at):
        if row is not None:
            row.delete()
        request.session.flush()
        return AnonymousUser()
    row.touch(at)
    request.staff_session = row  # type: ignore[attr-defined]
    if settings.STAFF_SECOND_FACTOR and row.second_factor_at is None:
        request.pending_agent = signed_in  # type: ignore[attr-defined]
        return AnonymousUser()
    return signed_in


def pending_agent(request: HttpRequest) -> User | None:
    """The agent who still owes the second factor; None for anybody else."""
    if request.user.is_authenticated:  # reading it is what decides
        return None
    agent: User | None = getattr(request, "pending_agent", None)
    return agent


def session_of(request: HttpRequest) -> StaffSession | None:
    """The row of this browser's session, complete or not."""
    _ = request.user.is_authenticated
    row: StaffSession | None = getattr(request, "staff_session", None)
    return row


def complete(request: HttpRequest, *, at: datetime) -> None:
    """The second factor was given: the session counts from now, under a new key."""
    row = session_of(request)
    if row is not None:
        StaffSession.objects.filter(pk=row.pk).update(second_factor_at=at)
        request.session.cycle_key()


def sign_in_before(request: HttpRequest) -> SignIn | None:
    """The agent's last sign-in before this session: what they may not remember having done."""
    row = session_of(request)
    if row is None:
        return None
    earlier = SignIn.objects.filter(user_id=row.user_id, at__lt=row.started_at)
    ways_in = (SignInResult.PASSWORD.value, SignInResult.PROCONNECT.value)
    return earlier.filter(result__in=ways_in).first()


def end_sessions(agent: User, *, but: StaffSession | None = None) -> int:
    """End every session of this agent but one; return how many browsers were signed out."""
    rows = StaffSession.objects.filter(user=agent).exclude(pk=but.pk if but else 0)
    return rows.delete()[0]


# The log of who tried


def log_sign_in(
    result: SignInResult, *, request: HttpRequest | None, user: User | None = None, typed: str = ""
) -> None:
    """Write a try down; of an unknown account only a keyed digest of what was typed."""
    mark = salted_hmac("demarches.sign_in", typed, algorithm="sha256").hexdigest()[:16]
    SignIn.objects.create(
        user=user,
        typed="" if user is not None or not typed else mark,
        at=timezone.now(),
        result=result.value,
        address=address_prefix(client_ip(request)) if request is not None else "",
    )


def on_logged_in(sender: object, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Open the row of an agent's session, whichever way they signed in."""
    if not user.is_staff:
        return
    at = timezone.now()
    # ProConnect says that it asked for two factors, or its door stays shut (`demarches.oidc`).
    by_provider = request.session.get(BACKEND_SESSION_KEY) == PROCONNECT_BACKEND
    row = StaffSession.objects.create(
        user=user,
        second_factor_at=at if by_provider else None,
        started_at=at,
        last_seen_at=at,
        address=address_prefix(client_ip(request)),
        browser=browser_words(request.headers.get("User-Agent", "")),
    )
    request.session[SESSION_KEY] = row.pk
    result = SignInResult.PROCONNECT if by_provider else SignInResult.PASSWORD
    log_sign_in(result, request=request, user=user)


def on_login_failed(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """A wrong password, or the name of nobody at the desk."""
    typed = str(credentials.get("username") or "")
    agent = User.objects.agent_called(typed)
    result = SignInResult.WRONG if agent else SignInResult.UNKNOWN
    log_sign_in(result, request=request, user=agent, typed=typed)


def connect() -> None:
    """Listen to Django's own signals of sign-in; called once, when the app is ready."""
    user_logged_in.connect(on_logged_in, dispatch_uid="demarches.staff_session")
    user_login_failed.connect(on_login_failed, dispatch_uid="demarches.sign_in")
