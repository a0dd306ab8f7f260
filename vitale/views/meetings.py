"""The appointment of a request for help, for the person: say yes, choose another, give it up."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from demarches.accounts.acting import account_of
from demarches.agenda.booking import first_days, read_moment
from demarches.agenda.seats import SEAT_GONE, SlotTaken
from demarches.rules.dates_fr import NBSP, day_fr, hour_fr, weekday_fr
from demarches.rules.enums import AppointmentStatus
from demarches.rules.slots import Slot
from demarches.serving.ratelimit import rate_limited
from demarches.views.downloads import private_answer
from demarches.web.as_read import ChangedSince
from vitale import emails
from vitale.actions import meetings as actions
from vitale.models import Demande
from vitale.rules.aide import ALLOWED, Act
from vitale.views.read import demande_changed, meeting_of
from vitale.views.viewer import for_demande

FIRST_DAYS = 6


@rate_limited("compute", reads=True)
@rate_limited("booking", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
@for_demande
def choose(request: HttpRequest, demande: Demande) -> HttpResponse:
    """The first free days; one button books."""
    if request.method != "POST":
        return _choose_page(request, demande)
    starts_at = read_moment(request.POST.get("creneau", ""))
    if starts_at is None:
        return _choose_page(request, demande, problem="Choisissez un créneau.", status=422)
    seen = meeting_of(request)
    try:
        booked = actions.choose(
            demande, starts_at, by=account_of(request), at=timezone.now(), seen=seen
        )
    except ChangedSince:
        start = timezone.localtime(starts_at)
        wanted = f"Choisir le {weekday_fr(start)} {day_fr(start)} à{NBSP}{hour_fr(start)}."
        return demande_changed(request, demande, wanted=wanted)
    except SlotTaken as taken:
        return _lost(request, demande, taken)
    except OperationalError:
        # Somebody else held the lock for longer than we wait: nothing was written.
        return _lost(request, demande, SlotTaken(SEAT_GONE))
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect(demande)
    messages.success(request, f"C’est noté : {booked}.")
    return redirect(demande)


@rate_limited("booking", reads=False)
@require_POST
@for_demande
def confirm(request: HttpRequest, demande: Demande) -> HttpResponse:
    """Say yes to the slot that the mairie proposes; twice is once."""
    seen = meeting_of(request)
    try:
        booked = actions.confirm(demande, by=account_of(request), at=timezone.now(), seen=seen)
    except ChangedSince:
        read = actions.meeting_read(demande, seen)
        wanted = f"Confirmer le {read}." if read else "Confirmer un rendez-vous."
        return demande_changed(request, demande, wanted=wanted)
    except SlotTaken as taken:
        return _lost(request, demande, taken)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, f"C’est noté : {booked}.")
    return redirect(demande)


@rate_limited("booking", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
@for_demande
def give_up(request: HttpRequest, demande: Demande) -> HttpResponse:
    """What is given back and what stays; then one button. Twice is once."""
    if request.method != "POST":
        return _give_up_page(request, demande)
    seen = meeting_of(request)
    try:
        former = actions.give_up(demande, by=account_of(request), at=timezone.now(), seen=seen)
    except ChangedSince:
        read = actions.meeting_read(demande, seen)
        wanted = f"Renoncer au rendez-vous du {read}." if read else "Renoncer à un rendez-vous."
        return demande_changed(request, demande, wanted=wanted)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(
            request,
            f"Vous avez renoncé au rendez-vous du {former}. Votre demande reste ouverte{NBSP}: un"
            " agent vous répondra, ou vous proposera une autre date.",
        )
    return redirect(demande)


def _give_up_page(request: HttpRequest, demande: Demande) -> HttpResponse:
    """The question; back to the request when there is nothing to give up."""
    now = timezone.now()
    meeting = actions.to_give_up(demande, at=now)
    if meeting is None:
        return redirect(demande)
    is_booked = meeting.current_status is AppointmentStatus.BOOKED
    context = {
        "demande": demande,
        "lu": meeting.pk,
        "meeting": meeting,
        "is_booked": is_booked,
        "is_past": meeting.starts_at <= now,
        "may_choose": not is_booked or meeting.is_changeable(now),
    }
    return render(request, "vitale/meeting_give_up.html", context)


@rate_limited("compute", reads=True)
@require_safe
@for_demande
def calendar(request: HttpRequest, demande: Demande) -> HttpResponse:
    """The event for a calendar program; the same UID at each download."""
    meeting = demande.appointment
    if meeting is None or meeting.current_status is not AppointmentStatus.BOOKED:
        raise Http404
    event = emails.meeting_event(demande, meeting, at=timezone.now())
    return private_answer(
        event.encode(), "text/calendar; charset=utf-8", "rendez-vous.ics", disposition="attachment"
    )


def _choose_page(
    request: HttpRequest,
    demande: Demande,
    *,
    problem: str = "",
    nearest: tuple[Slot, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """The slots; back to the request when it is not the moment to choose one."""
    now = timezone.now()
    meeting = demande.appointment
    if demande.code not in ALLOWED[Act.CHOOSE] or meeting is None:
        return redirect(demande)
    is_booked = meeting.current_status is AppointmentStatus.BOOKED
    if is_booked and not meeting.is_changeable(now):
        return redirect(demande)
    try:
        agenda = actions.help_agenda()
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect(demande)
    asked = actions.asked_online(agenda, now)
    context = {
        "demande": demande,
        "lu": meeting.pk,
        "booked": meeting if is_booked else None,
        "first": first_days(agenda, asked, count=FIRST_DAYS),
        "last_day": asked.last_day,
        "problem": problem,
        "nearest": nearest,
    }
    return render(request, "vitale/meeting_choose.html", context, status=status)


def _lost(request: HttpRequest, demande: Demande, taken: SlotTaken) -> HttpResponse:
    """The slot went to somebody else: the nearest free ones, on the same page."""
    return _choose_page(
        request, demande, problem=" ".join(taken.messages), nearest=taken.nearest, status=409
    )
