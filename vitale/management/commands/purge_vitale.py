"""Announce, then delete, the follow-ups that retention no longer allows to keep; run it daily."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from demarches.rules.numbers import counted
from vitale.actions.upkeep import purge, warn_of_deletion


class Command(BaseCommand):
    help = "Efface les vieux aide-mémoire et demandes d’aide ; les chiffres restent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="compter sans rien effacer")

    def handle(self, *args: Any, **options: Any) -> None:
        now, dry_run = timezone.now(), options["dry_run"]
        warned = warn_of_deletion(at=now, dry_run=dry_run)
        report = purge(at=now, dry_run=dry_run)
        told, verb = ("À prévenir", "À effacer") if dry_run else ("Prévenus", "Effacés")
        self.stdout.write(
            f"{told} : {warned}. {verb} : {report.suivis} aide-mémoire,"
            f" {counted(report.demandes, 'demande')} d’aide."
        )
