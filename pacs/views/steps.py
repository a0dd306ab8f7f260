"""One question a page: the steps of the shared answers and of each partenaire's own part."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.actions import ChangedSince
from demarches.forms import StepForm
from demarches.mail_limits import TooManyMails
from demarches.replay import take_back
from demarches.steps import Step, StepList
from pacs.access import may_edit_common, may_edit_own
from pacs.actions.corrections import lay_over, pending_of
from pacs.actions.dossiers import record_answers
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, Partenaire
from pacs.rules.days import DayAnswer
from pacs.steps import COMMON_STEPS, OWN_STEPS
from pacs.tracking import next_task
from pacs.views.read import read_of_step, step_key, tell_clashes
from pacs.views.viewer import account_of, for_partenaire


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def common_step(request: HttpRequest, partenaire: Partenaire, slug: str) -> HttpResponse:
    """A question about both: the first partenaire answers, the second one comments."""
    if not may_edit_common(partenaire):
        return redirect(partenaire.dossier)
    return _step_page(request, partenaire, partenaire.dossier, COMMON_STEPS, slug)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def own_step(request: HttpRequest, partenaire: Partenaire, slug: str) -> HttpResponse:
    """A question about oneself: only its owner sees it."""
    if not may_edit_own(partenaire):
        return redirect(partenaire.dossier)
    return _step_page(request, partenaire, partenaire, OWN_STEPS, slug)


def _step_page[S: (Dossier, Partenaire)](
    request: HttpRequest, partenaire: Partenaire, subject: S, steps: StepList[S], slug: str
) -> HttpResponse:
    if not partenaire.dossier.is_draft:
        _show_corrections(partenaire)
    step = steps.get(slug, subject)
    if step is None:
        # The question does not apply any more: an answer changed in another tab.
        if any(known.slug == slug for known in steps.steps):
            return redirect(partenaire.dossier)
        raise Http404
    kept = take_back(request)
    if request.method != "POST":
        form = step.form_class(kept, instance=subject)
        if kept:
            messages.warning(
                request,
                "Votre session s’était fermée. Nous avons gardé ce que vous aviez tapé :"
                " vérifiez, puis enregistrez.",
            )
        return _render(request, partenaire, step, form, lu=step_key(form, kept))
    later = "later" in request.POST
    form = step.form_class(request.POST, instance=subject, partial=later)
    if not form.is_valid():
        return _render(request, partenaire, step, form, lu=step_key(form, request.POST), status=422)
    try:
        record_answers(
            form,
            dossier=partenaire.dossier,
            at=timezone.now(),
            by=account_of(request),
            read=read_of_step(request, partenaire.dossier),
        )
    except ChangedSince as changed:
        tell_clashes(form, changed.names)
        return _render(request, partenaire, step, form, lu=step_key(form, None), status=409)
    except (ActionRefused, TooManyMails) as refused:
        form.add_error(None, refused)
        return _render(request, partenaire, step, form, lu=step_key(form, request.POST), status=409)
    if later:
        messages.success(request, "Vos réponses sont enregistrées. Rien ne sera perdu.")
        return redirect(partenaire.dossier)
    if "wished_date" in form.changed_data and _impossible_wish(partenaire.dossier):
        # Kept all the same; the page tells why it cannot be, with the nearest days.
        return redirect(request.get_full_path())
    return _go_on(request, partenaire, subject, steps)


def _impossible_wish(dossier: Dossier) -> DayAnswer | None:
    """What keeps the wished day from being held; None when nothing does."""
    row = Dossier.objects.get(pk=dossier.pk)
    if row.wished_date is None:
        return None
    wish = row.days(at=timezone.now()).about(row.wished_date)
    return None if wish.is_possible else wish


def _go_on[S: (Dossier, Partenaire)](
    request: HttpRequest, partenaire: Partenaire, subject: S, steps: StepList[S]
) -> HttpResponse:
    """To the explanation of what stops the dossier, back to the review, or to the next page."""
    dossier = Dossier.objects.prefetch_related("partenaires__user").get(pk=partenaire.dossier_id)
    me = dossier.people[partenaire.position - 1]
    holder = 0 if isinstance(subject, Dossier) else partenaire.position
    subject = dossier if isinstance(subject, Dossier) else me
    if not dossier.is_draft:
        _show_corrections(me)
    stopped = [o for o in dossier.outcomes(at=timezone.now()) if o.stops and o.holder == holder]
    if stopped:
        return redirect("pacs:dossier-outcome", dossier.reference, stopped[0].type.slug)
    if not dossier.is_draft:
        return _after_correction(request, subject, steps, dossier)
    if request.GET.get("retour") == "verifier":
        return redirect("pacs:dossier-review", dossier.reference)
    return redirect(next_task(me, at=timezone.now()).address)


def _show_corrections(partenaire: Partenaire) -> None:
    """Show this person what they proposed already, on the rows of this request alone."""
    dossier = partenaire.dossier
    if partenaire.is_first:
        lay_over(dossier, pending_of(dossier, 0))
    lay_over(partenaire, pending_of(dossier, partenaire.position))


def _after_correction[S: (Dossier, Partenaire)](
    request: HttpRequest, subject: S, steps: StepList[S], dossier: Dossier
) -> HttpResponse:
    """To the next question that the correction opens, or to the page that sends it."""
    opened = steps.first_incomplete(subject)
    if opened is not None:
        messages.info(request, "Cette réponse en demande une autre.")
        return redirect(_url_of(opened, steps, dossier))
    return redirect("pacs:dossier-correct", dossier.reference)


def _url_of(step: Step[Any], steps: StepList[Any], dossier: Dossier) -> str:
    name = "pacs:common-step" if steps is COMMON_STEPS else "pacs:own-step"
    return reverse(name, args=[dossier.reference, step.slug])


def _render(
    request: HttpRequest,
    partenaire: Partenaire,
    step: Step[Any],
    form: StepForm[Any],
    *,
    lu: str,
    status: int = 200,
) -> HttpResponse:
    context = {
        "dossier": partenaire.dossier,
        "partenaire": partenaire,
        "step": step,
        "form": form,
        "lu": lu,
        "is_common": isinstance(form.instance, Dossier),
        "wish": _impossible_wish(partenaire.dossier) if "wished_date" in form.fields else None,
    }
    return render(request, "pacs/dossier_step.html", context, status=status)
