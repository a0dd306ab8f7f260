"""Forty clients want the same slot: exactly as many as there are seats get it, on each database.

Against a running server with two processes, citizens over HTTP and the desk in processes of its
own. The control run shows that the constraints are what holds: without them, the same race
overbooks.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from threading import Thread

import pytest

from tests.race.scene import Scene, stage

pytestmark = pytest.mark.own_database
#: `make race` runs fifteen, with figures.
ROUNDS = int(os.environ.get("RACE_ROUNDS", "3"))
KILLS = int(os.environ.get("RACE_KILLS", "4"))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("race")
    with stage(folder, os.environ.get("DATABASE_URL", "")) as scene:
        yield scene


@pytest.mark.parametrize("capacity", [1, 3, 10])
def test_exactly_the_seats_are_taken(scene: Scene, capacity: int) -> None:
    scene.worker("capacity", capacity)
    for _ in range(ROUNDS):
        result = scene.contest()
        assert (result.taken, result.winners) == (capacity, capacity)
        assert {answer.status for answer in result.answers} <= {302, 409}
        assert [loser.nearest for loser in result.losers if loser.nearest != 3] == []


def test_ten_clicks_confirm_once(scene: Scene) -> None:
    couple = scene.couples[0]
    scene.worker("capacity", 10)
    before = scene.worker("booked_for", couple["pk"])
    assert scene.hold(couple, scene.free.pop(0)).status == 302
    read = scene.read(couple, "confirmer")
    answers: list[int] = []
    clicks = [
        Thread(target=lambda: answers.append(scene.confirm(couple, read).status)) for _ in range(10)
    ]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    rows, mails = scene.worker("booked_for", couple["pk"])
    assert answers == [302] * 10
    # One appointment more than before; mails of a first booking to two people, or of a move.
    assert (rows - before[0], mails in {before[1], before[1] + 2}) == (1, True)


def test_a_killed_server_leaves_all_or_nothing(scene: Scene) -> None:
    for _ in range(KILLS):
        threads = [
            Thread(target=_book_quietly, args=(scene, couple, scene.free.pop(0)))
            for couple in scene.couples[:12]
        ]
        for thread in threads:
            thread.start()
        time.sleep(secrets.randbelow(400) / 1000)
        scene.server.kill()
        for thread in threads:
            thread.join()
        assert scene.worker("halves") == []
        scene.server.start()


def _book_quietly(scene: Scene, couple: dict[str, str], key: str) -> None:
    # Under a killed server the connection breaks, before the answer or in the middle of it.
    with suppress(OSError, HTTPException):
        if scene.hold(couple, key).status == 302:
            scene.confirm(couple)


def test_without_the_constraints_the_same_race_overbooks(tmp_path: Path) -> None:
    with stage(tmp_path, os.environ.get("DATABASE_URL", "")) as scene:
        scene.worker("drop_guards")
        overbooked = [scene.contest().taken > 1 for _ in range(ROUNDS)]
    assert any(overbooked)
