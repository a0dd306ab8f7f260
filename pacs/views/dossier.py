"""The couple's dossier: start it, see where it stands, check it, send it, stop it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from demarches.models import FeedbackCount, TransitionRefused
from demarches.rules.addresses import same_address
from demarches.rules.enums import PieceStatus, Status
from demarches.rules.feedback import counted
from demarches.rules.numbers import read_number
from demarches.rules.read import imprint
from demarches.serving.ratelimit import rate_limited, seconds_to_wait
from demarches.views.changed import Way
from demarches.views.signin import RequestCodeForm
from demarches.web.as_read import ChangedSince
from pacs.actions.corrections import drop_correction, in_words, send_corrections
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
from pacs.forms.feedback import FeedbackForm
from pacs.forms.simulator import model_fields_from_params
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import missing_common, missing_own
from pacs.models.consent import has_attested, has_confirmed
from pacs.models.gate import open_corrections
from pacs.models.registration import registration_of
from pacs.pages.review import blockers_of, own_lines, shared_lines
from pacs.pages.tracking import (
    alerts_of,
    next_task,
    piece_rows,
    plan_of,
    requests_of,
    task_groups,
    timeline,
    turn_of,
    who_is_mailed,
)
from pacs.reads.access import (
    holders_of,
    may_edit_own,
    name_for,
    readable_corrections,
    readable_papers,
)
from pacs.reads.booking import agenda_of, needs_a_visit
from pacs.reads.shown import (
    attestation_shown,
    confirmation_shown,
    corrections_shown,
    handed_back_shown,
    review_shown,
    standing_shown,
)
from pacs.rules.eligibility import OUTCOME_TYPES
from pacs.rules.enums import PENDING
from pacs.rules.gate import Act, Kind
from pacs.views.messages import thread
from pacs.views.read import dossier_changed, read_of
from pacs.views.simulated import forget_answers, keep_answers, kept_answers
from pacs.views.viewer import account_of, for_partenaire, who_acts

#: In the session: the dossiers about which this person has answered the two questions.
FEEDBACK_GIVEN = "pacs_feedback_given"

#: The address of whoever pressed « recevoir un code » on the page that opens a dossier.
OPENS_AFTER_SIGN_IN = "pacs_opens_after_sign_in"


@login_not_required
@rate_limited("dossier_open", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
def dossier_start(request: HttpRequest) -> HttpResponse:
    """Open a dossier, with the simulator's answers when the address carries them.

    They leave the address at once, before anybody is asked to sign in. Who is not signed in gives
    their address here: POST hands it to the sign-in page, and the code then opens the dossier.
    """
    if request.GET:
        keep_answers(request)
        return redirect("pacs:dossier-start")
    if not request.user.is_authenticated:
        if request.method == "POST":
            request.session[OPENS_AFTER_SIGN_IN] = request.POST.get("email", "")[:254]
            return redirect(settings.LOGIN_URL, preserve_request=True)
        return render(request, "pacs/dossier_start.html", {"form": RequestCodeForm()})
    user = account_of(request)
    if user is None:
        raise Http404
    existing = Dossier.objects.visible_to(user).drafts().order_by("pk").first()
    invited = Dossier.objects.inviting(user).order_by("pk").first()
    # Whoever gave this address and typed its code; nobody else who signs in on this browser.
    asked_by = str(request.session.pop(OPENS_AFTER_SIGN_IN, "")) if request.method == "GET" else ""
    is_asked = same_address(asked_by, user.email) and not (existing or invited)
    if request.method == "POST" or is_asked:
        now = timezone.now()
        couple, first, second = model_fields_from_params(
            kept_answers(request), today=timezone.localdate(now)
        )
        # Whose word it is: the second one confirms it, or says otherwise.
        second["said_by_other"] = list(second)
        dossier = open_dossier(at=now, user=user, couple=couple, people=(first, second))
        forget_answers(request)
        return redirect(next_task(dossier.people[0], at=now).address)
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
    days = dossier.days(at=now)
    rows = piece_rows(partenaire, at=now, days=days)
    alerts = alerts_of(partenaire, at=now)
    is_asked = alerts.attest or alerts.confirm
    turn = turn_of(partenaire, at=now, is_asked=is_asked)
    context |= {
        "pieces": rows,
        "plan": plan_of(partenaire, at=now, days=days, rows=rows, turn=turn.words),
        "agent_outcomes": [
            o
            for o in dossier.outcomes(at=now)
            if not o.stops and o.holder in (0, partenaire.position)
        ],
    }
    if dossier.is_draft:
        groups = [one for one in task_groups(partenaire, at=now) if one.concerns_reader]
        context |= {
            "groups": groups,
            "done": sum(group.done for group in groups),
            "count": sum(len(group.tasks) for group in groups),
            "next": next_task(partenaire, at=now),
            "waits_for": turn.waits_for,
        }
        return render(request, "pacs/dossier_tasks.html", context)
    context["alerts"] = alerts
    is_lacking = any(row.status is PieceStatus.MISSING and not row.by_mairie for row in rows)
    context["moments"] = timeline(dossier, now=now, is_asked=is_asked, is_lacking=is_lacking)
    booked = dossier.appointment
    context["is_over"] = booked is not None and booked.is_over(now)
    mine = [one for one in open_corrections(dossier) if one.holder in holders_of(partenaire)]
    context["to_send"] = any(one.status == "draft" for one in mine)
    context["books_online"] = agenda_of(dossier) is not None and not needs_a_visit(dossier)
    context["thread"] = thread(partenaire)
    if dossier.current_status is Status.PIECES_REQUESTED:
        context["requests"] = requests_of(partenaire)
        context["lu"] = imprint(handed_back_shown(partenaire, dossier))
    return render(request, "pacs/dossier_tracking.html", context)


def _ended_page(
    request: HttpRequest, partenaire: Partenaire, context: dict[str, Any]
) -> HttpResponse:
    """What became of it, why, the remedy and what to do next; nothing of how to prepare one."""
    dossier = partenaire.dossier
    context |= {
        "moments": timeline(dossier, now=timezone.now()),
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
    if partenaire.said_by_other and may_edit_own(partenaire):
        return redirect("pacs:said", dossier.reference)
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
    if partenaire.helper is not None:
        # What keeps the other, and the attestation, are not theirs to know or to do.
        has_to_attest = False
        obstacles = tuple(o for o in left if o.holder in (0, partenaire.position))
    days = dossier.days(at=now)
    context = {
        "sentences": attestation_of(partenaire).split("\n") if may_attest else (),
        "has_to_attest": has_to_attest,
        "shared": shared_lines(partenaire),
        "own": own_lines(partenaire),
        "sends": not left,
        "lu_commun": imprint(confirmation_shown(dossier)),
        "lu_attestation": imprint(attestation_shown(partenaire, dossier)),
        "dossier": dossier,
        "partenaire": partenaire,
        "first": name_for(partenaire, dossier.people[0]),
        "pieces": piece_rows(partenaire, at=now, days=days),
        "plan": plan_of(partenaire, at=now, days=days),
        "blockers": blockers_of(partenaire, left if has_to_attest else obstacles),
        "lu": imprint(review_shown(partenaire, dossier)),
    }
    return render(request, "pacs/dossier_review.html", context)


def _vouch(request: HttpRequest, partenaire: Partenaire, *, at: datetime) -> HttpResponse:
    """Agree with the shared answers, attest, and send when it was asked: what was read, no more."""
    by, reference = account_of(request), partenaire.dossier.reference
    review = reverse("pacs:dossier-review", args=[reference])
    if partenaire.common_comment:
        # Attesting agrees with the shared answers: their own proposal would go without a word.
        messages.error(
            request,
            f"Vous avez proposé un changement : « {partenaire.common_comment} ». Votre partenaire"
            " y répond d’abord. Pour attester maintenant, retirez cette proposition.",
        )
        return redirect("pacs:partner-confirm", reference)
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
        try:
            if dropped is not None:
                drop_correction(partenaire, dropped, at=now, by=by, read=read_of(request))
                messages.success(request, "Cette correction est abandonnée. Vos réponses restent.")
            else:
                _send_corrections(request, partenaire, at=now)
        except ChangedSince as changed:
            page = reverse("pacs:dossier-correct", args=[dossier.reference])
            return dossier_changed(
                request,
                partenaire,
                names=changed.names,
                wanted="Abandonner la correction que vous aviez lue."
                if dropped is not None
                else "Envoyer à la mairie la correction que vous aviez lue.",
                now=["La correction n’est plus celle de cette page. Elle est gardée."],
                ways=[Way("Relire la correction", page, is_main=True)],
            )
        return redirect("pacs:dossier-correct", dossier.reference)
    shown = readable_corrections(partenaire).order_by("-changed_at")
    mine = holders_of(partenaire)
    context = {
        "dossier": dossier,
        "partenaire": partenaire,
        "pending": [
            (one, in_words(one, dossier), one.holder in mine)
            for one in shown.filter(status__in=PENDING)
        ],
        "decided": [
            (one, in_words(one, dossier))
            for one in shown.filter(status__in=["taken", "declined"])[:5]
        ],
        "to_send": shown.filter(holder__in=mine, status="draft").exists(),
        "lu": imprint(corrections_shown(partenaire, dossier)),
        "shared": shared_lines(partenaire),
        "own": own_lines(partenaire),
        "first": name_for(partenaire, dossier.people[0]),
    }
    return render(request, "pacs/dossier_correct.html", context)


def _send_corrections(request: HttpRequest, partenaire: Partenaire, *, at: datetime) -> None:
    """Send what is proposed, or say what it still asks for."""
    try:
        if send_corrections(partenaire, at=at, by=account_of(request), read=read_of(request)):
            messages.success(request, "Votre correction est partie. La mairie vous répond ici.")
    except ActionRefused as refused:
        messages.error(request, " ".join(refused.messages))


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
    except ActionRefused as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect(partenaire.dossier)
    except TransitionRefused:
        # The review page re-reads everything and says what is missing.
        messages.error(request, "Le dossier n’est pas parti : il manque encore quelque chose.")
        return redirect("pacs:dossier-review", partenaire.dossier.reference)
    return redirect("pacs:dossier-sent", dossier.reference)


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def dossier_sent(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The acknowledgement, as a page to keep (CRPA L112-11, R112-11-1)."""
    received = partenaire.dossier.submitted_at
    if received is None:
        return redirect(partenaire.dossier)
    return _sent_page(request, partenaire, FeedbackForm(), received)


