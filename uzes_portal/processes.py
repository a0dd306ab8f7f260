"""The processes of the portal: how each is started, and how it is stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

#: Seconds for a process to stop by itself.
PATIENCE = 10
#: Seconds before a process that ended is started again, the first time and at most.
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
#: A process that lived so many seconds had started well.
STARTED_WELL = 60.0


def granian(*, host: str, port: int, workers: int) -> list[str]:
    """The command of the web server.

    More threads than heavy works may hold (`settings.PLACES`), kept for long with their connection
    to the database. A worker that ended itself, because a request could not be stopped, is started
    again. One that is told to stop while it starts forgets it: granian ends it after three seconds.
    """
    return [
        *("-m", "granian", "uzes_portal.wsgi:application", "--interface", "wsgi"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", "16", "--blocking-threads-idle-timeout", "600", "--no-ws"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "3", "--log-level", "warning"),
    ]


def run(arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start this Python with these arguments, in a session of its own.

    Control-C then reaches the command that started it alone, which stops the others.
    """
    return subprocess.Popen(  # noqa: S603 -- our own arguments
        [sys.executable, *arguments], cwd=settings.BASE_DIR, start_new_session=True
    )


def stop(child: subprocess.Popen[bytes]) -> None:
    """Tell it to stop, then end it with the workers it started."""
    child.terminate()
    try:
        child.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


@dataclass
class Watched:
    """A process that is started again whenever it ends, later and later while it keeps ending."""

    name: str
    arguments: Sequence[str]
    child: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = FIRST_WAIT
    again_at: float = 0.0

    def look(self, now: float) -> str:
        """Start it if it is time to; what happened, in a few words, or "". `now`: monotonic."""
        if self.child is None:
            if now < self.again_at:
                return ""
            self.child, self.started = run(self.arguments), now
            return "started"
        if self.child.poll() is None:
            return ""
        code, self.child = self.child.returncode, None
        self.wait = (
            FIRST_WAIT if now - self.started > STARTED_WELL else min(self.wait * 2, LONGEST_WAIT)
        )
        self.again_at = now + self.wait
        return f"ended with {code}, again in {self.wait:.0f} s"

    def stop(self) -> None:
        """Stop it for good."""
        if self.child is not None:
            stop(self.child)
