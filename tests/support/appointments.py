"""Appointments for tests, and dossiers that may take one."""

from datetime import datetime, timedelta

from django.utils import timezone

from demarches.models import Agenda, Appointment, User
from demarches.rules.enums import AppointmentStatus
from pacs.actions import desk
from pacs.models import Dossier
from tests.support.dossiers import accept_everything, bring_everything, send


def booked_seat(dossier: Dossier, *, starts_at: datetime | None = None) -> Appointment:
    """A seat of the agenda, booked past every rule."""
    start = starts_at or timezone.now().replace(microsecond=0) + timedelta(days=20)
    return Appointment.objects.create(
        agenda=Agenda.objects.get(slug="pacs"),
        starts_at=start,
        ends_at=start + timedelta(minutes=30),
        seat=1,
        capacity=1,
        status=AppointmentStatus.BOOKED.value,
        holder=dossier.reference,
        created_at=timezone.now(),
    )


def make_complete(draft: Dossier, agent: User, *, at: datetime) -> Dossier:
    """Send, accept every piece, declare complete; as the couple and the agent do."""
    bring_everything(draft, at=at)
    sent = send(draft, at=at)
    accept_everything(sent, agent)
    desk.declare_complete(sent, by=agent, at=at, version=None)
    return Dossier.objects.get(pk=sent.pk)
