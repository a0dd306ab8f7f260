"""Sessions in the database, under keys that a database can be asked about."""

import re
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import CharField, DateTimeField, QuerySet
from django.utils import timezone

from demarches.web.statements import Given, Statement

#: What `get_random_string` makes; a cookie holds whatever its sender wrote, a NUL included.
KEY = re.compile(r"[a-z0-9]{32}")


def _live(key: Given, at: Given) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=at)


#: Read for every page of whoever has a session.
_LIVE = Statement(_live, key=CharField(), at=DateTimeField())


class SessionStore(db.SessionStore):
    """A key that was never given is nobody's, without asking PostgreSQL, which refuses a NUL."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and KEY.fullmatch(key))

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing, and no key any more, once it is over."""
        for found in _LIVE(key=self.session_key, at=timezone.now()):
            return self.decode(found.session_data)
        self._session_key = None
        return {}
