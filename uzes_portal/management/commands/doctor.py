"""Say what is wrong with this installation, and the line that mends it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from uzes_portal.doctor import examine


class Command(BaseCommand):
    """Ends with 1 when something keeps the portal from serving people well."""

    help = "Dit ce qui ne va pas dans cette installation, et la ligne qui le répare."
    # What stops every other command is what this one is asked about.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for finding in examine(at=timezone.now()):
            if finding.is_well:
                self.stdout.write(f"bien    {finding.label}")
                continue
            wrong += not finding.is_minor
            self.stdout.write(f"{'à voir' if finding.is_minor else 'MAL':<7} {finding.label}")
            self.stdout.write(f"        {finding.wrong}")
            self.stdout.write(f"        → {finding.remedy}")
            self.stdout.flush()
        if wrong:
            raise CommandError(f"{wrong} point{'s' if wrong > 1 else ''} à réparer.")
        self.stdout.write("Tout va bien.")
