"""Every mail the portal wrote, to read in a demonstration; nothing of this exists in production."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from post_office.models import Email

from demarches.mail.emails import mail_fate, mail_text, reader_of

MAILS_A_PAGE = 50


def debug_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Mails hold codes and private facts: outside DEBUG the page does not exist for anyone."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.DEBUG:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@login_not_required
@require_safe
@never_cache
@debug_only
def courriel_list(request: HttpRequest) -> HttpResponse:
    mails = Paginator(Email.objects.order_by("-pk"), MAILS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "demarches/courriels.html", {"mails": mails})


@login_not_required
@require_safe
@never_cache
@debug_only
def courriel_detail(request: HttpRequest, pk: int) -> HttpResponse:
    mail = get_object_or_404(Email, pk=pk)
    return render(
        request,
        "demarches/courriel.html",
        {
            "mail": mail,
            "reader": reader_of(mail),
            "text": mail_text(mail),
            "mail_fate": mail_fate(mail),
        },
    )
