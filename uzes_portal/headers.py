"""Headers that every answer carries, whoever made it: a page, a file, a redirection, a refusal.

Three middlewares. The first stands before all others, so that what never reaches a view (static
files, the redirection to HTTPS, a host that is refused) is protected too. The second refuses the
methods of no browser. The third empties the browser whenever somebody's way in ends, whichever
address ended it.
"""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string

from demarches.procedures import procedures
from demarches.steps.kept_answers import forget_all

type GetResponse = Callable[[HttpRequest], HttpResponse]

#: For an answer that is no page of ours: it loads nothing, runs nothing, stands in no frame.
STRICT_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
#: Where browsers tell what a policy stopped; the name stands in `report-to`.
REPORT_GROUP = "csp"
REPORT_PATH = "/rapports/csp/"

#: No browser sends another one to us. TRACE would send back what a script may not read.
METHODS = ("GET", "HEAD", "POST", "OPTIONS")

#: Not "cookies": browsers would clear those of the whole domain, other sites included.
CLEARED = '"cache", "storage"'


class EveryAnswerMiddleware:
    """Give every answer a policy, and keep other origins from embedding or opening it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.setdefault("Content-Security-Policy", STRICT_POLICY)
        # What SecurityMiddleware sets, for the refusals that it raises itself.
        response.setdefault("X-Content-Type-Options", "nosniff")
        response.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        if response.get("Content-Type", "").startswith("text/html"):
            response.setdefault("Cross-Origin-Embedder-Policy", "require-corp")
            response.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            response.setdefault("Reporting-Endpoints", f'{REPORT_GROUP}="{REPORT_PATH}"')
        return response


class MethodsMiddleware:
    """Refuse any method but those of browsers (405), whatever the address."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS, render_to_string("405.html"))
        return self.get_response(request)


class WaysOutMiddleware:
    """Leave nothing behind on a shared computer, once somebody's way in has ended."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # An anonymous reader has no session: nothing is read, and their page may be cached.
        before = ways_in(request.session) if settings.SESSION_COOKIE_NAME in request.COOKIES else {}
        key = request.session.session_key
        response = self.get_response(request)
        if before and before.items() - ways_in(request.session).items():
            response["Clear-Site-Data"] = CLEARED
            forget_all(str(key))
        return response


def ways_in(session: SessionBase) -> dict[str, str]:
    """What lets somebody in now, by the name it has in the session.

    A way in counts once, however many follow-ups it opens: one that expired ends nothing, while
    somebody else's account in the place of the first one does.
    """
    # An account, then what a procedure opens without one: a handed-over device, a follow-up.
    keys = (SESSION_KEY, *(key for one in procedures() for key in one.ways_in))
    held = {key: session.get(key) for key in keys}
    account = held.get(SESSION_KEY)
    return {
        key: str(account) if key == SESSION_KEY else "open" for key, value in held.items() if value
    }
