"""The couple's dossier: start it, see where it stands, check it, send it, stop it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from demarches.actions import ChangedSince
from demarches.models import TransitionRefused
from demarches.ratelimit import rate_limited
from demarches.rules.numbers import read_number
from demarches.rules.read import imprint
from demarches.views.changed import Way
from pacs.access import may_edit_own, readable_papers
from pacs.actions.corrections import (
    drop_correction,
    holders_of,
    in_words,
    send_corrections,
)
from pacs.actions.dossiers import (
    attest,
    attestation_of,
    confirm_common,
    keep_dossier,
    open_dossier,
    resubmit_dossier,
    stop_dossier,
    submit_dossier,
)
from pacs.actions.refusals import ActionRefused
from pacs.booking import agenda_of, needs_a_visit
from pacs.forms.simulator import model_fields_from_params
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import missing_common, missing_own
from pacs.models.consent import has_attested, has_confirmed
from pacs.models.correction import PENDING
from pacs.models.registration import registration_of
from pacs.rules.eligibility import OUTCOME_TYPES
from pacs.rules.gate import Act, Kind, texts
from pacs.shown import (
    attestation_shown,
    confirmation_shown,
    handed_back_shown,
    review_shown,
    standing_shown,
)
from pacs.tracking import (
    alerts_of,
    common_answers,
    next_task,
    piece_rows,
    plan_of,
    requests_of,
    task_groups,
    timeline,
    who_is_mailed,
)
from pacs.views.messages import thread
from pacs.views.read import dossier_changed, read_of
from pacs.views.simulated import forget_answers, keep_answers, kept_answers
from pacs.views.viewer import account_of, for_partenaire, who_acts


@login_not_required
@rate_limited("dossier_open", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
def dossier_start(request: HttpRequest) -> HttpResponse:
    """Open a dossier, with the simulator's answers when the address carries them.

    They leave the address at once, before anybody is asked to sign in.
    """
    if request.GET:
        keep_answers(request)
        return redirect("pacs:dossier-start")
    if not request.user.is_authenticated:
        return redirect_to_login(request.path)
    user = account_of(request)
    if user is None:
        raise Http404
    existing = Dossier.objects.visible_to(user).drafts().order_by("pk").first()
    if request.method == "POST":
        now = timezone.now()
        couple, first, second = model_fields_from_params(
            kept_answers(request), today=timezone.localdate(now)
        )
        dossier = open_dossier(at=now, user=user, couple=couple, people=(first, second))
        forget_answers(request)
        return redirect(next_task(dossier.people[0], at=now).address)
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
        "papers": readable_papers(partenaire),
    }
    if dossier.is_ended:
        return _ended_page(request, partenaire, context)
    context |= {
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
        context["next"] = next_task(partenaire, at=now)
        return render(request, "pacs/dossier_tasks.html", context)
    alerts = context["alerts"] = alerts_of(partenaire, at=now)
    context["moments"] = timeline(dossier, is_asked=alerts.attest or alerts.confirm)
    drafts = dossier.corrections.filter(status="draft", holder__in=holders_of(partenaire))
    context["to_send"] = drafts.exists()
    context["books_online"] = agenda_of(dossier) is not None and not needs_a_visit(dossier)
    context["thread"] = thread(partenaire)
    context["requests"] = requests_of(partenaire)
    context["lu"] = imprint(handed_back_shown(partenaire, dossier))
    return render(request, "pacs/dossier_tracking.html", context)


def _ended_page(
    request: HttpRequest, partenaire: Partenaire, context: dict[str, Any]
) -> HttpResponse:
    """What became of it, why, the remedy and what to do next; nothing of how to prepare one."""
    dossier = partenaire.dossier
    context |= {
        "moments": timeline(dossier),
        # A dossier closed after the registration: the PACS is still registered.
        "registration": registration_of(dossier),
        "thread": thread(partenaire),
        "court": dossier.procedure_settings.court,
    }
    return render(request, "pacs/dossier_ended.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def dossier_review(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """« Relisez, puis attestez »: every answer this person may read, and what is still missing.

    POST agrees with the shared answers (the second), attests, and with `envoyer` sends the
    dossier; each part carries what was read of it (`lu_commun`, `lu_attestation`, `lu`).
    """
    dossier = partenaire.dossier
    if not dossier.is_draft:
        return redirect(dossier)
    now = timezone.now()
    if request.method == "POST":
        if not may_edit_own(partenaire):
            return redirect(dossier)
        return _vouch(request, partenaire, at=now)
    obstacles = dossier.obstacles(Act.SEND, at=now)
    mine = {Kind.ATTESTATION, Kind.CONFIRMATION}
    left = [o for o in obstacles if not (o.kind in mine and o.holder == partenaire.position)]
    may_attest = not (missing_own(partenaire) or missing_common(dossier))
    has_to_attest = may_attest and not has_attested(partenaire, dossier)
    context = {
        "sentences": attestation_of(partenaire).split("\n") if may_attest else (),
        "has_to_attest": has_to_attest,
        "shared": common_answers(dossier) if not partenaire.is_first else (),
        "sends": not left,
        "lu_commun": imprint(confirmation_shown(dossier)),
        "lu_attestation": imprint(attestation_shown(partenaire, dossier)),
        "dossier": dossier,
        "partenaire": partenaire,
        "groups": task_groups(partenaire, at=now),
        "pieces": piece_rows(partenaire, at=now),
        "plan": plan_of(partenaire, at=now),
        "reasons": texts(left if has_to_attest else obstacles, partenaire.position),
        "lu": imprint(review_shown(partenaire, dossier)),
    }
    return render(request, "pacs/dossier_review.html", context)


def _vouch(request: HttpRequest, partenaire: Partenaire, *, at: datetime) -> HttpResponse:
    """Agree with the shared answers, attest, and send when it was asked: what was read, no more."""
    by, reference = account_of(request), partenaire.dossier.reference
    review = reverse("pacs:dossier-review", args=[reference])
    try:
        if not partenaire.is_first and not has_confirmed(partenaire, partenaire.dossier):
            read = request.POST.get("lu_commun", "")
            confirm_common(partenaire, comment="", at=at, by=by, read=read)
        attest(partenaire, at=at, by=by, read=request.POST.get("lu_attestation", ""))
    except ChangedSince as changed:
        return dossier_changed(
            request,
            partenaire,
            names=changed.names,
            wanted="Attester que vos réponses étaient exactes, telles que vous les aviez lues.",
            ways=[Way("Relire, puis attester", review, is_main=True)],
        )
    except ActionRefused as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect(review)
    if "envoyer" in request.POST:
        return _send(request, partenaire, at=at)
    messages.success(request, "Votre attestation est enregistrée.")
    fresh = Partenaire.objects.select_related("dossier").get(pk=partenaire.pk)
    following = next_task(fresh, at=at)
    return redirect(fresh.dossier if following.address == review else following.address)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def dossier_correct(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """« Corriger une réponse », once the dossier is sent: what is proposed, and each question.

    POST sends the corrections to the mairie, or gives one up (`abandonner`: its number).
    """
    dossier, now = partenaire.dossier, timezone.now()
    if dossier.is_draft:
        return redirect("pacs:dossier-review", dossier.reference)
    if dossier.is_ended:
        status = 409 if request.method == "POST" else 200
        return render(
            request, "pacs/dossier_correct_over.html", {"dossier": dossier}, status=status
        )
    if request.method == "POST":
        by = account_of(request)
        dropped = read_number(request.POST.get("abandonner", ""))
        if dropped is not None:
            drop_correction(partenaire, dropped, at=now, by=by)
            messages.success(request, "Cette correction est abandonnée. Vos réponses restent.")
        elif send_corrections(partenaire, at=now, by=by):
            messages.success(request, "Votre correction est partie. La mairie vous répond ici.")
        return redirect("pacs:dossier-correct", dossier.reference)
    mine = dossier.corrections.filter(holder__in=holders_of(partenaire)).order_by("-changed_at")
    context = {
        "dossier": dossier,
        "partenaire": partenaire,
        "pending": [(one, in_words(one, dossier)) for one in mine.filter(status__in=PENDING)],
        "decided": [
            (one, in_words(one, dossier))
            for one in mine.filter(status__in=["taken", "declined"])[:5]
        ],
        "to_send": mine.filter(status="draft").exists(),
        "groups": task_groups(partenaire, at=now)[:2],
    }
    return render(request, "pacs/dossier_correct.html", context)


@require_POST
@for_partenaire
def dossier_submit(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Send the dossier; a second click shows the same confirmation."""
    return _send(request, partenaire, at=timezone.now())


