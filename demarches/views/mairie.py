"""The mairie: open or closed now, this week, and how to reach it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from demarches.guidance import mairie_files
from demarches.models import AgendaDayChange, Mairie, Schedule
from demarches.rules import opening_hours
from demarches.rules.dates_fr import WEEKDAYS, days_range_fr
from demarches.rules.opening_hours import DayHours
from demarches.serving.kept_pages import keeps_page
from demarches.serving.ratelimit import rate_limited

#: How far ahead closures and holidays are told.
NOTICE = timedelta(days=90)
WEEKS_AHEAD = 12
WEEK_PARAMETER = "semaine"
NEXT_DAYS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Week:
    """The table of one week: a line a day, a column a service (one column when all agree)."""

    ahead: int
    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[DayHours, ...], ...]


@keeps_page(WEEK_PARAMETER, for_proxies=True)
@login_not_required
@require_safe
def mairie_page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    mairie = _mairie()
    schedule = mairie.schedule(at)
    today = timezone.localtime(at).date()
    week = _week(schedule, today, ahead=_weeks_ahead(request))
    context = {
        "mairie": mairie,
        "schedule": schedule,
        "states": _states(schedule, at),
        "day": today,
        "week": week,
        "next_week": week.ahead + 1 if week.ahead < WEEKS_AHEAD else None,
        "occasional": [
            (
                service.label,
                " et ".join(f"{WEEKDAYS[day]}s" for day in sorted(service.occasional_weekdays)),
                opening_hours.next_days(
                    service.expression, service.occasional_weekdays, today, count=NEXT_DAYS_SHOWN
                ),
            )
            for service in schedule.services
            if service.occasional_weekdays
        ],
        "notices": schedule.notices(today, today + NOTICE),
        "openings": _openings(mairie, today),
        "linked_data": _script_json(mairie_files.linked_data(mairie, at=at, url=_page_url())),
    }
    return render(request, "demarches/mairie.html", context)


@login_not_required
@rate_limited("compute", reads=True)
@require_safe
def mairie_calendar(request: HttpRequest) -> HttpResponse:
    content = mairie_files.hours_calendar(_mairie(), at=timezone.now())
    return HttpResponse(
        content,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="horaires.ics"'},
    )


@login_not_required
@require_safe
def mairie_card(request: HttpRequest) -> HttpResponse:
    card = mairie_files.contact_card(_mairie(), at=timezone.now(), url=_page_url())
    return HttpResponse(
        card,
        content_type="text/vcard; charset=utf-8",
        headers={"Content-Disposition": 'inline; filename="contact.vcf"'},
    )


def _mairie() -> Mairie:
    mairie = Mairie.objects.current()
    if mairie is None:
        raise Http404("no mairie has been set up")
    return mairie


def _page_url() -> str:
    return settings.SITE_URL + reverse("demarches:mairie")


def _weeks_ahead(request: HttpRequest) -> int:
    """The week asked for; this week when the address says something else."""
    asked = request.GET.get(WEEK_PARAMETER, "")
    weeks = {str(rank): rank for rank in range(WEEKS_AHEAD + 1)}
    return weeks.get(asked, 0)


def _states(schedule: Schedule, at: datetime) -> list[tuple[str, str, bool]]:
    """(service, sentence, open?), or one line without a name when all services agree."""
    states = [(service.label, service.state(at)) for service in schedule.services]
    said = [(label, opening_hours.sentence(state), state.is_open) for label, state in states]
    if len({sentence for _, sentence, _ in said}) == 1:
        return [("", *said[0][1:])]
    return said


def _openings(mairie: Mairie, today: date) -> Iterable[AgendaDayChange]:
    """Exceptional hours, for appointments only: the counters keep their own."""
    return (
        AgendaDayChange.objects.filter(agenda__service__mairie=mairie, is_added=True)
        .filter(day__range=(today, today + NOTICE))
        .select_related("agenda")
    )


def _week(schedule: Schedule, today: date, *, ahead: int) -> Week:
    monday = opening_hours.monday_of(today) + timedelta(weeks=ahead)
    by_service = {
        service.label: opening_hours.week_hours(service.expression, monday)
        for service in schedule.services
        if service.expression
    }
    if len(set(by_service.values())) == 1:
        by_service = {"Horaires": next(iter(by_service.values()))}
    names = {0: "Cette semaine", 1: "La semaine prochaine"}
    title = names.get(ahead, f"Semaine {days_range_fr(monday, monday + timedelta(days=6))}")
    return Week(ahead, title, tuple(by_service), tuple(zip(*by_service.values(), strict=True)))


def _script_json(data: dict[str, Any]) -> SafeString:
    """JSON that cannot close the script element it stands in."""
    text = json.dumps(data, ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return mark_safe(text)  # noqa: S308 -- the three signs that matter are escaped above
