"""No path of the admin leaves an appointment outside of the open hours.

Forms refuse early, beside the row at fault. This is the net under every path (a row taken away,
the deletion of several, an agenda changed, a change moved to another agenda): what was asked is
done, looked at, and undone when an appointment to come no longer stands.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from demarches.admin.base import DeskAdmin
from demarches.agenda.seats import stranded_by_rules
from demarches.models import Agenda

REFUSED = "Des rendez-vous sont déjà pris à ces heures. Rien n’a changé."
#: Whoever sets the hours may not move people: it says who does, and where.
CLOSE_A_DAY = (
    "Pour fermer quand même, déplacer ou annuler chaque rendez-vous et prévenir chacun :"
    " « Fermer une journée… », sur la page « À faire » des instructeurs et des officiers."
)


class _Stranded(Exception):
    """Undoes what was written; holds a sentence for each appointment."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(*lines)
        self.lines = lines


def stranded_now(*, at: datetime) -> list[str]:
    """Sentences about every appointment to come that stands outside of the open hours."""
    agendas = Agenda.objects.select_related("service__mairie").order_by("pk")
    return [
        line
        for agenda in agendas
        for line in stranded_by_rules(agenda, agenda.rules(at, with_pauses=False), at=at)
    ]


def _keeping_appointments(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Undo the request when it strands somebody, and say whom, on the page it came from."""

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(self, request, *args, **kwargs)
        at = timezone.now()
        try:
            with transaction.atomic():
                before = stranded_now(at=at)
                response = view(self, request, *args, **kwargs)
                if lost := [line for line in stranded_now(at=at) if line not in before]:
                    raise _Stranded(lost)
                return response
        except _Stranded as stranded:
            # What the view had to say is of something that did not happen.
            list(messages.get_messages(request))
            for line in [REFUSED, *stranded.lines]:
                messages.error(request, line)
            return redirect(request.get_full_path())

    return guarded


class KeepsAppointments[M: Model](DeskAdmin[M]):
    """An admin of what decides when the mairie receives."""

    @_keeping_appointments
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        return super().changeform_view(request, object_id, form_url, dict(extra_context or {}))

    @_keeping_appointments
    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        return super().delete_view(request, object_id, dict(extra_context or {}))

    @_keeping_appointments
    def changelist_view(
        self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, dict(extra_context or {}))
