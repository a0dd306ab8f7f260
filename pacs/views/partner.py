"""The second partenaire: three doors in, a review of the shared answers, an attestation."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from demarches.mail.limits import TooManyMails
from demarches.rules.read import FIELD, imprint
from demarches.rules.reference import parse_reference
from demarches.serving.ratelimit import rate_limited
from demarches.views.changed import Way
from demarches.web.as_read import ChangedSince
from pacs.actions.dossiers import (
    attest,
    attestation_of,
    choose_door,
    choose_private_code,
    confirm_common,
    confirm_said,
    decline_invitation,
    join_dossier,
    leave_dossier,
)
from pacs.actions.part import PartIsTheirs, WrongCode, has_begun
from pacs.actions.refusals import ActionRefused
from pacs.emails import invitation_sent
from pacs.forms.partner import (
    AttestForm,
    ConfirmCommonForm,
    DoorForm,
    PrivateCodeForm,
    UnlockForm,
)
from pacs.models import Door, Dossier, Partenaire
from pacs.models.completeness import missing_common, missing_own
from pacs.pages.review import said_lines, shared_lines
from pacs.pages.tracking import next_task
from pacs.reads.access import GUEST_SESSION_KEY, guest_pass, may_edit_own, may_invite_into, name_for
from pacs.reads.shown import (
    attestation_shown,
    confirmation_shown,
    door_shown,
    said_shown,
    standing_shown,
)
from pacs.views.read import dossier_changed, read_of
from pacs.views.viewer import account_of, for_partenaire


@rate_limited("unlock", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def partner_door(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The first partenaire says how the second takes part; of their part, nothing is shown.

    POST with `passer` hands the device over at once.
    """
    user = account_of(request)
    if not partenaire.is_first or user is None or not partenaire.dossier.is_editable:
        raise Http404
    _, second = partenaire.dossier.people
    begun = has_begun(second)
    changed = False
    form = DoorForm(
        request.POST or None,
        initial={"door": second.door, "email": second.invited_email},
        is_theirs=begun or bool(second.invited_email),
        has_code=bool(second.private_code),
    )
    if request.method == "POST" and form.is_valid():
        door = Door(form.cleaned_data["door"])
        try:
            choose_door(
                second,
                door,
                email=form.cleaned_data["email"],
                code=form.cleaned_data.get("code", ""),
                from_empty=form.cleaned_data.get("from_empty", False),
                by=user,
                at=timezone.now(),
                read=read_of(request),
            )
        except ChangedSince:
            second = Partenaire.objects.select_related("user", "dossier").get(pk=second.pk)
            form.add_error("door", _door_now(second))
            changed = True
        except WrongCode as refused:
            form.add_error("code" if "code" in form.fields else None, refused)
        except PartIsTheirs as refused:
            form.add_error("from_empty" if "from_empty" in form.fields else None, refused)
        except (ActionRefused, TooManyMails) as refused:
            form.add_error("email" if door is Door.OWN else None, refused)
        else:
            if door is Door.SAME_DEVICE:
                if "passer" in request.POST:
                    return _hand_over(request, second)
                return redirect("pacs:partner-handover", partenaire.dossier.reference)
            if door is Door.OWN:
                return redirect("pacs:partner-invited", partenaire.dossier.reference)
            return redirect(partenaire.dossier)
    return render(
        request,
        "pacs/partner_door.html",
        {
            "dossier": partenaire.dossier,
            "partenaire": partenaire,
            "second": second,
            "has_begun": begun,
            "is_first_choice": not (begun or second.door),
            "form": form,
            # What is corrected was typed over what stood there when the page was opened.
            "lu": (not changed and read_of(request)) or imprint(door_shown(second)),
        },
        status=409 if changed else 422 if form.errors else 200,
    )


