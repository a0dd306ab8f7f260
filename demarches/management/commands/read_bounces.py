"""Read the mailbox where mails come back."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demarches.mail.bounces import MailboxUnreachable, read_returns


class Command(BaseCommand):
    """Note which of our mails came back; run every ten minutes where a mailbox is configured."""

    help = "Read the mailbox where mails come back, and note each mail that did not arrive."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BOUNCES_HOST:
            raise CommandError("BOUNCES_HOST is missing: no mailbox is configured.")
        try:
            found = read_returns()
        except MailboxUnreachable as error:
            raise CommandError(f"The mailbox cannot be read: {error}.") from error
        self.stdout.write(f"read={found.read} returned={found.returned}")
