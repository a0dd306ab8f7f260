"""Things that are dear to make, kept in the memory of the process within so many bytes."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Protocol


class Sized(Protocol):
    """What knows how many bytes it takes."""

    @property
    def size(self) -> int: ...


class BoundedStore[V: Sized]:
    """Values by key, the least wanted leaving first; shared by the threads of a process."""

    def __init__(self) -> None:
        self._values: OrderedDict[object, V] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, key: object) -> V | None:
        """The value, which becomes the last to leave; None when it is not there any more."""
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def keep(self, key: object, value: V, *, room: int) -> None:
        """Keep this value in `room` bytes, in the place of the one of the same key."""
        with self._lock:
            self._drop(key)
            self._values[key] = value
            self._size += value.size
            while self._size > room:
                self._drop(next(iter(self._values)))

    def forget(self, is_over: Callable[[V], bool]) -> None:
        """Let every value go of which this is true."""
        with self._lock:
            for key in [key for key, value in self._values.items() if is_over(value)]:
                self._drop(key)

    @property
    def count(self) -> int:
        return len(self._values)

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
            self._size = 0

    def _drop(self, key: object) -> None:
        if gone := self._values.pop(key, None):
            self._size -= gone.size
