"""The couple's appointment: choose a slot, confirm it, move it, give it back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from demarches.agenda.booking import Calendar, calendar_of, read_day, read_moment
from demarches.agenda.calendar import appointment_event
from demarches.agenda.seats import SEAT_GONE, SlotTaken, nearest_free
from demarches.models import Agenda, Mairie
from demarches.rules.dates_fr import NBSP, day_fr, hour_fr, weekday_fr
from demarches.rules.slots import Asked, DaySlots, Slot, not_open_yet
from demarches.serving.ratelimit import rate_limited
from demarches.views.downloads import private_answer
from demarches.web.as_read import ChangedSince
from pacs.actions import appointments
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, Partenaire
from pacs.pages.tracking import piece_rows, who_is_mailed
from pacs.reads.booking import agenda_of, asked_by, needs_a_visit, pieces_to_renew
from pacs.reads.bringing import things_to_bring
from pacs.rules.planner import when_to_ask
from pacs.views.read import appointment_changed, seen_key, seen_of
from pacs.views.viewer import account_of, for_partenaire, while_going_on, who_acts

FIRST_DAYS = 4


@require_http_methods(["GET", "HEAD"])
@for_partenaire
@while_going_on
def appointment(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The appointment and all that can be done with it; without one, the way to take it."""
    dossier, now = partenaire.dossier, timezone.now()
    held = dossier.held_appointment
    offer = None
    if held is not None and held.is_held(now):
        offer = dossier.earlier_offers.filter(appointment=held, answer="").first()
    booked = dossier.appointment
    if booked is None:
        return redirect("pacs:appointment-choose", dossier.reference)
    context = {
        "dossier": dossier,
        "partenaire": partenaire,
        "appointment": booked,
        "is_changeable": booked.is_changeable(now),
        "is_over": booked.is_over(now),
        "offer": held if offer else None,
        "to_renew": _renewals(partenaire, timezone.localdate(booked.starts_at)),
        "to_bring": things_to_bring(dossier, reader=partenaire),
        "entrances": _entrances(),
        "lu": seen_key(dossier),
    }
    return render(request, "pacs/appointment.html", context)