def _send(request: HttpRequest, partenaire: Partenaire, *, at: datetime) -> HttpResponse:
    try:
        dossier = submit_dossier(partenaire, at=at, by=account_of(request), read=read_of(request))
    except ChangedSince as changed:
        review = reverse("pacs:dossier-review", args=[partenaire.dossier.reference])
        return dossier_changed(
            request,
            partenaire,
            names=changed.names,
            wanted="Envoyer le dossier à la mairie, tel que vous l’aviez relu.",
            ways=[Way("Relire le dossier, puis l’envoyer", review, is_main=True)],
        )
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
            "mailed": who_is_mailed(partenaire, "un mail qui le confirme"),
            "answer_by": dossier.procedure_settings.answer_by(dossier.submitted_at),
        },
    )


@require_POST
@for_partenaire
def dossier_resubmit(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Hand the completed dossier back to the mairie."""
    try:
        resubmit_dossier(
            partenaire, at=timezone.now(), by=account_of(request), read=read_of(request)
        )
    except ChangedSince as changed:
        home = partenaire.dossier.get_absolute_url()
        return dossier_changed(
            request,
            partenaire,
            names=changed.names,
            wanted="Renvoyer le dossier complété à la mairie.",
            ways=[Way("Revoir le dossier, puis le renvoyer", home, is_main=True)],
        )
    except (ActionRefused, TransitionRefused) as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, "Vos compléments sont partis. La mairie les vérifie.")
    return redirect(partenaire.dossier)


@require_POST
@for_partenaire
def dossier_keep(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Keep a dossier whose deletion was announced."""
    try:
        keep_dossier(partenaire, at=timezone.now(), by=account_of(request))
    except ActionRefused as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, "Ce dossier est gardé.")
    return redirect(partenaire.dossier)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def dossier_stop(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Stop the procedure, without a reason to give."""
    if request.method == "POST":
        try:
            stop_dossier(
                partenaire, at=timezone.now(), by=account_of(request), read=read_of(request)
            )
        except ChangedSince:
            return _stands_elsewhere(request, partenaire)
        except TransitionRefused as refused:
            messages.error(request, " ".join(refused.messages))
        else:
            messages.success(request, "La démarche est arrêtée.")
        return redirect(partenaire.dossier)
    return render(
        request,
        "pacs/dossier_stop.html",
        {
            "dossier": partenaire.dossier,
            "partenaire": partenaire,
            "lu": imprint(standing_shown(partenaire.dossier)),
        },
    )


def _stands_elsewhere(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The dossier went on while somebody was about to stop it: ask again."""
    dossier = Dossier.objects.select_related("appointment").get(pk=partenaire.dossier_id)
    booked = dossier.appointment_label
    stop = reverse("pacs:dossier-stop", args=[dossier.reference])
    ways = [Way("Revenir au dossier", dossier.get_absolute_url(), is_main=True)]
    if not dossier.is_ended:
        ways.append(Way("Arrêter quand même", stop))
    return dossier_changed(
        request,
        partenaire,
        names=(),
        wanted="Arrêter la démarche.",
        now=[
            f"Le dossier est au statut « {dossier.status_label} »."
            + (f" Le rendez-vous est le {booked}." if booked else "")
        ],
        ways=ways,
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
