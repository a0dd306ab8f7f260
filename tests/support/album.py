"""Pictures of every page that the browser tests see, at two widths: `make screenshots`."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

WIDTHS = (360, 1280)
#: The desk is drawn for the screens of an office.
DESK_WIDTHS = (768, 1366)
#: Set by `make screenshots`: where the pictures go.
VARIABLE = "ALBUM_FOLDER"


def _name(page: Page) -> str:
    """What tells one page, or one state of it, from another; never which dossier it shows."""
    path = urlsplit(page.url).path.strip("/") or "accueil"
    title = page.title()
    state = "erreur" if title.startswith("Erreur") else title.rpartition(" – ")[0]
    kind = re.sub(r"[A-Z]+(-[0-9A-Z]{4,})+(-[A-Z])?|[^/ ]{30,}|\b\d+\b", "x", f"{path} {state}")
    return re.sub(r"\W+", "-", kind).strip("-").lower()[:120]


def take_pictures(page: Page) -> None:
    """Picture the page as it is, whole, at each width, once a worker; nothing without a folder."""
    if not (root := os.environ.get(VARIABLE)):
        return
    folder, size = Path(root), page.viewport_size
    is_desk = urlsplit(page.url).path.startswith("/agents/")
    for width in DESK_WIDTHS if is_desk else WIDTHS:
        picture = folder / f"{_name(page)}.{width}.png"
        if picture.exists():
            continue
        page.set_viewport_size({"width": width, "height": 800})
        page.screenshot(path=picture, full_page=True, animations="disabled")
    if size:
        page.set_viewport_size(size)