def _door_now(second: Partenaire) -> str:
    """How the second takes part since the page was opened."""
    way = Door(second.door).label if second.door else "rien n’est choisi"
    invited = f", à l’adresse {second.invited_email}" if second.invited_email else ""
    return (
        f"Cette réponse a changé entre-temps. Elle est maintenant : « {way} »{invited}. Gardez ce"
        " que vous avez tapé ou reprenez celle-là, puis continuez."
    )


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def partner_invited(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """What arrives to the second, and what the first may say of it in a message of their own."""
    _, second = partenaire.dossier.people
    mail = invitation_sent(second)
    if not partenaire.is_first or second.user_id or not second.invited_email or mail is None:
        return redirect(partenaire.dossier)
    context = {
        "dossier": partenaire.dossier,
        "partenaire": partenaire,
        "second": second,
        "mail": mail,
    }
    return render(request, "pacs/partner_invited.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def partner_handover(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Hand the device over: the first one is signed out, the second one's pages open.

    The pages of the first are then locked behind the code sent to their own mail.
    """
    _, second = partenaire.dossier.people
    if not partenaire.is_first or second.door != Door.SAME_DEVICE or second.user_id is not None:
        raise Http404
    if request.method == "POST":
        return _hand_over(request, second)
    return render(
        request,
        "pacs/partner_handover.html",
        {"dossier": partenaire.dossier, "partenaire": partenaire, "second": second},
    )


def _hand_over(request: HttpRequest, second: Partenaire) -> HttpResponse:
    """Sign the first one out; the page that comes asks the second for their own code."""
    reference, pk = second.dossier.reference, second.pk
    logout(request)
    request.session["pacs_handed_over"] = pk
    return redirect("pacs:partner-unlock", reference)


@login_not_required
@rate_limited("unlock", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
def partner_unlock(request: HttpRequest, reference: str) -> HttpResponse:
    """The second partenaire opens their pages on the handed-over device, with their own code."""
    second = get_object_or_404(
        Partenaire.objects.select_related("dossier"),
        pk=request.session.get("pacs_handed_over", 0),
        dossier__reference=parse_reference(reference),
        door=Door.SAME_DEVICE.value,
        user__isnull=True,
    )
    has_code = bool(second.private_code)
    form = (UnlockForm if has_code else PrivateCodeForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = form.cleaned_data["code"]
        try:
            if not has_code:
                choose_private_code(second, code, at=timezone.now())
        except PartIsTheirs as refused:
            form.add_error("code", refused)
        else:
            if second.check_private_code(code):
                request.session.cycle_key()
                request.session[GUEST_SESSION_KEY] = guest_pass(second, at=timezone.now())
                return redirect(where_to(second))
            form.add_error("code", wrong_code(second))
    return render(
        request,
        "pacs/partner_unlock.html",
        {"reference": second.dossier.reference, "form": form},
        status=422 if form.errors else 200,
    )


def where_to(partenaire: Partenaire) -> str:
    """Where somebody who comes in goes on: to their next question while it is a draft."""
    fresh = Partenaire.objects.select_related("dossier").get(pk=partenaire.pk)
    fresh.helper = partenaire.helper
    if fresh.dossier.is_draft and may_edit_own(fresh):
        return next_task(fresh, at=timezone.now()).address
    return fresh.dossier.get_absolute_url()


def wrong_code(second: Partenaire) -> str:
    """What to say after a wrong code."""
    if second.code_tries_left:
        return f"Ce n’est pas le bon code. Il reste {second.code_tries_left} essai(s)."
    return (
        "Ce code est bloqué après trop d’essais. Venez à la mairie : un agent vous ouvre une autre"
        " façon de participer, et rien de ce que vous avez rempli n’est perdu."
    )


@login_not_required
@require_POST
def partner_leave(request: HttpRequest) -> HttpResponse:
    """Give the device back: the pass and the session end."""
    request.session.flush()
    messages.success(request, "Vos pages sont fermées sur cet appareil.")
    return redirect("home")


@require_http_methods(["GET", "HEAD", "POST"])
def partner_join(request: HttpRequest, reference: str) -> HttpResponse:
    """The invited person, signed in with the invited address, comes in or declines."""
    user = account_of(request)
    dossier = Dossier.objects.filter(reference=parse_reference(reference)).first()
    if dossier and user is not None and dossier.partenaires.filter(user=user).exists():
        return redirect(dossier)
    # One answer, whether the dossier exists or not: references follow each other.
    if dossier is None or user is None or not may_invite_into(dossier, user):
        return render(request, "pacs/partner_not_invited.html", status=404)
    if request.method == "POST":
        try:
            if "decline" in request.POST:
                decline_invitation(dossier, user, at=timezone.now())
                messages.success(request, "C’est noté. Nous ne vous écrirons plus à ce sujet.")
                return redirect("home")
            join_dossier(dossier, user, at=timezone.now())
        except ActionRefused as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect("home")
        return redirect(where_to(dossier.partenaires.get(user=user)))
    first, second = dossier.people
    context = {"dossier": dossier, "first": name_for(second, first) if first.birth_name else ""}
    return render(request, "pacs/partner_join.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def partner_quit(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """« Je ne participe plus »: the second leaves a draft, and their answers go.

    Once it is sent, or for whoever opened it, leaving is stopping: that page says so.
    """
    dossier = partenaire.dossier
    if partenaire.is_first or not dossier.is_draft:
        return redirect("pacs:dossier-stop", dossier.reference)
    if request.method == "POST":
        try:
            leave_dossier(
                partenaire, at=timezone.now(), by=account_of(request), read=read_of(request)
            )
        except ChangedSince:
            return dossier_changed(
                request,
                partenaire,
                names=(),
                wanted="Ne plus participer.",
                ways=[Way("Revoir le dossier", dossier.get_absolute_url(), is_main=True)],
            )
        except ActionRefused as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect(dossier)
        request.session.pop(GUEST_SESSION_KEY, None)
        messages.success(
            request, "C’est fait : votre partie est effacée, et nous ne vous écrirons plus."
        )
        return redirect("home")
    context = {
        "dossier": dossier,
        "partenaire": partenaire,
        "lu": imprint(standing_shown(dossier)),
    }
    return render(request, "pacs/partner_quit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def said(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """What the other said of this person in the simulator: they confirm it, or change a line."""
    dossier = partenaire.dossier
    if not (partenaire.said_by_other and dossier.is_draft):
        return redirect(where_to(partenaire))
    if request.method == "POST":
        here = reverse("pacs:said", args=[dossier.reference])
        try:
            confirm_said(
                partenaire, at=timezone.now(), by=account_of(request), read=read_of(request)
            )
        except ChangedSince as changed:
            return dossier_changed(
                request,
                partenaire,
                names=changed.names,
                wanted="Dire que tout est exact.",
                ways=[Way("Relire, puis confirmer", here, is_main=True)],
            )
        except ActionRefused as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect(here)
        return redirect(where_to(partenaire))
    context = {
        "dossier": dossier,
        "partenaire": partenaire,
        "other": name_for(partenaire, dossier.people[2 - partenaire.position]),
        "lines": said_lines(partenaire),
        "lu": imprint(said_shown(partenaire, dossier)),
    }
    return render(request, "pacs/partner_said.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def partner_confirm(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The second partenaire reads the shared answers, agrees or proposes a change."""
    if partenaire.is_first or not may_edit_own(partenaire):
        return redirect(partenaire.dossier)
    form = ConfirmCommonForm(request.POST or None, initial={"comment": partenaire.common_comment})
    if request.method == "POST" and form.is_valid():
        try:
            confirm_common(
                partenaire,
                comment=form.cleaned_data["comment"],
                at=timezone.now(),
                by=account_of(request),
                read=read_of(request),
            )
        except ChangedSince as changed:
            confirm = reverse("pacs:partner-confirm", args=[partenaire.dossier.reference])
            comment = form.cleaned_data["comment"]
            ways = [Way("Relire les réponses communes", confirm, is_main=True)]
            if comment:
                fresh = Dossier.objects.get(pk=partenaire.dossier_id)
                now = imprint(confirmation_shown(fresh))
                fields = {FIELD: now, "agrees": "non", "comment": comment}
                ways.append(Way("Envoyer quand même cette remarque", confirm, fields))
            return dossier_changed(
                request,
                partenaire,
                names=changed.names,
                wanted="Proposer ce changement :"
                if comment
                else "Dire que les réponses communes sont exactes.",
                typed=[comment],
                ways=ways,
            )
        except (ActionRefused, TooManyMails) as refused:
            form.add_error(None, refused)
        else:
            messages.success(request, "C’est enregistré.")
            return redirect(partenaire.dossier)
    return render(
        request,
        "pacs/partner_confirm.html",
        {
            "dossier": partenaire.dossier,
            "partenaire": partenaire,
            "shared": shared_lines(partenaire),
            "lu": imprint(confirmation_shown(partenaire.dossier)),
            "form": form,
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def partner_attest(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Attest on one's honour, once one's own part and the shared answers are complete."""
    if not may_edit_own(partenaire):
        return redirect(partenaire.dossier)
    if partenaire.said_by_other:
        return redirect("pacs:said", partenaire.dossier.reference)
    if missing_own(partenaire) or missing_common(partenaire.dossier):
        messages.warning(
            request, "Terminez d’abord votre partie et les réponses communes, puis attestez."
        )
        return redirect(partenaire.dossier)
    form = AttestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            attest(partenaire, at=timezone.now(), by=account_of(request), read=read_of(request))
        except ChangedSince as changed:
            again = reverse("pacs:partner-attest", args=[partenaire.dossier.reference])
            return dossier_changed(
                request,
                partenaire,
                names=changed.names,
                wanted="Attester que vos réponses étaient exactes, telles que vous les aviez lues.",
                ways=[Way("Relire, puis attester", again, is_main=True)],
            )
        except (ActionRefused, TooManyMails) as refused:
            form.add_error(None, refused)
        else:
            messages.success(request, "Votre attestation est enregistrée.")
            return redirect(partenaire.dossier)
    return render(
        request,
        "pacs/partner_attest.html",
        {
            "dossier": partenaire.dossier,
            "partenaire": partenaire,
            "lu": imprint(attestation_shown(partenaire, partenaire.dossier)),
            "sentences": attestation_of(partenaire).split("\n"),
            "form": form,
        },
        status=422 if form.errors else 200,
    )