@rate_limited("feedback", reads=False, by=who_acts)
@require_POST
@for_partenaire
def dossier_feedback(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Count what this person thinks of the way here, once, under no name.

    That they have answered is a keyed digest among the limits, and ends by itself.
    """
    dossier, received = partenaire.dossier, partenaire.dossier.submitted_at
    if received is None:
        return redirect(dossier)
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return _sent_page(request, partenaire, form, received, status=422)
    given = request.session.get(FEEDBACK_GIVEN, [])
    person = f"{partenaire.pk}:{partenaire.user_id or ''}"
    if dossier.reference not in given and not seconds_to_wait("feedback_once", person):
        answers = counted(form.cleaned_data["clear"], form.cleaned_data["hard"])
        FeedbackCount.objects.count_answers("pacs", answers, day=timezone.localdate())
    if dossier.reference not in given:
        request.session[FEEDBACK_GIVEN] = [*given, dossier.reference]
    messages.success(request, "Merci. Votre avis est compté, sans votre nom.")
    return redirect("pacs:dossier-sent", dossier.reference)


def _sent_page(
    request: HttpRequest,
    partenaire: Partenaire,
    form: FeedbackForm,
    received: datetime,
    *,
    status: int = 200,
) -> HttpResponse:
    dossier = partenaire.dossier
    context = {
        "dossier": dossier,
        "mailed": who_is_mailed(partenaire, "un mail qui le confirme"),
        "answer_by": dossier.procedure_settings.answer_by(received),
        "form": form,
        "asks_feedback": dossier.reference not in request.session.get(FEEDBACK_GIVEN, []),
    }
    return render(request, "pacs/dossier_sent.html", context, status=status)


@require_POST
@for_partenaire
def dossier_resubmit(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Hand the completed dossier back to the mairie."""
    try:
        dossier = resubmit_dossier(
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
        messages.success(
            request,
            "Votre réponse est gardée. La mairie reprend le dossier quand votre partenaire aura"
            " répondu aussi."
            if dossier.current_status is Status.PIECES_REQUESTED
            else "Vos compléments sont partis. La mairie les vérifie.",
        )
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
        except (ActionRefused, TransitionRefused) as refused:
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
            "other_is_mailed": bool(
                partenaire.dossier.people[2 - partenaire.position].mail_address
            ),
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
            f"Le dossier est au statut « {dossier.told_label()} »."
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
        {
            "dossier": partenaire.dossier,
            "partenaire": partenaire,
            "outcome_type": outcome_type,
            "is_inside": True,
        },
    )
