import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from demarches.files.places import Full, Room
from uzes_portal.processes import granian

ROOM = Room("checks")


@pytest.fixture(autouse=True)
def few_places(settings: Any, tmp_path: Path) -> None:
    settings.PLACES_DIR = tmp_path / "places"
    settings.PLACES = {"checks": (2, 1, 0.2)}


def test_only_so_many_work_at_once() -> None:
    with ROOM.place(), ROOM.place(), pytest.raises(Full), ROOM.place():
        pass
    with ROOM.place(), ROOM.place():
        pass


def test_whoever_waits_gets_the_place_that_comes_free(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PLACES = {"checks": (1, 1, 60)}
    first = ROOM.place()
    first.__enter__()
    looks = []

    def look(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            first.__exit__(None, None, None)

    # Its own name: other threads of this process sleep as they like.
    clock = SimpleNamespace(sleep=look, monotonic=time.monotonic)
    monkeypatch.setattr("demarches.files.places.time", clock)

    with ROOM.place():
        assert len(looks) == 3


def test_beyond_the_queue_nobody_waits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PLACES = {"checks": (1, 0, 60)}
    clock = SimpleNamespace(
        sleep=lambda seconds: pytest.fail("it waited"), monotonic=time.monotonic
    )
    monkeypatch.setattr("demarches.files.places.time", clock)

    with ROOM.place(), pytest.raises(Full), ROOM.place():
        pass


def test_a_place_is_held_across_processes_and_freed_by_a_death(settings: Any) -> None:
    settings.PLACES = {"checks": (1, 0, 0)}
    with ROOM.place():
        pass  # makes the folder
    path = settings.PLACES_DIR / "checks-at-0"
    code = "import fcntl, sys; f = open(sys.argv[1], 'ab'); fcntl.flock(f, 2); print(1, flush=True)"
    other = subprocess.Popen(
        [sys.executable, "-c", f"{code}; sys.stdin.read()", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(Full), ROOM.place():
            pass
        other.kill()
        other.wait()

    with ROOM.place():
        pass


def test_heavy_works_never_hold_all_the_threads_of_a_process() -> None:
    from uzes_portal import settings as production  # noqa: PLC0415 -- the numbers as they ship

    words = granian(host="127.0.0.1", port=8000, workers=2)
    threads = int(words[words.index("--blocking-threads") + 1])

    held = sum(at_once + waiting for at_once, waiting, _ in production.PLACES.values())

    assert held < threads
