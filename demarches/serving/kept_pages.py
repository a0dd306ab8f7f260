"""Public pages kept in the memory of the process, for as long as what they say is true.

A page is kept under the revision of the content (`demarches.serving.revision`), read anew for each
request, and until the mairie opens or closes, midnight, or a minute at most. Only for whoever
shows no cookie at all, only what a view marked with `keeps_page` answered, and never with a cookie
or a form's token in it.

A page that is the same for everybody to the last byte, without a nonce, is offered to proxies too
when its view says so (ADR 0098). The others stay in the process: the address of a simulator's page
tells a couple's situation, and a proxy writes addresses to its disk.

It stands behind the policy of the scripts, whose nonce is another one for each answer, and
before the sessions: whoever gets a kept page opens none (ADR 0077).
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csp import get_nonce
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers

from demarches.agenda.booking import midnight
from demarches.models import Mairie
from demarches.rules.opening_hours import next_change
from demarches.web.bounded import BoundedStore
from demarches.web.request_memory import content_mark

type GetResponse = Callable[[HttpRequest], HttpResponse]

LONGEST_LIFE = timedelta(minutes=1)
#: How long a proxy may keep what it got: it learns of no correction before.
LONGEST_OFFER = timedelta(minutes=1)
#: What a proxy counts in whole seconds, and what a page takes to reach it, end within this.
MARGIN = timedelta(seconds=1)
#: A page above this is answered anew each time; so is an address longer than any of ours.
LONGEST_PAGE = 256 * 1024
LONGEST_ADDRESS = 2000
#: The parameters are a questionnaire's answers, and the view limits who asks how often.
ANSWERS = "*"
_MARK = "kept_page"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a view says of its page."""

    parameters: frozenset[str]
    for_proxies: bool

    def knows(self, names: Iterable[str]) -> bool:
        return ANSWERS in self.parameters or self.parameters.issuperset(names)


def keeps_page[V: Callable[..., HttpResponseBase]](
    *parameters: str, for_proxies: bool = False
) -> Callable[[V], V]:
    """Let the page of this view be kept, for these parameters of its address and no others.

    By proxies too if the view says so: never where the address tells somebody's situation.
    """
    if for_proxies and ANSWERS in parameters:
        raise ValueError("the answers of a questionnaire are for no proxy")

    def mark(view: V) -> V:
        setattr(view, _MARK, Mark(frozenset(parameters), for_proxies))
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
    #: Until when a proxy may show it; None: it is for no proxy.
    offered_until: datetime | None = None
    etag: str = ""

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    def answer(self, request: HttpRequest, at: datetime) -> HttpResponse:
        """The page for this request, with a nonce of its own where it has one."""
        body = self.pieces[0]
        if len(self.pieces) > 1:
            body = str(get_nonce(request)).encode().join(self.pieces)
        return self.offer(request, HttpResponse(body, headers=dict(self.headers)), at)

    def offer(self, request: HttpRequest, response: HttpResponse, at: datetime) -> HttpResponse:
        """Say for how long proxies may keep this answer; « not modified » to who has it already."""
        if "Cache-Control" in response:
            return response
        seconds = self._seconds_for_proxies(at)
        if seconds < 1:
            # No « not modified » either: nginx would begin the life of its copy anew.
            response["Cache-Control"] = "private, max-age=0"
            return response
        response["Cache-Control"] = f"public, max-age=0, s-maxage={seconds}"
        response["ETag"] = self.etag
        # Compression names the first too, but not where the answer is « not modified ».
        patch_vary_headers(response, ("Accept-Encoding", "Cookie"))
        return get_conditional_response(request, etag=self.etag, response=response) or response

    def _seconds_for_proxies(self, at: datetime) -> int:
        if self.offered_until is None:
            return 0
        return min(LONGEST_OFFER, self.offered_until - at - MARGIN) // timedelta(seconds=1)


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
            return page.answer(request, at)
        response = self.get_response(request)
        mark = _mark(request)
        if not revision or mark is None or not _is_for_everybody(request, response):
            return response
        page = _page(request, response, mark, revision, at)
        if request.method == "GET":
            pages.keep(key, page, room=settings.KEPT_PAGES_BYTES)
        # Making it took a while: a proxy counts from now.
        return page.offer(request, response, timezone.now())


def _address(request: HttpRequest) -> tuple[str, str]:
    return request.path, request.META.get("QUERY_STRING", "")


def _may_be_shared(request: HttpRequest) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and not request.META.get("HTTP_COOKIE")
        and sum(map(len, _address(request))) <= LONGEST_ADDRESS
    )


def _mark(request: HttpRequest) -> Mark | None:
    """What the view of this address says, if the address is a known one."""
    match = request.resolver_match
    mark: Mark | None = getattr(match.func, _MARK, None) if match else None
    return mark if mark is not None and mark.knows(request.GET) else None


def _is_for_everybody(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether nothing in this answer is of this visit alone."""
    return (
        response.status_code == 200
        and not response.streaming
        and not response.cookies
        # Asked for by whoever writes a form: the token is theirs alone.
        and "CSRF_COOKIE" not in request.META
        and len(response.content) <= LONGEST_PAGE
    )


def _page(
    request: HttpRequest, response: HttpResponse, mark: Mark, revision: str, at: datetime
) -> KeptPage:
    body, nonce, turn = response.content, get_nonce(request), _turn(at)
    # False as long as nobody asked for it: then the policy names none, and one page suits all.
    has_nonce = bool(nonce)
    return KeptPage(
        revision,
        since=at,
        until=min(at + LONGEST_LIFE, turn),
        pieces=tuple(body.split(str(nonce).encode())) if has_nonce else (body,),
        headers=tuple(response.items()),
        offered_until=turn if mark.for_proxies and not has_nonce else None,
        # Weak: the same words, compressed or not.
        etag=f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
    )


def _turn(at: datetime) -> datetime:
    """When these words may begin to be wrong: a door opens or closes, the day ends."""
    tomorrow = midnight(timezone.localdate(at) + timedelta(days=1))
    turns = [
        next_change(service.expression, at, timezone=timezone.get_default_timezone())
        for mairie in Mairie.objects.all()
        for service in mairie.schedule(at).services
    ]
    return min([tomorrow, *(turn for turn in turns if turn is not None)])
