"""The page that a POST answered with, kept a short while for the GET that shows it (ADR 0065).

What was typed is in it. Each page is a row of the table of sessions that lasts an hour: nothing
opens it but half a key drawn from the session it was made in and half from the address it is
shown at, so two tabs never mix; what the row holds is sealed like the files.
"""

import base64
import json
import re
import secrets
import string
import zlib
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final, Self

from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import salted_hmac

from demarches.files.sealing import SecretDamaged, seal, unseal

KEPT_FOR: Final = timedelta(hours=1)
#: Pages of one session; the oldest gives way.
MOST_PAGES: Final = 8
#: Signs of the longest page: ten times the longest of ours, with the longest text typed in it.
LONGEST_PAGE: Final = 1_000_000
HALF: Final = 20
TOKEN: Final = re.compile(rf"[a-z]{{{HALF}}}")


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A page as it was answered: the path that shows it, its status, its nonce, its HTML."""

    path: str
    status: int
    nonce: str
    html: str

    @classmethod
    def of(cls, session: SessionBase, token: str) -> Self | None:
        """The page kept under this token in this session; None once it is over, or forgotten."""
        session.keys()  # reads it: the cookie may name a session that has ended
        if session.session_key is None or not TOKEN.fullmatch(token):
            return None
        key = _mark(session.session_key) + token
        sealed = SessionStore(key).get("page")
        if sealed is None:
            return None
        try:
            packed = unseal(sealed, purpose=_purpose(key))
        except SecretDamaged:
            return None
        return cls(**json.loads(zlib.decompress(base64.b64decode(packed))))

    def keep(self, session: SessionBase) -> str:
        """Keep it for whoever holds this session, and return its token.

        Effects: opens a session when there is none; deletes what is over, and the oldest pages
        of this session beyond `MOST_PAGES`. Raises `DatabaseError` like any other write.
        """
        if session.session_key is None:
            session.create()
        mark = _mark(str(session.session_key))
        token = "".join(secrets.choice(string.ascii_lowercase) for _ in range(HALF))
        told = json.dumps(asdict(self), ensure_ascii=False)
        packed = base64.b64encode(zlib.compress(told.encode())).decode()
        at = timezone.now()
        Session.objects.filter(expire_date__lt=at).delete()
        page = seal(packed, purpose=_purpose(mark + token))
        Session.objects.save(mark + token, {"page": page}, at + KEPT_FOR)
        kept = Session.objects.filter(session_key__startswith=mark).order_by("-expire_date")
        Session.objects.filter(pk__in=list(kept.values_list("pk", flat=True)[MOST_PAGES:])).delete()
        return token


def forget(session: SessionBase, token: str) -> None:
    """Delete the page kept under this token in this session, if there is one."""
    if session.session_key is not None and TOKEN.fullmatch(token):
        Session.objects.filter(pk=_mark(session.session_key) + token).delete()


def forget_all(session_key: str) -> None:
    """Delete every page kept in the session of this key."""
    Session.objects.filter(session_key__startswith=_mark(session_key)).delete()


def _mark(session_key: str) -> str:
    """The half of the keys that a session gives, which tells nothing of the session's own."""
    digest = salted_hmac("demarches.kept_answers", session_key, algorithm="sha256").hexdigest()
    return digest[:HALF]


def _purpose(key: str) -> str:
    return f"demarches.kept_answers:{key}"
