"""Write the draft of the impact assessment of this town (AIPD; RGPD, article 35)."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from demarches.impact import RIGHTS, SOURCES, protections, supports
from demarches.management.commands.registre import register, write
from demarches.rules.impact import Assessment, markdown


def assessment() -> Assessment:
    """What can be said of this installation today; it opens no dossier."""
    return Assessment(
        register=register(),
        measures=list(protections()),
        rights=RIGHTS,
        sources=SOURCES,
        supports=list(supports()),
    )


class Command(BaseCommand):
    """On the standard output; it names no resident."""

    help = "Écrit le projet d’analyse d’impact (RGPD, article 35), en Markdown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", metavar="FICHIER", type=Path, help="au lieu de l’écran")

    def handle(self, *args: Any, output: Path | None, **options: Any) -> None:
        write(markdown(assessment()), output, self.stdout)
