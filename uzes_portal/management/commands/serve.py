"""Serve the portal to the public: the web, the mails and the periodic jobs under one command."""

import logging
import signal
import time
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from uzes_portal.metrics import forget_counts
from uzes_portal.processes import Watched, granian

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Start each process, start again the one that ends, and stop all of them when told to.

    Several machines: `--web` on each, `--worker` on one or more.
    """

    help = "Sert le portail : pages, mails et travaux automatiques, sous une seule commande."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--web", action="store_true", help="seulement les pages")
        parser.add_argument("--worker", action="store_true", help="seulement mails et travaux")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2, help="processus du serveur web")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DEBUG:
            raise CommandError("DEBUG est actif : pour essayer le portail, lancez « make run ».")
        self.check(fail_level=checks.ERROR)
        self._check_database()
        everything = not (options["web"] or options["worker"])
        watched = []
        if everything or options["web"]:
            if settings.METRICS_TOKEN:
                forget_counts()
            where = {key: options[key] for key in ("host", "port", "workers")}
            watched.append(Watched("web", granian(**where)))
        if everything or options["worker"]:
            watched.append(Watched("mails", ["manage.py", "send_mails", "--loop", "5"]))
            watched.append(Watched("jobs", ["manage.py", "run_jobs", "--loop", "10"]))
        for told_to_stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(told_to_stop, signal.default_int_handler)
        try:
            self._watch(watched)
        except KeyboardInterrupt:
            logger.info("serve_stopped")

    def _check_database(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError("La base n’est pas à jour : lancez d’abord manage.py migrate.")
        connection.close()

    def _watch(self, watched: list[Watched]) -> None:
        with ExitStack() as stack:
            for one in watched:
                stack.callback(one.stop)
            # Stopping is not to be interrupted: the first thing done is to become deaf.
            stack.callback(signal.signal, signal.SIGTERM, signal.SIG_IGN)
            stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
            while True:
                for one in watched:
                    if said := one.look(time.monotonic()):
                        logger.info("process_changed name=%s %s", one.name, said)
                time.sleep(0.2)
