"""The couple's dossier: start it, see where it stands, check it, send it, stop it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from demarches.models import TransitionRefused
from demarches.rules.enums import Status, Transition
from pacs.actions.dossiers import open_dossier, resubmit_dossier, stop_dossier, submit_dossier
from pacs.actions.refusals import ActionRefused
from pacs.booking import agenda_of, needs_a_visit
from pacs.forms.simulator import model_fields_from_params
from pacs.models import Dossier, Partenaire
from pacs.models.registration import registration_of
from pacs.rules.eligibility import OUTCOME_TYPES
from pacs.tracking import piece_rows, plan_of, task_groups, timeline
from pacs.views.messages import thread
from pacs.views.viewer import account_of, for_partenaire


@require_http_methods(["GET", "HEAD", "POST"])
def dossier_start(request: HttpRequest) -> HttpResponse:
    """Open a dossier, with the simulator's answers when the address carries them."""
    user = account_of(request)
    if user is None:
        raise Http404
    existing = Dossier.objects.visible_to(user).drafts().order_by("pk").first()
    if request.method == "POST":
        now = timezone.now()
        couple, first, second = model_fields_from_params(request.GET, today=timezone.localdate(now))
        dossier = open_dossier(at=now, user=user, couple=couple, people=(first, second))
        return redirect(dossier)
    invited = Dossier.objects.inviting(user).order_by("pk").first()
    return render(request, "pacs/dossier_start.html", {"existing": existing, "invited": invited})


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def dossier_home(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The task list while it is a draft, then the tracking page."""
    dossier = partenaire.dossier
    now = timezone.now()
    context: dict[str, Any] = {
        "dossier": dossier,
        "partenaire": partenaire,
        "other": next(one for one in dossier.people if one.pk != partenaire.pk),
        "pieces": piece_rows(partenaire, at=now),
        "plan": plan_of(partenaire, at=now),
        "agent_outcomes": [
            o
            for o in dossier.outcomes(at=now)
            if not o.stops and o.holder in (0, partenaire.position)
        ],
    }
    if dossier.is_draft:
        context["groups"] = task_groups(partenaire, at=now)
        return render(request, "pacs/dossier_tasks.html", context)
    context["moments"] = timeline(dossier)
    if dossier.current_status is Status.REGISTERED:
        context["registration"] = registration_of(dossier)
    context["books_online"] = agenda_of(dossier) is not None and not needs_a_visit(dossier)
    context["thread"] = thread(partenaire)
    context["court"] = dossier.procedure_settings.court
    request_event = dossier.events.filter(transition=Transition.REQUEST_PIECES.value).last()
    context["request_text"] = request_event.reason if request_event else ""
    return render(request, "pacs/dossier_tracking.html", context)


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def dossier_review(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """« Vérifiez vos réponses »: every answer this person may read, and what keeps from sending."""
    dossier = partenaire.dossier
    if not dossier.is_draft:
        return redirect(dossier)
    now = timezone.now()
    context = {
        "dossier": dossier,
        "partenaire": partenaire,
        "groups": task_groups(partenaire, at=now),
        "pieces": piece_rows(partenaire, at=now),
        "plan": plan_of(partenaire, at=now),
        "reasons": dossier.sending_blockers(at=now),
    }
    return render(request, "pacs/dossier_review.html", context)


@require_POST
@for_partenaire
def dossier_submit(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Send the dossier; a second click shows the same confirmation."""
    try:
        dossier = submit_dossier(partenaire, at=timezone.now(), by=account_of(request))
    except TransitionRefused:
        # The review page re-reads everything and says what is missing.
        messages.error(request, "Le dossier n’est pas parti : il manque encore quelque chose.")
        return redirect("pacs:dossier-review", partenaire.dossier.reference)
    return redirect("pacs:dossier-sent", dossier.reference)


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def dossier_sent(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The acknowledgement, as a page to keep (CRPA L112-11, R112-11-1)."""
    dossier = partenaire.dossier
    if dossier.submitted_at is None:
        return redirect(dossier)
    return render(
        request,
        "pacs/dossier_sent.html",
        {
            "dossier": dossier,
            "answer_by": dossier.procedure_settings.answer_by(dossier.submitted_at),
        },
    )


@require_POST
@for_partenaire
def dossier_resubmit(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Hand the completed dossier back to the mairie."""
    try:
        resubmit_dossier(partenaire, at=timezone.now(), by=account_of(request))
    except (ActionRefused, TransitionRefused) as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, "Vos compléments sont partis. La mairie les vérifie.")
    return redirect(partenaire.dossier)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def dossier_stop(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Stop the procedure, without a reason to give."""
    if request.method == "POST":
        try:
            stop_dossier(partenaire, at=timezone.now(), by=account_of(request))
        except TransitionRefused as refused:
            messages.error(request, " ".join(refused.messages))
        else:
            messages.success(request, "La démarche est arrêtée.")
        return redirect(partenaire.dossier)
    return render(
        request,
        "pacs/dossier_stop.html",
        {"dossier": partenaire.dossier, "partenaire": partenaire},
    )


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def dossier_outcome(request: HttpRequest, partenaire: Partenaire, slug: str) -> HttpResponse:
    """Why the law or the competence stops this dossier, and the way out."""
    outcome_type = next((kind for kind in OUTCOME_TYPES if kind.slug == slug), None)
    if outcome_type is None:
        raise Http404
    return render(
        request,
        f"pacs/results/{slug}.html",
        {"dossier": partenaire.dossier, "partenaire": partenaire, "outcome_type": outcome_type},
    )
