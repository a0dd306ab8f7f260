"""The waiting list for an earlier date: what was offered to whom, and what they said."""

from django.db import models

from demarches.models import Appointment
from pacs.models.dossier import Dossier


class EarlierOffer(models.Model):
    """One slot offered to one couple; the same one is never offered to them twice."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="earlier_offers")
    appointment = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField("créneau proposé")
    offered_at = models.DateTimeField("proposé le")
    answer = models.CharField(
        "réponse",
        max_length=10,
        blank=True,
        choices=[("accepted", "Accepté"), ("refused", "Refusé"), ("lapsed", "Sans réponse")],
    )
    answered_at = models.DateTimeField("répondu le", null=True, blank=True)

    class Meta:
        verbose_name = "date plus proche proposée"
        verbose_name_plural = "dates plus proches proposées"
        ordering = ["-offered_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "starts_at"], name="pacs_earlieroffer_once"),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True)
                | (~models.Q(answer="") & models.Q(answered_at__isnull=False)),
                name="pacs_earlieroffer_answer_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%d/%m/%Y %H:%M}"
