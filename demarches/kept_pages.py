"""Public pages kept in the memory of the process, for as long as what they say is true.

A page is kept under the revision of the content (`demarches.revision`), read anew for each
request, and until the mairie opens or closes, midnight, or a minute at most. Only for whoever
shows no cookie at all, only what a view marked with `keeps_page` answered, and never with a cookie
or a form's token in it. Nothing is kept outside of the process: the address of a simulator's page
tells a couple's situation.

It stands behind the policy of the scripts, whose nonce is another one for each answer, and
before the sessions: whoever gets a kept page opens none (ADR 0077).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csp import get_nonce
from django.utils import timezone

from demarches.booking import midnight
from demarches.bounded import BoundedStore
from demarches.models import Mairie
from demarches.request_memory import content_mark
from demarches.rules.opening_hours import next_change

type GetResponse = Callable[[HttpRequest], HttpResponse]

LONGEST_LIFE = timedelta(minutes=1)
#: A page above this is answered anew each time; so is an address longer than any of ours.
LONGEST_PAGE = 256 * 1024
LONGEST_ADDRESS = 2000
#: The parameters are a questionnaire's answers, and the view limits who asks how often.
ANSWERS = "*"
_MARK = "kept_parameters"


def keeps_page[V: Callable[..., HttpResponseBase]](*parameters: str) -> Callable[[V], V]:
    """Let the page of this view be kept, for these parameters of its address and no others."""

    def mark(view: V) -> V:
        setattr(view, _MARK, frozenset(parameters))
        return view

    return mark


@dataclass(frozen=True, slots=True)
class KeptPage:
    """An answer, its text cut where the nonce stood."""

    revision: str
    since: datetime
    until: datetime
    pieces: tuple[bytes, ...]
    headers: tuple[tuple[str, str], ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The page for this request, with a nonce of its own."""
        body = self.pieces[0]
        if len(self.pieces) > 1:
            body = str(get_nonce(request)).encode().join(self.pieces)
        return HttpResponse(body, headers=dict(self.headers))


class KeptPages(BoundedStore[KeptPage]):
    """The pages kept by this process."""

    def at(self, key: tuple[str, ...], revision: str, at: datetime) -> KeptPage | None:
        """The page of this address, if what it says is true at this moment."""
        page = self.get(key)
        if page is None or page.revision != revision or not page.since <= at < page.until:
            return None
        return page


pages = KeptPages()


class KeptPagesMiddleware:
    """Answer from memory what was answered before, while nothing that it says has changed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.KEPT_PAGES_BYTES or not _may_be_shared(request):
            return self.get_response(request)
        try:
            # Before the page is made: what changes meanwhile belongs to the next revision.
            revision = content_mark()
        except DatabaseError:
            return self.get_response(request)
        at, key = timezone.now(), (request.scheme or "", request.get_host(), *_address(request))
        if page := pages.at(key, revision, at):
            return page.answer(request)
        response = self.get_response(request)
        if revision and _is_for_everybody(request, response):
            page = _page(request, response, revision, at)
            pages.keep(key, page, room=settings.KEPT_PAGES_BYTES)
        return response


def _address(request: HttpRequest) -> tuple[str, str]:
    return request.path, request.META.get("QUERY_STRING", "")


def _may_be_shared(request: HttpRequest) -> bool:
    return (
        request.method == "GET"
        and not request.META.get("HTTP_COOKIE")
        and sum(map(len, _address(request))) <= LONGEST_ADDRESS
    )


def _is_for_everybody(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether nothing in this answer is of this visit alone, and its address is a known one."""
    match = request.resolver_match
    known: frozenset[str] | None = getattr(match.func, _MARK, None) if match else None
    return (
        known is not None
        and (ANSWERS in known or known >= request.GET.keys())
        and response.status_code == 200
        and not response.streaming
        and not response.cookies
        # Asked for by whoever writes a form: the token is theirs alone.
        and "CSRF_COOKIE" not in request.META
        and len(response.content) <= LONGEST_PAGE
    )


def _page(request: HttpRequest, response: HttpResponse, revision: str, at: datetime) -> KeptPage:
    pieces = response.content.split(str(get_nonce(request)).encode())
    return KeptPage(revision, at, _until(at), tuple(pieces), tuple(response.items()))


def _until(at: datetime) -> datetime:
    """When these words may begin to be wrong: a door opens or closes, the day ends."""
    tomorrow = midnight(timezone.localdate(at) + timedelta(days=1))
    turns = [
        next_change(service.expression, at, timezone=timezone.get_default_timezone())
        for mairie in Mairie.objects.all()
        for service in mairie.schedule(at).services
    ]
    return min(at + LONGEST_LIFE, tomorrow, *(turn for turn in turns if turn is not None))
