"""Sessions in the database, under keys that a database can be asked about."""

import re

from django.contrib.sessions.backends import db

#: What `get_random_string` makes; a cookie holds whatever its sender wrote, a NUL included.
KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(db.SessionStore):
    """A key that was never given is nobody's, without asking PostgreSQL, which refuses a NUL."""

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key and KEY.fullmatch(key))
