"""The database that tests begin with is of the code as it stands, and whole."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support import migrated

pytestmark = pytest.mark.no_database


def test_any_change_of_what_migrations_read_asks_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "pacs" / "migrations"
    folder.mkdir(parents=True)
    monkeypatch.setattr(migrated, "ROOT", tmp_path)
    seen = [migrated.digest()]
    for name, text in (("0001.py", "a"), ("0001.py", "b"), ("0002.py", "b"), ("0001.pyc", "c")):
        (folder / name).write_text(text)
        seen.append(migrated.digest())

    assert len(set(seen)) == 4
    assert seen[-1] == seen[-2]  # what Python compiled says nothing new


def test_a_copy_takes_the_place_of_what_a_killed_run_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    kept = tmp_path / "migrated"
    kept.mkdir()
    with closing(sqlite3.connect(kept / f"{migrated.digest()}.sqlite3")) as made:
        made.execute("CREATE TABLE town (name text)")
    target = tmp_path / "tests.sqlite3"
    for end in ("", "-wal", "-shm"):
        target.with_name(target.name + end).write_text("half")

    migrated.copy_to(target)

    with closing(sqlite3.connect(target)) as copy:
        assert copy.execute("SELECT name FROM sqlite_master").fetchall() == [("town",)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["migrated", "tests.sqlite3"]
