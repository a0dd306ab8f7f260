"""Import the national guidance (co-marquage) from an address, a zip, a folder or one XML file.

It stands above the procedures, so that their own texts learn that their source has changed.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demarches.files.download import Stamp
from demarches.guidance.comarquage import (
    AlreadyRefused,
    ImportRefused,
    Report,
    fetch,
    import_source,
    roll_back,
)
from demarches.procedures import procedures

SHOWN = 12


class Command(BaseCommand):
    """Read all of it, compare with what is shown, then switch; or change nothing and say why."""

    help = "Importe le guide national : de COMARQUAGE_URL, ou de la source donnée."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source",
            nargs="?",
            default="",
            help="adresse, zip, dossier ou fichier XML",
        )
        parser.add_argument("--url", default="", help="d’où un fichier local a été téléchargé")
        parser.add_argument(
            "--force", action="store_true", help="accepter un guide bien plus petit, ou refusé"
        )
        parser.add_argument(
            "--rollback", action="store_true", help="remettre en service le guide d’avant"
        )

    def handle(self, *args: Any, source: str, **options: Any) -> None:
        try:
            if options["rollback"]:
                self.stdout.write(f"En service : {roll_back(at=timezone.now())}")
            elif source and not source.startswith(("https://", "http://")):
                self._tell(self._import(Path(source), options["url"], Stamp(), options["force"]))
            else:
                self._fetch(source or settings.COMARQUAGE_URL, force=options["force"])
        except ImportRefused as refused:
            raise CommandError(f"{refused} Rien n’a changé.") from refused
        self._tell_the_procedures()

    def _fetch(self, url: str, *, force: bool) -> None:
        if not url:
            raise CommandError("Donnez un zip, un dossier ou un fichier XML, ou COMARQUAGE_URL.")
        with TemporaryDirectory() as folder:
            found = fetch(url, Path(folder), at=timezone.now(), force=force)
            if found is None:
                self.stdout.write("Le fichier n’a pas changé : rien à faire.")
                return
            try:
                self._tell(self._import(found[0], url, found[1], force))
            except AlreadyRefused as refused:
                # By the clock this is what is expected, until the next file is published.
                self.stdout.write(f"{refused} Rien n’a changé.")

    def _import(self, path: Path, url: str, stamp: Stamp, force: bool) -> Report:
        return import_source(
            path,
            at=timezone.now(),
            url=url,
            force=force,
            stamp=stamp,
            progress=lambda files, count: tqdm(files, total=count, unit="fiche", disable=None),
        )

    def _tell_the_procedures(self) -> None:
        for procedure in procedures():
            for line in procedure.on_new_guide() if procedure.on_new_guide else ():
                self.stdout.write(line)

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
