"""« Agenda »: the week or the month of the mairie, with everyone's appointments and free seats."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from demarches.agenda.booking import WEEK
from demarches.agenda.day_field import day_of_address
from demarches.agenda.desk import Entry, Wanted, month_days, shown_agendas, week_days
from demarches.desk.frame import frame
from demarches.models import Agenda, User
from demarches.procedures import DeskLink, procedures
from demarches.rules.dates_fr import days_range_fr
from uzes_portal.closing_desk import may_close_days

PAGE = "agenda"
#: What the form sends when the free seats are not wanted.
WITHOUT_FREE = "sans"


def agenda_urls(wrap: Callable[..., Any]) -> list[URLPattern]:
    """Our address under the desk; `wrap` is the site's own check."""
    return [path("agenda/", wrap(require_safe(agenda_view)), name="agenda")]


def may_read_agenda(user: User) -> bool:
    """Agents who read the appointments of one procedure at least."""
    return any(one.guests is not None and one.may_see_guests(user) for one in procedures())


def agenda_view(request: HttpRequest) -> HttpResponse:
    """A week with names, or a month with counts; a day of the address, today without one."""
    agent, now = request.user, timezone.now()
    if not isinstance(agent, User) or not may_read_agenda(agent):
        raise PermissionDenied
    typed = request.GET.get("jour", "")
    day, problem = day_of_address(typed, today=localdate(now))
    agendas = shown_agendas()
    wanted = _wanted(request, agendas)
    shared = {
        **frame(admin.site, request, tab="agenda"),
        "now": now,
        "today": localdate(now),
        "day": day,
        "day_problem": problem,
        "day_typed": typed,
        "agendas": agendas,
        "chosen": [one.slug for one in wanted.agendas],
        "with_free": wanted.with_free,
        "without_free": WITHOUT_FREE,
        "extra": _extra(wanted, agendas),
        "may_close_days": may_close_days(agent),
        "day_pages": [
            one.day_page for one in procedures() if one.day_page and one.day_page.may(agent)
        ],
    }
    if request.GET.get("vue") == "mois":
        month = month_days(day, wanted, agent=agent, at=now)
        return TemplateResponse(
            request,
            "admin/agenda_month.html",
            {**shared, "title": f"Agenda, {month.label}", "month": month},
        )
    known = [one.guests for one in procedures() if one.guests is not None]
    days = week_days(day, wanted, known, agent=agent, at=now)
    named = {one.guest.reference for shown in days for one in shown.entries if one.guest}
    for one in known if named else ():
        one.note(agent, PAGE, named, at=now)
    given = _giving(agent, wanted)
    context = {
        **shared,
        "title": f"Agenda {_week_label(day)}",
        "days": [
            (one, [(entry, entry.may_move(now), given(entry)) for entry in one.entries])
            for one in days
        ],
        "previous": day - WEEK,
        "next": day + WEEK,
    }
    return TemplateResponse(request, "admin/agenda.html", context)


def _giving(agent: User, wanted: Wanted) -> Callable[[Entry], list[DeskLink]]:
    """Where this agent gives the free seats of an entry to somebody."""
    pages = [one.gives for one in procedures() if one.gives and one.gives.link.may(agent)]
    labels = {one.pk: one.label for one in wanted.agendas}
    gives = [
        (page.link, labels[agenda.pk])
        for page in pages
        if (agenda := page.agenda()) is not None and agenda.pk in labels
    ]

    def given(entry: Entry) -> list[DeskLink]:
        if entry.appointment is not None:
            return []
        return [link for link, label in gives if not entry.free_in or label in entry.free_in]

    return given


def _wanted(request: HttpRequest, agendas: Sequence[Agenda]) -> Wanted:
    """The agendas that are ticked; all of them when none is."""
    ticked = request.GET.getlist("agenda")
    chosen = [one for one in agendas if one.slug in ticked] or list(agendas)
    return Wanted(chosen, with_free=request.GET.get("libres") != WITHOUT_FREE)


def _extra(wanted: Wanted, agendas: Sequence[Agenda]) -> str:
    """What was ticked, for the other addresses of the page; empty when everything is shown."""
    is_all = len(wanted.agendas) == len(agendas)
    parts = [] if is_all else [("agenda", one.slug) for one in wanted.agendas]
    if not wanted.with_free:
        parts.append(("libres", WITHOUT_FREE))
    return f"&{urlencode(parts)}" if parts else ""


def _week_label(day: date) -> str:
    monday = day - timedelta(days=day.weekday())
    return days_range_fr(monday, monday + timedelta(days=6))
