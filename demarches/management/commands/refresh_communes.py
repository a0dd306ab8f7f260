"""Rewrite the table of communes from newer official files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demarches.typed.communes import refresh_communes


class Command(BaseCommand):
    """Read a folder of official files; write `fixtures/communes`, or change nothing."""

    help = "Récrit fixtures/communes depuis un dossier où sont communes.csv et departements.csv."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="un dossier où sont les deux fichiers")

    def handle(self, *args: Any, source: Path, **options: Any) -> None:
        try:
            count = refresh_communes(source)
        except (OSError, KeyError, ValueError) as problem:
            raise CommandError(f"{problem!r} : rien n’a changé.") from problem
        self.stdout.write(f"{count} communes écrites dans fixtures/communes.")
