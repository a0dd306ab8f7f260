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
from django.utils.timezone import localdate
from django.views.decorators.cache import never_cache

from demarches.models import DeletionRequest, User
from demarches.oidc import parting
from demarches.piles import Lane, Pile, by_lane
from demarches.ratelimit import too_many_requests
from demarches.staff_guessing import remember_device, seconds_before_guess
from demarches.staff_mails import tell_agent
from demarches.staff_sessions import end_sessions, pending_agent, session_of, sign_in_before
from demarches.views.staff import staff_urls
from pacs.access import may_read_as_staff, may_review, may_serve_counter
from pacs.actions.readings import note_readings
from pacs.day import Visit, visits_between
from pacs.models import PieceTranslation, Reading
from pacs.piles import Confided, confided_to
from pacs.piles import piles as pacs_piles
from uzes_portal import agenda_desk, agenda_feed, closing_desk, journal_desk, service_desk
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
            path("service/", self.admin_view(service_desk.service_view), name="service"),
            *agenda_desk.agenda_urls(self.admin_view),
            *agenda_feed.feed_urls(self.admin_view),
            *closing_desk.closing_urls(self.admin_view),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the desk reads; a template asks `may_close_days` when it needs it."""
        agent = request.user
        return {
            **super().each_context(request),
            "may_close_days": lambda: (
                isinstance(agent, User) and closing_desk.may_close_days(agent)
            ),
        }

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """« À faire »: the piles of each procedure the agent may read."""
        agent, now = request.user, timezone.now()
        work: list[Pile] = []
        context: dict[str, Any] = {
            "is_nav_sidebar_enabled": False,
            "tab": "home",
            "now": now,
            "last_sign_in": sign_in_before(request),
            "stale_translations": PieceTranslation.objects.stale()
            if request.user.has_perm("pacs.change_piecetranslation")
            else [],
            "deletions_waiting": DeletionRequest.objects.waiting().count()
            if request.user.has_perm("demarches.change_deletionrequest")
            else 0,
        }
        if isinstance(agent, User):
            visits: list[Visit] = []
            given: list[Confided] = []
            if may_read_as_staff(agent):
                work += pacs_piles(agent, at=now)
                visits = visits_between(localdate(now), localdate(now))
                given = confided_to(agent, at=now)
            if closing_desk.may_close_days(agent):
                work += closing_desk.closing_piles()
            context["vitale_piles"] = vitale_desk.piles(agent)
            work += context["vitale_piles"]
            helped = vitale_desk.expected_today(agent, at=now)
            named = [*(one.dossier for one in visits), *(one.dossier for one in given)]
            note_readings(agent, Reading.LISTED, at=now, dossiers=named)
            note_help(agent, "liste", at=now, demandes=helped)
            context |= {
                "visits": visits,
                "helped": helped,
                "expected": len(visits) + len(helped),
                "confided": given,
                "may_review": may_review(agent),
                "may_serve_counter": may_serve_counter(agent),
            }
        lanes = by_lane(work)
        context |= {
            "late": lanes[Lane.LATE],
            "near": lanes[Lane.NEAR],
            "work": lanes[Lane.WORK],
            "empty": [one for one in work if not one.count and one.lane is not Lane.TODAY],
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
