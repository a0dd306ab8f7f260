"""Who may sign for the mairie: the officers of état civil and their delegations."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from demarches.models.fields import LatinCharField


class OfficerQuerySet(models.QuerySet["Officer"]):
    def in_force(self, day: date) -> Self:
        """Those who may sign on this day."""
        return self.filter(
            Q(in_force_until=None) | Q(in_force_until__gte=day), in_force_from__lte=day
        )


class Officer(models.Model):
    """An officier de l'état civil: the maire, an adjoint, or a delegate of the maire.

    A delegation goes to a fonctionnaire titulaire of the commune (CGCT, art. R2122-10) and has
    dates; nobody registers outside of them.
    """

    name = LatinCharField("nom", max_length=120, help_text="Par exemple « Claire Martin ».")
    quality = LatinCharField(
        "qualité", max_length=120, help_text="Par exemple « adjointe au maire »."
    )
    act = LatinCharField(
        "arrêté de délégation",
        max_length=120,
        blank=True,
        help_text="Numéro et date ; vide pour le maire et ses adjoints.",
    )
    in_force_from = models.DateField("à partir du")
    in_force_until = models.DateField("jusqu’au (inclus)", null=True, blank=True)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        limit_choices_to={"is_staff": True},
    )

    objects = OfficerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = "officier d’état civil"
        verbose_name_plural = "officiers d’état civil"
        constraints = [
            models.CheckConstraint(
                condition=Q(in_force_until__isnull=True)
                | Q(in_force_until__gte=F("in_force_from")),
                name="demarches_officer_dates",
                violation_error_message="La fin de la délégation suit son début.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.quality}"

    def is_in_force(self, day: date) -> bool:
        return self.in_force_from <= day and (
            self.in_force_until is None or day <= self.in_force_until
        )
