"""The desk of appointments: the day of the officer, booking for somebody, births to verify."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models.options import Options
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.timezone import get_default_timezone, localdate
from django.views.decorators.http import require_safe

from demarches.agenda.booking import already_theirs, month_at_desk, read_day, read_moment, week_of
from demarches.agenda.day_field import DayField, day_of_address
from demarches.agenda.seats import SlotTaken
from demarches.desk.frame import frame
from demarches.models import Appointment, User
from demarches.rules.dates_fr import day_fr, days_range_fr, hour_fr, weekday_fr
from demarches.rules.enums import Status
from demarches.rules.numbers import read_number
from demarches.rules.read import FIELD
from demarches.rules.reference import parse_reference
from demarches.steps.forms import NoPrivateNumbersMixin
from demarches.views.downloads import private_answer
from demarches.web.as_read import ChangedSince
from pacs.actions import appointments, desk
from pacs.actions.guards import StaleDossier
from pacs.actions.refusals import ActionRefused
from pacs.admin.people import agent_of, note, told, version_of
from pacs.hooks.closing import parties
from pacs.models import Dossier, Piece
from pacs.papers import sheets
from pacs.reads.access import may_decide, may_read_as_staff, may_review, may_serve_counter
from pacs.reads.booking import asked_by
from pacs.reads.day import births_to_verify, visits_between
from pacs.reads.search import find_dossiers

type View = Callable[..., HttpResponse]


def day_asked(request: HttpRequest) -> date:
    """The day of the address; today when it says nothing or something else."""
    return read_day(request.GET.get("jour", "")) or localdate()


class DayDesk:
    """Views around appointments, mixed into the admin of dossiers."""

    #: Couples proposed for one free seat; the others are found by their name.
    GIVEN: ClassVar[int] = 20

    admin_site: admin.AdminSite
    opts: Options[Dossier]

    def day_urls(self, wrap: Callable[[View], View]) -> list[URLPattern]:
        """Our own addresses, each behind the site's sign-in."""
        return [
            path("journee/", wrap(require_safe(self.day_view)), name="pacs_dossier_day"),
            path(
                "journee/<slug:slug>.pdf",
                wrap(require_safe(self.sheet_view)),
                name="pacs_dossier_sheet",
            ),
            path("arrivee/", wrap(require_safe(self.arrival_view)), name="pacs_dossier_arrival"),
            path("donner/", wrap(require_safe(self.give_view)), name="pacs_dossier_give"),
            path("naissances/", wrap(self.births_view), name="pacs_dossier_births"),
            path("<num:pk>/rendez-vous/", wrap(self.book_view), name="pacs_dossier_book"),
            path(
                "<num:pk>/rendez-vous/hors-horaires/",
                wrap(self.book_apart_view),
                name="pacs_dossier_book_apart",
            ),
        ]

    def _page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        status = context.pop("status", 200)
        shared = frame(self.admin_site, request, tab="day") | {"opts": self.opts}
        return TemplateResponse(request, template, shared | context, status=status)

    def day_view(self, request: HttpRequest) -> HttpResponse:
        """Who comes on one day, and what to check of each."""
        agent = _reader(request)
        day = day_asked(request)
        visits = visits_between(day, day)
        note(request, "feuille du jour", *(visit.dossier for visit in visits))
        return self._page(
            request,
            "admin/pacs/day.html",
            title=f"Rendez-vous {days_range_fr(day, day)}",
            day=day,
            previous=day - timedelta(days=1),
            next=day + timedelta(days=1),
            visits=visits,
            now=timezone.now(),
            is_to_come=day >= localdate(),
            may_review=may_review(agent),
            may_serve_counter=may_serve_counter(agent),
            may_decide=may_decide(agent),
        )

    def arrival_view(self, request: HttpRequest) -> HttpResponse:
        """Where the code of a convocation leads an agent: who comes, when, and « arrivés ».

        `?convocation=`: the address that the code holds, or a reference; nothing is written before
        the button is pressed.
        """
        agent, now = agent_of(request), timezone.now()
        if not may_serve_counter(agent):
            raise PermissionDenied
        read = request.GET.get("convocation", "")[:200]
        reference = parse_reference(read.rstrip("/").rpartition("/")[2])
        dossier = None
        if reference:
            dossier = Dossier.objects.for_desk().filter(reference=reference).first()
        if dossier is None:
            said = f"« {read} » ne mène à aucun dossier." if read else "Scannez une convocation."
            messages.error(request, f"{said} Cherchez le couple dans la journée.")
            return redirect("admin:pacs_dossier_day")
        note(request, "arrivée", dossier)
        booked = dossier.appointment
        day = localdate(booked.starts_at) if booked else None
        return self._page(
            request,
            "admin/pacs/arrival.html",
            title="Arrivée",
            dossier=dossier,
            booked=booked,
            is_today=day == localdate(now),
            is_to_come=bool(day and day > localdate(now)),
        )

    def sheet_view(self, request: HttpRequest, slug: str) -> HttpResponse:
        """A sheet on paper; the front desk's holds initials only."""
        agent, day, now = _reader(request), day_asked(request), timezone.now()
        makers: dict[str, Callable[[], sheets.Sheet]] = {
            "officier": lambda: sheets.day_sheet(day, at=now),
            "accueil": lambda: sheets.front_desk_sheet(day, at=now),
            "plan-b": lambda: sheets.plan_b(localdate(now), at=now),
        }
        if slug not in makers:
            raise Http404
        if slug != "accueil" and not may_review(agent):
            raise PermissionDenied
        sheet = makers[slug]()
        note(request, f"feuille {slug}", *sheet.dossiers)
        content = sheet.content
        return private_answer(content, "application/pdf", f"{slug}.pdf", disposition="attachment")

    def births_view(self, request: HttpRequest) -> HttpResponse:
        """The morning's list of births to verify, with the fields of the query."""
        agent, now = agent_of(request), timezone.now()
        if not may_review(agent):
            raise PermissionDenied
        if request.method == "POST":
            raw = request.POST.get("piece", "")
            piece = get_object_or_404(
                Piece, pk=read_number(raw) or 0, dossier__in=Dossier.objects.for_desk()
            )
            try:
                desk.verify_birth(piece, by=agent, at=now, read=request.POST.get(FIELD, ""))
            except ChangedSince:
                messages.error(
                    request, "L’état civil a changé depuis : vérifiez l’acte à nouveau, ci-dessous."
                )
            except ActionRefused as refused:
                messages.error(request, " ".join(refused.messages))
            else:
                messages.success(request, "La vérification est notée, à la date d’aujourd’hui.")
            return redirect("admin:pacs_dossier_births")
        checks = births_to_verify(at=now)
        note(request, "naissances à vérifier", *(check.piece.dossier for check in checks))
        return self._page(
            request, "admin/pacs/births.html", title="Naissances à vérifier", checks=checks
        )

    def give_view(self, request: HttpRequest) -> HttpResponse:
        """Who waits for a date and may have this seat; each button books it, as `book_view`."""
        agent, now = agent_of(request), timezone.now()
        if not may_review(agent):
            raise PermissionDenied
        starts_at = read_moment(request.GET.get("creneau", ""))
        if starts_at is None or starts_at <= now:
            messages.error(request, "Cette place est passée : choisissez-en une dans l’agenda.")
            return redirect("admin:agenda")
        start = timezone.localtime(starts_at)
        complete = Dossier.objects.for_desk().filter(status=Status.COMPLETE.value)
        found = find_dossiers(complete.longest_waiting_first(), request.GET.get("q", "")[:100])
        rows = list(found.rows.prefetch_related("partenaires")[: self.GIVEN + 1])
        waiting = rows[: self.GIVEN]
        note(request, "place à donner", *waiting)
        serves = {
            one.reference: one.serves_until
            for one in parties([one.reference for one in waiting], at=now)
        }
        return self._page(
            request,
            "admin/pacs/give.html",
            title=f"Donner {weekday_fr(start)} {day_fr(start)} à {hour_fr(start)}",
            tab="agenda",
            day=start.date(),
            slot=start.isoformat(timespec="minutes"),
            typed=request.GET.get("q", "")[:100],
            said=found.said,
            has_more=len(rows) > self.GIVEN,
            waiting=[
                (one, last, last is not None and last < start.date())
                for one in waiting
                for last in (serves[one.reference],)
            ],
        )

    def book_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Book or move for a couple: every seat, no lead time, papers too old are told."""
        agent, now = agent_of(request), timezone.now()
        if not may_review(agent):
            raise PermissionDenied
        desk_rows = Dossier.objects.for_desk().select_related("appointment__agenda")
        dossier = get_object_or_404(desk_rows, pk=pk)
        try:
            agenda = appointments.bookable_agenda(dossier, reader=None, at=now)
        except ActionRefused as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect("admin:pacs_dossier_change", pk)
        problem, wanted, status = "", "", 200
        if request.method == "POST":
            starts_at = read_moment(request.POST.get("creneau", ""))
            if starts_at is None:
                problem, status = "Choisissez un créneau.", 422
            else:
                try:
                    booked = appointments.book_for(
                        dossier, starts_at, by=agent, at=now, version=version_of(request)
                    )
                except (SlotTaken, ActionRefused) as refused:
                    problem, status = " ".join(refused.messages), 409
                    dossier = get_object_or_404(desk_rows, pk=pk)
                    if said := already_theirs(dossier.appointment, starts_at):
                        messages.info(request, said)
                        return redirect("admin:pacs_dossier_change", pk)
                    if isinstance(refused, StaleDossier):
                        start = timezone.localtime(starts_at)
                        wanted = f"{weekday_fr(start)} {day_fr(start)} à {hour_fr(start)}"
                else:
                    messages.success(
                        request, f"Rendez-vous pris : {booked}. {told(dossier.people)}"
                    )
                    return redirect("admin:pacs_dossier_change", pk)
        note(request, "rendez-vous", dossier)
        asked = asked_by(dossier, agenda, reader=None, at=now, is_overriding=True)
        typed = request.GET.get("jour", "")
        day, day_problem = day_of_address(typed, today=localdate(now))
        day = max(day, localdate(now))
        return self._page(
            request,
            "admin/pacs/book.html",
            told=told(dossier.people),
            title=f"Rendez-vous du dossier {dossier.reference}",
            dossier=dossier,
            tab="agenda",
            day=day,
            day_problem=day_problem,
            day_typed=typed,
            month=month_at_desk(agenda, day, asked),
            week=week_of(agenda, day, asked),
            problem=problem,
            wanted=wanted,
            status=status,
        )

    def book_apart_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One appointment at an hour or a place of its own, agreed with the couple."""
        agent, now, status = agent_of(request), timezone.now(), 200
        if not may_review(agent):
            raise PermissionDenied
        desk_rows = Dossier.objects.for_desk().select_related("appointment__agenda")
        dossier = get_object_or_404(desk_rows, pk=pk)
        try:
            agenda = appointments.bookable_agenda(dossier, reader=None, at=now)
        except ActionRefused as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect("admin:pacs_dossier_change", pk)
        form = ApartForm(request.POST or None, initial={"minutes": agenda.slot_minutes})
        if request.method == "POST":
            status = 422
            if form.is_valid():
                data = form.cleaned_data
                try:
                    booked = appointments.book_apart(
                        dossier,
                        datetime.combine(data["day"], data["hour"], get_default_timezone()),
                        minutes=data["minutes"],
                        place=data["place"],
                        why=data["why"],
                        by=agent,
                        at=now,
                        version=version_of(request),
                    )
                except ValidationError as refused:
                    form.add_error(None, refused.messages)
                    status = 409
                    dossier = get_object_or_404(desk_rows, pk=pk)
                else:
                    messages.success(
                        request, f"Rendez-vous pris : {booked}. {told(dossier.people)}"
                    )
                    return redirect("admin:pacs_dossier_change", pk)
        note(request, "rendez-vous", dossier)
        return self._page(
            request,
            "admin/pacs/book_apart.html",
            told=told(dossier.people),
            title=f"Rendez-vous hors horaires du dossier {dossier.reference}",
            tab="agenda",
            dossier=dossier,
            form=form,
            status=status,
        )


class ApartForm(NoPrivateNumbersMixin, forms.Form):
    """An hour and a place agreed with one couple."""

    day = DayField(label="Quel jour", first=localdate, too_early="Ce jour est déjà passé.")
    hour = forms.TimeField(
        label="À quelle heure", widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    minutes = forms.IntegerField(
        label="Pendant combien de minutes",
        min_value=appointments.MINUTES[0],
        max_value=appointments.MINUTES[1],
        help_text="Le trajet compris : l’agenda est pris pendant ce temps.",
    )
    place = forms.CharField(
        label="Où, si ce n’est pas à la mairie",
        max_length=Appointment._meta.get_field("place").max_length,
        required=False,
        help_text="Les deux le lisent : mails, convocation, fichier d’agenda.",
    )
    why = forms.CharField(
        label="Pourquoi",
        max_length=200,
        help_text="Pour le journal des agents seulement.",
        error_messages={"required": "Dites pourquoi, pour le journal."},
    )


def _reader(request: HttpRequest) -> User:
    agent = agent_of(request)
    if not may_read_as_staff(agent):
        raise PermissionDenied
    return agent
