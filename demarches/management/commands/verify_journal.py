"""Walk the chain that seals the journal, and say which row is not as it was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from demarches.desk.journal import seal_loose, verify_journal


class Command(BaseCommand):
    """Exits with 1 when a row was changed, added, taken out or moved; the check is itself noted."""

    help = "Vérifie qu’aucune ligne du journal n’a été changée, ajoutée, retirée ou déplacée."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect",
            default="",
            metavar="NOMBRE:EMPREINTE",
            help="la fin de la chaîne écrite par une fois d’avant : y est-elle toujours ?",
        )
        parser.add_argument(
            "--seal",
            action="store_true",
            help="sceller les lignes qui ne le sont pas, une fois que quelqu’un les a vues",
        )

    def handle(self, *args: Any, expect: str, seal: bool, **options: Any) -> None:
        if expect and not expect.split(":", 1)[0].isdecimal():
            raise CommandError(
                "--expect : écrivez ce qu’une fois d’avant a écrit, « nombre:empreinte »."
            )
        report = verify_journal(by=None, at=timezone.now(), expected=expect)
        for problem in report.problems:
            self.stdout.write(problem)
        if seal:
            self.stdout.write(f"Lignes scellées : {seal_loose(report)}")
        self.stdout.write(f"Sceaux : {report.seals}. Problèmes : {len(report.problems)}.")
        self.stdout.write(f"Fin : {report.seals}:{report.head}")
        if report.problems:
            raise CommandError("Le journal n’est pas entier : voyez ci-dessus.")
