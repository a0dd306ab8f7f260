"""The database of a release, kept as it was on both engines: what an upgrade starts from.

Made by `python -m tests.upgrade` in a checkout of the release: some dossiers in every state, by the
demonstration. Nobody in it is real, and its keys are of no use anywhere else.
"""

import lzma
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg

from tests.support.postgres import Server

FOLDER = Path(__file__).parent
KEPT = FOLDER / "release.sql.xz"
KEPT_POSTGRES = FOLDER / "release-postgres.sql.xz"
#: What seals and encrypts in it.
KEYS = {
    "SECRET_KEY": "upgrade-test-upgrade-test-upgrade-test-upgrade-test-1",
    "FILE_KEYS": "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
}
#: As any server reads it: who may what is the installation's, and the open sessions nobody's.
DUMP = (
    *("--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=100"),
    "--exclude-table-data=django_session",
)


def restore(path: Path) -> None:
    """Write the release's database there, as SQLite."""
    with closing(sqlite3.connect(path)) as base:
        base.executescript(lzma.decompress(KEPT.read_bytes()).decode())


def restore_postgres(server: Server) -> None:
    """Write the release's database in that server, as its portal."""
    server.create()
    with psycopg.connect(server.url) as base:
        base.execute(lzma.decompress(KEPT_POSTGRES.read_bytes()))


def keep(path: Path) -> int:
    """Keep the SQLite file as the release's database, without the open sessions; its weight."""
    with closing(sqlite3.connect(path)) as base:
        base.execute("DELETE FROM django_session")
        base.commit()
        text = "\n".join(base.iterdump())
    return _write(KEPT, text)


def keep_postgres(server: Server) -> int:
    """Keep the portal of this server as the release's database; its weight."""
    dump = [str(server.bin_dir / "pg_dump"), *DUMP, server.url]
    text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    # What speaks to psql alone, and a setting that older servers do not know.
    lines = text.splitlines()
    said = [one for one in lines if not one.startswith(("\\", "SET transaction_timeout"))]
    return _write(KEPT_POSTGRES, "\n".join(said))


def _write(kept: Path, text: str) -> int:
    return kept.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
