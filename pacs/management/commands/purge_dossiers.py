"""Announce, then delete, the dossiers that retention no longer allows to keep; run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from pacs.actions.upkeep import purge_dossiers, warn_of_deletion


class Command(BaseCommand):
    help = "Delete abandoned drafts and dossiers that ended long ago, with their files and mails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Say what would go.")

    def handle(self, *args: Any, **options: Any) -> None:
        now, dry_run = timezone.now(), options["dry_run"]
        warned = warn_of_deletion(at=now, dry_run=dry_run)
        report = purge_dossiers(at=now, dry_run=dry_run)
        verb = "would delete" if dry_run else "deleted"
        told = "would warn" if dry_run else "warned"
        self.stdout.write(
            f"{told}: {warned} dossiers; {verb}: {report.drafts} drafts,"
            f" {report.ended} ended or silent dossiers, {report.files} files,"
            f" {report.scans} files of registered dossiers"
        )
