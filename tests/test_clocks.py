"""`make clocks` runs what it names, at the moments that it names."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from tests import clocks
from tests.conftest import CLOCK
from tests.support.portal import ROOT

pytestmark = pytest.mark.no_database


def test_every_part_is_there() -> None:
    assert [path for path in clocks.CHOSEN if not (ROOT / path).exists()] == []


def test_every_moment_is_one_of_the_mairie() -> None:
    """An offset that is not that of the day there would make another moment of it."""
    for moment in map(datetime.fromisoformat, clocks.CLOCKS.values()):
        assert timezone.localtime(moment).utcoffset() == moment.utcoffset()


def test_it_begins_at_the_moment_of_its_run() -> None:
    begun = datetime.fromisoformat(CLOCK) if CLOCK else timezone.now()
    assert abs(timezone.now() - begun) < timedelta(seconds=10)


def test_a_run_is_at_its_moment(capfd: pytest.CaptureFixture[str]) -> None:
    if CLOCK:
        pytest.skip("this is such a run")
    here = f"{__file__}::{test_it_begins_at_the_moment_of_its_run.__name__}"
    assert clocks._run("29 February", [here], clocks.CLOCKS["29 February"])
    assert "1 passed" in capfd.readouterr().out


def test_one_wrong_run_fails_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "BUSY", 0)
    monkeypatch.setattr(clocks, "_run", lambda name, *_: name != "29 February")
    assert clocks.main([]) == 1
    monkeypatch.setattr(clocks, "_run", lambda *_: True)
    assert clocks.main([]) == 0
