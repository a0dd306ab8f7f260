"""Import the national guidance (co-marquage) from a zip, a folder or one XML file.

It stands above the procedures, so that their own texts learn that their source has changed.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demarches.comarquage import ImportRefused, Report, import_source, roll_back
from demarches.rules.dates_fr import day_fr
from vitale.actions.upkeep import date_sources

SHOWN = 12


class Command(BaseCommand):
    """Read all of it, compare with what is shown, then switch; or change nothing and say why."""

    help = "Import the national guidance from a zip, a folder or one XML file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", nargs="?", type=Path, help="A zip, a folder or an XML file.")
        parser.add_argument("--url", default="", help="Where it was downloaded from.")
        parser.add_argument("--force", action="store_true", help="Accept a much smaller set.")
        parser.add_argument(
            "--rollback", action="store_true", help="Put the previous set back in service."
        )

    def handle(self, *args: Any, source: Path | None, **options: Any) -> None:
        try:
            if options["rollback"]:
                self.stdout.write(f"En service : {roll_back()}")
                self._tell_the_guide()
                return
            if source is None:
                raise CommandError("Donnez un zip, un dossier ou un fichier XML.")
            report = import_source(
                source,
                at=timezone.now(),
                url=options["url"],
                force=options["force"],
                progress=lambda files, count: tqdm(files, total=count, unit="fiche"),
            )
        except ImportRefused as refused:
            raise CommandError(f"{refused} Rien n’a changé.") from refused
        self._tell(report)
        self._tell_the_guide()

    def _tell_the_guide(self) -> None:
        for code, day in date_sources().items():
            self.stdout.write(f"Carte Vitale : la fiche {code} est datée du {day_fr(day)}.")

    def _tell(self, report: Report) -> None:
        if not report.is_new:
            self.stdout.write(f"C’est déjà le guide en service ({report.count}) : rien à changer.")
            return
        self.stdout.write(f"{report.count} documents en service.")
        for label, codes in (
            ("Ajoutés", report.added),
            ("Modifiés", report.changed),
            ("Retirés", report.removed),
        ):
            more = f" et {len(codes) - SHOWN} autres" if len(codes) > SHOWN else ""
            self.stdout.write(f"{label} : {len(codes)} {' '.join(codes[:SHOWN])}{more}".rstrip())
        for name, count in sorted(report.unknown.items()):
            self.stdout.write(f"Élément inconnu : {name} ({count} fois), son texte est affiché.")
