"""Load the town's first data."""

import json
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


def _is_new(path: Path) -> bool:
    """True when no table of the file holds a row: what agents wrote is never overwritten."""
    labels = {entry["model"] for entry in json.loads(path.read_text(encoding="utf-8"))}
    return not any(apps.get_model(label)._default_manager.exists() for label in labels)


class Command(BaseCommand):
    """Load each file of fixtures/ whose tables are all empty; the others are left alone.

    Starting again, or upgrading to a version that brings a new file, is therefore safe.
    """

    help = "Charge les fichiers de fixtures/ dont les tables sont vides."

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = settings.FIXTURE_DIRS[0]
        new = [path for path in sorted(folder.glob("*.json")) if _is_new(path)]
        if new:
            # In one go: a file may name rows of another.
            call_command("loaddata", *(path.stem for path in new), verbosity=0)
        self.stdout.write(f"Chargés : {', '.join(path.stem for path in new) or 'aucun'}")
