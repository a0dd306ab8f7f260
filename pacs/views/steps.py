"""One question a page: the steps of the shared answers and of each partenaire's own part."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.agenda.booking import read_day
from demarches.mail.limits import TooManyMails
from demarches.steps.forms import StepForm
from demarches.steps.lists import Step, StepList
from demarches.steps.replay import hand_on, take_back, take_over
from demarches.web.as_read import ChangedSince
from demarches.web.request_memory import reading
from pacs.actions.corrections import lay_over, pending_of
from pacs.actions.dossiers import record_answers
from pacs.actions.refusals import ActionRefused
from pacs.forms.common import AddressForm
from pacs.models import Dossier, Partenaire
from pacs.pages.steps import BEFORE_WISHED_STEP, COMMON_STEPS, OWN_STEPS, WISHED_STEP
from pacs.pages.tracking import next_task
from pacs.reads.access import may_edit_common, may_edit_own, name_for
from pacs.reads.booking import wish_month
from pacs.rules.days import DayAnswer
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
    if step is None and slug in steps.former:
        return _moved(request, partenaire, subject, steps, slug)
    if step is None:
        # The question does not apply any more: an answer changed in another tab.
        if any(known.slug == slug for known in steps.steps):
            return redirect(partenaire.dossier)
        raise Http404
    kept = take_back(request)
    if request.method != "POST":
        form = step.form_class(kept, instance=subject, initial=take_over(request))
        if kept:
            messages.warning(
                request,
                "Votre session s’était fermée. Nous avons gardé ce que vous aviez tapé :"
                " vérifiez, puis enregistrez.",
            )
        return _render(request, partenaire, step, form, lu=step_key(form, kept))
    # Once it is sent, a page that is not filled in would propose to empty its answers.
    later = "later" in request.POST and partenaire.dossier.is_draft
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
    leaves_home = isinstance(form, AddressForm) and form.leaves_home
    if leaves_home and not partenaire.dossier.is_draft:
        messages.info(request, "Indiquez votre adresse d’aujourd’hui, si elle est ailleurs.")
        return redirect("pacs:own-step", partenaire.dossier.reference, "situation")
    with reading():
        return _go_on(request, partenaire, subject, steps, step)


def _moved[S: (Dossier, Partenaire)](
    request: HttpRequest, partenaire: Partenaire, subject: S, steps: StepList[S], slug: str
) -> HttpResponse:
    """From the address of a page that was to the one that asks its question, with what was typed.

    Of a form left open meanwhile nothing is saved yet, and nothing is lost: the page shows it.
    """
    step = steps.asking(slug, subject)
    if step is None:
        return redirect(partenaire.dossier)
    url = _url_of(step, steps, partenaire.dossier)
    hand_on(request, to=url)
    if request.method == "POST":
        messages.warning(
            request,
            "Cette question est maintenant sur la page ci-dessous, et rien n’est encore"
            " enregistré. Vérifiez que ce que vous aviez tapé y est, puis enregistrez.",
        )
    query = request.GET.urlencode()
    there = HttpResponseRedirect(f"{url}?{query}" if query else url)
    there.status_code = 303 if request.method == "POST" else 302
    return there


def _impossible_wish(dossier: Dossier) -> DayAnswer | None:
    """What keeps the wished day from being held; None when nothing does."""
    row = Dossier.objects.get(pk=dossier.pk)
    if row.wished_date is None:
        return None
    wish = row.days(at=timezone.now()).about(row.wished_date)
    return None if wish.is_possible else wish


def _go_on[S: (Dossier, Partenaire)](
    request: HttpRequest, partenaire: Partenaire, subject: S, steps: StepList[S], step: Step[S]
) -> HttpResponse:
    """To the explanation of what stops the dossier, back to the review, or to the next page."""
    dossier = Dossier.objects.prefetch_related("partenaires__user").get(pk=partenaire.dossier_id)
    me = dossier.people[partenaire.position - 1]
    me.helper = partenaire.helper
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
    if step.slug == BEFORE_WISHED_STEP and dossier.wished_date is None:
        # Nothing asks for a day; it is offered once, here.
        return redirect("pacs:common-step", dossier.reference, WISHED_STEP)
    if not step.is_complete(subject):
        messages.info(
            request,
            f"Pour l’envoi, il manquera encore : {', '.join(step.missing(subject))}."
            " Vous pourrez y revenir.",
        )
    here = _url_of(step, steps, dossier)
    return redirect(next_task(me, at=timezone.now(), after=here).address)


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
        "said_by": _said_by(partenaire, form),
    }
    if step.slug == WISHED_STEP:
        context |= _calendar(request, partenaire.dossier)
    template = "pacs/dossier_day.html" if step.slug == WISHED_STEP else "pacs/dossier_step.html"
    return render(request, template, context, status=status)


def _said_by(partenaire: Partenaire, form: StepForm[Any]) -> str:
    """Who answered something of this page for this person in the simulator; empty when nobody."""
    is_own = isinstance(form.instance, Partenaire)
    if not is_own or not set(form.columns()) & set(partenaire.said_by_other):
        return ""
    return name_for(partenaire, partenaire.dossier.people[2 - partenaire.position])


def _calendar(request: HttpRequest, dossier: Dossier) -> dict[str, Any]:
    """The month of the wished day, of the first possible one, or the one asked for."""
    row = Dossier.objects.get(pk=dossier.pk)
    days, wished = row.days(at=timezone.now()), row.wished_date
    asked = read_day(request.GET.get("mois", "")) or wished or days.first
    wish = days.about(wished) if wished else None
    return {
        "wish": wish if wish and not wish.is_possible else None,
        "wished": wished,
        "first_day": days.first,
        "month": wish_month(days, asked),
        "extra": "&retour=verifier" if request.GET.get("retour") == "verifier" else "",
    }
