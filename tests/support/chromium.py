"""Where the browser of the end-to-end tests is, and how it is started."""

import os
import shutil
import sys
from typing import TypedDict

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def find_chromium() -> str | None:
    """The path of CHROMIUM when it is set, else of the system's Chromium or Chrome."""
    candidates = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else [*NAMES, *MAC_APPS]
    return next((path for name in candidates if (path := shutil.which(name))), None)


class Launch(TypedDict):
    executable_path: str | None
    args: list[str]


def launch_options() -> Launch:
    """Arguments of Playwright's `chromium.launch()`; nothing is looked up outside the machine."""
    args = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    if sys.platform == "linux" and os.geteuid() == 0:
        args.append("--no-sandbox")  # Chromium refuses to start as root with its sandbox
    return {"executable_path": find_chromium(), "args": args}
