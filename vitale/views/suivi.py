"""The aide-mémoire of a resident: open it, tick, look at the dates, take it away, delete it."""

import json
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from demarches.accounts.acting import account_of
from demarches.rules.dates_fr import day_fr
from demarches.rules.read import imprint
from demarches.serving.ratelimit import rate_limited
from demarches.steps.forms import new_form_key
from demarches.web.as_read import ChangedSince
from vitale.actions import suivi as actions
from vitale.forms.suivi import RemindersForm, RouteForm, TickForm
from vitale.models import Situation, Suivi, SuiviRoute
from vitale.papers.documents import suivi_calendar, suivi_export
from vitale.reads.tokens import suivi_of_token
from vitale.reads.tracking import book, said_of
from vitale.rules import suivi as rules
from vitale.rules.situations import Channel, Regime, read_answers
from vitale.views.read import read_of, suivi_changed
from vitale.views.viewer import for_suivi, let_in

page_methods = require_http_methods(["GET", "HEAD", "POST"])


@rate_limited("vitale_create", reads=False)
@page_methods
@login_not_required
def start(request: HttpRequest) -> HttpResponse:
    """Open an aide-mémoire for the answers of a plan; without them, lead to the questions."""
    sent = request.POST if request.method == "POST" else request.GET
    reading = read_answers({name: sent[name] for name in sent})
    answers = reading.answers
    chosen = None
    channel = None
    if answers is not None:
        offered = rules.journey_channels(answers.situation, answers.regime)
        channel = (answers.channel or offered[0]) if offered else None
        chosen = rules.journey(answers.situation, answers.regime, channel)
    key = request.POST.get("form_key", "")
    if request.method == "POST" and answers is not None and chosen is not None and key.isalnum():
        suivi = actions.open_suivi(
            situation=answers.situation,
            regime=answers.regime,
            channel=channel,
            owner=account_of(request),
            form_key=key[:40],
            at=timezone.now(),
        )
        if suivi.owner_id is not None:
            return redirect(suivi)
        let_in(request, suivi)
        return redirect("vitale:suivi-codes", suivi.reference)
    context = {
        "is_followed": chosen is not None,
        "has_answers": answers is not None,
        "situation": Situation.objects.filter(pk=answers.situation.value).first()
        if answers
        else None,
        "regime": answers.regime.label if answers else "",
        "channel": channel.label if channel else "",
        "hidden": {**reading.params, "form_key": new_form_key()},
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "vitale/suivi_start.html", context, status=status)


