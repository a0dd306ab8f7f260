"""Messages between the couple and the mairie."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.serving.ratelimit import rate_limited
from demarches.steps.forms import new_form_key
from demarches.steps.replay import take_back
from demarches.web.request_memory import remembered
from pacs.actions.dossiers import write_message
from pacs.forms.partner import MessageForm
from pacs.models import Message, Partenaire
from pacs.reads.access import readable_messages
from pacs.views.viewer import for_partenaire, who_acts


def thread(partenaire: Partenaire) -> Iterable[Message]:
    """What this person may read, oldest first."""

    def read() -> list[Message]:
        rows = readable_messages(partenaire).select_related("partenaire")
        return list(rows.order_by("at", "pk"))

    return remembered(("messages", partenaire.pk), read)


@rate_limited("message", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def dossier_messages(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Read the exchange and write to the mairie."""
    kept = take_back(request)
    form = MessageForm(kept, initial={"form_key": new_form_key()})
    status = 200
    if request.method == "POST":
        form = MessageForm(request.POST)
        if form.is_valid():
            write_message(
                partenaire,
                body=form.cleaned_data["body"],
                private=form.cleaned_data["private"],
                form_key=form.cleaned_data["form_key"],
                at=timezone.now(),
            )
            messages.success(request, "Votre message est parti. La réponse arrivera ici.")
            return redirect("pacs:dossier-messages", partenaire.dossier.reference)
        status = 422
    context = {
        "dossier": partenaire.dossier,
        "partenaire": partenaire,
        "thread": thread(partenaire),
        "form": form,
    }
    return render(request, "pacs/dossier_messages.html", context, status=status)
