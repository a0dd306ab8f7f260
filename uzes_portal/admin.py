"""The staff desk: Django admin under the town's name."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from demarches.models import User
from demarches.oidc import parting
from demarches.ratelimit import too_many_requests
from demarches.staff_guessing import remember_device, seconds_before_guess
from demarches.staff_mails import tell_agent
from demarches.staff_sessions import end_sessions, pending_agent, session_of, sign_in_before
from demarches.views.staff import staff_urls
from pacs.access import may_read_as_staff, may_review, may_serve_counter
from pacs.actions.readings import note_readings
from pacs.desk import queues
from pacs.models import Reading
from uzes_portal import journal_desk
from vitale import desk as vitale_desk
from vitale.actions.aide import note_readings as note_help


class DeskAdminSite(AdminSite):
    site_header = "Bureau des démarches"
    site_title = "Bureau des démarches"
    index_title = "À faire"

    login_template = "admin/staff/sign_in.html"

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The agents' own pages and the journal before the desk's."""
        return [
            *staff_urls(self.admin_view),
            path("journal/", self.admin_view(journal_desk.journal_view), name="journal"),
            *super().get_urls(),
        ]

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
        context = {
            "queues": piles,
            "vitale_piles": vitale_piles,
            "may_review": isinstance(agent, User) and may_review(agent),
            "may_serve_counter": isinstance(agent, User) and may_serve_counter(agent),
            "last_sign_in": sign_in_before(request),
            **(extra_context or {}),
        }
        return super().index(request, context)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """No form of ours asks it; it would list people's rows without a word in the journal."""
        raise Http404

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign in with a password, then go on to the second factor; guessing is slow."""
        if request.method == "GET" and pending_agent(request) is not None:
            query = request.GET.urlencode()
            return redirect(reverse("admin:second_factor") + (f"?{query}" if query else ""))
        if request.method == "POST" and (seconds := seconds_before_guess(request)):
            return too_many_requests(request, seconds)
        context = {
            "index_url": reverse("admin:index"),
            "idle_minutes": settings.STAFF_IDLE_SECONDS // 60,
            **(extra_context or {}),
        }
        response = super().login(request, context)
        if request.method == "POST" and isinstance(request.user, User):
            remember_device(response, request.user)
        return response

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Leave the desk, and ProConnect with it when it opened the session."""
        elsewhere = parting.open_session(request)
        response = super().logout(request, extra_context)
        if elsewhere is None or request.user.is_authenticated:  # a GET ends nothing
            return response
        return parting.leave(request, elsewhere)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change one's password; the other sessions end, and a mail says so."""
        response = super().password_change(request, extra_context)
        agent = request.user
        if request.method == "POST" and response.status_code == 302 and isinstance(agent, User):
            end_sessions(agent, but=session_of(request))
            tell_agent(agent, "le mot de passe a été changé", at=timezone.now())
        return response
