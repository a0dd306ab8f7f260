"""Have the files that wait for the antivirus looked at."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from pacs.actions.held_files import check_held


class Command(BaseCommand):
    """Free what is clean, delete what is not and tell its people; the others go on waiting."""

    help = "Vérifie les pièces gardées pendant que l’antivirus ne répondait pas."

    def handle(self, *args: Any, **options: Any) -> None:
        done = check_held(at=timezone.now())
        if done.freed or done.thrown_away or done.waiting:
            self.stdout.write(
                f"Pièces vérifiées : {done.freed}. Supprimées : {done.thrown_away}. En attente :"
                f" {done.waiting}."
            )
