"""A POST is answered by a redirection, whatever it says: Back and Reload never send it again.

The page that a view answers a POST with (what is wrong, what changed meanwhile, a question) is
kept by `demarches.steps.kept_answers`, and shown by the GET of the same address. One place for
every form, so that none is forgotten (ADR 0065).
"""

import logging
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from django.contrib.sessions.backends.base import CreateError
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csp import get_nonce
from django.urls import Resolver404, resolve, reverse
from django.utils.cache import add_never_cache_headers
from django.utils.encoding import iri_to_uri

from demarches.procedures import Answers, procedures
from demarches.steps.kept_answers import LONGEST_PAGE, KeptAnswer, forget

logger = logging.getLogger(__name__)

#: In the address of a page that was kept.
PARAMETER = "refus"
#: On each of these pages, what is read first: it has the focus, without a script too.
ANCHOR = "a-lire"
#: A form with something wrong, an answer that changed meanwhile, a question before the last step.
#: The other refusals (400, 403, 404, 413, 429, 503) are no page to go on from: Back is the way.
SHOWN = frozenset({200, 409, 422})
#: With those, what was sent is dealt with; anything else decides nothing.
DECIDED = SHOWN | {302, 303}
#: Answered at once, each with its reason; a procedure adds its own (`Procedure.answers`).
AT_ONCE = {
    "account_logout": "leads on to the provider by itself; nothing is kept of whoever leaves",
    "franceconnect-start": "leads on to the provider by itself",
    "franceconnect-leave": "leads on to the provider by itself",
    "proconnect-start": "leads on to the provider by itself",
    "proconnect-leave": "leads on to the provider by itself",
    "demarches:sms-receipt": "a machine asks: it reads a status",
}


def answers() -> Answers:
    """How pages answer where it is not as everywhere: those of the portal, then each procedure's.

    Its `doors` are where a page that one may not open any more leads.
    """
    theirs = [one.answers for one in procedures()]
    return Answers(
        at_once=AT_ONCE | {name: why for one in theirs for name, why in one.at_once.items()},
        shown_at={name: page for one in theirs for name, page in one.shown_at.items()},
        doors=frozenset({"account_login"}).union(*(one.doors for one in theirs)),
    )


class AnswerByRedirectMiddleware:
    """Keep the page that answers a POST, and show it where the redirection leads."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST":
            return _answer(request, response)
        if PARAMETER in request.GET:
            return _show(request, response)
        return response


def _answer(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    match = request.resolver_match
    if (
        match is None
        or match.namespace == "admin"
        or response.status_code not in SHOWN | {302, 303}
    ):
        # Nothing was decided: what had been typed may still be read where it was.
        return response
    known = answers()
    if _may_be_kept(response) and match.view_name not in known.at_once:
        path = iri_to_uri(request.path)
        if at := known.shown_at.get(match.view_name):
            path = reverse(at, kwargs=match.kwargs)
        html = response.content.decode(response.charset)
        answer = KeptAnswer(path, response.status_code, str(get_nonce(request)), html)
        try:
            token = answer.keep(request.session)
        except (DatabaseError, CreateError):
            # Nothing typed is lost: this page answers by itself.
            logger.exception("answer_not_kept")
            return response
        query = request.GET.copy()
        query[PARAMETER] = token
        # A mark of its own: a browser would carry over the one that led to a field.
        there = HttpResponseRedirect(f"{path}?{query.urlencode()}#{ANCHOR}")
        there.status_code = 303
        there.cookies = response.cookies
        response = there
    forget(request.session, _read_under(request))
    return response


def _show(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The page kept, to whoever may still open this address; the view has just said whether."""
    answer = KeptAnswer.of(request.session, request.GET[PARAMETER])
    if answer is None or answer.path != iri_to_uri(request.path) or _is_closed(response):
        return response
    shown = response if response.status_code == 200 else HttpResponse()
    # A program that follows the redirection learns what a browser does not tell: 422 or 409.
    shown.status_code = answer.status
    nonce = str(get_nonce(request))
    shown.content = answer.html.replace(answer.nonce, nonce).encode(shown.charset)
    add_never_cache_headers(shown)
    return shown


def _may_be_kept(response: HttpResponse) -> bool:
    """A whole page that may be kept: no file, no part of a page for a script."""
    return (
        response.status_code in SHOWN
        and not response.streaming
        and response.content[:15].lower() == b"<!doctype html>"
        and len(response.content) <= LONGEST_PAGE
    )


def _is_closed(response: HttpResponse) -> bool:
    """The view refuses, or leads to where one says who one is."""
    if response.status_code not in {301, 302, 303}:
        return response.status_code != 200
    try:
        return resolve(urlsplit(response["Location"]).path).view_name in answers().doors
    except Resolver404:
        return False


def _read_under(request: HttpRequest) -> str:
    """The token of the page that the form stood on: in its address, or where it was sent from."""
    try:
        sent_from = parse_qs(urlsplit(request.headers.get("Referer", "")).query)
    except ValueError:  # no address at all
        sent_from = {}
    return request.GET.get(PARAMETER) or sent_from.get(PARAMETER, [""])[0]
