"""Delete what accounts leave behind: those never used, old sign-ins, answers and mails."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import ProtectedError
from django.utils import timezone
from post_office.models import STATUS

from demarches.dossiers.retention import LOOSE_MAILS, UNUSED_ACCOUNT
from demarches.mail.emails import loose_mails
from demarches.models import DeletionRequest, SignIn, StaffSession, User
from demarches.rules.deadlines import add_months

HOUR = timedelta(hours=1)


def _verb(dry_run: bool, *, feminine: bool = False) -> str:
    return "à effacer" if dry_run else ("effacées" if feminine else "effacés")


class Command(BaseCommand):
    """An account is made when a code is asked for; without a sign-in, it is not kept."""

    help = "Efface comptes jamais utilisés, vieilles connexions, vieilles réponses, vieux mails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--hours", type=int, default=UNUSED_ACCOUNT // HOUR, help="âge de la demande, en heures"
        )
        parser.add_argument("--dry-run", action="store_true", help="compter sans rien effacer")

    def handle(self, *args: Any, hours: int, dry_run: bool, **options: Any) -> None:
        before = timezone.now() - timedelta(hours=hours)
        unused = User.objects.filter(
            last_login=None, is_staff=False, is_superuser=False, date_joined__lt=before
        )
        deleted = 0
        for user in unused:
            if dry_run:
                deleted += 1
                continue
            try:
                user.delete()
            except ProtectedError:
                continue  # a dossier or its journal names this person
            deleted += 1
        self._forget_sign_ins(dry_run=dry_run)
        self._forget_answers(dry_run=dry_run)
        self.stdout.write(f"Comptes jamais utilisés {_verb(dry_run)} : {deleted}")

    def _forget_answers(self, *, dry_run: bool) -> None:
        """Answers to requests of deletion, and mails of accounts that left or never will."""
        now = timezone.now()
        answered = DeletionRequest.objects.forgotten(at=now)
        gone = (STATUS.sent, STATUS.failed)
        old = now - LOOSE_MAILS
        mails = loose_mails().filter(status__in=gone, last_updated__lt=old)
        self.stdout.write(
            f"Réponses aux demandes d’effacement {_verb(dry_run, feminine=True)} :"
            f" {answered.count()}. Mails {_verb(dry_run)} : {mails.count()}"
        )
        if not dry_run:
            answered.delete()
            mails.delete()

    def _forget_sign_ins(self, *, dry_run: bool) -> None:
        """Security logs, and sessions that nobody can use any more."""
        now = timezone.now()
        first_day = add_months(timezone.localdate(now), -SignIn.KEPT_MONTHS)
        old = SignIn.objects.filter(at__date__lt=first_day)
        over = StaffSession.objects.exclude(pk__in=StaffSession.objects.alive(now).values("pk"))
        if dry_run:
            self.stdout.write(f"Connexions {_verb(dry_run, feminine=True)} : {old.count()}")
            return
        over.delete()
        self.stdout.write(f"Connexions {_verb(dry_run, feminine=True)} : {old.delete()[0]}")
