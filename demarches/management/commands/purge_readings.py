"""Delete the looks of more than a year ago that leave with no dossier."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from demarches.desk.journal import purge_readings


class Command(BaseCommand):
    """Looks at the register, at mails and at the journal; the others leave with their dossier."""

    help = "Efface les consultations de plus d’un an qui ne sont d’aucun dossier."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compter sans rien effacer")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        count = purge_readings(at=timezone.now(), dry_run=dry_run)
        self.stdout.write(f"Consultations {'à effacer' if dry_run else 'effacées'} : {count}")
