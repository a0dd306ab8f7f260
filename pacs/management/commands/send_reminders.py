"""Remind: partenaires who never came or stopped half-way, appointments to come; run it hourly."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from pacs.actions.appointments import offer_earlier
from pacs.actions.upkeep import (
    remind_appointments,
    remind_partenaires,
    remind_parts,
    send_digest,
)


class Command(BaseCommand):
    help = "Rappelle invitations et rendez-vous, et propose les dates plus proches."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        reminded, ended = remind_partenaires(at=now)
        parts = remind_parts(at=now)
        appointments = remind_appointments(at=now)
        offered = offer_earlier(at=now)
        digests = send_digest(at=now)
        self.stdout.write(
            f"Rappels d’invitation : {reminded}. Invitations finies : {ended}. Rappels d’une partie"
            f" commencée : {parts}. Rappels de rendez-vous : {appointments}. Dates plus proches"
            f" proposées : {offered}. Résumés aux agents : {digests}."
        )
