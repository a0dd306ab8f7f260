"""Tools that are no part of the project: put under var/audit, at the versions named here."""

import shutil
import subprocess
import sys
from pathlib import Path

NODE_PACKAGES = (
    "@mdn/mdn-http-observatory@1.4.8",
    "csp_evaluator@1.1.8",
    "vnu-jar@26.9.27",
)
WAPITI = "wapiti3==3.3.2"
INSTALL_TIMEOUT = 600


class ToolMissing(Exception):
    """The tool is not here and cannot be installed; the message says why."""


def node_packages(folder: Path) -> Path:
    """The folder node_modules; raises ToolMissing without npm or without its network.

    Scripts of packages do not run at the installation: none of ours needs one.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise ToolMissing("node and npm are not installed")
    target = folder / "npm"
    mark = target / "ready"
    if not mark.exists() or mark.read_text() != "\n".join(NODE_PACKAGES):
        _install(
            [
                npm,
                "install",
                "--ignore-scripts",
                "--no-fund",
                "--no-audit",
                "--loglevel=error",
                "--prefix",
                target,
                *NODE_PACKAGES,
            ]
        )
        # Downloaded by a script of the package: no host of loopback is on that list.
        preloaded = target / "node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json"
        preloaded.write_text("{}")
        mark.write_text("\n".join(NODE_PACKAGES))
    return target / "node_modules"


def wapiti(folder: Path) -> Path:
    """The program, in a virtual environment of its own; raises ToolMissing without a network."""
    target = folder / "wapiti"
    mark = target / "ready"
    if not mark.exists() or mark.read_text() != WAPITI:
        _install([sys.executable, "-m", "venv", "--clear", target])
        _install([target / "bin" / "pip", "install", "--quiet", WAPITI])
        mark.write_text(WAPITI)
    return target / "bin" / "wapiti"


def _install(command: list[str | Path]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolMissing(f"{Path(command[0]).name}: {type(error).__name__}") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ToolMissing(f"{Path(command[0]).name} could not install it: {last[:100]}")
