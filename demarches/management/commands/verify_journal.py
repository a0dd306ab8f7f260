"""Walk the chain that seals the journal, and say which row is not as it was written."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from demarches.desk.journal import seal_loose, verify_journal


class Command(BaseCommand):
    """Exits with 1 when a row was changed, added, taken out or moved; the check is itself noted."""

    help = "Check that no row of the journal was changed, added, taken out or moved."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect",
            default="",
            metavar="NUMBER:DIGEST",
            help="the end of the chain as an earlier run printed it: is it still there?",
        )
        parser.add_argument(
            "--seal",
            action="store_true",
            help="seal the rows that have no seal, once somebody has looked at them",
        )

    def handle(self, *args: Any, expect: str, seal: bool, **options: Any) -> None:
        if expect and not expect.split(":", 1)[0].isdecimal():
            raise CommandError("--expect: write what an earlier run printed, « number:digest ».")
        report = verify_journal(by=None, at=timezone.now(), expected=expect)
        for problem in report.problems:
            self.stdout.write(problem)
        if seal:
            self.stdout.write(f"sealed={seal_loose(report)}")
        self.stdout.write(f"seals={report.seals} problems={len(report.problems)}")
        self.stdout.write(f"end={report.seals}:{report.head}")
        if report.problems:
            raise CommandError("The journal is not whole: see above.")
