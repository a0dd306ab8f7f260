"""Who is looking: every page of a dossier begins here."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from demarches.accounts.acting import account_of
from demarches.serving.ratelimit import client_ip
from demarches.steps.replay import keep_for_after_sign_in
from pacs.actions.readings import note_help
from pacs.models import Partenaire
from pacs.reads.access import GUEST_SESSION_KEY, NotForHelpers, find_reader, may_serve_counter

__all__ = ["account_of", "for_partenaire", "while_going_on", "who_acts"]


def who_acts(request: HttpRequest) -> str:
    """Whom a limit counts: the account, else the guest of a handed-over device, else the place."""
    if account := account_of(request):
        return f"user:{account.pk}"
    if guest := request.session.get(GUEST_SESSION_KEY):
        return f"guest:{guest['partenaire']}"
    return client_ip(request)


def while_going_on(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Show the page only while the dossier has not ended; stands under `for_partenaire`.

    An old address then leads to the dossier, which says what became of it. What is *done* from
    there is refused by the action, with its reason.
    """

    @wraps(view)
    def show(request: HttpRequest, partenaire: Partenaire, **kwargs: Any) -> HttpResponse:
        if partenaire.dossier.is_ended and request.method in {"GET", "HEAD"}:
            return redirect(partenaire.dossier)
        return view(request, partenaire, **kwargs)

    return show


def for_partenaire(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Resolve the reference of the address to the partenaire who looks, or answer 404.

    A visitor who is not signed in is sent to sign in, whether or not the reference exists;
    what they were sending waits for them in their session meanwhile. A helper opens the pages of
    `pacs.rules.helping` and is told of the others that they are done in person; each page that
    a helper sees is written down.
    """

    @login_not_required
    @wraps(view)
    def resolve(request: HttpRequest, reference: str, **kwargs: Any) -> HttpResponse:
        user = account_of(request)
        guest = request.session.get(GUEST_SESSION_KEY)
        if user is None and guest is None:
            keep_for_after_sign_in(request)
            return redirect_to_login(request.get_full_path())
        now, page = (
            timezone.now(),
            request.resolver_match.url_name if request.resolver_match else "",
        )
        try:
            partenaire = find_reader(
                reference,
                user=user,
                guest=guest,
                at=now,
                page=page or "",
                method=request.method or "",
            )
        except NotForHelpers as refused:
            context = {"dossier": refused.partenaire.dossier, "partenaire": refused.partenaire}
            return render(request, "pacs/helper_not_theirs.html", context, status=403)
        if partenaire is None:
            if user is None:
                # The pass of a handed-over device has ended.
                return redirect_to_login(request.get_full_path())
            if page == "dossier" and may_serve_counter(user):
                # The code of a convocation, scanned at the counter.
                query = urlencode({"convocation": reference})
                return redirect(f"{reverse('admin:pacs_dossier_arrival')}?{query}")
            raise Http404
        if partenaire.helper is not None and page:
            note_help(partenaire, page, is_filling=request.method == "POST", at=now)
        return view(request, partenaire, **kwargs)

    return resolve
