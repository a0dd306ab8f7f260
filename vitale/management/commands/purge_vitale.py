"""Delete the follow-ups that retention no longer allows to keep; run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from vitale.actions.upkeep import purge


class Command(BaseCommand):
    help = "Delete old aide-mémoire and requests for help, with their mails; counts stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would go.")

    def handle(self, *args: Any, **options: Any) -> None:
        report = purge(at=timezone.now(), dry_run=options["dry_run"])
        verb = "would delete" if options["dry_run"] else "deleted"
        self.stdout.write(f"{verb}: {report.suivis} aide-mémoire, {report.demandes} requests")
