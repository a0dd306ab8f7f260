"""The staff desk: Django admin under the town's name."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from demarches.models import User
from demarches.ratelimit import rate_limited
from pacs.access import may_read_as_staff
from pacs.actions.readings import note_readings
from pacs.desk import queues
from pacs.models import Reading
from uzes_portal import journal_desk
from vitale import desk as vitale_desk
from vitale.actions.aide import note_readings as note_help


def _typed_account(request: HttpRequest) -> str:
    return request.POST.get("username", "").strip().lower()


class DeskAdminSite(AdminSite):
    site_header = "Bureau des démarches"
    site_title = "Bureau des démarches"
    index_title = "À faire"

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff only. A second factor is to be required here (see docs/operations.md)."""
        return super().has_permission(request)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """« À faire »: the piles of each procedure the agent may read."""
        agent = request.user
        piles = []
        vitale_piles = []
        if isinstance(agent, User):
            if may_read_as_staff(agent):
                piles = queues(agent, at=timezone.now())
            vitale_piles = vitale_desk.piles(agent, at=timezone.now())
            named = [dossier for pile in piles for dossier in pile.first]
            note_readings(agent, Reading.LISTED, at=timezone.now(), dossiers=named)
            helped = {one.pk: one for pile in vitale_piles for one in pile.demandes}
            note_help(agent, "liste", at=timezone.now(), demandes=helped.values())
        context = {"queues": piles, "vitale_piles": vitale_piles, **(extra_context or {})}
        return super().index(request, context)

    def get_urls(self) -> list[Any]:
        return [
            path("journal/", self.admin_view(journal_desk.journal_view), name="journal"),
            *super().get_urls(),
        ]

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """No form of ours asks it; it would list people's rows without a word in the journal."""
        raise Http404

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    @method_decorator(rate_limited("staff_ip"))
    @method_decorator(rate_limited("staff_account", by=_typed_account))
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign in with a password; guessing one is slow for a place and for an account."""
        return super().login(request, extra_context)
