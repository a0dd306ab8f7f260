"""Pages that know every procedure."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from demarches.accounts import devices
from demarches.mail.sms_gateway import is_on
from demarches.models import FicheSet
from demarches.processing import servers, shared_sheets
from demarches.rules.processing import Serves, length, told
from demarches.serving.kept_pages import keeps_page
from demarches.steps import replay
from uzes_portal.accessibility import recorded_audit


@keeps_page(for_proxies=True)
@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What people come for, and the search box once there is something to search."""
    return render(
        request, "home.html", {"has_guide": FicheSet.objects.filter(is_current=True).exists()}
    )


@keeps_page(for_proxies=True)
@login_not_required
@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    return render(request, "legal/site_map.html")


@keeps_page(for_proxies=True)
@login_not_required
@require_safe
def legal_notice(request: HttpRequest) -> HttpResponse:
    context = {"host": settings.LEGAL_HOST, "publisher": settings.LEGAL_PUBLISHER}
    return render(request, "legal/legal_notice.html", context)


@keeps_page(for_proxies=True)
@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """RGPD articles 12 to 14: what is kept, why, how long, and the rights of the people."""
    # Said in words of their own where they come up.
    apart = {Serves.HOST, Serves.TEXTS, Serves.SIGN_IN}
    context = {
        "sends_texts": is_on(),
        "others": sorted({one.serves for one in servers()} - apart),
        "kept_for": told(shared_sheets()),
        "session_kept": length(timedelta(seconds=settings.SESSION_COOKIE_AGE)),
        "typed_kept": length(timedelta(seconds=replay.KEPT_SECONDS)),
        "device_kept": length(timedelta(seconds=devices.KEPT_SECONDS)),
    }
    return render(request, "legal/privacy.html", context)


@keeps_page(for_proxies=True)
@login_not_required
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """CRPA L112-9 and R112-9-2: the terms on which the portal may be used."""
    return render(request, "legal/terms.html", {"sender": settings.DEFAULT_FROM_EMAIL})


@keeps_page(for_proxies=True)
@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """The declaration of decree 2019-768, in its imposed order."""
    audit = recorded_audit()
    context = {
        "site_url": settings.SITE_URL,
        "audit": audit,
        "audit_is_old": audit is not None and not audit.holds_on(timezone.localdate()),
    }
    return render(request, "legal/accessibility.html", context)


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing private has an address that can be guessed; these pages only have no use there."""
    return render(request, "robots.txt", content_type="text/plain; charset=utf-8")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or the browser keeps no cookie."""
    return render(request, "403_csrf.html", status=403)
