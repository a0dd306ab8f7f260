"""Killed while people send, upload, book and register: all or nothing, and they can go on.

One journey and two crashes here; `make crash` does two hundred kills on both databases.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.database import BACK_WITHIN, storm
from tests.crash.scene import Crashes, stage
from tests.support.postgres import throwaway_server

pytestmark = pytest.mark.own_database
ON_POSTGRES = bool(os.environ.get("DATABASE_URL"))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    folder = tmp_path_factory.mktemp("crash")
    with stage(folder, os.environ.get("DATABASE_URL", "")) as scene:
        scene.journey()
        yield scene


def test_a_journey_killed_at_each_step_comes_to_its_end(scene: Crashes) -> None:
    assert scene.wrong == []
    assert scene.kills == 5


def test_the_check_sees_what_is_half_done(scene: Crashes) -> None:
    """The control: a mail, an avis and a file taken away are each found."""
    scene.mairie("harm")

    found = " ".join(scene.mairie("broken"))

    for word in ("sent half", "lost file", "has half of its rows"):
        assert word in found


@pytest.mark.skipif(not ON_POSTGRES, reason="a server that can crash")
def test_while_the_database_is_away_people_read_that_it_is(tmp_path: Path) -> None:
    with throwaway_server() as database, stage(tmp_path, database.url) as scene:
        seen = storm(scene, database, crashes=2)

        assert seen.not_ours == []
        assert set(seen.statuses) <= {200, 302, 303, 503}
        assert seen.statuses[503]
        # A loaded machine takes longer to start than `BACK_WITHIN`; `make crash` measures that.
        assert max(seen.recoveries) <= 6 * BACK_WITHIN
        assert scene.another_mairie()("broken") == []
