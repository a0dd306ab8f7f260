"""Make the database of this release anew: to be run when a release is made, then committed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.portal import ROOT
from tests.upgrade.release import KEPT, KEYS, keep

with tempfile.TemporaryDirectory() as folder:
    environment = os.environ | KEYS | {"VAR_DIR": folder, "DEBUG": "1", "DATABASE_URL": ""}
    for words in (["migrate", "-v0"], ["load_fixtures"], ["demo_data", "--dossiers", "14"]):
        subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=environment, check=True)
    print(f"{KEPT.name}: {keep(Path(folder) / 'portal.sqlite3')} bytes")
