"""What an agent decided, with a reason, about what the rules leave to an agent."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from demarches.models.fields import GuardedTextField
from pacs.models.dossier import Dossier


class OutcomeDecision(models.Model):
    """« An agent looks at »: somebody looked, and wrote why the dossier may go on.

    Holds for the answers of `digest` only: when they change, it is to be looked at again.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="decisions")
    #: Code of the outcome (R01, A02…), never one that blocks.
    code = models.CharField("point à regarder", max_length=4)
    #: 0 for both, else the place of the partenaire.
    holder = models.PositiveSmallIntegerField(default=0)
    reason = GuardedTextField("motif de la décision", max_length=1000)
    digest = models.CharField(max_length=64, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="par", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("le")

    class Meta:
        verbose_name = "décision d’un agent"
        verbose_name_plural = "décisions d’agents"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="pacs_outcomedecision_motivated",
                violation_error_message="Une décision est motivée.",
            ),
            models.CheckConstraint(
                condition=Q(holder__in=[0, 1, 2]), name="pacs_outcomedecision_holder_known"
            ),
            models.CheckConstraint(
                condition=~Q(code__startswith="B") | Q(code="B02"),
                name="pacs_outcomedecision_never_a_block",
                violation_error_message="Ce que la loi interdit ne se décide pas.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.at:%d/%m/%Y}"
