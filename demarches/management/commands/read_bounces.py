"""Read the mailbox where mails come back."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demarches.mail.bounces import MailboxUnreachable, read_returns


class Command(BaseCommand):
    """Note which of our mails came back; run every ten minutes where a mailbox is configured."""

    help = "Lit la boîte où les mails reviennent, et note ceux qui ne sont pas arrivés."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BOUNCES_HOST:
            raise CommandError("BOUNCES_HOST manque : aucune boîte de retour n’est réglée.")
        try:
            found = read_returns()
        except MailboxUnreachable as error:
            raise CommandError(f"La boîte de retour ne peut pas être lue : {error}.") from error
        self.stdout.write(f"Lus : {found.read}. Revenus : {found.returned}.")
