"""The HTML part of a mail: its text with the look of the town, and nothing to fetch.

It is made when the mail leaves, from the text as its reader gets it: what is sealed in the
outbox is never written a second time. Colours are those of `static/css/tokens.css`, or of
the town.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string

from demarches.files.logo import LOGO_NAME, town_logo
from demarches.rules.mail_text import read_mail

TOKENS = Path("static/css/tokens.css")
#: The largest logo of a mail, in pixels.
LOGO_WIDTH, LOGO_HEIGHT = 220, 48


def mail_html(subject: str, text: str) -> str:
    """A whole page for mail programs: one column, both schemes of colours.

    The town's logo, if there is one, is the only picture: it travels in the mail (`cid:`).
    """
    light, dark = schemes()
    values: dict[str, object] = {
        "subject": subject,
        "parts": read_mail(text),
        "light": light,
        "dark": dark,
    }
    if logo := town_logo():
        height = min(LOGO_HEIGHT, LOGO_WIDTH * logo.height // logo.width)
        size = {"width": logo.width * height // logo.height, "height": height}
        values["logo"] = {"name": LOGO_NAME, "text": logo.text, **size}
    return render_to_string("demarches/mail.html", values)


@cache
def schemes() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the pages by day and by night, by their names (« on_action »)."""
    light: dict[str, str] = {}
    dark: dict[str, str] = {}
    for path in (Path(settings.BASE_DIR) / TOKENS, settings.TOWN_STYLE):
        css = path.read_text(encoding="utf-8") if path.exists() else ""
        day, _, night = css.partition("prefers-color-scheme: dark")
        light |= dict(_colours(day))
        dark |= dict(_colours(night))
    return light, light | dark


def _colours(css: str) -> Iterator[tuple[str, str]]:
    """Each « --on-action: #fff; » of a style sheet, one a line, by its name."""
    for line in css.splitlines():
        name, _, value = line.strip().removesuffix(";").partition(": ")
        if name.startswith("--") and value.startswith("#"):
            yield name.removeprefix("--").replace("-", "_"), value
