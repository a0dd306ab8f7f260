"""The town's logo: checked like any file that comes in, kept as one PNG that says what it shows.

`manage.py nouvelle_mairie` writes it; without it, pages, papers and mails carry the name alone.
An SVG is refused: it is a program as much as a picture, and papers and mails need dots (ADR 0105).
"""

import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

from demarches.files.uploads import (
    PICTURES,
    WORKER_SECONDS,
    UploadRefused,
    check_content,
    clean_in_child,
    clean_name,
    is_scanned,
    kind_of_name,
    read_limited,
)

#: How the templates of papers (`memory:`) and mails (`cid:`) name it.
LOGO_NAME: Final = "logo.png"
#: Fewer dots in height look torn on paper; a wider picture leaves no room to a phone.
LEAST_HEIGHT, WIDEST = 96, 5
#: On the screen, in CSS pixels; the dots are twice as many.
SCREEN_HEIGHT: Final = 48
#: What a first visit still has room for (docs/performance.md).
SCREEN_BYTES: Final = 2_800
#: A logo no wider than this stands beside the name, also on the quiet pages of a procedure.
BESIDE: Final = 2
_TEXT: Final = "Description"


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture of ours (PNG), its size in dots, and what a reader who does not see it is told."""

    content: bytes
    width: int
    height: int
    text: str


def read_logo(path: Path, text: str) -> Logo:
    """The picture of this file, decoded and encoded anew in a confined child process.

    Raises `UploadRefused` with words for whoever installs; OSError when the file does not open.
    """
    shown = clean_name(path.name)
    if path.suffix.lower() == ".svg":
        raise UploadRefused("logo_svg", name=shown)
    with path.open("rb") as file:
        promised = kind_of_name(path.name, shown)
        data = read_limited(file, shown)
    if check_content(data, promised, shown) not in PICTURES - {"HEIF"}:
        raise UploadRefused("logo_kind", name=shown)
    content, facts = clean_in_child(data, "LOGO", shown, "", WORKER_SECONDS)
    width, height = facts["width"], facts["height"]
    if height < LEAST_HEIGHT or width > WIDEST * height:
        raise UploadRefused("logo_shape", name=shown, height=LEAST_HEIGHT)
    if not is_scanned(content, shown):
        raise UploadRefused("unavailable", name=shown)
    logo = Logo(_with_text(content, text), width, height, text)
    if len(screen_logo(logo)) > SCREEN_BYTES:
        raise UploadRefused("logo_heavy", name=shown)
    return logo


def _with_text(content: bytes, text: str) -> bytes:
    """The picture with its alternative text inside: one file holds both."""
    from PIL import Image  # noqa: PLC0415 -- slow import
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 -- slow import

    said = PngInfo()
    said.add_itxt(_TEXT, text, lang="fr")
    target = io.BytesIO()
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        picture.save(target, "PNG", pnginfo=said, optimize=True)
    return target.getvalue()


def write_logo(logo: Logo | None) -> bool:
    """Keep this logo, or none; True when that changes something."""
    town_logo.cache_clear()
    if town_logo() == logo:
        return False
    if logo is None:
        settings.TOWN_LOGO.unlink()
    else:
        settings.TOWN_LOGO.write_bytes(logo.content)
    town_logo.cache_clear()
    return True


@cache
def town_logo() -> Logo | None:
    """The logo in place, read once a process."""
    if not settings.TOWN_LOGO.exists():
        return None
    from PIL import Image  # noqa: PLC0415 -- slow import

    content = settings.TOWN_LOGO.read_bytes()
    with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
        return Logo(content, picture.width, picture.height, str(picture.info.get(_TEXT, "")))


def screen_logo(logo: Logo) -> bytes:
    """The same for the header of pages (WebP): the finest that a first visit has room for.

    Above `SCREEN_BYTES` when even the roughest is too heavy.
    """
    from PIL import Image  # noqa: PLC0415 -- slow import

    with Image.open(io.BytesIO(logo.content), formats=["PNG"]) as picture:
        drawn = picture.convert("RGBA")
    found = b""
    for height in (2 * SCREEN_HEIGHT, SCREEN_HEIGHT * 3 // 2):
        small = drawn.copy()
        small.thumbnail((WIDEST * height, height), Image.Resampling.LANCZOS)
        for quality in (90, 75, 60, 40, 20):
            target = io.BytesIO()
            small.save(target, "WEBP", quality=quality, alpha_quality=quality, method=6)
            found = target.getvalue()
            if len(found) <= SCREEN_BYTES:
                return found
    return found
