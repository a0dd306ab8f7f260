"""A limit on how long a block may run: a document, a whole request.

A thread of its own looks at the clock and raises `TookTooLong` inside the block that overstays,
between two steps of Python. A block that cannot be stopped so (one call that never comes back)
may be given a second limit, at which the process ends; the server starts another one.
"""

import ctypes
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)
LOOK_EVERY = 0.1
#: Status of a process ended because a block could not be stopped.
STUCK = 70


class TookTooLong(Exception):
    """The block ran for longer than it may; what it had begun to write is rolled back."""


@dataclass
class Block:
    """One block that runs in one thread."""

    ends_at: float
    dies_at: float | None
    thread: int = field(default_factory=threading.get_ident)
    is_stopped: bool = False

    def stop(self, now: float) -> None:
        """Raise in the thread, then end the process when that did not help."""
        if not self.is_stopped and now >= self.ends_at:
            self.is_stopped = True
            _raise_in(self.thread, TookTooLong)
        elif self.dies_at is not None and now >= self.dies_at:
            logger.critical("request_not_stopped")
            os._exit(STUCK)


class Watch:
    """The blocks that run in this process, and the thread that looks at the clock for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: list[Block] = []
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float, *, last_seconds: float | None = None) -> Block:
        now = time.monotonic()
        block = Block(now + seconds, None if last_seconds is None else now + last_seconds)
        with self._lock:
            self._blocks.append(block)
            # A process made by a fork has no such thread.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="time-limit", daemon=True)
                self._thread.start()
        return block

    def end(self, block: Block) -> None:
        with self._lock:
            if block in self._blocks:
                self._blocks.remove(block)

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_EVERY)
            now = time.monotonic()
            # Under the lock: a block that ended is never stopped afterwards.
            with self._lock:
                for block in self._blocks:
                    block.stop(now)


def _raise_in(thread: int, error: type[Exception]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))


watch = Watch()


@contextmanager
def time_limit(seconds: float, *, last_seconds: float | None = None) -> Iterator[None]:
    """Raise `TookTooLong` inside the block after so many seconds."""
    block = watch.begin(seconds, last_seconds=last_seconds)
    try:
        yield
    finally:
        watch.end(block)
