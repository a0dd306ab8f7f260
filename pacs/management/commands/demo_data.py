"""Fill a realistic mairie for trying the desk: `make demo-data`."""

import secrets
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from pacs.demo.dossiers import is_there, make_dossiers, renew_passwords

#: After each dossier. SQLite has one writer, and whoever waits for it only looks now and then:
#: without a pause, a portal that runs beside would hardly ever find it free.
BREATH_SECONDS = 0.05


class Command(BaseCommand):
    help = "Make some hundred believable dossiers, in every state; nobody in them is real."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dossiers", type=int, default=300)
        parser.add_argument("--force", action="store_true", help="Also outside DEBUG.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or options["force"]):
            raise CommandError("Demonstration data is for a demonstration: DEBUG=1, or --force.")
        password = secrets.token_urlsafe(16)
        if is_there():
            renew_passwords(password)
            self.stdout.write("The demonstration data is already there; nothing was added.")
            self._tell(password)
            return
        count = options["dossiers"]
        # Said first: whatever happens next, the agents can sign in.
        self._tell(password)
        made = make_dossiers(count, now=timezone.now(), password=password)
        for _ in tqdm(made, total=count, unit="dossier"):
            time.sleep(BREATH_SECONDS)
        self.stdout.write(f"{count} dossiers.")

    def _tell(self, password: str) -> None:
        self.stdout.write(
            "Agents: demo.accueil@, demo.instructeur@, demo.officier@,"
            f" demo.administrateur@example.org, password {password}"
        )
