"""Somebody who helps to fill in: the person invites them and sees them; they come in and leave."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.mail.limits import TooManyMails
from demarches.rules.numbers import read_number
from demarches.rules.reference import parse_reference
from pacs.actions.helping import accept_help, end_help, invite_helper
from pacs.actions.refusals import ActionRefused
from pacs.forms.partner import HelperForm
from pacs.models import Dossier, Helper, Partenaire
from pacs.reads.access import find_partenaire, may_help_in
from pacs.views.viewer import account_of, for_partenaire


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def helper(request: HttpRequest, reference: str) -> HttpResponse:
    """The page of whoever helps; a helper who ends their help twice has ended it once."""
    ended = Helper.objects.filter(user=account_of(request), ended_at__isnull=False)
    key = read_number(request.POST.get("fin", ""))
    if key and account_of(request) is not None and ended.filter(pk=key).exists():
        messages.info(request, "Cette aide était déjà terminée.")
        return redirect("demarches:account")
    return _helper(request, reference)


@for_partenaire
def _helper(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Who helps this person to fill in: invite somebody, or end it (POST `fin`: its number).

    A helper reads the same page, and ends their own help there.
    """
    dossier = partenaire.dossier
    if not dossier.is_draft:
        return redirect(dossier)
    there = Helper.objects.going_on().filter(partenaire=partenaire).first()
    form = HelperForm()
    if request.method == "POST" and "fin" in request.POST:
        return _end(request, partenaire, there)
    if request.method == "POST" and partenaire.helper is None:
        form = HelperForm(request.POST)
        if form.is_valid():
            try:
                invited = invite_helper(
                    partenaire, **form.cleaned_data, by=account_of(request), at=timezone.now()
                )
            except (ActionRefused, TooManyMails) as refused:
                form.add_error(None if there else "email", refused)
            else:
                messages.success(request, f"Une invitation part à {invited.email}.")
                return redirect("pacs:helper", dossier.reference)
    context = {"dossier": dossier, "partenaire": partenaire, "there": there, "form": form}
    return render(request, "pacs/helper.html", context, status=422 if form.errors else 200)


def _end(request: HttpRequest, partenaire: Partenaire, there: Helper | None) -> HttpResponse:
    """End the help that the page showed; another one, begun since, is left alone."""
    dossier = partenaire.dossier
    if there is None or there.pk != read_number(request.POST["fin"]):
        messages.info(request, "Cette aide était déjà terminée.")
        return redirect("pacs:helper", dossier.reference)
    end_help(there, by=account_of(request), at=timezone.now())
    if partenaire.helper is not None:
        messages.success(request, "Votre aide est terminée : ces pages vous sont fermées.")
        return redirect("demarches:account")
    messages.success(request, f"C’est terminé : {there} ne voit plus vos pages.")
    return redirect("pacs:helper", dossier.reference)


@require_http_methods(["GET", "HEAD", "POST"])
def helper_join(request: HttpRequest, reference: str) -> HttpResponse:
    """The invited person, signed in with the invited address, begins to help or declines.

    POST carries which invitation was read (`aide`).
    """
    user = account_of(request)
    dossier = Dossier.objects.filter(reference=parse_reference(reference)).first()
    if dossier is not None and user is not None:
        if Helper.objects.live().filter(partenaire__dossier=dossier, user=user).exists():
            return redirect(dossier)
        if find_partenaire(reference, user=user, guest=None, at=timezone.now()) is not None:
            return redirect(dossier)
    invited = may_help_in(dossier, user) if dossier is not None and user is not None else None
    # One answer, whether the dossier exists or not: references follow each other.
    if dossier is None or user is None or invited is None:
        return render(request, "pacs/partner_not_invited.html", status=404)
    if request.method == "POST":
        now = timezone.now()
        if read_number(request.POST.get("aide", "")) != invited.pk:
            messages.info(request, "Cette invitation a changé entre-temps : relisez-la.")
            return redirect("pacs:helper-join", dossier.reference)
        if "decline" in request.POST:
            end_help(invited, by=user, at=now)
            messages.success(request, "C’est noté. Nous ne vous écrirons plus à ce sujet.")
            return redirect("home")
        try:
            accept_help(invited, user, at=now)
        except ActionRefused as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect("home")
        return redirect(dossier)
    helped = invited.partenaire
    who = str(helped) if helped.first_names or helped.birth_name else "Une personne"
    context = {"dossier": dossier, "invited": invited, "who": who}
    return render(request, "pacs/helper_join.html", context)
