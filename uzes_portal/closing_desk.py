"""« Fermer une journée »: which day, who is concerned, what they are told, then one press.

The appointments are those of every procedure (`demarches.agenda.closing`); each does what its own
actions do. Nothing has changed before the last press but that nobody can book there.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_POST

from demarches.accounts.acting import agent_of
from demarches.agenda import closing_actions
from demarches.agenda.booking import read_day, read_moment
from demarches.agenda.closing import Plan, Procedures, calls_of, left_to_do, plan_of
from demarches.agenda.closing_actions import ClosingOver, ClosingRefused
from demarches.agenda.day_field import DayField
from demarches.desk.frame import frame
from demarches.desk.piles import Lane, Pile
from demarches.models import Closing, ClosingCall, Closure, Mairie, Service, User
from demarches.procedures import with_appointments
from demarches.rules.closing import DAYS_AT_MOST, PRESET, Toll
from demarches.rules.numbers import read_number
from demarches.rules.opening_hours import ClosurePeriod
from demarches.rules.read import FIELD, imprint
from demarches.steps.forms import NoPrivateNumbersMixin
from demarches.web.as_read import ChangedSince

PAGE = "fermeture d’une journée"
#: What the list of seats sends for « they choose another date by themselves ».
CANCEL = "annuler"
#: What the other buttons of the proposals send: the nearest seats anew, and more time.
ANEW, LONGER = "proposer", "garder"
CHANGED = "Un collègue a changé ces propositions entre-temps : relisez, puis recommencez."


def may_close_days(user: User) -> bool:
    """Agents who move the appointments of every procedure that has some."""
    found = with_appointments()
    return bool(found) and all(one.may_move(user) for one in found)


def closers() -> Procedures:
    """What each says and does about its appointments."""
    return [one.closing for one in with_appointments() if one.closing is not None]


def closing_urls(wrap: Callable[..., Any]) -> list[URLPattern]:
    """Our addresses under the desk; `wrap` is the site's own check."""
    return [
        path("fermer/", wrap(open_view), name="close_day"),
        path("fermer/<num:pk>/", wrap(closing_view), name="closing"),
        path("fermer/<num:pk>/confirmer/", wrap(confirm_view), name="closing_confirm"),
        path(
            "fermer/<num:pk>/abandonner/",
            wrap(require_POST(abandon_view)),
            name="closing_abandon",
        ),
        path("fermer/<num:pk>/appele/", wrap(require_POST(called_view)), name="closing_called"),
    ]


