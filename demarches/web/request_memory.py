"""What a page has read is read once: the memory of one request.

A page asks the same question in several places (the days of a couple, the words of the pieces,
the mairie), and each place should go on asking it where it needs the answer. While a page is read
(GET, HEAD), the first answer serves the others. Whatever this request writes empties the memory;
a request that acts (POST) has none until it has acted (`reading`), nor has a command.

What public pages show besides (the mairie, the settings, the words of the pieces) changes a few
times a week: the process keeps it from one page to the next, under the mark of the content, which
is read anew in each request (`demarches.serving.revision`).
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

#: Statements that change no row.
READS = ("SELECT", "SAVEPOINT", "RELEASE")

#: The parts of the content that have a mark each.
TOWN, GUIDE = "town", "guide"
PARTS = {TOWN, GUIDE}
#: What this process keeps, and the mark it was read under; another mark begins anew.
_content: tuple[str, dict[Hashable, Any]] = ("", {})
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


def already_read(key: Hashable, answer: Any) -> None:
    """Spare this page a reading whose answer came with another one."""
    memory = _memory.get()
    if memory is not None:
        memory[key] = answer


def kept[T](key: Hashable, read: Callable[[], T]) -> T:
    """The same, of rows of content alone (`demarches.serving.revision.register_content`).

    What this process read for an earlier page serves as long as the mark is the same. It is
    shared by every thread: whoever gets it changes nothing of it.
    """
    return remembered(key, lambda: _from_process(key, read))


def _from_process[T](key: Hashable, read: Callable[[], T]) -> T:
    # The mark before the rows: what changes meanwhile belongs to the next one.
    if _memory.get() is None or not (mark := content_mark()):
        return read()
    global _content
    known = _content  # another thread may have seen another mark meanwhile
    if known[0] != mark:
        known = _content = (mark, {})
    rows = known[1]
    if key not in rows:
        rows[key] = read()
    return rows[key]  # type: ignore[no-any-return]


def forget_content() -> None:
    """Let go of what this process keeps."""
    global _content
    _content = ("", {})


def content_mark() -> str:
    """What stands for the content as it is now; empty while a part has no mark to change.

    Written as SQL: every page asks for it, and the ORM takes longer to write it than to read it.
    """
    return remembered("content mark", _read_mark)


def _read_mark() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT part, value FROM demarches_revision ORDER BY part")
        marks = dict(cursor.fetchall())
    return " ".join(marks.values()) if marks.keys() >= PARTS else ""


@contextmanager
def reading() -> Iterator[None]:
    """Give what is read here a memory of its own; whatever is written here empties it.

    For a page that is read, and for what follows from an act once it is written.
    """
    memory: dict[Hashable, Any] = {}

    def empty_at_writes(execute: Any, sql: Any, *rest: Any) -> Any:
        if not str(sql).startswith(READS):
            memory.clear()
        return execute(sql, *rest)

    token = _memory.set(memory)
    try:
        with connection.execute_wrapper(empty_at_writes):
            yield
    finally:
        _memory.reset(token)


class RequestMemoryMiddleware:
    """Give each page that is read its memory, and take it away with the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with reading():
            return self.get_response(request)
