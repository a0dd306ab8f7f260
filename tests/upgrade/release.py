"""The database of a release, kept as it was: what an upgrade starts from.

Made by `python -m tests.upgrade` in a checkout of the release: some dossiers in every state, by the
demonstration. Nobody in it is real, and its keys are of no use anywhere else.
"""

import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

FOLDER = Path(__file__).parent
KEPT = FOLDER / "release.sql.xz"
#: What seals and encrypts in it.
KEYS = {
    "SECRET_KEY": "upgrade-test-upgrade-test-upgrade-test-upgrade-test-1",
    "FILE_KEYS": "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
}


def restore(path: Path) -> None:
    """Write the release's database there, as SQLite."""
    with closing(sqlite3.connect(path)) as base:
        base.executescript(lzma.decompress(KEPT.read_bytes()).decode())


def keep(path: Path) -> int:
    """Keep the SQLite file as the release's database, without the open sessions; its weight."""
    with closing(sqlite3.connect(path)) as base:
        base.execute("DELETE FROM django_session")
        base.commit()
        text = "\n".join(base.iterdump())
    return KEPT.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
