"""Delete the dossiers that retention no longer allows to keep; run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from pacs.actions.upkeep import purge_dossiers


class Command(BaseCommand):
    help = "Delete abandoned drafts and dossiers that ended long ago, with their files and mails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would go.")

    def handle(self, *args: Any, **options: Any) -> None:
        report = purge_dossiers(at=timezone.now(), dry_run=options["dry_run"])
        verb = "would delete" if options["dry_run"] else "deleted"
        self.stdout.write(
            f"{verb}: {report.drafts} drafts, {report.ended} ended or silent dossiers,"
            f" {report.files} files, {report.scans} files of registered dossiers"
        )
