"""The staff desk: Django admin under the town's name."""

from operator import attrgetter
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from demarches.accounts.staff_guessing import remember_device, seconds_before_guess
from demarches.accounts.staff_sessions import (
    end_sessions,
    pending_agent,
    session_of,
    sign_in_before,
)
from demarches.desk.frame import in_frame
from demarches.desk.piles import Lane, by_lane
from demarches.mail.staff_mails import tell_agent
from demarches.models import DeletionRequest, User
from demarches.oidc import parting
from demarches.procedures import DeskHome, DeskLink, procedures
from demarches.serving.ratelimit import too_many_requests
from demarches.views.staff import staff_urls
from uzes_portal import agenda_desk, agenda_feed, closing_desk, journal_desk, service_desk


class DoorForm(AdminAuthenticationForm):
    """An agent's address and password; a refusal never tells which of the two is wrong."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "Cette adresse et ce mot de passe n’ouvrent pas le bureau. Vérifiez-les "
        "et recommencez, ou choisissez un nouveau mot de passe par le lien ci-dessous.",
    }


class DeskAdminSite(AdminSite):
    site_header = "Bureau des démarches"
    site_title = "Bureau des démarches"
    index_title = "À faire"

    login_form = DoorForm
    login_template = "admin/staff/sign_in.html"
    password_change_template = "admin/staff/password_change.html"  # noqa: S105 -- a template
    password_change_done_template = "admin/staff/password_changed.html"  # noqa: S105 -- as well

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
        """What every page of the desk reads: the menu and the search, as each procedure gives them.

        A template asks `may_close_days` when it needs it.
        """
        shared = super().each_context(request) | {"desk_menu": [], "desk_searches": []}
        agent = request.user
        if isinstance(agent, User):
            for one in procedures():
                shared["desk_menu"] += [link for link in one.desk_menu if link.may(agent)]
                if one.desk_search and one.desk_search.may(agent):
                    shared["desk_searches"].append(one.desk_search)
            shared["may_read_agenda"] = agenda_desk.may_read_agenda(agent)
            shared["may_close_days"] = lambda: closing_desk.may_close_days(agent)
        return shared

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """« À faire »: the piles of each procedure the agent may read."""
        agent, now = request.user, timezone.now()
        homes: list[DeskHome] = []
        links: list[DeskLink] = []
        may_close_days = False
        if isinstance(agent, User):
            homes = [one.desk_home(agent, now) for one in procedures() if one.desk_home]
            links = [link for one in procedures() for link in one.desk_links if link.may(agent)]
            may_close_days = closing_desk.may_close_days(agent)
        work = [pile for home in homes for pile in home.piles]
        if may_close_days:
            work += closing_desk.closing_piles()
        lanes = by_lane(work)
        context: dict[str, Any] = {
            "is_nav_sidebar_enabled": False,
            "tab": "home",
            "now": now,
            "last_sign_in": sign_in_before(request),
            "deletions_waiting": DeletionRequest.objects.waiting().count()
            if request.user.has_perm("demarches.change_deletionrequest")
            else 0,
            "links": links,
            "may_close_days": may_close_days,
            "has_day": any(home.has_day for home in homes),
            "day_pages": [home.day_page for home in homes if home.day_page],
            "expected": sorted(
                (one for home in homes for one in home.expected), key=attrgetter("at")
            ),
            "confided": [one for home in homes for one in home.confided],
            "confided_more": [home.confided_more for home in homes if home.confided_more],
            "notices": [one for home in homes for one in home.notices],
            "piles": work,
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
            **in_frame(),
            "title": "Connexion des agents",
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

    def password_change_done(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        return super().password_change_done(request, {**in_frame(), **(extra_context or {})})

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change one's password; the other sessions end, and a mail says so."""
        response = super().password_change(request, {**in_frame(), **(extra_context or {})})
        agent = request.user
        if request.method == "POST" and response.status_code == 302 and isinstance(agent, User):
            end_sessions(agent, but=session_of(request))
            tell_agent(agent, "le mot de passe a été changé", at=timezone.now())
        return response
