"""What residents ask beyond the buttons they have: that everything of theirs be deleted."""

from datetime import date, datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import localdate

from demarches.models.fields import GuardedTextField
from demarches.rules.deadlines import add_months
from demarches.rules.enums import DeletionStatus


class DeletionRequestQuerySet(models.QuerySet["DeletionRequest"]):
    def waiting(self) -> "DeletionRequestQuerySet":
        """Those that nobody has handled yet."""
        return self.filter(status=DeletionStatus.ASKED.value)

    def forgotten(self, *, at: datetime) -> "DeletionRequestQuerySet":
        """Those answered so long ago that nobody needs them; one that waits is never among them."""
        first_day = add_months(localdate(at), -DeletionRequest.KEPT_MONTHS)
        return self.filter(handled_at__date__lt=first_day)


class DeletionRequest(models.Model):
    """One request of one account (RGPD, article 17); no reason is asked, one is owed to refuse."""

    #: The mairie has a month to answer (RGPD, article 12, 3).
    ANSWER_MONTHS: ClassVar[int] = 1
    #: An answer is kept so long, so that the mairie can show that it gave one: our choice.
    KEPT_MONTHS: ClassVar[int] = 12

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name="compte",
        related_name="deletion_requests",
    )
    asked_at = models.DateTimeField("demandé le")
    status = models.CharField(
        "état",
        max_length=10,
        choices=DeletionStatus.choices(),
        default=DeletionStatus.ASKED.value,
    )
    reason = GuardedTextField(
        "pourquoi, si vous refusez",
        blank=True,
        max_length=1000,
        help_text="La personne lit ce texte dans « Mes démarches ».",
    )
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="traité par",
        null=True,
        blank=True,
        related_name="+",
    )
    handled_at = models.DateTimeField("traité le", null=True, blank=True)

    objects = DeletionRequestQuerySet.as_manager()

    class Meta:
        verbose_name = "demande d’effacement"
        verbose_name_plural = "demandes d’effacement"
        ordering = ("-asked_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(status="asked"),
                name="demarches_deletion_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(status="asked", handled_by=None, handled_at=None)
                | Q(
                    status__in=["done", "refused"],
                    handled_by__isnull=False,
                    handled_at__isnull=False,
                ),
                name="demarches_deletion_handled_by_somebody",
                violation_error_message="Une demande traitée dit par qui et quand.",
            ),
            models.CheckConstraint(
                condition=(Q(status="refused") & ~Q(reason=""))
                | (~Q(status="refused") & Q(reason="")),
                name="demarches_deletion_refused_with_reason",
                violation_error_message="Un refus, et lui seul, dit pourquoi.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account}, {self.asked_at:%d/%m/%Y}"

    @property
    def due_on(self) -> date:
        """The last day for an answer."""
        return add_months(localdate(self.asked_at), self.ANSWER_MONTHS)
