"""How often a password may be guessed at the agents' door, without shutting an agent out.

Four budgets (`settings.RATE_LIMITS`), all of which count a try:

- `staff_ip`: a network, whatever it tries;
- `staff_account`: an account from one network;
- `staff_account_anywhere`: an account from everywhere, for those who guess from many networks;
- `staff_device`: an account from a browser where its agent has already signed in. It alone counts
  there, so that a stranger who uses the other budgets up does not shut the agent out.
"""

import secrets
import unicodedata

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from demarches.accounts.staff_sessions import log_sign_in
from demarches.models import User
from demarches.rules.addresses import canonical_address
from demarches.rules.staff_sessions import SignInResult, address_prefix
from demarches.serving.ratelimit import client_ip, seconds_to_wait

COOKIE = "agent_device"
COOKIE_AGE = 180 * 24 * 3600
SALT = "demarches.agent_device"


def account_key(typed: str) -> str:
    """One key for every spelling that the sign-in takes for the same account.

    Django's own field composes what is typed (NFKC) before it looks the account up.
    """
    composed = unicodedata.normalize("NFKC", typed)
    return canonical_address(composed) or composed.strip().casefold()[:254]


def seconds_before_guess(request: HttpRequest) -> int:
    """Count one try; 0 when it may be read, else the seconds until the next one may.

    Effect: a refused try is written in the log of sign-ins.
    """
    account = account_key(request.POST.get("username", ""))
    network = address_prefix(client_ip(request)) or client_ip(request)
    if device := _known_device(request, account):
        budgets = [("staff_device", device)]
    else:
        budgets = [
            ("staff_ip", client_ip(request)),
            ("staff_account", f"{account}:{network}"),
            ("staff_account_anywhere", account),
        ]
    seconds = max(seconds_to_wait(scope, key) for scope, key in budgets)
    if seconds:
        agent = User.objects.agent_called(account)
        log_sign_in(SignInResult.LIMITED, request=request, user=agent, typed=account)
    return seconds


def remember_device(response: HttpResponse, agent: User) -> None:
    """Tell this browser from a stranger's next time; the cookie opens nothing by itself."""
    response.set_cookie(
        COOKIE,
        signing.dumps([agent.pk, secrets.token_urlsafe(16)], salt=SALT),
        max_age=COOKIE_AGE,
        path=f"/{settings.ADMIN_PATH}/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_device(request: HttpRequest, account: str) -> str:
    """The browser's own key, if this agent has signed in there; "" otherwise."""
    try:
        pk, mark = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=COOKIE_AGE)
    except signing.BadSignature:
        return ""
    agent = User.objects.agent_called(account)
    return f"{pk}:{mark}" if agent is not None and agent.pk == pk else ""
