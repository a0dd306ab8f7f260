"""Back up the database and the pieces into one sealed archive; or check the archives."""

import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from demarches.files.storage import StorageUnreachable
from demarches.models.dossier import dossier_models
from demarches.rules.dates_fr import seconds_fr
from demarches.templatetags.portal import file_size, moment_fr
from uzes_portal import backup


class Command(BaseCommand):
    """May run while the portal serves. `--verify` restores apart, and opens what it finds."""

    help = "Sauvegarde la base et les pièces dans une archive chiffrée, ou vérifie une archive."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--verify", metavar="ARCHIVE", nargs="?", const="", help="la dernière")
        what.add_argument("--list", action="store_true", help="les archives gardées")

    def handle(self, *args: Any, verify: str | None, list: bool, **options: Any) -> None:
        try:
            if list:
                self.stdout.write(
                    "\n".join(backup.kept())
                    or f"Aucune archive dans {backup.place()} (BACKUP_DIR)."
                )
            elif verify is None:
                self.back_up()
            else:
                self.verify(verify)
        except backup.BackupRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except StorageUnreachable as error:
            raise CommandError(
                "Le stockage ne répond pas : cette archive n’est pas gardée. Relancez la commande."
            ) from error

    def back_up(self) -> None:
        started, at = time.monotonic(), timezone.now()
        with tempfile.TemporaryDirectory(dir=settings.VAR_DIR) as folder:
            scratch = Path(folder)
            archive = scratch / backup.archive_name(at)
            manifest = backup.write(archive, at=at, scratch=scratch)
            size = archive.stat().st_size
            gone = backup.keep(archive, at=at)
        self.stdout.write(
            f"{archive.name} : {sum(manifest.rows.values())} lignes, {len(manifest.pieces)} pièces,"
            f" {file_size(size)} en {seconds_fr(time.monotonic() - started)} ;"
            f" archives effacées : {len(gone)}"
        )

    def verify(self, name: str) -> None:
        started = time.monotonic()
        with backup.opened(name) as (folder, manifest):
            wrong = backup.unopened(folder, manifest)
            with backup.scratch_database(folder) as alias:
                wrong += backup.differences(manifest, using=alias)
                read = [m for m in dossier_models() if m._default_manager.using(alias).first()]
        if wrong:
            raise CommandError("La sauvegarde n’est pas bonne : " + ", ".join(wrong[:20]))
        made = moment_fr(datetime.fromisoformat(manifest.created_at))
        self.stdout.write(
            f"Archive du {made} : {sum(manifest.rows.values())} lignes et"
            f" {len(manifest.pieces)} pièces, toutes relues"
            f"{', un dossier ouvert' if read else ''}, en {seconds_fr(time.monotonic() - started)}."
        )
