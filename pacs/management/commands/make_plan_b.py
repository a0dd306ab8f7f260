"""Write the « plan B », the appointments of the next ten working days, as a PDF each evening.

For the day when the network or the server is down: keep the folder on a machine of the counter.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.timezone import localdate

from pacs.actions.readings import note_readings
from pacs.papers.sheets import plan_b

#: Readable by its owner only: the sheet names people.
PRIVATE = 0o600
KEPT = 2


class Command(BaseCommand):
    help = "Écrit en PDF, dans un dossier, les rendez-vous des dix prochains jours ouvrés."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder",
            type=Path,
            nargs="?",
            default=settings.PLAN_B_DIR,
            help="où l’écrire (PLAN_B_DIR) ; les plus anciens sont supprimés",
        )

    def handle(self, *args: Any, folder: Path | str, **options: Any) -> None:
        if not folder:
            raise CommandError("Donnez un dossier, ou réglez PLAN_B_DIR.")
        folder = Path(folder)
        now = timezone.now()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"plan-b-{localdate(now).isoformat()}.pdf"
        path.touch(mode=PRIVATE)
        path.chmod(PRIVATE)
        sheet = plan_b(localdate(now), at=now)
        # Before it is written: whoever opens the folder has looked at all of them.
        note_readings(None, "plan B écrit par la machine", at=now, dossiers=sheet.dossiers)
        path.write_bytes(sheet.content)
        for old in sorted(folder.glob("plan-b-*.pdf"))[:-KEPT]:
            old.unlink()
        self.stdout.write(f"Écrit : {path.name}")
