"""The agenda in the calendar program of an agent, under a secret address (webcal).

The address opens nothing but hours: no name, no procedure, no reference. It is made anew or
stopped by its agent, and stops by itself with the account or the right to move appointments.
"""

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_POST, require_safe

from demarches.agenda.booking import DESK_HORIZON
from demarches.agenda.calendar import agenda_feed
from demarches.desk.frame import frame
from demarches.mail.staff_mails import tell_agent
from demarches.models import AgendaFeed, Appointment, Mairie, User
from demarches.models.agenda import EXPECTED
from demarches.rules.read import FIELD, Shown, imprint, is_as_read
from demarches.serving.ratelimit import rate_limited
from demarches.views.downloads import private_answer
from uzes_portal.closing_desk import may_close_days

#: How long a program still shows what has passed.
SHOWN_AFTER = timedelta(days=7)
CHANGED = (
    "L’adresse a changé depuis que cette page est ouverte : rien n’est fait. Lisez ce qu’elle dit"
    " maintenant, puis recommencez."
)


def feed_urls(wrap: Callable[..., Any]) -> list[URLPattern]:
    """Our addresses under the desk; `wrap` is the site's own check."""
    return [
        path("agenda/abonnement/", wrap(subscribe_view), name="agenda_feed"),
        path("agenda/abonnement/arreter/", wrap(require_POST(stop_view)), name="agenda_feed_stop"),
    ]


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


@login_not_required
@rate_limited("agenda_feed", reads=True)
@require_safe
def feed(request: HttpRequest, pk: int, secret: str) -> HttpResponse:
    """The hours of everybody's appointments; 404 for any address that is not one in use."""
    now = timezone.now()
    found = AgendaFeed.objects.select_related("user").filter(pk=pk).first()
    # Compared in any case, so that an unknown number takes as long as a wrong secret.
    is_right = constant_time_compare(found.digest if found else "", _digest(secret))
    if found is None or not is_right or not may_close_days(found.user):
        raise Http404
    AgendaFeed.objects.filter(pk=pk).update(read_at=now)
    text = agenda_feed(_appointments(now), Mairie.objects.current(), at=now, details_url=_day_url)
    content_type = "text/calendar; charset=utf-8"
    return private_answer(text.encode(), content_type, "rendez-vous.ics", disposition="inline")


def _appointments(now: datetime) -> list[Appointment]:
    rows = Appointment.objects.filter(status__in=EXPECTED)
    return list(rows.on(now - SHOWN_AFTER, now + DESK_HORIZON))


def _day_url(day: date) -> str:
    return f"{settings.SITE_URL}{reverse('admin:agenda')}?jour={day}"


def subscribe_view(request: HttpRequest) -> HttpResponse:
    """Whether there is an address, and a button for a new one, which is shown once."""
    agent, now, address = _agent(request), timezone.now(), ""
    if request.method == "POST" and not _is_as_read(request, agent):
        return _feed_page(request, agent, status=409)
    if request.method == "POST":
        token = secrets.token_urlsafe(32)
        made, _ = AgendaFeed.objects.update_or_create(
            user=agent, defaults={"digest": _digest(token), "made_at": now, "read_at": None}
        )
        address = settings.SITE_URL + reverse("agenda-feed", args=[made.pk, token])
        tell_agent(agent, "une adresse d’agenda a été créée", at=now)
    return _feed_page(request, agent, address=address)


def _shown(feed: AgendaFeed | None) -> Shown:
    """What the page says of the address in use."""
    return {"address": feed.digest if feed else ""}


def _is_as_read(request: HttpRequest, agent: User) -> bool:
    """Whether the address in use is still the one of the page; a word when it is not."""
    feed = AgendaFeed.objects.filter(user=agent).first()
    if is_as_read(request.POST.get(FIELD, ""), _shown(feed)):
        return True
    messages.error(request, CHANGED)
    return False


def _feed_page(
    request: HttpRequest, agent: User, *, address: str = "", status: int = 200
) -> HttpResponse:
    feed = AgendaFeed.objects.filter(user=agent).first()
    context = {
        **frame(admin.site, request, tab="agenda"),
        "title": "L’agenda dans mon téléphone ou mon ordinateur",
        "feed": feed,
        "address": address,
        "field": FIELD,
        "read": imprint(_shown(feed)),
    }
    return TemplateResponse(request, "admin/agenda_feed.html", context, status=status)


def stop_view(request: HttpRequest) -> HttpResponse:
    """Stop: the address opens nothing any more. Twice is once."""
    agent = _agent(request)
    if AgendaFeed.objects.filter(user=agent).exists():
        if not _is_as_read(request, agent):
            return _feed_page(request, agent, status=409)
        AgendaFeed.objects.filter(user=agent).delete()
    messages.success(request, "L’adresse ne sert plus : retirez l’agenda de votre appareil.")
    return redirect("admin:agenda_feed")


def _agent(request: HttpRequest) -> User:
    agent = request.user
    if not isinstance(agent, User) or not may_close_days(agent):
        raise PermissionDenied
    return agent
