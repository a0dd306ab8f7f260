"""The page of whoever pressed a button about something that had changed since they read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class Line(Protocol):
    """One answer as it is now."""

    @property
    def label(self) -> str: ...

    @property
    def value(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Way:
    """How to go on: a page to read, or the same act again on what is there now."""

    label: str
    url: str
    #: Sent by a button; a link when None.
    fields: Mapping[str, str] | None = None
    is_main: bool = field(default=False, kw_only=True)


def changed_page(
    request: HttpRequest,
    *,
    heading: str,
    wanted: str,
    now: Sequence[str] = (),
    lines: Sequence[Line] = (),
    typed: Sequence[str] = (),
    ways: Sequence[Way] = (),
) -> HttpResponse:
    """What happened, what was pressed, what is there now, and how to go on (409).

    `typed`: texts that were written, given back to be copied.
    """
    context = {
        "heading": heading,
        "wanted": wanted,
        "now": now,
        "lines": lines,
        "typed": [text for text in typed if text],
        "ways": ways,
    }
    return render(request, "demarches/changed.html", context, status=409)
