"""A small number of heavy works at once on this machine, whichever process serves the request.

Each place is a file that whoever works holds locked: the system lets go of it when that process
ends, however it ends. What is beyond waits for a moment, a few at a time; the rest is told to
come back, so that heavy works never hold all the threads that answer (ADR 0054).
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

#: Seconds between two looks for a free place.
LOOK_EVERY = 0.05


class Full(Exception):
    """No place came free in time; come back in `retry_seconds`."""

    retry_seconds = 20


@dataclass(frozen=True)
class Room:
    """One kind of work; its numbers stand in `settings.PLACES`."""

    name: str

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for the length of the block. Raises `Full` when there is none in time."""
        at_once, waiting, patience = settings.PLACES[self.name]
        held = self._take("at", at_once)
        if held is None:
            held = self._wait(at_once, waiting, patience)
        with closing(held):
            yield

    def _wait(self, at_once: int, waiting: int, patience: float) -> "Lock":
        seat = self._take("waiting", waiting)
        if seat is None:
            raise Full(self.name)
        with closing(seat):
            until = time.monotonic() + patience
            while time.monotonic() < until:
                time.sleep(LOOK_EVERY)
                if held := self._take("at", at_once):
                    return held
        raise Full(self.name)

    def _take(self, kind: str, count: int) -> "Lock | None":
        settings.PLACES_DIR.mkdir(mode=0o700, exist_ok=True)
        for rank in range(count):
            lock = Lock(f"{settings.PLACES_DIR}/{self.name}-{kind}-{rank}")
            if lock.is_held:
                return lock
        return None


class Lock:
    """A file held locked until `close`; `is_held` says whether nobody else had it."""

    def __init__(self, path: str) -> None:
        # A file of Python's: it lets go even when nobody closes it.
        self._file = Path(path).open("ab")  # noqa: SIM115 -- closed by `close`
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            self.is_held = False
        else:
            self.is_held = True

    def close(self) -> None:
        self._file.close()


#: Files that people send, looked at in a child process.
CHECKS = Room("checks")
#: Pages of kept files, drawn for agents.
PREVIEWS = Room("previews")
#: Documents made by WeasyPrint.
RENDERINGS = Room("renderings")
