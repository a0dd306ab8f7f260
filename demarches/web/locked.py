"""Was a row, or the whole file of SQLite, held by somebody else for longer than we wait?"""

from django.db import OperationalError

#: SQLite, by the name of its error; PostgreSQL, by its code (`lock_not_available`).
LOCKED_FILE = frozenset({"SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_LOCKED"})
LOCKED_ROW = "55P03"


def is_locked(error: OperationalError) -> bool:
    """Whether asking again later is all there is to do; False of a database that is away."""
    cause = error.__cause__
    name = getattr(cause, "sqlite_errorname", "")
    return name in LOCKED_FILE or getattr(cause, "sqlstate", "") == LOCKED_ROW
