"""The agents' own pages: second factor, sessions, password. They live inside the admin site.

The pages of somebody who still owes the second factor read `pending_agent`; all the others are
behind `admin_view`, as the whole desk is.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from demarches.accounts import second_factor, staff_sessions
from demarches.accounts.acting import agent_of
from demarches.desk.frame import frame
from demarches.mail.staff_mails import send_password_link, tell_agent
from demarches.models import SignIn, StaffSession, User
from demarches.rules.addresses import canonical_address
from demarches.rules.staff_sessions import SignInResult
from demarches.serving.ratelimit import client_ip, rate_limited, seconds_to_wait, too_many_requests

#: Devices and codes are changed soon after the second factor was given, or after it is given again.
FRESH = timedelta(minutes=10)

type View = Callable[..., HttpResponse]

SEED_KEY = "staff_new_secret"
CODES_KEY = "staff_new_codes"
SIGN_INS_SHOWN = 20
WRONG_CODE = (
    "Ce code n’est pas le bon, ou il a déjà servi. Attendez que l’application en montre un"
    " nouveau, puis tapez-le."
)
NOT_THE_KEY = "Cette clé d’accès n’a pas été reconnue. Recommencez, ou tapez un code."


def staff_urls(wrap: Callable[[View], View]) -> list[URLPattern]:
    """Our addresses under the desk; `wrap` is the site's own check."""
    return [
        path("second-facteur/", verify_view, name="second_factor"),
        path("second-facteur/choisir/", enrol_view, name="second_factor_enrol"),
        path("second-facteur/quitter/", leave_view, name="second_factor_leave"),
        path("mot-de-passe-oublie/", password_lost_view, name="password_lost"),
        path(
            "mot-de-passe-oublie/<str:uidb64>/<str:token>/",
            PasswordChooseView.as_view(),
            name="password_choose",
        ),
        path("securite/", wrap(security_view), name="security"),
        path("securite/codes/", wrap(codes_view), name="recovery_codes"),
        path("securite/codes/refaire/", wrap(new_codes_view), name="recovery_codes_new"),
        path("securite/appareil/<num:pk>/retirer/", wrap(remove_view), name="device_remove"),
        path("securite/session/<num:pk>/fermer/", wrap(end_session_view), name="session_end"),
        path("securite/reconnexion/", wrap(sign_in_again_view), name="sign_in_again"),
    ]


