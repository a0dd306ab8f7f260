"""One question a page: the steps of the shared answers and of each partenaire's own part."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.replay import take_back
from demarches.steps import Step, StepList
from pacs.access import may_edit_common, may_edit_own
from pacs.actions.dossiers import record_answers
from pacs.models import Dossier, Partenaire
from pacs.steps import COMMON_STEPS, OWN_STEPS
from pacs.views.viewer import account_of, for_partenaire


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def common_step(request: HttpRequest, partenaire: Partenaire, slug: str) -> HttpResponse:
    """A question about both: the first partenaire answers."""
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
    step = steps.get(slug, subject)
    if step is None:
        raise Http404
    if request.method == "POST":
        later = "later" in request.POST
        form = step.form_class(request.POST, instance=subject, partial=later)
        if form.is_valid():
            record_answers(form, partenaire=partenaire, by=account_of(request), at=timezone.now())
            if later:
                messages.success(request, "Vos réponses sont enregistrées. Rien ne sera perdu.")
                return redirect(partenaire.dossier)
            return _after(request, partenaire, subject, steps, step)
        return _render(request, partenaire, step, form, status=422)
    kept = take_back(request)
    form = step.form_class(kept, instance=subject) if kept else step.form_class(instance=subject)
    if kept:
        messages.warning(
            request,
            "Votre session s’était fermée. Nous avons gardé ce que vous aviez tapé :"
            " vérifiez, puis enregistrez.",
        )
    return _render(request, partenaire, step, form)
