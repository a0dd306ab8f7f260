"""The couple's dossier: the answers they share, and its journal."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from demarches.models import DossierBase, DossierEventBase, DossierQuerySet, User
from demarches.rules.enums import Status
from pacs.rules.situation import (
    Convention,
    CoupleAnswers,
    Impediment,
    Kinship,
    Residence,
)

if TYPE_CHECKING:
    from pacs.models.partenaire import Partenaire


class PacsDossierQuerySet(DossierQuerySet["Dossier"]):
    """Reads of PACS dossiers, with a name."""

    def visible_to(self, user: User) -> Self:
        """The dossiers in which this account is one of the two partenaires."""
        return self.filter(partenaires__user=user)

    def inviting(self, user: User) -> Self:
        """Drafts and open dossiers whose second partenaire was invited at this address."""
        return self.filter(
            partenaires__user__isnull=True,
            partenaires__invited_email__iexact=user.email,
        ).exclude(status__in=[Status.WITHDRAWN.value, Status.CLOSED.value])


class Dossier(DossierBase):
    """One couple's request to conclude a PACS in this mairie."""

    REFERENCE_PREFIX: ClassVar[str] = "PACS"

    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="ouvert par",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
    )
    #: Typed in by an agent for people at the counter.
    at_counter = models.BooleanField("ouvert au guichet", default=False, editable=False)

    residence = models.CharField(
        "adresse commune", max_length=20, choices=Residence.choices(), blank=True
    )
    impediment = models.CharField(
        "empêchement grave", max_length=30, choices=Impediment.choices(), blank=True
    )
    kinship = models.CharField(
        "lien entre les partenaires", max_length=30, choices=Kinship.choices(), blank=True
    )
    convention = models.CharField(
        "convention", max_length=20, choices=Convention.choices(), blank=True
    )
    wished_date = models.DateField("date souhaitée", null=True, blank=True)
    street = models.CharField("numéro et voie", max_length=200, blank=True)
    street_more = models.CharField("complément d’adresse", max_length=200, blank=True)
    postcode = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("commune", max_length=100, blank=True)

    inadmissible_ground = models.TextField("motif de l’irrecevabilité", blank=True, editable=False)

    objects = PacsDossierQuerySet.as_manager()

    class Meta(DossierBase.Meta):
        verbose_name = "dossier de Pacs"
        verbose_name_plural = "dossiers de Pacs"
        permissions = [
            ("review_dossier", "Vérifier les pièces et décider"),
            ("register_dossier", "Enregistrer le Pacs (officier d’état civil)"),
        ]
        constraints = [
            *DossierBase.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(status="inadmissible") | ~Q(inadmissible_ground=""),
                name="pacs_dossier_inadmissible_motivated",
                violation_error_message="Une décision d’irrecevabilité est motivée.",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("pacs:dossier", args=[self.reference])

    def record(
        self,
        *,
        kind: str,
        by: User | None,
        at: datetime,
        partenaire: "Partenaire | None" = None,
        **details: Any,
    ) -> DossierEventBase:
        """Append a line to the journal of this dossier."""
        return self.events.create(kind=kind, by=by, at=at, partenaire=partenaire, **details)

    @property
    def people(self) -> "tuple[Partenaire, Partenaire]":
        """The two partenaires, the one who opened the dossier first."""
        first, second = sorted(self.partenaires.all(), key=lambda one: one.position)
        return first, second

    @property
    def answers(self) -> CoupleAnswers:
        """The couple's answers as the rules read them."""
        first, second = self.people
        return CoupleAnswers(
            residence=Residence(self.residence) if self.residence else None,
            impediment=Impediment(self.impediment or Impediment.NONE),
            convention=Convention(self.convention) if self.convention else None,
            kinship=Kinship(self.kinship) if self.kinship else None,
            people=(first.answers, second.answers),
        )
