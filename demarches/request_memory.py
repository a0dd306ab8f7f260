"""What a page has read is read once: the memory of one request.

A page asks the same question in several places (the days of a couple, the words of the pieces,
the mairie), and each place should go on asking it where it needs the answer. While a page is read
(GET, HEAD), the first answer serves the others. Whatever this request writes empties the memory;
a request that acts (POST) has none, nor has a command.
"""

from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

#: Statements that change no row.
READS = ("SELECT", "SAVEPOINT", "RELEASE")

_memory: ContextVar[dict[Hashable, Any] | None] = ContextVar("request_memory", default=None)


def remembered[T](key: Hashable, read: Callable[[], T]) -> T:
    """What `read` returns, or returned earlier in this request under the same key.

    It is shared: whoever gets it changes nothing of it.
    """
    memory = _memory.get()
    if memory is None:
        return read()
    if key not in memory:
        answer = read()
        memory[key] = answer
    return memory[key]  # type: ignore[no-any-return]


class RequestMemoryMiddleware:
    """Give each page that is read its memory, and take it away with the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        memory: dict[Hashable, Any] = {}

        def empty_at_writes(execute: Any, sql: Any, *rest: Any) -> Any:
            if not str(sql).startswith(READS):
                memory.clear()
            return execute(sql, *rest)

        token = _memory.set(memory)
        try:
            with connection.execute_wrapper(empty_at_writes):
                return self.get_response(request)
        finally:
            _memory.reset(token)
