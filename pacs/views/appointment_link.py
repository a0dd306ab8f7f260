"""From the link of a mail, without a sign-in: move the appointment, or give it back.

A GET changes nothing: mail programs and their guards open every link. The letters are asked
first, by the same page for every link, true or not; the rest shows a day and an hour only.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from demarches.agenda.booking import calendar_of, read_day, read_moment
from demarches.agenda.seats import SlotTaken
from demarches.models import Agenda
from demarches.rules.dates_fr import NBSP, day_fr, hour_fr, weekday_fr
from demarches.rules.slots import Asked
from demarches.serving.ratelimit import rate_limited
from demarches.web.as_read import ChangedSince
from pacs.actions import appointments
from pacs.actions.refusals import ActionRefused
from pacs.forms.appointment_link import LettersForm
from pacs.models import Partenaire
from pacs.reads.appointment_links import (
    SESSION_KEY,
    link_key,
    link_pass,
    reader_by_letters,
    reader_with_pass,
)
from pacs.reads.booking import asked_by
from pacs.views.read import seen_key, seen_of
from pacs.views.viewer import who_acts

FIRST_DAYS = 4
page_methods = require_http_methods(["GET", "HEAD", "POST"])
NOT_TOGETHER = (
    "Ces lettres ne vont pas avec ce lien, ou le lien ne sert plus : le rendez-vous a été déplacé,"
    " annulé, ou il est passé. Vérifiez les lettres, et prenez le lien du dernier mail."
)
#: In front of somebody who has not signed in, nothing is said of the papers.
PAPERS = (
    "Une pièce de votre dossier ne servira plus ce jour-là : pour ce jour, passez par le dossier."
)
TOO_SOON = "Ce jour vient trop tôt pour votre dossier."
NOT_FROM_HERE = (
    "Ce rendez-vous ne se change pas d’ici. Les pages de votre dossier disent pourquoi, et la"
    " mairie répond au téléphone."
)
GONE = "Ce créneau ne peut plus être pris. Choisissez-en un autre."
HELD_SINCE = (
    "Un créneau a été retenu ou rendu entre-temps, sur les pages de votre dossier. Relisez, puis"
    " recommencez."
)


def _link(request: HttpRequest) -> str:
    """What a limit counts: the link, true or not."""
    match = request.resolver_match
    return link_key(str(match.kwargs["token"])) if match is not None else ""


@sensitive_post_parameters()
@rate_limited("mail_link_ip", reads=False)
@rate_limited("mail_link", reads=False, by=_link)
@never_cache
@page_methods
@login_not_required
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the letters; once the appointment was changed from here, say so instead."""
    kept = request.session.get(SESSION_KEY) or {}
    if request.method != "POST" and kept.get("done") == token:
        return render(request, "pacs/appointment_link_done.html", {"told": kept["told"]})
    form = LettersForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        now = timezone.now()
        reader = reader_by_letters(token, form.cleaned_data["letters"], at=now)
        if reader is not None:
            request.session.cycle_key()
            request.session[SESSION_KEY] = link_pass(reader, at=now)
            return redirect("pacs:appointment-link-change", token)
        form.add_error("letters", NOT_TOGETHER)
    status = 422 if form.is_bound else 200
    return render(request, "pacs/appointment_link.html", {"form": form}, status=status)


