"""Delete the accounts that nobody ever used, and the agents' sign-ins that are too old."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import ProtectedError
from django.utils import timezone

from demarches.models import SignIn, StaffSession, User
from demarches.rules.deadlines import add_months


class Command(BaseCommand):
    """An account is made when a code is asked for; without a sign-in, it is not kept."""

    help = "Delete accounts asked for and never used."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=int, default=24, help="age of the request")
        parser.add_argument("--dry-run", action="store_true", help="count, delete nothing")

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
        self.stdout.write(f"accounts={deleted}{' (dry run)' if dry_run else ''}")

    def _forget_sign_ins(self, *, dry_run: bool) -> None:
        """Security logs, and sessions that nobody can use any more."""
        now = timezone.now()
        first_day = add_months(timezone.localdate(now), -SignIn.KEPT_MONTHS)
        old = SignIn.objects.filter(at__date__lt=first_day)
        over = StaffSession.objects.exclude(pk__in=StaffSession.objects.alive(now).values("pk"))
        if dry_run:
            self.stdout.write(f"sign_ins={old.count()} (dry run)")
            return
        over.delete()
        self.stdout.write(f"sign_ins={old.delete()[0]}")
