"""The codes of a follow-up: give them once on a sheet, open with them, leave a shared device."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from demarches.mail.limits import CodeLimits, seconds_before_code
from demarches.serving.ratelimit import rate_limited, too_many_requests
from vitale.actions.suivi import ask_ways_in as ask_links
from vitale.forms.suivi import CodesForm, WaysInForm
from vitale.models import Suivi
from vitale.papers.documents import codes_picture
from vitale.reads.access import PASSES_KEY, Coded, open_with_codes
from vitale.reads.tokens import suivi_of_recovery
from vitale.views.viewer import for_demande, for_suivi, let_in

page_methods = require_http_methods(["GET", "HEAD", "POST"])
WAYS_IN = CodeLimits("ways_in_email", "ways_in_email_day", "ways_in_target", "ways_in_target_share")
NOT_FOUND = (
    "Ces deux codes n’ouvrent rien. Vérifiez-les sur votre feuille. Un suivi terminé depuis"
    " longtemps est effacé."
)


@sensitive_post_parameters()
@rate_limited("vitale_open", reads=False)
@never_cache
@page_methods
@login_not_required
def open_page(request: HttpRequest) -> HttpResponse:
    """Open an aide-mémoire or a request for help with its two codes."""
    form = CodesForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        found = open_with_codes(form.cleaned_data["reference"], form.cleaned_data["secret"])
        if found is not None:
            let_in(request, found)
            return redirect(found)
        form.add_error("secret", NOT_FOUND)
    return render(
        request, "vitale/codes_open.html", {"form": form}, status=422 if form.is_bound else 200
    )


@rate_limited("vitale_open", reads=False)
@never_cache
@page_methods
@login_not_required
def ask_ways_in(request: HttpRequest) -> HttpResponse:
    """Mail the way in to an address that said yes to reminders; the answer is the same for all."""
    form = WaysInForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        address = form.cleaned_data["email"]
        if seconds := seconds_before_code(request, address, limits=WAYS_IN):
            return too_many_requests(request, seconds)
        ask_links(address, at=timezone.now())
        return redirect(f"{reverse('vitale:codes-lost')}?demande=1")
    context = {"form": form, "is_asked": "demande" in request.GET and not form.is_bound}
    return render(request, "vitale/codes_lost.html", context, status=422 if form.is_bound else 200)


@rate_limited("vitale_open", reads=False)
@never_cache
@page_methods
@login_not_required
def way_in(request: HttpRequest, token: str) -> HttpResponse:
    """From the link of a mail: a press opens that aide-mémoire here; a look opens nothing."""
    suivi = suivi_of_recovery(token)
    if request.method == "POST" and suivi is not None:
        let_in(request, suivi)
        return redirect(suivi)
    status = 200 if suivi is not None else 404
    return render(request, "vitale/way_in.html", {"suivi": suivi}, status=status)


@rate_limited("vitale_open", reads=False)
@never_cache
@page_methods
def _codes(request: HttpRequest, row: Coded) -> HttpResponse:
    """Make new codes and show them, this once: only a digest stays with us."""
    context: dict[str, Any] = {"row": row, "is_suivi": isinstance(row, Suivi)}
    if request.method == "POST":
        secret = row.renew_secret()
        # Whoever came in by the former codes is out; this browser stays in.
        let_in(request, row)
        context |= {
            "secret": secret,
            "picture": codes_picture(row.reference, secret),
            "address": f"{settings.SITE_URL}{reverse('vitale:codes-open')}",
        }
    return render(request, "vitale/codes.html", context)


suivi_codes = for_suivi(_codes)
demande_codes = for_demande(_codes)


@require_POST
@login_not_required
def leave(request: HttpRequest) -> HttpResponse:
    """Close every follow-up opened on this device."""
    request.session.pop(PASSES_KEY, None)
    messages.success(request, "Vos suivis sont fermés sur cet appareil.")
    return redirect("vitale:home")