def for_link(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let in whoever gave the letters for this link; the others go to the page that asks."""

    @login_not_required
    @wraps(view)
    def resolve(request: HttpRequest, token: str) -> HttpResponse:
        kept = request.session.get(SESSION_KEY)
        reader = reader_with_pass(token, kept, at=timezone.now())
        if reader is None:
            return redirect("pacs:appointment-link", token)
        return view(request, reader, token)

    return resolve


@rate_limited("booking", reads=False, by=who_acts)
@never_cache
@page_methods
@for_link
def change(request: HttpRequest, reader: Partenaire, token: str) -> HttpResponse:
    """The day and the hour, and the two things that can be done; what is sent cancels."""
    now, problem = timezone.now(), ""
    booked = reader.dossier.appointment
    if request.method == "POST":
        try:
            seen = seen_of(request, reader.dossier)
            appointments.cancel_from_mail(reader, at=now, seen=seen)
        except ChangedSince:
            problem = HELD_SINCE
        except ActionRefused:
            problem = NOT_FROM_HERE
        else:
            return _done(request, token, f"Le rendez-vous du {booked} est annulé.")
    return _change_page(request, reader, token, problem=problem, status=409 if problem else 200)


def _change_page(
    request: HttpRequest, reader: Partenaire, token: str, *, problem: str, status: int = 409
) -> HttpResponse:
    booked = reader.dossier.appointment
    context = {
        "appointment": booked,
        "is_changeable": booked is not None and booked.is_changeable(timezone.now()),
        "token": token,
        "lu": seen_key(reader.dossier),
        "problem": problem,
    }
    return render(request, "pacs/appointment_link_change.html", context, status=status)


@rate_limited("compute", reads=True, by=who_acts)
@rate_limited("booking", reads=False, by=who_acts)
@never_cache
@page_methods
@for_link
def move(request: HttpRequest, reader: Partenaire, token: str) -> HttpResponse:
    """The free slots, by the rules of the dossier's pages; one chosen, then confirmed."""
    now = timezone.now()
    try:
        agenda = appointments.bookable_agenda(reader.dossier, reader=reader, at=now)
    except ActionRefused:
        booked = reader.dossier.appointment
        if booked is None or not booked.is_changeable(now):
            return redirect("pacs:appointment-link-change", token)
        return _change_page(request, reader, token, problem=NOT_FROM_HERE)
    if request.method != "POST":
        return _slots_page(request, reader, agenda, token)
    starts_at = read_moment(request.POST.get("creneau", ""))
    if starts_at is None:
        problem = "Choisissez un créneau dans la liste."
        return _slots_page(request, reader, agenda, token, problem=problem, status=422)
    start = timezone.localtime(starts_at)
    wanted = f"{weekday_fr(start)} {day_fr(start)} à{NBSP}{hour_fr(start)}"
    if "oui" not in request.POST:
        context = {
            "appointment": reader.dossier.appointment,
            "wanted": wanted,
            "slot": request.POST["creneau"],
            "token": token,
            "lu": request.POST.get("lu", ""),
        }
        return render(request, "pacs/appointment_link_confirm.html", context)
    try:
        seen = seen_of(request, reader.dossier)
        appointments.move_from_mail(reader, starts_at, at=now, seen=seen)
    except ChangedSince:
        problem = HELD_SINCE
    except (SlotTaken, OperationalError):
        problem = GONE
    except ActionRefused:
        problem = NOT_FROM_HERE
    else:
        return _done(request, token, f"Le rendez-vous est déplacé. Il est maintenant le {wanted}.")
    return _slots_page(request, reader, agenda, token, problem=problem, status=409)


def _done(request: HttpRequest, token: str, told: str) -> HttpResponse:
    """The link is dead now: keep what to say for it, also to a second click."""
    request.session[SESSION_KEY] = {"done": token, "told": told}
    return redirect("pacs:appointment-link", token)


def _discreet(asked: Asked) -> Asked:
    """The same days, with reasons that name no paper."""
    limits = tuple(replace(limit, reason=PAPERS) for limit in asked.limits)
    reason = TOO_SOON if asked.first_reason else ""
    return replace(asked, limits=tuple(dict.fromkeys(limits)), first_reason=reason)


def _slots_page(
    request: HttpRequest,
    reader: Partenaire,
    agenda: Agenda,
    token: str,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    dossier = reader.dossier
    asked = _discreet(asked_by(dossier, agenda, reader=reader, at=timezone.now()))
    calendar = calendar_of(agenda, asked)
    first = calendar.open_days[:FIRST_DAYS]
    shown = calendar.on(read_day(request.GET.get("jour", "")))
    opening = shown.day if shown else first[0].day if first else asked.first_day
    context: dict[str, Any] = {
        "appointment": dossier.appointment,
        "token": token,
        "lu": seen_key(dossier),
        "first": first,
        "month": calendar.month(read_day(request.GET.get("mois", "")) or opening),
        "shown": shown,
        "last_day": asked.last_day,
        "problem": problem,
    }
    return render(request, "pacs/appointment_link_move.html", context, status=status)
