"""Remove the stored files that no row points to, and check those that rows point to."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from demarches.files import storage

GRACE = timedelta(hours=1)


class Command(BaseCommand):
    help = (
        "Supprime les fichiers qui n’appartiennent plus à aucun dossier (écrits il y a plus d’une"
        " heure), puis vérifie que chaque fichier d’un dossier s’ouvre encore."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compter sans supprimer")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        try:
            self.sweep(dry_run=dry_run)
        except storage.StorageUnreachable as error:
            raise CommandError(
                "Le stockage des pièces ne répond pas : relancez quand il répondra."
            ) from error

    def sweep(self, *, dry_run: bool) -> None:
        orphans = storage.orphans(before=timezone.now() - GRACE)
        if not dry_run:
            for name in orphans:
                storage.delete(name)
        verb = "à supprimer" if dry_run else "supprimés"
        self.stdout.write(f"Fichiers orphelins {verb} : {len(orphans)}")
        if damaged := storage.damaged_names():
            raise CommandError(f"{len(damaged)} fichiers perdus ou abîmés : {', '.join(damaged)}")
        self.stdout.write("Fichiers perdus ou abîmés : 0")
