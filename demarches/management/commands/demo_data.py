"""Fill a realistic mairie for trying the desk: `make demo-data`."""

import secrets
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demarches.demo import Demo, demo_agents, renew_passwords
from demarches.procedures import procedures
from demarches.rules.numbers import counted

#: After each row. SQLite has one writer, and whoever waits for it only looks now and then:
#: without a pause, a portal that runs beside would hardly ever find it free.
BREATH_SECONDS = 0.05


class Command(BaseCommand):
    help = "Fait quelques centaines de dossiers vraisemblables ; personne n’y est réel."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dossiers", type=int, default=300)
        parser.add_argument("--force", action="store_true", help="aussi hors de DEBUG")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEBUG or options["force"]):
            raise CommandError("Ces données sont pour une démonstration : DEBUG=1, ou --force.")
        if options["dossiers"] < 1:
            raise CommandError("--dossiers: a number from 1 on.")
        password = secrets.token_urlsafe(16)
        renew_passwords(password)
        # Said first: whatever happens next, the agents can sign in.
        self._tell(password)
        agents = demo_agents(password)
        demo = Demo(agents["instructeur"], agents["officier"], timezone.now(), options["dossiers"])
        for one in procedures():
            if one.demo is not None:
                made = 0
                for _ in tqdm(one.demo(demo), unit=" " + one.name):
                    made += 1
                    time.sleep(BREATH_SECONDS)
                said = counted(made, "ajouté") if made else "déjà là, rien d’ajouté"
                self.stdout.write(f"{one.title} : {said}.")

    def _tell(self, password: str) -> None:
        self.stdout.write(
            "Agents : demo.accueil@, demo.instructeur@, demo.officier@,"
            f" demo.administrateur@example.org, mot de passe {password}"
        )
