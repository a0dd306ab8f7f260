"""Run the periodic jobs whose hour has come: once, or for ever."""

import logging
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, close_old_connections
from django.utils import timezone
from django.utils.timezone import localtime

from demarches.desk.jobs import job_types, plan, run_due
from demarches.models import Heartbeat, Job
from demarches.web.locked import is_locked

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Several may run at once, on several machines: each job is run by one of them."""

    help = "Lance les travaux automatiques dont l’heure est venue."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--loop", type=float, metavar="SECONDES", help="sans fin, à ce rythme")
        what.add_argument("--only", metavar="TRAVAIL", help="celui-ci, maintenant")
        what.add_argument("--list", action="store_true", help="dire ce qui est prévu")

    def handle(
        self, *args: Any, loop: float | None, only: str | None, list: bool, **options: Any
    ) -> None:
        plan(at=timezone.now())
        if list:
            self.say_plan()
        elif loop is None:
            self.run(only or "")
        else:
            self.run_for_ever(loop)

    def run(self, only: str = "") -> None:
        if only and only not in {one.command for one in job_types()}:
            raise CommandError(f"Aucun travail ne s’appelle {only!r} : voyez --list.")
        failed = []
        for row in run_due(at=timezone.now(), only=only):
            self.stdout.write(f"{row.name}: {row.failure or row.report or 'fait'}")
            self.stdout.flush()
            if row.failure:
                failed.append(row.name)
        if failed:
            raise CommandError(f"Ont échoué : {', '.join(failed)}.")

    def run_for_ever(self, seconds: float) -> None:
        while True:
            try:
                Heartbeat.beat("run_jobs", at=timezone.now())
                self.run()
            except CommandError as error:
                self.stderr.write(str(error))
            except OperationalError as error:
                if is_locked(error):
                    # Somebody else writes for long: what is due is still due at the next round.
                    logger.warning("jobs_waits database=locked")
                else:
                    # A database that restarts must not stop the jobs for good.
                    logger.exception("jobs_unreachable")
            close_old_connections()
            time.sleep(seconds)

    def say_plan(self) -> None:
        rows = {row.name: row for row in Job.objects.all()}
        for one in job_types():
            row = rows[one.command]
            last = f"{localtime(row.finished_at):%d/%m/%Y %H:%M}" if row.finished_at else "jamais"
            state = row.failure or row.report
            self.stdout.write(
                f"{one.command:<18} {one.label} · prochaine fois"
                f" {localtime(row.next_at):%d/%m/%Y %H:%M} · dernière {last} {state}".rstrip()
            )
