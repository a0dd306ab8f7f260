"""Make the databases of this release anew: to be run when a release is made, then committed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.portal import ROOT
from tests.support.postgres import throwaway_server
from tests.upgrade.release import KEPT, KEPT_POSTGRES, KEYS, keep, keep_postgres


def fill(folder: str, url: str) -> None:
    """A portal with some dossiers, in the database of this address."""
    environment = os.environ | KEYS | {"VAR_DIR": folder, "DEBUG": "1", "DATABASE_URL": url}
    for words in (["migrate", "-v0"], ["load_fixtures"], ["demo_data", "--dossiers", "14"]):
        subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=environment, check=True)


with tempfile.TemporaryDirectory() as folder:
    fill(folder, "")
    print(f"{KEPT.name}: {keep(Path(folder) / 'portal.sqlite3')} bytes")
with tempfile.TemporaryDirectory() as folder, throwaway_server() as server:
    server.create()
    fill(folder, server.url)
    print(f"{KEPT_POSTGRES.name}: {keep_postgres(server)} bytes")
