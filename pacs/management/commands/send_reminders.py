"""Remind the second partenaires who were invited and never came; run it daily."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from pacs.actions.upkeep import remind_partenaires


class Command(BaseCommand):
    help = "Remind invited partenaires, and end invitations nobody answered."

    def handle(self, *args: Any, **options: Any) -> None:
        reminded, ended = remind_partenaires(at=timezone.now())
        self.stdout.write(f"reminded: {reminded}, invitations ended: {ended}")