@require_safe
@for_suivi
def page(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    """The steps, the dates, what to do; printed, it is the export on paper."""
    return _page(request, suivi)


def _page(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    context = {
        "suivi": suivi,
        "book": book(suivi, at=timezone.now()),
        "lu": imprint(actions.ending_shown(suivi)),
        "may_attach": suivi.owner_id is None and account_of(request) is not None,
    }
    return render(request, "vitale/suivi.html", context)


@page_methods
@for_suivi
def step(request: HttpRequest, suivi: Suivi, step: str) -> HttpResponse:
    """Tick one step with its day, correct it, or take it back."""
    route = suivi.routes.select_related("suivi").get(ended_at=None)
    found = rules.step_of(route.journey, step)
    if found is None:
        raise Http404
    if suivi.closed_at is not None:
        messages.info(request, "Cet aide-mémoire est terminé. Rouvrez-le pour le changer.")
        return redirect(suivi)
    kept = route.ticks.filter(step=step).first()
    read = read_of(request)
    if request.method == "POST" and "untick" in request.POST:
        try:
            actions.untick(suivi, step, read=read)
        except ChangedSince:
            wanted = f"« {found.label} » : ce n’est pas fait."
            return suivi_changed(request, suivi, wanted=wanted, now=_noted(route, step))
        return redirect(suivi)
    form = TickForm(found, kept, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.tick(
                suivi,
                step,
                done_on=form.cleaned_data["done_on"],
                choice=form.cleaned_data.get("choice", ""),
                at=timezone.now(),
                read=read,
            )
        except ChangedSince:
            day = day_fr(form.cleaned_data["done_on"])
            wanted = f"« {found.label} » : noter le {day}."
            return suivi_changed(request, suivi, wanted=wanted, now=_noted(route, step))
        except ValidationError as refused:
            form.add_error("done_on", refused.messages)
        else:
            messages.success(request, "C’est noté.")
            return redirect(suivi)
    if kept is None and not form.is_bound:
        form.initial = {"done_on": localdate()}
    lu = (form.is_bound and read) or imprint(actions.step_shown(route, step))
    context = {"suivi": suivi, "form": form, "tick": kept, "lu": lu, "said": said_of(route, found)}
    return render(request, "vitale/suivi_step.html", context, status=422 if form.is_bound else 200)


def _noted(before: SuiviRoute, step: str) -> list[str]:
    """What is noted of a step now, and whether the way is still the same."""
    route = before.suivi.routes.get(ended_at=None)
    if route.pk != before.pk:
        return ["La voie a changé : ses étapes ne sont plus les mêmes."]
    kept = route.ticks.filter(step=step).first()
    return [f"Cette étape est notée le {day_fr(kept.done_on)}." if kept else "Rien n’est noté."]


@page_methods
@for_suivi
def route(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    """Go on by another way; what was noted stays as history."""
    current = suivi.routes.select_related("suivi").get(ended_at=None)
    situation = suivi.chosen_situation
    offered = rules.journey_channels(situation, Regime.CPAM)
    initial = {"regime": current.regime, "channel": current.channel}
    form = RouteForm(offered, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        regime = Regime(form.cleaned_data["regime"])
        ways = rules.journey_channels(situation, regime)
        typed = form.cleaned_data.get("channel", "")
        # A caisse with one way, or none, leaves nothing to choose.
        channel = (
            Channel(typed) if typed and len(ways) > 1 else (ways[0] if len(ways) == 1 else None)
        )
        try:
            actions.change_route(
                suivi, regime=regime, channel=channel, at=timezone.now(), read=read_of(request)
            )
        except ChangedSince:
            way = regime.label + (f", {channel.label}" if channel else "")
            now = ["La voie a changé, ou une étape de plus est notée."]
            return suivi_changed(request, suivi, wanted=f"Changer de voie : {way}.", now=now)
        except ValidationError as refused:
            form.add_error("channel" if "channel" in form.fields else None, refused.messages)
        else:
            messages.success(request, "La nouvelle voie est notée. Les dates repartent.")
            return redirect(suivi)
    return _form_page(request, suivi, form, imprint(actions.route_shown(current)))


def _form_page(
    request: HttpRequest, suivi: Suivi, form: RouteForm | RemindersForm, shown: str
) -> HttpResponse:
    return render(
        request,
        "vitale/suivi_form.html",
        {"suivi": suivi, "form": form, "lu": (form.is_bound and read_of(request)) or shown},
        status=422 if form.errors else 200,
    )


@rate_limited("vitale_create", reads=False)
@page_methods
@for_suivi
def reminders(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    """Ask for reminders, choose a day, or stop."""
    user = account_of(request)
    form = RemindersForm(suivi, request.POST if request.method == "POST" else None)
    if user is not None and not suivi.reminder_email:
        form.initial["email"] = user.email
    if form.is_bound and form.is_valid():
        email = form.cleaned_data["email"]
        on: date | None = form.cleaned_data.get("on")
        try:
            asked = actions.set_reminders(
                suivi, email=email, on=on, user=user, at=timezone.now(), read=read_of(request)
            )
        except ChangedSince:
            suivi.refresh_from_db()
            there = suivi.reminder_email
            return suivi_changed(
                request,
                suivi,
                wanted=f"Recevoir des rappels à {email}." if email else "Arrêter les rappels.",
                now=[f"Les rappels vont à {there}." if there else "Il n’y a pas de rappel."],
            )
        except ValidationError as refused:
            form.add_error("on" if "on" in form.fields else None, refused.messages)
        else:
            messages.success(request, _reminders_told(email, asked=asked))
            return redirect(suivi)
    return _form_page(request, suivi, form, imprint(actions.reminders_shown(suivi)))


def _reminders_told(email: str, *, asked: bool) -> str:
    if not email:
        return "Vous ne recevrez pas de rappel."
    if asked:
        return "Un mail vient de partir à cette adresse : dites-y oui, et les rappels arriveront."
    return "C’est noté."


@rate_limited("vitale_open", reads=False)
@page_methods
@login_not_required
def reminder_choice(request: HttpRequest, token: str) -> HttpResponse:
    """From the link of a mail: yes to the reminders, or no more of them. Opens nothing else."""
    suivi = suivi_of_token(token)
    if request.method == "POST" and suivi is not None:
        wanted = "yes" in request.POST
        try:
            actions.answer_reminders(suivi, wanted=wanted, at=timezone.now())
        except actions.SuiviRefused:
            suivi = None  # its address changed while we looked: the link is dead
        else:
            context = {"answered": True, "wanted": wanted}
            return render(request, "vitale/reminder_choice.html", context)
    return render(
        request,
        "vitale/reminder_choice.html",
        {"suivi": suivi, "answered": False},
        status=200 if suivi is not None else 404,
    )


@rate_limited("compute", reads=True)
@require_safe
@for_suivi
def calendar(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    """The dates for an agenda."""
    now = timezone.now()
    return _attachment(
        suivi_calendar(book(suivi, at=now), at=now), "text/calendar; charset=utf-8", "dates.ics"
    )


@rate_limited("compute", reads=True)
@require_safe
@for_suivi
def export(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    """Everything that is kept, for a machine (RGPD, art. 15 and 20)."""
    data = suivi_export(book(suivi, at=timezone.now()))
    text = json.dumps(data, ensure_ascii=False, indent=2)
    return _attachment(text.encode(), "application/json", "aide-memoire.json")


def _attachment(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@for_suivi
def close(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    """« J’ai terminé », or take that back."""
    if "reopen" in request.POST:
        actions.reopen_suivi(suivi)
    else:
        try:
            actions.close_suivi(suivi, at=timezone.now(), read=read_of(request))
        except ChangedSince:
            now = ["La voie a changé, ou une étape est notée autrement."]
            return suivi_changed(request, suivi, wanted="Dire « J’ai terminé ».", now=now)
    return redirect(suivi)


@require_POST
@for_suivi
def attach(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    """Keep it with the account of who is signed in."""
    user = account_of(request)
    if user is not None:
        actions.attach(suivi, user=user)
        messages.success(request, "Vous le retrouverez dans « Mes démarches ».")
    return redirect(suivi)


@page_methods
@for_suivi
def delete(request: HttpRequest, suivi: Suivi) -> HttpResponse:
    """Delete it for good, after a question."""
    if request.method == "POST":
        try:
            actions.delete_suivi(suivi, read=read_of(request))
        except ChangedSince:
            now = ["La voie a changé, ou une étape est notée autrement."]
            return suivi_changed(request, suivi, wanted="Effacer cet aide-mémoire.", now=now)
        messages.success(request, "Votre aide-mémoire est effacé, avec ses rappels.")
        return redirect("vitale:home")
    return render(
        request,
        "vitale/suivi_delete.html",
        {"suivi": suivi, "lu": imprint(actions.ending_shown(suivi))},
    )
