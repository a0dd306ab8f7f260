"""The database of the release before becomes one of this version: no row lost, every page opens."""

import json
import lzma
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from tests.support.portal import ROOT
from tests.support.postgres import throwaway_server
from tests.upgrade.locks import SMALL, locking
from tests.upgrade.release import KEPT, KEPT_POSTGRES, KEYS, restore, restore_postgres

#: What an upgrade may rewrite: the list of migrations, and the numbers that say « it changed ».
REWRITTEN = {"django_migrations", "demarches_revision", "sqlite_sequence"}
COLUMNS = {"demarches_mairie": {"revision"}}
HEAVIEST = 200_000


type Base = sqlite3.Connection | psycopg.Connection
#: The columns of each table, as they are selected to be compared.
type Columns = dict[str, list[str]]
TABLES = {
    "sqlite": "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
    " WHERE m.type = 'table' ORDER BY 1, c.cid",
    # Those that a table makes of its other columns are not rows that somebody wrote.
    "postgresql": "SELECT table_name, column_name FROM information_schema.columns"
    " JOIN information_schema.tables USING (table_schema, table_name)"
    " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'"
    " ORDER BY 1, ordinal_position",
}


@contextmanager
def release(vendor: str, folder: Path) -> Iterator[str]:
    """The database of the release on this engine; its address."""
    if vendor == "sqlite":
        restore(folder / "portal.sqlite3")
        yield f"sqlite:///{folder}/portal.sqlite3"
    else:
        with throwaway_server() as server:
            restore_postgres(server)
            yield server.url


def opened(url: str) -> AbstractContextManager[Base]:
    if url.startswith("sqlite"):
        return closing(sqlite3.connect(url.removeprefix("sqlite:///")))
    return psycopg.connect(url)


def columns_of(base: Base, vendor: str) -> Columns:
    found: Columns = {}
    # As text: what PostgreSQL gives for JSON cannot be counted.
    cast = "" if vendor == "sqlite" else "::text"
    for table, column in base.execute(TABLES[vendor]):
        if table not in REWRITTEN and column not in COLUMNS.get(table, ()):
            found.setdefault(table, []).append(f'"{column}"{cast}')
    return found


def rows(base: Base, columns: Columns) -> dict[str, Counter[tuple[object, ...]]]:
    """Every row of every table, in these columns."""
    return {
        table: Counter(base.execute(f'SELECT {", ".join(names)} FROM "{table}"'))
        for table, names in columns.items()
    }


def _run(folder: Path, url: str, *words: str) -> str:
    environment = (
        os.environ
        | KEYS
        | {
            "VAR_DIR": str(folder),
            "DATABASE_URL": url,
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


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_the_release_before_upgrades_without_losing_a_row(tmp_path: Path, vendor: str) -> None:
    with release(vendor, tmp_path) as url:
        with opened(url) as base:
            columns = columns_of(base, vendor)
            before = rows(base, columns)

        _run(tmp_path, url, "manage.py", "migrate", "-v0")
        with opened(url) as base:
            after = rows(base, columns)
        _run(tmp_path, url, "manage.py", "verify_journal")
        answers = json.loads(_run(tmp_path, url, "-m", "tests.upgrade.pages"))

    assert {table: lost for table, was in before.items() if (lost := was - after[table])} == {}
    assert {name: status for name, status in answers.items() if status != 200} == {}
    dossiers = before["pacs_dossier"].total()
    assert len(answers) > 2 * dossiers > 20


def test_what_is_kept_of_a_release_stays_light() -> None:
    assert max(one.stat().st_size for one in (KEPT, KEPT_POSTGRES)) < HEAVIEST


def test_both_engines_start_from_the_same_release() -> None:
    """What one engine misses would be tried on the other alone."""
    told = lzma.decompress(KEPT_POSTGRES.read_bytes()).decode()
    ran = set(re.findall(r"\(\d+, '(demarches|pacs|vitale)', '(\w+)', '20", told))

    assert ran == {one for one in released() if one[0] in {"demarches", "pacs", "vitale"}}


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
    "pacs.0031_who_signed": "the register of a town, and its acts: a few thousand lines",
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
