"""Chromium, over TLS: what the policy stops on pages of ours, and whom pages call."""

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Request, sync_playwright

from tests.audit.portal import Deployment, deployment
from tests.audit.table import Row
from tests.support.chromium import find_chromium, launch_options

CHECK, AIM = "Chromium under the policy", "0 errors in the console, 0 other hosts, every page opens"
#: The desk has most scripts: lists with filters, forms with calendars, popups.
PAGES = {
    "nobody": ("/", "/pacs/pieces/", "/vitale/que-dois-je-faire/", "/mairie/", "/agents/login/"),
    "citizen": ("/mes-demarches/", "/compte/deconnexion/"),
    "agent": ("/agents/", "/agents/pacs/dossier/", "/agents/pacs/dossier/2/change/"),
}


def rows(folder: Path) -> list[Row]:
    """One row a person; a page that does not open for them is not counted as seen."""
    if find_chromium() is None:
        return [Row.not_shown(CHECK, AIM, "no Chromium is installed")]
    with deployment() as portal:
        return [_row(portal, who, pages) for who, pages in PAGES.items()]


def _row(portal: Deployment, who: str, pages: tuple[str, ...]) -> Row:
    errors: list[str] = []
    hosts: set[str] = set()
    closed: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def watch(request: Request) -> None:
        hosts.add(urlsplit(request.url).hostname or "")

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        context = chromium.new_context(ignore_https_errors=True)
        if who in portal.cookies:
            name, value = portal.cookies[who].split("=", 1)
            context.add_cookies(
                [{"name": name, "value": value, "url": portal.site, "secure": True}]
            )
        page = context.new_page()
        page.on("console", listen)
        page.on("request", watch)
        for path in pages:
            answer = page.goto(f"{portal.site}{path}", timeout=60_000)
            if answer is None or answer.status != 200 or urlsplit(page.url).path != path:
                closed.append(path)
        chromium.close()
    check, foreign = f"{CHECK}, {who}", hosts - {"localhost"}
    if len(closed) == len(pages):
        return Row.not_shown(check, AIM, "the session made for it opens no page")
    told = f"{len(pages) - len(closed)} of {len(pages)} pages, {len(errors)} errors"
    told += f", {len(foreign)} other hosts" + "".join(f"; {one[:160]}" for one in errors[:3])
    told += f"; not opened: {', '.join(closed)}" if closed else ""
    return Row.of(check, AIM, told, "Chromium", is_met=not (errors or foreign or closed))
