"""A name for each request, which puts an answer and the lines of two logs together."""

import re
from contextvars import ContextVar
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest

HEADER = "X-Request-ID"
#: Long enough to be unique, and nothing that could write into a log.
_WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_id() -> str:
    """The name of the request that runs; empty outside of one."""
    return _current.get()


def begin(request: HttpRequest) -> str:
    """Name the request: as a proxy of ours did when it is well formed, else anew."""
    given = request.headers.get(HEADER, "") if settings.TRUSTED_PROXY_COUNT else ""
    name = given if _WELL_FORMED.fullmatch(given) else uuid4().hex
    _current.set(name)
    return name


def end() -> None:
    """The next lines belong to no request."""
    _current.set("")
