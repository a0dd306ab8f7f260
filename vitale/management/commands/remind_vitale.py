"""Send the reminders that people asked for; run it daily, before the purge."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from vitale.actions.upkeep import remind, remind_meetings


class Command(BaseCommand):
    help = "Queue the reminders of aide-mémoire and of appointments for help, once each."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        reminded, meetings = remind(at=now), remind_meetings(at=now)
        self.stdout.write(f"reminded: {reminded}, appointments reminded: {meetings}")
