"""Delete the dossiers of the example that are kept no longer."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from tests.recensement.actions import purge


class Command(BaseCommand):
    help = "Delete the dossiers that are kept no longer, and their files."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"gone={purge(at=timezone.now())}")
