"""Django's checks of a deployment, with the settings of a server of the town hall."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.audit.portal import production_environment
from tests.audit.table import Row
from tests.support.portal import ROOT


def rows(folder: Path) -> list[Row]:
    """One row; the whole output is kept in deploy.txt."""
    with tempfile.TemporaryDirectory() as var_dir:
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=production_environment(Path(var_dir)),
            capture_output=True,
            text=True,
            check=False,
        )
    told = done.stdout + done.stderr
    (folder / "deploy.txt").write_text(told, encoding="utf-8")
    found = sorted(set(re.findall(r"\(([\w.]+\.[CEW]\d+)\)", told)))
    return [
        Row.of(
            "check --deploy",
            "0 issues on production settings",
            ", ".join(found) or ("0 issues" if done.returncode == 0 else "it broke down"),
            "manage.py check --deploy --fail-level WARNING",
            is_met=done.returncode == 0,
        )
    ]
