"""Fonts of the portal, cut to Latin out of the packaged Source families (OFL).

Made once and kept in `var/fonts/`: cutting a variable font takes seconds. The packages come with
the dependencies, so that a document looks the same on a machine without fonts.
"""

import io
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

from django.conf import settings

#: Latin with every accent of European and Vietnamese names, and the signs of our documents.
LATIN = (
    *range(0x20, 0x250),
    *(0x2B9, 0x2BB, 0x2BC, 0x2BE, 0x2BF, 0x2C8),
    *range(0x300, 0x370),
    *range(0x1E00, 0x1F00),
    *range(0x2010, 0x2050),
    *(0x20AC, 0x2116, 0x2122, 0x2190, 0x2192, 0x2212, 0x2264, 0x2265),
)
#: What the PDFs ask of a font: spaces between letters, accents set on any letter.
FEATURES = ("kern", "liga", "lnum", "locl", "ccmp", "mark", "mkmk")


class Cut(NamedTuple):
    """One weight of one family."""

    package: str
    source: str
    axes: dict[str, float]


PDF_CUTS = {
    "SourceSans3-400.ttf": Cut("fontpkg-source-sans-3", "SourceSans3[wght].ttf", {"wght": 400}),
    "SourceSans3-600.ttf": Cut("fontpkg-source-sans-3", "SourceSans3[wght].ttf", {"wght": 600}),
    "SourceSerif4-600.ttf": Cut(
        "fontpkg-source-serif-4", "SourceSerif4[opsz,wght].ttf", {"wght": 600, "opsz": 20}
    ),
}


@cache
def pdf_fonts() -> dict[str, bytes]:
    """The fonts of the PDFs, by file name; made at the first call on a machine."""
    return {name: font_path(name).read_bytes() for name in PDF_CUTS}


@cache
def drawn_signs() -> frozenset[int]:
    """Every code point that the text font of the PDFs draws."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 -- slow import

    font = TTFont(io.BytesIO(pdf_fonts()["SourceSans3-400.ttf"]), lazy=True)
    return frozenset(font.getBestCmap())


def undrawn_signs(text: str) -> list[str]:
    """The signs of a text that our documents cannot print, in order; idle ones do not count.

    A letter without a drawing of its own is printed as its base and its accents.
    """
    drawn = drawn_signs()
    return sorted(
        sign
        for sign in set(text)
        if ord(sign) not in drawn
        and unicodedata.category(sign) not in {"Cc", "Cf", "Zs", "Zl", "Zp"}
        and not drawn.issuperset(map(ord, unicodedata.normalize("NFD", sign)))
    )


def cut_font(
    cut: Cut, *, signs: Iterable[int] = LATIN, features: Sequence[str] = FEATURES
) -> bytes:
    """Keep these signs at these settings of the axes, as a static TrueType font."""
    from fontTools import subset  # noqa: PLC0415 -- slow import
    from fontTools.ttLib import TTFont  # noqa: PLC0415 -- slow import
    from fontTools.varLib import instancer  # noqa: PLC0415 -- slow import

    folder = files(cut.package.replace("-", "_")) / "files"
    # Without the machine's clock in the file: same package, same bytes.
    font = TTFont(io.BytesIO((folder / cut.source).read_bytes()), recalcTimestamp=False)
    options = subset.Options(layout_features=list(features), hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=signs)
    subsetter.subset(font)
    target = io.BytesIO()
    instancer.instantiateVariableFont(font, cut.axes).save(target)
    return target.getvalue()


def font_path(name: str) -> Path:
    """Where this font stands, made from this version of its package when it is not there yet."""
    cut = PDF_CUTS[name]
    folder = Path(settings.VAR_DIR) / "fonts"
    path = folder / f"{version(cut.package)}-{len(LATIN)}-{name}"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, delete=False) as draft:
            draft.write(cut_font(cut))
        # Moved in one piece: two processes that start together read a whole font.
        Path(draft.name).replace(path)
    return path
