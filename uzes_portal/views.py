"""Pages that know every procedure."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")


@login_not_required
@require_safe
def legal_page(request: HttpRequest, *, name: str) -> HttpResponse:
    """A page of plain text about the portal itself."""
    return render(request, f"legal/{name}.html", {"site_url": settings.SITE_URL})


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines read the public pages; nothing private has a guessable address."""
    return render(request, "robots.txt", content_type="text/plain; charset=utf-8")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or the browser keeps no cookie."""
    return render(request, "403_csrf.html", status=403)
