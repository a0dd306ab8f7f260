"""A resident proves again who they are before an act that cannot be undone: a code, by mail.

An open session alone is not enough: a telephone lent for a minute holds one. What waits stays in
the session, the code as a digest.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

from demarches.accounts.adapter import SealedCode, code_matches, count_try
from demarches.mail.emails import queue_mail
from demarches.models import User

SESSION_KEY = "asked_again"
KEPT = timedelta(minutes=10)
TRIES = 5


@dataclass
class Asked:
    """A code that waits to be typed, for one account."""

    account: int
    code: str
    at: float
    tries_left: int = TRIES


def ask_again(session: SessionBase, user: User, *, template: str, at: datetime) -> None:
    """Mail a new code to the address of the account; the former one serves no more."""
    code = SealedCode.new()
    queue_mail(
        to=user.email,
        template=template,
        context={
            "code": f"{code.plain[:4]} {code.plain[4:]}",
            "minutes": KEPT // timedelta(minutes=1),
        },
        key=f"{template}:{at.isoformat()}",
        expires_at=at + KEPT,
        urgent=True,
        secret=True,
        is_code=True,
    )
    session[SESSION_KEY] = asdict(Asked(user.pk, str(code), at.timestamp()))


def asked_again(session: SessionBase, user: User, *, at: datetime) -> Asked | None:
    """What waits in this session for this account; None once it is too old or used up."""
    held = session.get(SESSION_KEY)
    if held is None:
        return None
    asked = Asked(**held)
    is_over = at.timestamp() - asked.at > KEPT.total_seconds() or asked.tries_left < 1
    return None if is_over or asked.account != user.pk else asked


def try_code(session: SessionBase, asked: Asked, typed: str) -> bool:
    """Whether the code is right; a wrong one costs a try, and a right one serves once."""
    asked.tries_left = count_try(asked.code, asked.at)
    if asked.tries_left >= 0 and code_matches(typed, asked.code):
        del session[SESSION_KEY]
        return True
    session[SESSION_KEY] = asdict(asked)
    return False
