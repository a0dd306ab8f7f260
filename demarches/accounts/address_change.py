"""A resident changes the address of their account: a code to each address, both typed.

Whoever holds an open session alone cannot take the account away, and nobody can take an address
they do not read. What is asked waits in the session, codes as digests.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from demarches.accounts.adapter import SealedCode, code_matches, count_try
from demarches.mail.emails import queue_mail
from demarches.models import User, dossier_models
from demarches.rules.addresses import same_address

SESSION_KEY = "address_change"
KEPT = timedelta(minutes=30)
TRIES = 5


@dataclass
class Asked:
    """A change that waits for its two codes."""

    before: str
    after: str
    code_before: str
    code_after: str
    at: float
    tries_left: int = TRIES


def ask_change(session: SessionBase, user: User, after: str, *, at: datetime) -> None:
    """Mail a code to both addresses. An address that has an account gets a mail without one.

    The page is the same in both cases: nobody learns who has an account.
    """
    codes = SealedCode.new(), SealedCode.new()
    is_free = User.objects.of_address(after) is None
    with transaction.atomic():
        _mail(user.email, "address_code", codes[0].plain, at=at)
        _mail(after, "address_code" if is_free else "address_taken", codes[1].plain, at=at)
    asked = Asked(
        before=user.email,
        after=after,
        code_before=str(codes[0]),
        code_after=str(codes[1]) if is_free else "",
        at=at.timestamp(),
    )
    session[SESSION_KEY] = asdict(asked)


def asked_change(session: SessionBase, user: User, *, at: datetime) -> Asked | None:
    """What waits in this session, for this account; None once it is too old or used up."""
    held = session.get(SESSION_KEY)
    if held is None:
        return None
    asked = Asked(**held)
    is_over = at.timestamp() - asked.at > KEPT.total_seconds() or asked.tries_left < 1
    return None if is_over or not same_address(asked.before, user.email) else asked


def forget_change(session: SessionBase) -> None:
    session.pop(SESSION_KEY, None)


def try_codes(session: SessionBase, asked: Asked, before: str, after: str) -> bool:
    """Whether both codes are right; a wrong pair costs a try, and does not say which is wrong."""
    asked.tries_left = count_try(asked.code_before, asked.at)
    is_right = code_matches(before, asked.code_before) & code_matches(after, asked.code_after)
    if asked.tries_left < 0:
        is_right = False
    if not is_right:
        session[SESSION_KEY] = asdict(asked)
    return is_right


def change_address(user: User, after: str, *, at: datetime) -> None:
    """Write the new address. Effects: what was kept by the old address follows, a mail to it.

    Raises `ValidationError` when another account took the address meanwhile, or a dossier
    forbids it.
    """
    before = user.email
    try:
        with transaction.atomic():
            for model in dossier_models():
                model._default_manager.all().keep_with(user, after)  # type: ignore[attr-defined]
            user.email = after
            user.save(update_fields=["email"])
            queue_mail(
                to=before,
                template="account/email/address_changed",
                context={"at": at},
                key=f"{user.pk}:{at.isoformat()}",
            )
    except IntegrityError:
        user.email = before
        raise ValidationError("Cette adresse vient d’être prise par un autre compte.") from None


def _mail(to: str, template: str, code: str, *, at: datetime) -> None:
    queue_mail(
        to=to,
        template=f"account/email/{template}",
        context={
            "code": f"{code[:4]} {code[4:]}",
            "minutes": int(KEPT.total_seconds() // 60),
            "sign_in_url": settings.SITE_URL + reverse("account_login"),
        },
        key=f"{template}:{at.isoformat()}",
        expires_at=at + KEPT,
        urgent=True,
        secret=True,
        is_code=True,
    )
