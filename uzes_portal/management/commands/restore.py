"""Put an archive of `backup` back in place of what is there."""

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from demarches.files.storage import StorageUnreachable
from demarches.models import User
from demarches.rules.dates_fr import duration_fr, seconds_fr
from uzes_portal import backup


class Command(BaseCommand):
    """The services are stopped first. Nothing is touched when the archive is not whole."""

    help = "Remet une sauvegarde à la place de ce qui est là : arrêtez d’abord le service."
    # The tables may not be there yet.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", nargs="?", default="", help="un fichier ; sinon la dernière")
        parser.add_argument("--force", action="store_true", help="remplacer une base qui sert")

    def handle(self, *args: Any, archive: str, force: bool, **options: Any) -> None:
        started = time.monotonic()
        if not force and (people := _people()):
            raise CommandError(
                f"La base contient {people} comptes, qui seraient remplacés. Arrêtez le service,"
                " gardez une sauvegarde de ce qui est là, puis ajoutez --force."
            )
        try:
            with backup.opened(archive) as (folder, manifest):
                closed = backup.unopened(folder, manifest)
                wrong = backup.restore(folder, manifest)
        except backup.BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except StorageUnreachable as error:
            raise CommandError(
                "Le stockage ne répond pas : relancez la même commande, qui remet tout."
            ) from error
        lost = timezone.now() - datetime.fromisoformat(manifest.created_at)
        self.stdout.write(
            f"{sum(manifest.rows.values())} lignes et {len(manifest.pieces)} pièces remises en"
            f" {seconds_fr(time.monotonic() - started)}. Ce qui a été fait depuis la"
            f" sauvegarde, il y a {duration_fr(lost)}, est perdu."
        )
        self.stdout.write("Lancez manage.py migrate, puis manage.py doctor, avant le service.")
        if wrong or closed:
            told = ", ".join([*wrong, *(f"pièce illisible {name}" for name in closed)][:20])
            raise CommandError(f"Tout n’est pas revenu : {told}")


def _people() -> int:
    """How many accounts the database holds; 0 without tables."""
    if User._meta.db_table not in connection.introspection.table_names():
        return 0
    return User.objects.count()
