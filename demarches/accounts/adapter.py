"""How residents sign in: a code sent by mail, through django-allauth; no password."""

import re
import secrets
from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.backends import BaseBackend
from django.db.models import BigAutoField, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from demarches.accounts.devices import note_entry
from demarches.mail.emails import queue_mail
from demarches.models import User
from demarches.serving.ratelimit import count_one
from demarches.web.statements import Given, Statement

CODE_LENGTH = 8
CODE_PATTERN = re.compile(rf"[0-9]{{{CODE_LENGTH}}}")


class SealedCode(str):
    """A code that can be checked and not read: what is stored in the session is its digest.

    `plain` lives as long as the request that sends the mail.
    """

    plain: str

    @classmethod
    def new(cls) -> "SealedCode":
        plain = "".join(secrets.choice("0123456789") for _ in range(CODE_LENGTH))
        code = cls(_digest(plain))
        code.plain = plain
        return code


def _digest(plain: str) -> str:
    return salted_hmac("demarches.sign-in", plain, algorithm="sha256").hexdigest()


def code_matches(typed: str, sealed: str) -> bool:
    return bool(sealed) and constant_time_compare(_digest(typed), sealed)


def count_try(sealed: str, at: float) -> int:
    """Count a try of the code asked for `at`, before it is judged; how many are left after it.

    Below 0, this try is one too many: it is not judged. All requests count together, whatever
    state of the session each of them has read.
    """
    tries, _ = settings.RATE_LIMITS["code_tries"]
    return tries - count_one("code_tries", f"{sealed}:{at}").hits


def _citizens(pk: Given) -> QuerySet[User]:
    return User.objects.filter(pk=pk, is_active=True, is_staff=False)


#: Read for every page of whoever is signed in.
_CITIZENS = Statement(_citizens, pk=BigAutoField())


class CodeBackend(BaseBackend):
    """Sessions opened by a code; they never belong to staff, whose way in is a password.

    Somebody who becomes an agent loses the sessions they opened as a resident.
    """

    def get_user(self, user_id: int) -> User | None:
        return next(iter(_CITIZENS(pk=user_id)), None)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """django-allauth with our mails, our codes and our way to find who asks."""

    def generate_login_code(self) -> str:
        return SealedCode.new()

    def login(self, request: HttpRequest, user: User) -> None:
        was_in = user.last_login
        login(request, user, backend=f"{CodeBackend.__module__}.{CodeBackend.__qualname__}")
        note_entry(request, user, was_in=was_in)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: each page says itself what happened."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue the code, or word that this account gets none (staff, closed account).

        Both are one row of the outbox: the answer takes the same time.
        """
        code = context.get("code")
        at = timezone.now()
        timeout = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
        queue_mail(
            to=email,
            template="account/email/code" if code else "account/email/no_code",
            context={
                "code": f"{code.plain[:4]} {code.plain[4:]}" if code else "",
                "minutes": int(timeout.total_seconds() // 60),
                "staff_url": settings.SITE_URL + reverse("admin:login"),
            },
            key=str(code or at.isoformat()),
            expires_at=at + timeout,
            urgent=True,
            secret=True,
            is_code=True,
        )