@rate_limited("compute", reads=True, by=who_acts)
@rate_limited("booking", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
@while_going_on
def appointment_choose(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """List first, the month after; choosing keeps the slot while the couple confirms."""
    dossier, now = partenaire.dossier, timezone.now()
    is_overriding = "renouveler" in request.GET
    try:
        agenda = appointments.bookable_agenda(dossier, reader=partenaire, at=now)
    except ActionRefused as refused:
        return _cannot_book(request, partenaire, refused)
    if request.method != "POST":
        return _choose_page(request, partenaire, agenda, at=now, is_overriding=is_overriding)
    starts_at = read_moment(request.POST.get("creneau", ""))
    if starts_at is None:
        return _choose_page(
            request,
            partenaire,
            agenda,
            at=now,
            is_overriding=is_overriding,
            problem="Choisissez un créneau dans la liste.",
            status=422,
        )
    seen = seen_of(request, dossier)
    try:
        appointments.hold_slot(
            partenaire, starts_at, at=now, is_overriding=is_overriding, seen=seen
        )
    except ChangedSince:
        start = timezone.localtime(starts_at)
        day = f"{weekday_fr(start)} {day_fr(start)}"
        wanted = f"Choisir le {day} à{NBSP}{hour_fr(start)}."
        return appointment_changed(request, partenaire, seen=seen, wanted=wanted, at=now)
    except ActionRefused as refused:
        return _cannot_book(request, partenaire, refused)
    except SlotTaken as taken:
        return _lost(request, partenaire, agenda, taken, is_overriding=is_overriding)
    except OperationalError:
        # Somebody else held the lock for longer than we wait: nothing was written.
        asked = asked_by(dossier, agenda, reader=partenaire, at=now, is_overriding=is_overriding)
        lost = SlotTaken(SEAT_GONE, nearest_free(agenda, starts_at, asked))
        return _lost(request, partenaire, agenda, lost, is_overriding=is_overriding)
    return redirect("pacs:appointment-confirm", dossier.reference)


@rate_limited("booking", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
@while_going_on
def appointment_confirm(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Read, then confirm; sent twice, it shows the same appointment."""
    dossier, now = partenaire.dossier, timezone.now()
    if request.method == "POST":
        seen = seen_of(request, dossier)
        try:
            appointments.confirm_slot(partenaire, at=now, by=account_of(request), seen=seen)
        except ChangedSince:
            read, replaced = seen.slot(dossier), seen.appointment(dossier)
            wanted = f"Confirmer le {read}" if read else "Confirmer un rendez-vous"
            wanted += f", à la place du {replaced}." if replaced else "."
            return appointment_changed(request, partenaire, seen=seen, wanted=wanted, at=now)
        except ActionRefused as refused:
            return _cannot_book(request, partenaire, refused)
        except SlotTaken as taken:
            agenda = agenda_of(dossier)
            if agenda is None:
                raise Http404 from taken
            return _lost(request, partenaire, agenda, taken, is_overriding=False)
        messages.success(request, f"C’est noté. {who_is_mailed(partenaire, 'une confirmation')}")
        return redirect("pacs:appointment", dossier.reference)
    held = dossier.held_appointment
    if held is None:
        return redirect("pacs:appointment", dossier.reference)
    context = {
        "dossier": dossier,
        "partenaire": partenaire,
        "held": held,
        "is_live": held.is_held(now),
        "current": dossier.appointment,
        "to_renew": _renewals(partenaire, timezone.localdate(held.starts_at)),
        "to_bring": things_to_bring(dossier, reader=partenaire),
        "lu": seen_key(dossier),
    }
    return render(request, "pacs/appointment_confirm.html", context)


@rate_limited("booking", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
@while_going_on
def appointment_cancel(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Give the appointment back, after a question."""
    dossier, now = partenaire.dossier, timezone.now()
    if request.method == "POST":
        seen = seen_of(request, dossier)
        try:
            appointments.cancel_appointment(partenaire, at=now, by=account_of(request), seen=seen)
        except ChangedSince:
            read = seen.appointment(dossier)
            wanted = f"Annuler le rendez-vous du {read}." if read else "Annuler le rendez-vous."
            return appointment_changed(request, partenaire, seen=seen, wanted=wanted, at=now)
        except ActionRefused as refused:
            return _cannot_book(request, partenaire, refused)
        messages.success(request, "Le rendez-vous est annulé. Votre dossier reste complet.")
        return redirect(dossier)
    if dossier.appointment is None:
        return redirect(dossier)
    if not dossier.appointment.is_changeable(now):
        return redirect("pacs:appointment", dossier.reference)
    context = {
        "dossier": dossier,
        "partenaire": partenaire,
        "appointment": dossier.appointment,
        "mailed": who_is_mailed(partenaire, "un mail qui le dit"),
        "lu": seen_key(dossier),
    }
    return render(request, "pacs/appointment_cancel.html", context)


@rate_limited("booking", reads=False, by=who_acts)
@require_POST
@for_partenaire
def appointment_earlier(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Enter or leave the waiting list for an earlier date."""
    wanted, now = request.POST.get("attendre") == "1", timezone.now()
    seen = seen_of(request, partenaire.dossier)
    try:
        appointments.want_earlier(partenaire, wanted=wanted, at=now, seen=seen)
    except ChangedSince:
        read = seen.appointment(partenaire.dossier)
        act = "Être prévenus d’une date plus proche" if wanted else "Quitter la liste d’attente"
        asked = f"{act} que le {read}." if read and wanted else f"{act}."
        return appointment_changed(request, partenaire, seen=seen, wanted=asked, at=now)
    except ActionRefused as refused:
        return _cannot_book(request, partenaire, refused)
    told = "Vous êtes dans la liste d’attente." if wanted else "Vous n’êtes plus dans la liste."
    messages.success(request, told)
    return redirect("pacs:appointment", partenaire.dossier.reference)


@rate_limited("booking", reads=False, by=who_acts)
@require_POST
@for_partenaire
def appointment_refuse(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Leave an offered or held slot to others."""
    seen, now = seen_of(request, partenaire.dossier), timezone.now()
    try:
        appointments.refuse_offer(partenaire, at=now, seen=seen)
    except ChangedSince:
        read = seen.slot(partenaire.dossier)
        wanted = f"Rendre le créneau du {read}." if read else "Rendre un créneau."
        return appointment_changed(request, partenaire, seen=seen, wanted=wanted, at=now)
    except ActionRefused as refused:
        return _cannot_book(request, partenaire, refused)
    messages.success(request, "Ce créneau est rendu. Le reste ne change pas.")
    return redirect("pacs:appointment", partenaire.dossier.reference)


@rate_limited("compute", reads=True)
@require_http_methods(["GET", "HEAD"])
@for_partenaire
@while_going_on
def appointment_file(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The event for a calendar program; the same UID at each download."""
    booked = partenaire.dossier.appointment
    if booked is None:
        raise Http404
    mairie = Mairie.objects.with_entrances()
    event = appointment_event(booked, mairie, at=timezone.now())
    return private_answer(
        event.encode(), "text/calendar; charset=utf-8", "rendez-vous.ics", disposition="attachment"
    )


def _choose_page(
    request: HttpRequest,
    partenaire: Partenaire,
    agenda: Agenda,
    *,
    at: datetime,
    is_overriding: bool,
    problem: str = "",
    nearest: tuple[Slot, ...] = (),
    status: int = 200,
) -> HttpResponse:
    dossier = partenaire.dossier
    asked = asked_by(dossier, agenda, reader=partenaire, at=at, is_overriding=is_overriding)
    held = dossier.held_appointment
    calendar = calendar_of(agenda, asked)
    first = calendar.open_days[:FIRST_DAYS]
    chosen = calendar.on(read_day(request.GET.get("jour", "")))
    wish = _wish(dossier, calendar, asked)
    shown = chosen or wish
    opening = shown.day if shown else first[0].day if first else asked.first_day
    context: dict[str, Any] = {
        "dossier": dossier,
        "partenaire": partenaire,
        "current": dossier.appointment,
        "held": held if held is not None and held.is_held(at) else None,
        "lu": seen_key(dossier),
        "first": first,
        "month": calendar.month(read_day(request.GET.get("mois", "")) or opening),
        "shown": shown,
        "is_wish": shown is not None and shown.day == dossier.wished_date,
        "around": calendar.around(shown.day) if shown and not shown.is_open else (),
        "has_limits": bool(asked.limits),
        "is_overriding": is_overriding,
        "extra": "&renouveler=1" if is_overriding else "",
        "problem": problem,
        "nearest": nearest,
        "last_day": asked.last_day,
    }
    return render(request, "pacs/appointment_choose.html", context, status=status)


def _wish(dossier: Dossier, calendar: Calendar, asked: Asked) -> DaySlots | None:
    """The wished day, on which the page opens; None without one, or once an appointment stands.

    A day beyond the calendar is not read from the agenda: the reason is the same for all.
    """
    day = dossier.wished_date
    if day is None or day < calendar.today or dossier.appointment is not None:
        return None
    return calendar.on(day) or DaySlots(day, reason=not_open_yet(asked))


def _lost(
    request: HttpRequest,
    partenaire: Partenaire,
    agenda: Agenda,
    taken: SlotTaken,
    *,
    is_overriding: bool,
) -> HttpResponse:
    """The slot went to somebody else: the nearest free ones, on the same page."""
    return _choose_page(
        request,
        partenaire,
        agenda,
        at=timezone.now(),
        is_overriding=is_overriding,
        problem=" ".join(taken.messages),
        nearest=taken.nearest,
        status=409,
    )


def _cannot_book(
    request: HttpRequest, partenaire: Partenaire, refused: ActionRefused
) -> HttpResponse:
    """Why this dossier cannot book, move or cancel now, and what to do."""
    context = {
        "dossier": partenaire.dossier,
        "partenaire": partenaire,
        "reasons": refused.messages,
        "needs_a_visit": needs_a_visit(partenaire.dossier),
    }
    status = 200 if request.method in {"GET", "HEAD"} else 409
    return render(request, "pacs/appointment_impossible.html", context, status=status)


@dataclass(frozen=True)
class Renewal:
    """A piece that will be too old, and when to ask for the next one."""

    title: str
    last_day: date | None
    #: « dès maintenant », « à partir du … »; empty when any day does, or for the other's piece.
    when: str
    url: str


def _renewals(partenaire: Partenaire, day: date) -> list[Renewal]:
    """What this reader has to renew for that day; the other's pieces only as a fact."""
    now = timezone.now()
    days = partenaire.dossier.days(at=now)
    rows = {row.piece.pk: row for row in piece_rows(partenaire, at=now, days=days)}
    found = []
    for piece, wording, last in pieces_to_renew(partenaire.dossier, day):
        row = rows.get(piece.pk)
        if row is None:
            found.append(Renewal("Une pièce de votre partenaire", last, "", ""))
            continue
        window = when_to_ask(piece.rule_id, wording.max_age, on=day, days=days)
        found.append(Renewal(row.title, last, window.words if window else "", row.url))
    return found


def _entrances() -> list[Any]:
    mairie = Mairie.objects.current()
    return list(mairie.entrances.all()) if mairie else []
