"""Ask the mairie for help, and see what it did."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from demarches.accounts.acting import account_of
from demarches.mail.limits import TooManyMails
from demarches.models import Mairie
from demarches.rules.read import imprint
from demarches.serving.ratelimit import rate_limited
from demarches.steps.forms import new_form_key
from demarches.web.as_read import ChangedSince
from vitale.actions import aide as actions
from vitale.actions.meetings import may_give_up
from vitale.forms.aide import AideForm
from vitale.models import AideSettings, Contact, Demande, PlanLine
from vitale.reads.tracking import moments
from vitale.rules.aide import Code
from vitale.rules.situations import Regime
from vitale.views.read import demande_changed, read_of
from vitale.views.viewer import for_demande, let_in


@sensitive_post_parameters()
@rate_limited("vitale_create", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def start(request: HttpRequest) -> HttpResponse:
    """The form; a request sent leads to its page, and to its codes."""
    user = account_of(request)
    form = AideForm(
        request.POST if request.method == "POST" else None,
        initial={"form_key": new_form_key(), "email": user.email if user else ""},
    )
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        try:
            demande = actions.ask_for_help(
                reason=values["reason"],
                regime=Regime(values["regime"]),
                name=values["name"],
                email=values["email"],
                phone=str(values["phone"]),
                owner=user,
                form_key=values["form_key"],
                at=timezone.now(),
            )
        except TooManyMails as refused:
            form.add_error("email", refused)
        else:
            let_in(request, demande)
            messages.success(request, "Votre demande est arrivée à la mairie.")
            return redirect(demande)
    context = {
        "form": form,
        "common": [line for line in PlanLine.objects.common() if not line.regimes],
        "helpers": Contact.objects.filter(takes_over=True).select_related("link"),
    }
    status = 422 if form.is_bound else 200
    return render(request, "vitale/aide_start.html", context, status=status)


@require_safe
@for_demande
def page(request: HttpRequest, demande: Demande) -> HttpResponse:
    """What the mairie did, and its answer."""
    context = {
        "demande": demande,
        "moments": moments(demande),
        "user_reads_it": account_of(request) is not None,
        "lu": imprint(actions.standing_shown(demande)),
        **_meeting(demande, at=timezone.now()),
    }
    return render(request, "vitale/aide.html", context)


def _meeting(demande: Demande, *, at: datetime) -> dict[str, Any]:
    """The appointment to come, proposed or fixed; nothing else needs a word of its own."""
    meeting = demande.appointment
    if meeting is None or demande.code not in {Code.PROPOSED, Code.BOOKED}:
        return {}
    mairie = Mairie.objects.with_entrances()
    return {
        "meeting": meeting,
        "is_booked": demande.code is Code.BOOKED,
        "is_changeable": meeting.is_changeable(at),
        "is_kept": meeting.is_held(at),
        "is_past": meeting.starts_at <= at,
        "may_give_up": may_give_up(meeting, at=at),
        "to_bring": AideSettings.current().to_bring,
        "entrances": list(mairie.entrances.all())[:1] if mairie else [],
    }


@require_POST
@for_demande
def cancel(request: HttpRequest, demande: Demande) -> HttpResponse:
    """No help is needed any more."""
    try:
        actions.cancel(demande, by=account_of(request), at=timezone.now(), read=read_of(request))
    except ChangedSince:
        return demande_changed(request, demande, wanted="Annuler votre demande d’aide.")
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, "Votre demande d’aide est annulée.")
    return redirect(demande)
