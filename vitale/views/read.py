"""What a page of a follow-up carries in its form, and the answer when that is no longer true."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from demarches.rules.numbers import read_number
from demarches.rules.read import FIELD
from demarches.views.changed import Way, changed_page
from vitale.models import Demande, Suivi
from vitale.rules.aide import ALLOWED, Act


def read_of(request: HttpRequest) -> str:
    """What the form says its page showed; empty, which nothing is, when it says nothing."""
    return request.POST.get(FIELD, "")


def meeting_of(request: HttpRequest) -> int:
    """The key of the appointment a page showed; 0, which none has, when it does not say."""
    return read_number(read_of(request)) or 0


def demande_changed(request: HttpRequest, demande: Demande, *, wanted: str) -> HttpResponse:
    """The request for help is not as it was read: where it stands, and where to go on."""
    fresh = Demande.objects.select_related("appointment").get(pk=demande.pk)
    meeting = fresh.appointment
    now = [f"{fresh.status_label}."]
    ways = [Way("Voir la demande", fresh.get_absolute_url(), is_main=True)]
    if meeting is not None and fresh.code in ALLOWED[Act.CHOOSE]:
        now.append(f"Le rendez-vous est maintenant le {meeting}.")
        ways.append(
            Way("Choisir un autre créneau", reverse("vitale:aide-meeting", args=[fresh.reference]))
        )
    return changed_page(
        request,
        heading="Cette demande a changé depuis que vous avez ouvert la page",
        wanted=wanted,
        now=now,
        ways=ways,
    )


def suivi_changed(
    request: HttpRequest, suivi: Suivi, *, wanted: str, now: Sequence[str]
) -> HttpResponse:
    """The aide-mémoire is not as it was read, by whoever else has its codes."""
    return changed_page(
        request,
        heading="Cet aide-mémoire a changé depuis que vous avez ouvert la page",
        wanted=wanted,
        now=now,
        ways=[Way("Voir l’aide-mémoire", suivi.get_absolute_url(), is_main=True)],
    )
