"""Send the reminders that people asked for; run it daily, before the purge."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from vitale.actions.upkeep import remind, remind_meetings


class Command(BaseCommand):
    help = "Envoie les rappels des aide-mémoire et des rendez-vous d’aide, une fois chacun."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        reminded, meetings = remind(at=now), remind_meetings(at=now)
        self.stdout.write(
            f"Rappels d’aide-mémoire : {reminded}. Rappels de rendez-vous : {meetings}."
        )