def _page(request: HttpRequest, template: str, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {**frame(admin.site, request), **more}
    return TemplateResponse(request, f"admin/staff/{template}.html", context, status=status)


def _next(request: HttpRequest) -> str:
    """Where the agent was going, on this site; "" when they were going nowhere."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else ""


def _with_next(name: str, request: HttpRequest) -> HttpResponseRedirect:
    following = _next(request)
    return HttpResponseRedirect(reverse(name, query={"next": following} if following else None))


def freshly_signed_in(view: View) -> View:
    """What changes how an agent signs in asks who they are again: a desk left open is not enough.

    Nothing is asked of whoever is enrolling, nor where no second factor is asked for.
    """

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = staff_sessions.session_of(request)
        given = row.second_factor_at if row is not None else None
        if settings.STAFF_SECOND_FACTOR and given and timezone.now() - given > FRESH:
            minutes = FRESH // timedelta(minutes=1)
            title = "Reconnectez-vous d’abord"
            return _page(request, "again", status=403, title=title, minutes=minutes)
        return view(request, *args, **kwargs)

    return asked


# The second factor


@never_cache
@sensitive_post_parameters("code", "credential")
@login_not_required
def verify_view(request: HttpRequest) -> HttpResponse:
    """Give the second factor: a code of the telephone, of paper, or a passkey."""
    agent = staff_sessions.pending_agent(request)
    if agent is None:
        if admin.site.has_permission(request):
            return HttpResponseRedirect(_next(request) or reverse("admin:index"))
        return _with_next("admin:login", request)
    held = set(second_factor.devices(agent).values_list("type", flat=True))
    if not held:
        return _with_next("admin:second_factor_enrol", request)
    problem, status = "", 200
    if request.method == "POST":
        if seconds := seconds_to_wait("staff_factor", str(agent.pk)):
            staff_sessions.log_sign_in(SignInResult.LIMITED, request=request, user=agent)
            return too_many_requests(request, seconds)
        if answer := request.POST.get("credential", ""):
            is_right, problem = second_factor.accept_passkey(agent, answer), NOT_THE_KEY
        else:
            is_right = second_factor.accept_code(agent, request.POST.get("code", "")[:40])
            problem = WRONG_CODE
        result = SignInResult.FACTOR if is_right else SignInResult.WRONG_FACTOR
        staff_sessions.log_sign_in(result, request=request, user=agent)
        if is_right:
            staff_sessions.complete(request, at=timezone.now())
            return HttpResponseRedirect(_next(request) or reverse("admin:index"))
        status = 422
    has_passkey = "webauthn" in held
    return _page(
        request,
        "verify",
        status=status,
        title="Votre second facteur",
        agent=agent,
        problem=problem,
        next=_next(request),
        passkey=second_factor.passkey_request(agent) if has_passkey else None,
        has_application="totp" in held,
    )


@never_cache
@sensitive_post_parameters("code", "credential")
@login_not_required
@freshly_signed_in
def enrol_view(request: HttpRequest) -> HttpResponse:
    """Add a device: at the first sign-in, or later by whoever has given their second factor.

    A password alone adds nothing to an account that already has a device.
    """
    pending = staff_sessions.pending_agent(request)
    if pending is not None and second_factor.devices(pending).exists():
        return _with_next("admin:second_factor", request)
    if pending is None and not admin.site.has_permission(request):
        return _with_next("admin:login", request)
    agent = pending or agent_of(request)
    problem, status = "", 200
    if request.method == "POST":
        try:
            problem = _add_device(request, agent)
        except ValidationError as refused:
            problem = " ".join(refused.messages)
        if not problem:
            return _enrolled(request, agent, is_first=pending is not None)
        status = 422
    if request.method != "POST" or SEED_KEY not in request.session:
        request.session[SEED_KEY] = second_factor.new_secret()
    sealed = request.session[SEED_KEY]
    return _page(
        request,
        "enrol",
        status=status,
        title="Choisir un second facteur" if pending else "Ajouter ou remplacer un appareil",
        is_first=pending is not None,
        problem=problem,
        next=_next(request),
        qr=second_factor.qr_code(agent, sealed),
        secret=second_factor.readable_secret(sealed),
        creation=second_factor.passkey_creation(agent),
    )


def _add_device(request: HttpRequest, agent: User) -> str:
    """Add what was sent; return what is wrong with it, "" when it is kept."""
    if answer := request.POST.get("credential", ""):
        second_factor.add_passkey(agent, answer, name=request.POST.get("name", ""))
        return ""
    typed = "".join(request.POST.get("code", "")[:40].split())
    sealed = request.session.get(SEED_KEY, "")
    if sealed and second_factor.add_application(agent, sealed, typed):
        del request.session[SEED_KEY]
        return ""
    return "Ces six chiffres ne sont pas ceux du carré. Photographiez-le, puis tapez son code."


def _enrolled(request: HttpRequest, agent: User, *, is_first: bool) -> HttpResponse:
    """After a device was added: paper codes the first time, and a mail each time."""
    at = timezone.now()
    tell_agent(agent, "un second facteur a été ajouté", at=at)
    if is_first:
        staff_sessions.log_sign_in(SignInResult.FACTOR, request=request, user=agent)
        staff_sessions.complete(request, at=at)
    if not second_factor.recovery_codes(agent):
        second_factor.new_recovery_codes(agent)
        request.session[CODES_KEY] = True
        return _with_next("admin:recovery_codes", request)
    messages.success(request, "L’appareil est ajouté.")
    return redirect("admin:security")


@require_POST
@login_not_required
def leave_view(request: HttpRequest) -> HttpResponse:
    """Leave without giving the second factor; nobody else's session ends here."""
    if staff_sessions.pending_agent(request) is None:
        return redirect("admin:login")
    if row := staff_sessions.session_of(request):
        row.delete()
    request.session.flush()
    return redirect("admin:login")


def codes_view(request: HttpRequest) -> HttpResponse:
    """The recovery codes that were just made, until the agent says they are kept."""
    if CODES_KEY not in request.session:
        return redirect("admin:security")
    if request.method == "POST":
        del request.session[CODES_KEY]
        return HttpResponseRedirect(_next(request) or reverse("admin:index"))
    return _page(
        request,
        "codes",
        title="Vos codes de secours",
        next=_next(request),
        codes=second_factor.recovery_codes(agent_of(request)),
    )


@require_POST
@freshly_signed_in
def new_codes_view(request: HttpRequest) -> HttpResponse:
    """Make the recovery codes anew; the former ones are dead."""
    agent, at = agent_of(request), timezone.now()
    with transaction.atomic():
        second_factor.new_recovery_codes(agent)
        tell_agent(agent, "de nouveaux codes de secours ont été faits", at=at)
    request.session[CODES_KEY] = True
    return redirect(reverse("admin:recovery_codes", query={"next": reverse("admin:security")}))


@require_POST
@freshly_signed_in
def remove_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one of one's own devices away; the last one stays while one is asked for."""
    agent, at = agent_of(request), timezone.now()
    with transaction.atomic():
        User.objects.select_for_update().get(pk=agent.pk)
        device = get_object_or_404(second_factor.devices(agent), pk=pk)
        if settings.STAFF_SECOND_FACTOR and second_factor.devices(agent).count() == 1:
            messages.error(request, "C’est votre seul appareil : ajoutez-en un autre d’abord.")
            return redirect("admin:security")
        device.delete()
        tell_agent(agent, "un second facteur a été retiré", at=at)
    messages.success(request, "L’appareil est retiré.")
    return redirect("admin:security")


# Sessions


def security_view(request: HttpRequest) -> HttpResponse:
    """Devices, open sessions and the last sign-ins of the agent who asks."""
    agent = agent_of(request)
    held = list(second_factor.devices(agent))
    return _page(
        request,
        "security",
        title="Sécurité de votre compte",
        devices=held,
        may_remove=len(held) > 1 or not settings.STAFF_SECOND_FACTOR,
        is_required=settings.STAFF_SECOND_FACTOR,
        codes_left=len(second_factor.recovery_codes(agent)),
        sessions=agent.staff_sessions.alive(timezone.now()),
        current=staff_sessions.session_of(request),
        sign_ins=SignIn.objects.filter(user=agent)[:SIGN_INS_SHOWN],
        idle_minutes=settings.STAFF_IDLE_SECONDS // 60,
        absolute_hours=settings.STAFF_SESSION_SECONDS // 3600,
    )


@require_POST
def end_session_view(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions, in whichever browser it is."""
    row = get_object_or_404(StaffSession, pk=pk, user=agent_of(request))
    is_here = row == staff_sessions.session_of(request)
    row.delete()
    if is_here:
        request.session.flush()
        return redirect("admin:login")
    messages.success(request, "La session est fermée.")
    return redirect("admin:security")


@require_POST
def sign_in_again_view(request: HttpRequest) -> HttpResponse:
    """Leave, and come back to one's own page by both proofs."""
    if row := staff_sessions.session_of(request):
        row.delete()
    request.session.flush()
    return redirect(reverse("admin:login", query={"next": reverse("admin:security")}))


# The password


def _typed_address(request: HttpRequest) -> str:
    return canonical_address(request.POST.get("email", "")) or ""


@never_cache
@login_not_required
@rate_limited("staff_ip", reads=False)
@rate_limited(
    "staff_recover",
    reads=False,
    by=lambda request: f"{_typed_address(request)}:{client_ip(request)}",
)
def password_lost_view(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail; the answer is the same whether the address is an agent's or not."""
    if request.method == "POST":
        agent = User.objects.agent_called(_typed_address(request))
        staff_sessions.log_sign_in(
            SignInResult.RECOVERY, request=request, user=agent, typed=_typed_address(request)
        )
        with transaction.atomic():
            # The same work for nobody's address, undone: the time of the answer tells nothing.
            send_password_link(agent or User(pk=0, email="x@localhost"), at=timezone.now())
            if agent is None or not agent.is_active:
                transaction.set_rollback(True)
    return _page(
        request,
        "password_lost",
        title="Mot de passe oublié",
        is_sent=request.method == "POST",
        minutes=settings.PASSWORD_RESET_TIMEOUT // 60,
    )


@method_decorator(never_cache, name="dispatch")
@method_decorator(login_not_required, name="dispatch")
class PasswordChooseView(PasswordResetConfirmView):
    """Choose a password by the link of the mail; reading the page uses nothing up.

    Effect: every session of the agent ends, and they sign in anew, second factor included.
    """

    template_name = "admin/staff/password_choose.html"
    success_url = reverse_lazy("admin:login")
    title = "Choisir un mot de passe"

    def get_user(self, uidb64: str) -> User | None:
        found = super().get_user(uidb64)
        is_agent = isinstance(found, User) and found.is_staff and found.is_active
        return found if is_agent else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**frame(admin.site, self.request), **super().get_context_data(**kwargs)}

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        staff_sessions.end_sessions(form.user)
        tell_agent(form.user, "le mot de passe a été changé", at=timezone.now())
        messages.success(self.request, "Votre mot de passe est changé : connectez-vous.")
        return response
