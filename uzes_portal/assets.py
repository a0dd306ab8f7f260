"""The style sheet and the font that pages need, made from their sources; no bundler.

One request for the style sheet, one for the font: the first visit stays light on a slow phone.
"""

import base64
import io
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings

from demarches.files.logo import BESIDE, SCREEN_HEIGHT, WIDEST, Logo, screen_logo, town_logo
from demarches.typed.fonts import Cut, cut_font

STYLE_SOURCES = ("tokens.css", "base.css", "components.css", "pages.css", "print.css")
STYLE_SHEET = "css/uzes.css"
#: The desk's own pages: the same colours and font, another density.
DESK_SOURCES = ("tokens.css", "desk.css")
DESK_SHEET = "css/uzes-desk.css"
HEADING_FONT = "fonts/source-serif-4.woff2"
HEADING_CUT = Cut(
    "fontpkg-source-serif-4", "SourceSerif4[opsz,wght].ttf", {"wght": 600, "opsz": 28}
)
#: What French headings are written with, and those of its neighbours: the file of a first visit.
HEADING_SIGNS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x100),
    *(0x152, 0x153, 0x178),
    *(0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2026, 0x202F, 0x20AC, 0x2192),
)
#: The other letters of European names: asked for by the pages that show one (`unicode-range` in
#: the sheets). Other signs fall back to Georgia.
NAMES_FONT = "fonts/serif-names.woff2"
NAMES_SIGNS = (
    *(sign for sign in range(0x100, 0x180) if sign not in HEADING_SIGNS),
    *(0x218, 0x219, 0x21A, 0x21B, 0x1E9E),
)


def build() -> list[Path]:
    """Write what is missing or out of date under BUILD_DIR; the files, in order."""
    return [
        _build_sheet(STYLE_SHEET),
        _build_font(HEADING_FONT, HEADING_SIGNS),
        _build_sheet(DESK_SHEET),
        _build_font(NAMES_FONT, NAMES_SIGNS),
    ]


def style_sheet(name: str = STYLE_SHEET) -> str:
    """The sources of one of the two sheets in their order, without comments nor idle spaces.

    The town's own colours come last, and its logo in the sheet of the public pages.
    """
    folder = settings.BASE_DIR / "static" / "css"
    sources = DESK_SOURCES if name == DESK_SHEET else STYLE_SOURCES
    paths = [folder / one for one in sources]
    if settings.TOWN_STYLE.exists():
        paths.append(settings.TOWN_STYLE)
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    if name == STYLE_SHEET and (logo := town_logo()):
        text += _logo_style(logo)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r" ?([{};]) ?|(?<=[:,]) ", r"\1", text).replace(";}", "}").strip() + "\n"


def _logo_style(logo: Logo) -> str:
    """The logo in the header, within the sheet: no request more, and it is kept for a year.

    At night it keeps the paper that it was drawn for. A wide one stands above the name, and not
    on the quiet pages.
    """
    picture = base64.b64encode(screen_logo(logo)).decode()
    width = min(SCREEN_HEIGHT * logo.width // logo.height, WIDEST * SCREEN_HEIGHT)
    is_beside = logo.width <= BESIDE * logo.height
    place = (
        ".town:has(.town__logo) {display: grid; grid-template-columns: auto 1fr;"
        " column-gap: var(--s3)} .town > .town__logo {grid-row: span 2}"
        " .quiet .town__logo {display: inline-block; vertical-align: middle; zoom: .625;"
        " margin-right: var(--s3)}"
        if is_beside
        else ".quiet .town__logo {display: none}"
    )
    return (
        f"@layer pages {{.town__logo {{display: block; width: {width}px; height: {SCREEN_HEIGHT}px;"
        f' background: url("data:image/webp;base64,{picture}") 0 / contain no-repeat;'
        f" print-color-adjust: exact}} {place} @media (prefers-color-scheme: dark)"
        " {.town__logo {background-color: #fff; outline: 3px solid #fff; border-radius: 1px}}}\n"
    )


def _build_sheet(name: str) -> Path:
    return _put(Path(settings.BUILD_DIR) / name, style_sheet(name).encode())


def _build_font(name: str, signs: Sequence[int]) -> Path:
    """Cutting takes seconds: what this version of the package gave is kept beside the PDF fonts.

    Every letter is drawn whole, and figures stand on the line as they come: only the spaces
    between letters are kept of what the font can do.
    """
    made_from = f"{version(HEADING_CUT.package)}-{len(signs)}"
    kept = Path(settings.VAR_DIR) / "fonts" / f"{made_from}-{Path(name).name}"
    if not kept.exists():
        _put(kept, _woff2(cut_font(HEADING_CUT, signs=signs, features=("kern",))))
    return _put(Path(settings.BUILD_DIR) / name, kept.read_bytes())


def _woff2(truetype: bytes) -> bytes:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 -- slow import

    font = TTFont(io.BytesIO(truetype), recalcTimestamp=False)
    font.flavor = "woff2"
    target = io.BytesIO()
    font.save(target)
    return target.getvalue()


def _put(target: Path, content: bytes) -> Path:
    """Write a file that differs, in one piece: a server that starts meanwhile reads a whole one."""
    if target.exists() and target.read_bytes() == content:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=target.parent, delete=False) as draft:
        draft.write(content)
    Path(draft.name).chmod(0o644)
    return Path(draft.name).replace(target)
