"""What every answer goes through: privacy headers, refusals in plain French, a time limit."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, ObjectDoesNotExist
from django.db.models import IntegerField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from demarches.models import User, account_item_models, dossier_models
from demarches.papers.documents import UndrawnSign
from demarches.rules.numbers import read_number
from demarches.typed.guard import TextRefused
from demarches.typed.people_search import LONGEST
from demarches.web.time_limit import Block, watch
from uzes_portal.failures import unavailable

logger = logging.getLogger(__name__)


class PrivacyHeadersMiddleware:
    """Forbid any cache to keep a signed-in page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # `session.accessed` is true as soon as the answer depended on who is asking; an
        # anonymous reader has no session key, and their page may be cached.
        if request.session.session_key is not None and "Cache-Control" not in response:
            add_never_cache_headers(response)
        return response


class DoorsMiddleware(LoginRequiredMiddleware):
    """Whoever must sign in is led to their own door: agents to theirs, residents to theirs."""

    def handle_no_permission(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]
    ) -> HttpResponseRedirect:
        if not request.path.startswith(f"/{settings.ADMIN_PATH}/"):
            return super().handle_no_permission(request, view_func)
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))


class DeskTextMiddleware:
    """The desk takes no NUL: nobody types one, and PostgreSQL refuses it wherever it comes.

    Nor a search longer than anybody types: its first words are looked for. Citizens' forms refuse
    NUL field by field; the lists and buttons of the desk read what came.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> None:
        """Refuse the whole of what was sent (400), before a view reads any of it."""
        match = request.resolver_match
        if match is None or match.namespace != "admin":
            return
        words = request.GET.get(SEARCH_VAR, "")
        if len(words) > LONGEST:
            # The admin makes one condition of each word and field: no database takes thousands.
            cut = request.GET.copy()
            cut[SEARCH_VAR] = words[:LONGEST]
            request.GET = cut  # type: ignore[assignment]
        for sent in (request.GET, request.POST):
            if any("\0" in value for _, values in sent.lists() for value in values):
                raise BadRequest("a NUL in what was sent")
        # The admin hands the rows ticked in a list to the database as they came.
        desk = getattr(match.func, "model_admin", None)
        if desk is not None and isinstance(desk.model._meta.pk, IntegerField):
            for ticked in request.POST.getlist(ACTION_CHECKBOX_NAME):
                if read_number(ticked) is None:
                    raise BadRequest("a ticked row that is no row")


class RefusalPagesMiddleware:
    """A refusal shown as a page is one of ours: what is wrong, and what to do next.

    Django has pages of its own in a few cases (a method that an address does not take, a body
    beyond the limits, and everything while DEBUG is on, in which the demonstration runs).
    """

    PAGES = {400: "400.html", 403: "403.html", 404: "404.html", 405: "400.html"}
    #: `main` of base.html, and of the admin's base page.
    OURS = (b'id="contenu"', b'id="content-start"')

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What no view has answered itself, and for which nothing was written.

        A text that a column may not hold; a database, or a machine, that did not answer in time.
        """
        if isinstance(exception, TextRefused):
            context = {
                "problem": " ".join(exception.messages),
                "is_document": isinstance(exception, UndrawnSign),
            }
            return render(request, "422.html", context, status=422)
        if isinstance(exception, User.DoesNotExist) and _account_is_gone(request):
            logout(request)
            messages.info(request, "Votre compte est fermé : rien d’autre n’a été fait.")
            return redirect("home")
        if _was_deleted(exception):
            # Deleted by another tap, tab or job while this request waited for its lock.
            return render(request, "404.html", status=404)
        return unavailable(exception)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        page = self.PAGES.get(response.status_code)
        if page is None or not response.get("Content-Type", "").startswith("text/html"):
            return response
        if response.status_code == 400 and _is_too_large(request):
            return render(request, "413.html", status=413)
        if response.streaming or any(mark in response.content for mark in self.OURS):
            return response
        refusal = render(request, page, status=response.status_code)
        if "Allow" in response:
            refusal["Allow"] = response["Allow"]
        return refusal


def _was_deleted(exception: Exception) -> bool:
    """Whether what people open by its reference was no more there when read under its lock."""
    if not isinstance(exception, ObjectDoesNotExist):
        return False
    dossiers = tuple(one.DoesNotExist for one in dossier_models())
    return isinstance(exception, (*dossiers, *(one.DoesNotExist for one in account_item_models())))


def _account_is_gone(request: HttpRequest) -> bool:
    """Closed by another tap or tab, while this request waited for the account's row."""
    key = request.user.pk
    return key is not None and not User.objects.filter(pk=key).exists()


def _is_too_large(request: HttpRequest) -> bool:
    length = read_number(request.META.get("CONTENT_LENGTH") or "") or 0
    return length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE


class RefusalsLogMiddleware:
    """Write down each refusal of a page to somebody: one line, without the address nor a name.

    A row of somebody else and a row that is not there give one answer (404), and one line here.
    """

    STATUSES = (403, 404)

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        # An address that is nothing of ours was refused to nobody.
        if response.status_code in self.STATUSES and match is not None:
            who = f"account={request.user.pk}" if request.user.is_authenticated else "nobody"
            logger.warning(
                "refused status=%s view=%s method=%s %s",
                response.status_code,
                match.view_name,
                request.method,
                who,
            )
        return response


class TimeLimitMiddleware:
    """A request has so many seconds, from the moment its body has arrived."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.running: dict[HttpRequest, Block] = {}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            if block := self.running.pop(request, None):
                watch.end(block)

    def process_view(self, request: HttpRequest, *view: object) -> None:
        """The check of the token, above, has read the body: a slow line costs nobody time."""
        if settings.REQUEST_SECONDS:
            self.running[request] = watch.begin(
                settings.REQUEST_SECONDS, last_seconds=settings.REQUEST_LAST_SECONDS
            )