class ClosingForm(NoPrivateNumbersMixin, forms.Form):
    """Which day or hours, for whom, and what the public reads."""

    day = DayField(label="Quel jour fermer", first=localdate, too_early="Ce jour est déjà passé.")
    last_day = DayField(
        label="Jusqu’à quel jour",
        first=localdate,
        required=False,
        too_early="Ce jour est déjà passé.",
        help_text="Vide : ce jour seulement.",
    )
    from_time = forms.TimeField(
        label="À partir de",
        required=False,
        help_text="Vide : dès le matin.",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    until_time = forms.TimeField(
        label="Jusqu’à",
        required=False,
        help_text="Vide : jusqu’au soir.",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    service = forms.ModelChoiceField(
        Service.objects.all(), label="Quoi fermer", required=False, empty_label="Toute la mairie"
    )
    reason = forms.CharField(
        label="Ce que le public lit",
        initial=PRESET,
        max_length=Closure._meta.get_field("reason").max_length,
        help_text="Sur le site, et dans les mails à ceux qui étaient attendus.",
        error_messages={"required": "Écrivez ce que le public lira, en quelques mots."},
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if day := data.get("day"):
            last = data["last_day"] = data.get("last_day") or day
            if last < day:
                self.add_error("last_day", "Le dernier jour suit le premier.")
                return data
            if (last - day).days >= DAYS_AT_MOST:
                self.add_error(
                    "last_day", f"Fermez {DAYS_AT_MOST} jours au plus à la fois, puis recommencez."
                )
            try:
                ClosurePeriod(day, last, data.get("from_time"), data.get("until_time"))
            except ValueError:
                self.add_error(
                    "until_time",
                    "L’heure de fin suit l’heure de début ; vide, la fermeture dure jusqu’au soir.",
                )
        return data


def _agent(request: HttpRequest) -> User:
    agent = agent_of(request)
    if not may_close_days(agent):
        raise PermissionDenied
    return agent


def _page(request: HttpRequest, name: str, *, status: int = 200, **context: Any) -> HttpResponse:
    shared = frame(admin.site, request)
    return TemplateResponse(request, f"admin/{name}.html", shared | context, status=status)


def open_view(request: HttpRequest) -> HttpResponse:
    """Which day: from there on nobody books it, for half an hour."""
    agent, now = _agent(request), timezone.now()
    day = read_day(request.GET.get("jour", ""))
    form = ClosingForm(request.POST or None, initial={"day": day, "reason": PRESET})
    status = 200
    if request.method == "POST":
        status = 422
        mairie = Mairie.objects.current()
        if mairie is not None and form.is_valid():
            try:
                closing = closing_actions.open_closing(
                    mairie, **form.cleaned_data, procedures=closers(), by=agent, at=now
                )
            except ClosingRefused as refused:
                form.add_error(None, refused)
                status = 409
            else:
                return redirect("admin:closing", closing.pk)
    return _page(request, "close_day", status=status, title="Fermer une journée", form=form)


def _closing(pk: int) -> Closing:
    rows = Closing.objects.select_related("mairie", "service", "by", "closed_by")
    return get_object_or_404(rows, pk=pk)


def _plan(request: HttpRequest, closing: Closing, *, at: datetime, **more: Any) -> Plan:
    """What is to be shown of it; whoever is named in it was read by this agent."""
    plan = plan_of(closing, closers(), at=at, **more)
    for procedure in closers():
        procedure.note(_agent(request), PAGE, plan.references, at=at)
    return plan


def closing_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is concerned, and the seat proposed to each; once closed, what is left to do."""
    _agent(request)
    now, closing, status = timezone.now(), _closing(pk), 200
    refused: dict[int, str] = {}
    if request.method == "POST":
        read, verb = request.POST.get(FIELD, ""), request.POST.get("faire", "")
        try:
            if verb == ANEW:
                closing_actions.propose_again(closing, closers(), read=read, at=now)
            else:
                refused = closing_actions.choose(
                    closing, _choices(request, closing), closers(), read=read, at=now
                )
        except ChangedSince:
            messages.error(request, CHANGED)
            status = 409
        except ClosingOver as over:
            messages.error(request, " ".join(over.messages))
            status = 409
        else:
            if not refused:
                stays = verb in {ANEW, LONGER}
                return redirect("admin:closing" if stays else "admin:closing_confirm", pk)
            status = 409
    return _closing_page(request, closing, status=status, refused=refused)


def _closing_page(
    request: HttpRequest, closing: Closing, *, status: int, refused: Mapping[int, str] | None = None
) -> HttpResponse:
    now = timezone.now()
    if not closing.is_closed and not closing.is_pausing(now):
        # Nobody is named any more.
        return _page(request, "closing_over", status=status, title=str(closing), closing=closing)
    plan = _plan(request, closing, at=now, with_choices=True, refused=refused or {})
    return _page(
        request,
        "closing",
        status=status,
        title=f"Fermer {closing.day_label}",
        closing=closing,
        plan=plan,
        calls=calls_of(closing, closers(), at=now) if closing.is_closed else (),
        field=FIELD,
        read=imprint(plan.shown),
        cancel=CANCEL,
        anew=ANEW,
        longer=LONGER,
    )


def _choices(request: HttpRequest, closing: Closing) -> dict[int, datetime | None]:
    """The seat asked for each line; a list that was not sent, or is unreadable, changes nothing."""
    found: dict[int, datetime | None] = {}
    for pk in closing.lines.values_list("pk", flat=True):
        raw = request.POST.get(f"place_{pk}", "")
        moment = read_moment(raw)
        if raw == CANCEL or moment is not None:
            found[pk] = moment
    return found


def confirm_view(request: HttpRequest, pk: int) -> HttpResponse:
    """What each is told and who is to be called; then the press that does it all."""
    agent, now, closing, status = _agent(request), timezone.now(), _closing(pk), 200
    if request.method == "POST":
        try:
            done = closing_actions.confirm(
                closing, closers(), read=request.POST.get(FIELD, ""), by=agent, at=now
            )
        except ChangedSince:
            messages.error(request, CHANGED)
            status = 409
        except ClosingOver as over:
            messages.error(request, " ".join(over.messages))
            return redirect("admin:closing", pk)
        else:
            closing = _closing(pk)
            if done == Toll() and closing.closed_by != agent:
                messages.info(
                    request, f"Rien à faire : {closing.closed_by} a déjà fermé cette journée."
                )
            else:
                messages.success(request, done.said)
            if left := closing.lines.filter(done_at=None).count():
                messages.warning(
                    request, f"{left} rendez-vous à replacer : la raison est dite à côté."
                )
            return redirect("admin:closing", pk)
        closing = _closing(pk)
    if not closing.is_closed and not closing.is_pausing(now):
        return redirect("admin:closing", pk)
    plan = _plan(request, closing, at=now)
    if closing.is_closed and not plan.rows:
        return redirect("admin:closing", pk)
    return _page(
        request,
        "closing_confirm",
        status=status,
        told=[one.closing_told for one in with_appointments() if one.closing_told],
        title=f"Fermer {closing.day_label}",
        closing=closing,
        plan=plan,
        field=FIELD,
        read=imprint(plan.shown),
    )


def abandon_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up: nothing has changed."""
    _agent(request)
    read = request.POST.get(FIELD, "")
    try:
        closing_actions.abandon(_closing(pk), read=read, at=timezone.now())
    except ChangedSince:
        messages.error(request, CHANGED)
        return _closing_page(request, _closing(pk), status=409)
    except ClosingRefused as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("admin:closing", pk)
    messages.success(request, "La fermeture est abandonnée : rien n’a changé.")
    return redirect("admin:index")


def called_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that somebody was called."""
    agent = _agent(request)
    key = read_number(request.POST.get("appel", "")) or 0
    call = get_object_or_404(ClosingCall, pk=key, line__closing=pk)
    if not closing_actions.note_call(call, by=agent, at=timezone.now()):
        messages.info(request, "Cet appel était déjà noté.")
    return redirect(reverse("admin:closing", args=[pk]) + "#appels")


def closing_piles() -> list[Pile]:
    """What is left to do about the days that closed, for the home of the desk."""
    found = []
    for left in left_to_do():
        url = reverse("admin:closing", args=[left.closing.pk])
        if left.to_place:
            title = f"{left.closing}, rendez-vous à replacer"
            found.append(Pile(title, left.to_place, url, url, lane=Lane.LATE, verb="Replacer"))
        if left.calls:
            title = f"{left.closing}, appels à faire"
            found.append(Pile(title, left.calls, url, url, lane=Lane.NEAR, verb="Appeler"))
    return found
