"""Turn a template into a tagged PDF that fetches nothing and is the same each time.

A PDF template extends `demarches/pdf/_base.html`. Its style sheets are templates too, named by
the caller; fonts come from the packages of the project. Nothing else can be reached:
any other address stops the rendering, because WeasyPrint would otherwise read
`file://` and call out on behalf of whoever wrote the text.
"""

import atexit
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from io import BytesIO
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

import segno
from django.conf import settings
from django.template.loader import render_to_string

from demarches.files.logo import LOGO_NAME, town_logo
from demarches.files.places import RENDERINGS
from demarches.typed.fonts import pdf_fonts, undrawn_signs
from demarches.typed.guard import TextRefused
from demarches.web.bounded import BoundedStore
from demarches.web.time_limit import time_limit

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcherResponse

QR_NAME = "portal.png"
QR_DOTS = 12
PRINT_FLAG = 4
QR_COLOUR = "#1d2b2a"
BASE_STYLE = "demarches/pdf/base.css"
#: Pango's font map is shared between renderings to make them fast, and is not thread-safe.
_rendering = Lock()


@dataclass(frozen=True)
class RenderedPdf:
    """A document: what was laid out, to assert on, and the bytes to hand over."""

    html: str
    content: bytes
    made_at: float = field(default=0, compare=False, kw_only=True)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.html) + len(self.content)


#: Papers made lately by this process, by all that makes them.
papers = BoundedStore[RenderedPdf]()


class UndrawnSign(TextRefused):
    """A text that an official document would print with a hole in it."""

    def __init__(self, html: str, sign: str) -> None:
        words = html.replace("<", " ").replace(">", " ").replace('"', " ").split()
        word = next((word for word in words if sign in word), sign)
        super().__init__(
            f"« {word} » a un signe que nos documents ne peuvent pas imprimer. Écrivez cette"
            " réponse en lettres latines, comme sur la traduction, puis demandez-le à nouveau.",
            code="undrawn_sign",
        )


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
    is_official: bool = False,
    path: str = "",
) -> RenderedPdf:
    """Render a template as a tagged PDF (PDF/UA-1 structure, French, titled).

    A sign that our fonts do not draw is never left out: it stops an official document
    (`UndrawnSign`), and stands in any other one by its number, « [signe U+738B] ».

    `stylesheets` are templates added after the base one. `resources` may hold images, which
    the template names `memory:<key>`. `path`: the page of the portal to which the head of the
    paper leads, written and as a QR code; it holds nothing else. The same arguments give the
    same bytes: a paper made lately is not made again.
    Raises `places.Full` when too many are made on this machine, and `TookTooLong`.
    """
    from weasyprint import HTML

    address = settings.SITE_URL + path if path else ""
    logo = town_logo()
    values = {**context, "title": title, "address": address, "logo": logo}
    html = str(render_to_string(template, values))
    for sign in undrawn_signs(html):
        if is_official:
            raise UndrawnSign(html, sign)
        html = html.replace(sign, f"[signe U+{ord(sign):04X}]")
    pictures = {QR_NAME: qr_picture(address)} if address else {}
    if logo:
        pictures[LOGO_NAME] = logo.content
    fetcher = MemoryFetcher({**pictures, **(resources or {})})
    key = _digest(html, stylesheets, fetcher.resources)
    now = monotonic()
    papers.forget(lambda paper: now - paper.made_at >= settings.KEPT_PAPERS_SECONDS)
    if (paper := papers.get(key)) is not None:
        return paper
    with RENDERINGS.place(), _rendering, time_limit(settings.RENDER_SECONDS):
        content: bytes | None = HTML(string=html, url_fetcher=fetcher).write_pdf(
            stylesheets=[stylesheet(name) for name in (BASE_STYLE, *stylesheets)],
            font_config=font_configuration(),
            pdf_variant="pdf/ua-1",
            finisher=_print_links,
            pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
        )
    fetcher.check()
    if content is None:
        raise AssertionError("write_pdf() without a target returns the bytes")
    paper = RenderedPdf(html=html, content=content, made_at=now)
    papers.keep(key, paper, room=settings.KEPT_PAPERS_BYTES)
    return paper


def _digest(html: str, stylesheets: tuple[str, ...], resources: Mapping[str, bytes]) -> bytes:
    """Of all that a paper is made from; the style sheets do not change while a process runs."""
    whole = hashlib.sha256(repr((html, stylesheets, sorted(resources))).encode())
    for name in sorted(resources):
        whole.update(hashlib.sha256(resources[name]).digest())
    return whole.digest()


def _print_links(document: object, pdf: Any) -> None:
    """Let links be printed with their page (ISO 14289-1, 7.18.1): WeasyPrint sets no flag."""
    for one in pdf.objects:
        if isinstance(one, dict) and one.get("Subtype") == "/Link":
            one["F"] = PRINT_FLAG


@lru_cache(maxsize=256)
def qr_picture(address: str) -> bytes:
    """The address as a QR code (PNG); level M: a fold or a stain does no harm.

    A picture of whole dots: as a drawing it costs a tenth of a paper.
    """
    drawn = BytesIO()
    code = segno.make(address, error="m", micro=False)
    code.save(drawn, kind="png", border=0, dark=QR_COLOUR, scale=QR_DOTS)
    return drawn.getvalue()


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
