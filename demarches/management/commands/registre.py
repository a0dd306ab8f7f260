"""Write the draft of the register of processing activities of this town (RGPD, article 30)."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.utils.timezone import localdate

from demarches.procedures import procedures
from demarches.processing import controller, holders, measures, servers, shared_sheets
from demarches.rules.processing import Register, markdown


def register() -> Register:
    """What the portal does with data, here and today."""
    return Register(
        controller=controller(),
        sheets=[*(sheet for one in procedures() for sheet in one.processing()), *shared_sheets()],
        servers=list(servers()),
        measures=measures(),
        groups=holders(),
        on=localdate(),
    )


def write(page: str, output: Path | None, screen: OutputWrapper) -> None:
    """To the file, or on the screen; raises `CommandError` when the file cannot be written."""
    if output is None:
        screen.write(page, ending="")
        return
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{output} ne peut pas être écrit : {error.strerror}.") from error
    screen.write(f"Écrit : {output}")


class Command(BaseCommand):
    """On the standard output; it names no resident."""

    help = "Écrit le projet de registre des traitements (RGPD, article 30), en Markdown."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", metavar="FICHIER", type=Path, help="au lieu de l’écran")

    def handle(self, *args: Any, output: Path | None, **options: Any) -> None:
        write(markdown(register()), output, self.stdout)
