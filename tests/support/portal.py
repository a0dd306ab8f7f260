"""The portal as `make run` starts it, on data of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
#: What a process needs from the person who starts it; the portal's settings are not wanted.
KEPT = ("HOME", "LANG", "PATH", "TMPDIR")


@dataclass(frozen=True)
class Portal:
    """A portal that is ready, and the lines it printed."""

    port: int
    lines: list[str]

    @property
    def site(self) -> str:
        return self.word("Portal", 1).rstrip("/")

    @property
    def password(self) -> str:
        """Of the agent of the demonstration."""
        return self.word("agent@", 1)

    def word(self, start: str, position: int) -> str:
        return next(line for line in self.lines if line.startswith(start)).split()[position]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def share_fonts(var_dir: Path) -> None:
    """Let a portal on data of its own find the fonts this machine has cut: each takes seconds."""
    cut = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve() / "fonts"
    for folder in (cut, var_dir):
        folder.mkdir(parents=True, exist_ok=True)
    if not (var_dir / "fonts").exists():
        (var_dir / "fonts").symlink_to(cut)


def demo_environment(var_dir: Path) -> dict[str, str]:
    """For commands of the demonstration, with files and a database in `var_dir`."""
    share_fonts(var_dir)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "DEBUG": "1", "VAR_DIR": str(var_dir)}


@contextmanager
def running_portal(var_dir: Path, **settings: str) -> Iterator[Portal]:
    """Start the portal, wait until it is ready; stop it as Control-C does.

    `settings`: more variables of its environment.
    """
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "start", "--port", str(port)],
        cwd=ROOT,
        env={**demo_environment(var_dir), **settings},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = []
        for line in process.stdout or ():
            lines.append(line.strip())
            if line.startswith("Control-C"):
                break
        else:
            raise RuntimeError("The portal did not start:\n" + "\n".join(lines))
        yield Portal(port, lines)
    finally:
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=40)
        if process.stdout:
            process.stdout.close()
    if code != 0:
        raise RuntimeError(f"The portal ended with {code}.")
