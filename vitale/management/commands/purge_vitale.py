"""Announce, then delete, the follow-ups that retention no longer allows to keep; run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from vitale.actions.upkeep import purge, warn_of_deletion


class Command(BaseCommand):
    help = "Delete old aide-mémoire and requests for help, with their mails; counts stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would go.")

    def handle(self, *args: Any, **options: Any) -> None:
        now, dry_run = timezone.now(), options["dry_run"]
        warned = warn_of_deletion(at=now, dry_run=dry_run)
        report = purge(at=now, dry_run=dry_run)
        told, verb = ("would warn", "would delete") if dry_run else ("warned", "deleted")
        self.stdout.write(
            f"{told}: {warned}; {verb}: {report.suivis} aide-mémoire, {report.demandes} requests"
        )
