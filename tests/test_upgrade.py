"""The database of the release before becomes one of this version: no row lost, every page opens."""

import json
import lzma
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.support.portal import ROOT
from tests.upgrade.locks import SMALL, locking
from tests.upgrade.release import KEPT, KEYS, restore

#: What an upgrade may rewrite: the list of migrations, and the numbers that say « it changed ».
REWRITTEN = {"django_migrations", "demarches_revision", "sqlite_sequence"}
COLUMNS = {"demarches_mairie": {"revision"}}
HEAVIEST = 200_000


def rows(path: Path, like: dict[str, list[str]] | None = None) -> dict[str, Counter[tuple[object]]]:
    """Every row of every table, in the columns of `like` when they are given."""
    with closing(sqlite3.connect(path)) as base:
        columns = like or columns_of(base)
        return {
            table: Counter(base.execute(f'SELECT {", ".join(names)} FROM "{table}"'))
            for table, names in columns.items()
        }


def columns_of(base: sqlite3.Connection) -> dict[str, list[str]]:
    tables = [row[0] for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        table: [
            f'"{row[1]}"'
            for row in base.execute(f'PRAGMA table_info("{table}")')
            if row[1] not in COLUMNS.get(table, ())
        ]
        for table in tables
        if table not in REWRITTEN
    }


def _run(folder: Path, *words: str) -> str:
    environment = (
        os.environ
        | KEYS
        | {
            "VAR_DIR": str(folder),
            "DATABASE_URL": f"sqlite:///{folder}/portal.sqlite3",
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
    )
    ran = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout


def test_the_release_before_upgrades_without_losing_a_row(tmp_path: Path) -> None:
    path = tmp_path / "portal.sqlite3"
    restore(path)
    with closing(sqlite3.connect(path)) as base:
        columns = columns_of(base)
        dossiers = base.execute("SELECT count(*) FROM pacs_dossier").fetchone()[0]
    before = rows(path)

    _run(tmp_path, "manage.py", "migrate", "-v0")
    after = rows(path, columns)
    _run(tmp_path, "manage.py", "verify_journal")
    answers = json.loads(_run(tmp_path, "-m", "tests.upgrade.pages"))

    assert {table: lost for table, was in before.items() if (lost := was - after[table])} == {}
    assert {name: status for name, status in answers.items() if status != 200} == {}
    assert len(answers) > 2 * dossiers > 20


def test_what_is_kept_of_a_release_stays_light() -> None:
    assert KEPT.stat().st_size < HEAVIEST


# Nobody waits behind a migration

#: Migrations since the release that lock a large table all the same, and why nobody waits. A table
#: of 200,000 rows is checked in 0.05 s and indexed in 0.1 s; one of 800,000 is indexed in 0.6 s.
EXCUSED: dict[str, str] = {
    "demarches.0022_desk_agenda": "a few closings a year; appointments are checked, not written",
    "pacs.0021_form_key_at_counter": "one index of a column that holds nothing yet",
    "pacs.0022_desk_indexes": "plain indexes; that of letters only keeps writers waiting, seconds",
    "vitale.0012_followed_step": "lines of the guide are a few hundred, which agents write",
    "pacs.0026_paper_index": "a plain index of the few who take part on paper",
    "pacs.0030_whose_death": "modifications and dissolutions are a few a year",
    "pacs.0023_refused_acts": "modifications and dissolutions are a few a year",
}


def released() -> set[tuple[str, str]]:
    """The migrations that the release had."""
    with closing(sqlite3.connect(":memory:")) as base:
        base.executescript(lzma.decompress(KEPT.read_bytes()).decode())
        return set(base.execute("SELECT app, name FROM django_migrations"))


def test_no_migration_since_the_release_locks_a_large_table() -> None:
    loader = MigrationLoader(None)
    before, had = ProjectState(), released()
    found = {}
    for key in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):
        migration = loader.graph.nodes[key]
        if key not in had and key[0] in {"demarches", "pacs", "vitale"}:
            for said, why in locking(migration, before):
                found[f"{key[0]}.{key[1]}", said] = why
        before = migration.mutate_state(before, preserve=False)

    assert {one: why for one, why in found.items() if one[0] not in EXCUSED} == {}, (
        "Each would stop the portal while it reads a large table: write it otherwise, or put it in"
        " EXCUSED with the reason for which nobody waits."
    )
    assert set(EXCUSED) <= {name for name, _ in found}, "An excuse for what is no longer there."


def test_small_tables_are_tables_of_ours() -> None:
    assert {apps.get_model(label)._meta.label_lower for label in SMALL} == SMALL


STATE = [
    migrations.CreateModel(
        "Thing",
        [("id", models.BigAutoField(primary_key=True)), ("word", models.CharField(max_length=9))],
    )
]


@pytest.mark.parametrize(
    ("operation", "locks"),
    [
        (migrations.AddField("thing", "more", models.CharField(max_length=9, default="")), False),
        (migrations.AddField("thing", "more", models.CharField(max_length=9, unique=True)), True),
        (migrations.AddField("thing", "more", models.UUIDField(default=uuid4)), True),
        (migrations.AddIndex("thing", models.Index(fields=["word"], name="word")), True),
        (
            migrations.AddConstraint(
                "thing", models.CheckConstraint(condition=models.Q(word=""), name="word")
            ),
            True,
        ),
        (migrations.AlterField("thing", "word", models.CharField(max_length=20)), False),
        (migrations.AlterField("thing", "word", models.CharField(max_length=5)), True),
        (migrations.AlterField("thing", "word", models.CharField(max_length=9, null=True)), False),
        (migrations.AlterField("thing", "word", models.IntegerField()), True),
        (migrations.AlterField("thing", "word", models.CharField(max_length=9, unique=True)), True),
        (migrations.RemoveField("thing", "word"), False),
        (migrations.RunPython(migrations.RunPython.noop), True),
        (migrations.RunSQL("SELECT 1"), True),
    ],
    ids=lambda value: value.describe() if hasattr(value, "describe") else str(value),
)
def test_what_would_lock_a_large_table_is_seen(operation: Any, locks: bool) -> None:
    state = ProjectState()
    for one in STATE:
        one.state_forwards("pacs", state)

    class Later(migrations.Migration):
        operations = [operation]

    migration = Later("0999_later", "pacs")

    assert bool(list(locking(migration, state))) is locks
