"""How many mails a resident may make leave: by who asks, by who is written to, and by day.

`queue_mail` asks here for every mail, so that no page can forget to. Nothing is counted for
agents, nor for the portal's own rounds: the middleware says when a resident is asking.

Sign-in codes are apart (`seconds_before_code`): their limits must never keep a resident out.
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from demarches.models import User
from demarches.rules.addresses import same_address
from demarches.rules.dates_fr import day_fr, hour_fr
from demarches.serving.ratelimit import client_ip, count_one, seconds_left, too_many_requests

#: The request of a resident in course; None for agents, commands and tests of actions.
_asking: ContextVar[HttpRequest | None] = ContextVar("mail_limits_asking", default=None)


class TooManyMails(ValidationError):
    """No more mail may leave for now; the message says until when. Nothing was written."""

    def __init__(self, message: str, *, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class MailLimitsMiddleware:
    """Say whose request a mail comes from; show the refusal that no form has shown."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _asking.set(request)
        try:
            return self.get_response(request)
        finally:
            _asking.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManyMails):
            return None
        return too_many_requests(request, exception.seconds, text=exception.messages[0])


def count_mail(to: str, *, is_cold: bool) -> None:
    """Count one mail that a resident makes leave; raises `TooManyMails` beyond the limits.

    `is_cold`: whoever reads this address never told us so; the address was typed by the sender.
    Those alone are counted by target, for all senders together: nobody may use up what the
    partenaires of a dossier are told, and a stranger gets few of our mails a day.
    """
    request = _asking.get()
    if request is None or getattr(request.user, "is_staff", False):
        return
    user = request.user if isinstance(request.user, User) else None
    if user is not None and same_address(to, user.email):
        return
    sender = f"user:{user.pk}" if user else f"network:{client_ip(request)}"
    _count("mail_sender", sender, "Vous avez fait partir beaucoup de mails depuis hier.")
    _count(
        "mail_pair",
        f"{sender}>{to}",
        "Plusieurs mails sont déjà partis à cette adresse depuis hier.",
    )
    if is_cold:
        _count("mail_target", to, "Cette adresse a déjà reçu plusieurs de nos mails depuis hier.")


def _count(scope: str, key: str, refusal: str) -> None:
    if seconds := seconds_left(scope, count_one(scope, key)):
        when = _moment_fr(timezone.localtime() + timedelta(seconds=seconds))
        raise TooManyMails(
            f"{refusal} Rien n’est parti. Réessayez {when}, ou appelez la mairie.", seconds=seconds
        )


def _moment_fr(at: datetime) -> str:
    return f"à partir du {day_fr(at.date())} à {hour_fr(at.time())}"


@dataclass(frozen=True, slots=True)
class CodeLimits:
    """The limits of what opens something by mail, as `settings.RATE_LIMITS` names them."""

    #: From one place to one address, lately and in a day.
    lately: str
    today: str
    #: To one address from everywhere, and how many a place may ask for once that is used up.
    target: str
    share: str


SIGN_IN = CodeLimits("sign_in_email", "sign_in_email_day", "sign_in_target", "sign_in_target_share")


def seconds_before_code(request: HttpRequest, address: str, *, limits: CodeLimits = SIGN_IN) -> int:
    """Count one code for this address; 0 when it may leave, else when the next one may.

    What one place asks is counted for that place and address, so that a stranger uses up their
    own codes and nobody else's. What all places ask together is limited too, for the peace of
    whoever is written to; a place that asked for few codes today has its codes all the same.
    """
    here = f"{address}|{client_ip(request)}"
    lately = count_one(limits.lately, here)
    today = count_one(limits.today, here)
    by_all = count_one(limits.target, address)
    own = max(seconds_left(limits.lately, lately), seconds_left(limits.today, today))
    if own or not seconds_left(limits.share, today):
        return own
    return seconds_left(limits.target, by_all)
