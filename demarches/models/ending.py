"""How an agent ended something, and for how long that can be undone."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from demarches.models.agenda import Appointment
from demarches.models.fields import GuardedTextField
from demarches.rules.enums import Status, Transition

#: The mails about the end leave after it; the seat of the appointment comes back after it.
UNDO_TIME = timedelta(minutes=15)


def may_be_undone(ended_at: datetime | None, *, at: datetime) -> bool:
    """Whether what an agent ended then may still be taken back, by whoever did it.

    Until it may not, nobody is told: no mail leaves, and no page, paper or export says it.
    """
    return ended_at is not None and at < ended_at + UNDO_TIME


class EndingBase(models.Model):
    """One act of an agent that ended a dossier, with what it takes to undo it."""

    transition = models.CharField(max_length=24, choices=Transition.choices())
    reason = GuardedTextField("motif")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="par", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("le")
    from_status = models.CharField("statut avant", max_length=20, choices=Status.choices())
    waiting_since = models.DateTimeField(null=True, blank=True)
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_at = models.DateTimeField("annulé le", null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["at", "pk"]
        verbose_name = "fin de dossier"
        verbose_name_plural = "fins de dossier"
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="%(app_label)s_%(class)s_motivated",
                violation_error_message="Dites pourquoi le dossier s’arrête.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.transition} {self.at:%d/%m/%Y %H:%M}"

    @property
    def undo_until(self) -> datetime:
        """The last moment at which the same agent may undo it."""
        return self.at + UNDO_TIME

    def is_undoable(self, *, by: models.Model, at: datetime) -> bool:
        """Whether this agent may undo it now."""
        return self.undone_at is None and self.by_id == by.pk and may_be_undone(self.at, at=at)
