"""Send the reminders that people asked for; run it daily, before the purge."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from vitale.actions.upkeep import remind


class Command(BaseCommand):
    help = "Queue the reminders of the aide-mémoire that are due, once each."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"reminded: {remind(at=timezone.now())}")
