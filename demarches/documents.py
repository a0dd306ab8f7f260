"""Turn a template into a tagged PDF that fetches nothing and is the same each time.

A PDF template extends `demarches/pdf/_base.html`. Its style sheets are templates too, named by
the caller; fonts come from the packages of the project. Nothing else can be reached:
any other address stops the rendering, because WeasyPrint would otherwise read
`file://` and call out on behalf of whoever wrote the text.
"""

import atexit
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string

from demarches.fonts import pdf_fonts
from demarches.places import RENDERINGS
from demarches.time_limit import time_limit

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcherResponse

BASE_STYLE = "demarches/pdf/base.css"
#: Pango's font map is shared between renderings to make them fast, and is not thread-safe.
_rendering = Lock()


@dataclass(frozen=True)
class RenderedPdf:
    """A document: what was laid out, to assert on, and the bytes to hand over."""

    html: str
    content: bytes


class MemoryFetcher:
    """Serve `memory:name` from a dictionary and refuse the rest of the world."""

    def __init__(self, resources: Mapping[str, bytes]) -> None:
        self.resources = resources
        self.refused: str | None = None

    def __call__(self, url: str) -> "URLFetcherResponse":
        from weasyprint.urls import (
            FatalURLFetchingError,
            URLFetcherResponse,
        )

        scheme, _, name = url.partition(":")
        if scheme != "memory" or name not in self.resources:
            self.refused = url
            # Other errors are swallowed as warnings: only this one stops the rendering.
            raise FatalURLFetchingError(f"A document may not fetch {url!r}.")
        return URLFetcherResponse(url, self.resources[name])

    def check(self) -> None:
        """Raise for an address refused inside an SVG, where even the fatal error is swallowed."""
        from weasyprint.urls import FatalURLFetchingError

        if self.refused is not None:
            raise FatalURLFetchingError(f"A document may not fetch {self.refused!r}.")


def render_pdf(
    template: str,
    context: Mapping[str, Any],
    *,
    title: str,
    stylesheets: tuple[str, ...] = (),
    resources: Mapping[str, bytes] | None = None,
) -> RenderedPdf:
    """Render a template as a tagged PDF (PDF/UA-1 structure, French, titled).

    `stylesheets` are templates added after the base one. `resources` may hold images, which
    the template names `memory:<key>`. The same arguments give the same bytes.
    Raises `places.Full` when too many are made on this machine, and `TookTooLong`.
    """
    from weasyprint import HTML

    html = render_to_string(template, {**context, "title": title})
    fetcher = MemoryFetcher(resources or {})
    with RENDERINGS.place(), _rendering, time_limit(settings.RENDER_SECONDS):
        content: bytes | None = HTML(string=html, url_fetcher=fetcher).write_pdf(
            stylesheets=[stylesheet(name) for name in (BASE_STYLE, *stylesheets)],
            font_config=font_configuration(),
            pdf_variant="pdf/ua-1",
            pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
        )
    fetcher.check()
    if content is None:
        raise AssertionError("write_pdf() without a target returns the bytes")
    return RenderedPdf(html=html, content=content)


@cache
def font_configuration() -> "FontConfiguration":
    """The fonts, read once a process: warm renderings spend no time on them."""
    from weasyprint.text.fonts import FontConfiguration

    # Its finaliser needs the interpreter whole: let go of it before the latter is taken down.
    atexit.register(font_configuration.cache_clear)
    return FontConfiguration()


@cache
def stylesheet(name: str) -> "CSS":
    """A style sheet, parsed once a process."""
    from weasyprint import CSS

    return CSS(
        string=render_to_string(name),
        url_fetcher=MemoryFetcher(pdf_fonts()),
        font_config=font_configuration(),
    )
