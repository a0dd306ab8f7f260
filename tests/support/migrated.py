"""A migrated database, made once and copied: to write one takes 20 s of a processor.

Whoever takes a copy runs `migrate` on it all the same, as after an upgrade that changed nothing.
"""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.support.portal import ROOT, demo_environment
from tests.support.postgres import throwaway_postgres

#: All that a migration, or what follows each `migrate`, may read.
READ = ("uzes_portal", "demarches", "pacs", "vitale", "fixtures")
#: The database of a server to copy others from, which only a server of one run has.
TEMPLATE = "migrated_for_tests"


def copy_to(path: Path) -> None:
    """Put a migrated SQLite database there, in place of the one there may be."""
    kept = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve() / "migrated"
    kept.mkdir(parents=True, exist_ok=True)
    source = kept / f"{digest()}.sqlite3"
    for end in ("-wal", "-shm"):  # what a run that was killed left is of another database
        path.with_name(path.name + end).unlink(missing_ok=True)
    # The first one makes it while the others wait; nobody copies what is being taken away.
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if source.exists():
            shutil.copyfile(source, path)
            return
        for old in kept.glob("*.sqlite3"):
            old.unlink()
        with TemporaryDirectory(dir=kept) as folder:
            made = _make(Path(folder))
            shutil.copyfile(made, path)
            if digest() == source.stem:  # nobody changed the code meanwhile
                made.replace(source)


def template_of(cursor: Any) -> str:
    """The database of this server that a new one is to be a copy of."""
    cursor.execute("SELECT datname FROM pg_database WHERE datname = %s", [TEMPLATE])
    return TEMPLATE if cursor.fetchone() else "template1"


@contextmanager
def migrated_postgres() -> Iterator[str]:
    """The DATABASE_URL of a server for one run, which has a migrated database to copy."""
    with throwaway_postgres() as url:
        base = url.rpartition("/")[0]
        with psycopg.connect(f"{base}/postgres", autocommit=True) as server:
            server.execute(f"CREATE DATABASE {TEMPLATE}")
        with TemporaryDirectory() as folder:
            _migrate(Path(folder), f"{base}/{TEMPLATE}")
        yield url


def _make(folder: Path) -> Path:
    """One file that is whole, whatever stands in the journal beside the database."""
    _migrate(folder, "")
    whole = folder / "whole.sqlite3"
    with closing(sqlite3.connect(folder / "portal.sqlite3")) as made:
        made.execute("VACUUM INTO ?", [str(whole)])
    return whole


def _migrate(var_dir: Path, database_url: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env={**demo_environment(var_dir), "DATABASE_URL": database_url},
        check=True,
    )


def digest() -> str:
    """Of the code as it stands, and of the packages it runs on."""
    told = hashlib.sha256()
    paths = [path for folder in READ for path in (ROOT / folder).rglob("*")]
    for path in sorted(paths):
        if path.is_file() and path.suffix != ".pyc":
            told.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
            told.update(path.read_bytes())
    packages = sorted(f"{one.name} {one.version}" for one in distributions())
    told.update(" ".join([sys.version, *packages]).encode())
    return told.hexdigest()[:32]
