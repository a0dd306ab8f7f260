"""Take the pictures of the README, then of every page that the browser tests see.

`make screenshots` writes the former in docs/img/ and the latter in var/album/, one file a page, a
state and a width. `python -m tests.screenshots readme` stops after the former; other words choose
browser tests, as pytest's -k does.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, sync_playwright

from tests.pacs.simulator_answers import FRENCH, ITALIAN_WIDOW, params_of
from tests.support.album import VARIABLE
from tests.support.chromium import launch_options
from tests.support.portal import ROOT, Portal, running_portal

FOLDER = ROOT / "docs" / "img"
MAX_BYTES = 200_000
ALBUM = ROOT / "var" / "album"


def _take(browser: Browser, portal: Portal, name: str, path: str, width: int, height: int) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": height}, locale="fr-FR", color_scheme="light"
    )
    page.goto(portal.site + path, wait_until="networkidle")
    picture = FOLDER / f"{name}.png"
    page.screenshot(path=picture)
    page.close()
    weight = picture.stat().st_size
    if weight > MAX_BYTES:
        raise RuntimeError(f"{picture.name} weighs {weight:,} bytes; the limit is {MAX_BYTES:,}.")
    print(f"docs/img/{picture.name}: {weight:,} bytes")


def _take_the_readme() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    wished = date.today() + timedelta(days=60)  # noqa: DTZ011 -- a day to show, not a rule
    answers = urlencode(params_of(FRENCH, ITALIAN_WIDOW, date=wished.isoformat()))
    with (
        tempfile.TemporaryDirectory() as var_dir,
        running_portal(Path(var_dir)) as portal,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(**launch_options())
        _take(browser, portal, "home", "/", 1280, 860)
        _take(browser, portal, "pieces", f"/pacs/pieces/?{answers}", 390, 1000)
        browser.close()


def _fill_the_album(wanted: str) -> int:
    """Run the browser tests with a camera; the exit code of pytest."""
    shutil.rmtree(ALBUM, ignore_errors=True)
    ALBUM.mkdir(parents=True)
    command = [sys.executable, "-m", "pytest", "-n", "2", "-m", "e2e"]
    if wanted:
        command += ["-k", wanted]
    environment = {**os.environ, VARIABLE: str(ALBUM)}
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    print(f"{len(list(ALBUM.glob('*.png')))} pictures in {ALBUM.relative_to(ROOT)}/")
    return code


def main(words: list[str]) -> int:
    if not words or words == ["readme"]:
        _take_the_readme()
    return 0 if words == ["readme"] else _fill_the_album(" ".join(words))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
