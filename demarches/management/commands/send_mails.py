"""Send the mails of the outbox."""

import logging
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import OperationalError, close_old_connections
from django.utils import timezone

from demarches.mail.emails import deliver_due
from demarches.models import Heartbeat
from demarches.web.locked import is_locked

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Send what is due, once or for ever; several may run at once, on several machines."""

    help = "Envoie les mails de la boîte d’envoi dont l’heure est venue."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", type=float, metavar="SECONDES", help="sans fin, à ce rythme")

    def handle(self, *args: Any, loop: float | None = None, **options: Any) -> None:
        if loop is None:
            self.send()
            return
        while True:
            try:
                Heartbeat.beat("send_mails", at=timezone.now())
                self.send()
            except OperationalError as error:
                if is_locked(error):
                    # Somebody else writes for long: what is due is still due at the next round.
                    logger.warning("outbox_waits database=locked")
                else:
                    # A database that restarts must not stop the sender for good.
                    logger.exception("outbox_unreachable")
            close_old_connections()
            time.sleep(loop)

    def send(self) -> None:
        done = deliver_due()
        if done.sent or done.retried or done.failed:
            self.stdout.write(
                f"Envoyés : {done.sent}. À réessayer : {done.retried}. Échoués : {done.failed}."
            )
