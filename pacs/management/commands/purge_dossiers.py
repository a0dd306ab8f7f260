"""Announce, then delete, the dossiers that retention no longer allows to keep; run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from demarches.rules.numbers import counted
from pacs.actions.upkeep import purge_dossiers, warn_of_deletion


class Command(BaseCommand):
    help = "Efface les brouillons abandonnés et les dossiers finis depuis longtemps."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compter sans rien effacer")

    def handle(self, *args: Any, **options: Any) -> None:
        now, dry_run = timezone.now(), options["dry_run"]
        warned = warn_of_deletion(at=now, dry_run=dry_run)
        report = purge_dossiers(at=now, dry_run=dry_run)
        verb = "À effacer" if dry_run else "Effacés"
        told = "À prévenir" if dry_run else "Prévenus"
        self.stdout.write(
            f"{told} : {counted(warned, 'dossier')}. {verb} :"
            f" {counted(report.drafts, 'brouillon')},"
            f" {counted(report.ended, 'dossier fini', 'dossiers finis')} ou sans nouvelles,"
            f" {counted(report.files, 'fichier')},"
            f" {counted(report.scans, 'fichier')} de dossiers enregistrés."
        )
