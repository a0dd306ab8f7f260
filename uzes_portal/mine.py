"""« Mes données »: what is kept of whoever is signed in, who looked at it, and a copy of it.

RGPD, articles 15 and 20. These pages know every procedure; each gives its part (`mine.py`).
"""

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from demarches.dossiers.mine import LookedDay, Part, by_day, section
from demarches.models import Mairie, User
from demarches.papers.documents import RenderedPdf, render_pdf
from demarches.procedures import own_rows
from demarches.rules.dates_fr import day_fr
from demarches.serving.ratelimit import rate_limited
from demarches.views.downloads import private_answer


def _owner(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


#: What a request of deletion says of whoever asked; who answered acts for the mairie.
REQUEST_COLUMNS = ("asked_at", "status", "reason", "handled_at")


def _account_part(user: User) -> list[Part]:
    """What is kept beside the procedures; nothing when there is only the account."""
    sections = [
        section(one, REQUEST_COLUMNS) for one in user.deletion_requests.order_by("asked_at")
    ]
    linked = SocialAccount.objects.filter(user=user).order_by("pk")
    sections += [section(one, ("provider", "date_joined", "last_login")) for one in linked]
    return [Part("Votre compte", user.email, sections)] if sections else []


def parts_of(user: User) -> list[Part]:
    """Everything that is theirs: of the account, then procedure after procedure."""
    return _account_part(user) + [
        part for procedure in own_rows() for part in procedure.parts(user)
    ]


def looks_of(user: User) -> list[LookedDay]:
    """Who looked at it, day after day."""
    return by_day(look for procedure in own_rows() for look in procedure.looks(user))


def _account(user: User) -> dict[str, Any]:
    return {"adresse": user.email, "cree_le": user.date_joined, "connexion": user.last_login}


def copy_for(user: User) -> RenderedPdf:
    """The copy to read, as a PDF."""
    today = timezone.localdate()
    return render_pdf(
        "demarches/pdf/mine.html",
        {
            "mairie": Mairie.objects.with_entrances(),
            "owner": user,
            "parts": parts_of(user),
            "looks": looks_of(user),
            "foot": f"Fait le {day_fr(today)}.",
            "service": "Démarches en ligne",
        },
        title="Vos données",
    )


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Who looked at what, and how to take a copy away."""
    return render(request, "demarches/mine.html", {"looks": looks_of(_owner(request))})


@rate_limited("pdf", reads=True)
@require_safe
def mine_pdf(request: HttpRequest) -> HttpResponse:
    paper = copy_for(_owner(request))
    return private_answer(
        paper.content, "application/pdf", "mes-donnees.pdf", disposition="attachment"
    )


@rate_limited("pdf", reads=True)
@require_safe
def mine_json(request: HttpRequest) -> HttpResponse:
    """The copy for another machine."""
    user = _owner(request)
    told = {
        "compte": _account(user),
        "demarches": [part.as_json() for part in parts_of(user)],
        "consultations": [
            {
                "jour": look.day,
                "reference": look.reference,
                "ouvertures": look.opened,
                "listes": look.listed,
                "aides": look.helped,
            }
            for look in looks_of(user)
        ],
    }
    answer = JsonResponse(told, json_dumps_params={"ensure_ascii": False, "indent": 2})
    return private_answer(
        answer.content, "application/json", "mes-donnees.json", disposition="attachment"
    )
