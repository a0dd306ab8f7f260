"""The dossier of the example, its two pieces, its journal and who looked at it."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.models import (
    DossierBase,
    DossierEventBase,
    DossierQuerySet,
    ReadingBase,
    User,
)
from demarches.models.fields import GuardedCharField
from demarches.rules.enums import Transition
from tests.recensement.rules import PIECES, refuse_age

KEPT = timedelta(days=90)


class RecensementQuerySet(DossierQuerySet["Recensement"]):
    def visible_to(self, user: User) -> "RecensementQuerySet":
        """The dossiers of this account."""
        return self.filter(owner=user)

    def inviting(self, user: User) -> "RecensementQuerySet":
        return self.none()

    def forgotten(self, *, at: datetime) -> "RecensementQuerySet":
        """Silent for as long as they may be kept."""
        return self.filter(last_activity_at__lt=at - KEPT)


class Recensement(DossierBase):
    """The dossier of one young person."""

    REFERENCE_PREFIX: ClassVar[str] = "RECEN"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    first_names = GuardedCharField("prénoms", max_length=100, blank=True)
    birth_name = GuardedCharField("nom de naissance", max_length=100, blank=True)
    birth_date = models.DateField("né le", null=True, blank=True)

    objects = RecensementQuerySet.as_manager()

    class Meta(DossierBase.Meta):
        abstract = False
        verbose_name = "recensement"
        verbose_name_plural = "recensements"

    def get_absolute_url(self) -> str:
        return reverse("recensement:dossier", args=[self.reference])

    @property
    def name(self) -> str:
        return f"{self.first_names} {self.birth_name}".strip() or self.reference

    @property
    def kept_until(self) -> date:
        return localdate(self.last_activity_at + KEPT)

    def missing(self) -> list[str]:
        """What is still to be given, as labels."""
        untold = [
            str(one.verbose_name)
            for one in self._meta.fields
            if one.name in ("first_names", "birth_name", "birth_date")
            and not getattr(self, one.name)
        ]
        given = set(self.pieces.values_list("kind", flat=True))
        return untold + [label for kind, label in PIECES.items() if kind not in given]

    def blockers(self, transition: Transition, *, by: User | None, at: datetime) -> list[str]:
        """The rule and the pieces, wherever somebody relies on them."""
        if transition not in {Transition.SUBMIT, Transition.RESUBMIT, Transition.ACCEPT}:
            return []
        lacking = [f"Il manque : {one.lower()}." for one in self.missing()]
        refusal = refuse_age(self.birth_date, on=localdate(at)) if self.birth_date else ""
        return lacking + ([refusal] if refusal else [])

    def record(self, *, kind: str, by: User | None, at: datetime, **details: Any) -> "Event":
        return Event.objects.create(dossier=self, kind=kind, by=by, at=at, **details)


class Event(DossierEventBase):
    SUBJECT = "dossier"

    dossier = models.ForeignKey(Recensement, models.CASCADE, related_name="events")

    class Meta(DossierEventBase.Meta):
        abstract = False


class Reading(ReadingBase):
    """A look of an agent."""

    SUBJECT = "dossier"
    ABOUT = ("dossier__reference",)

    dossier = models.ForeignKey(Recensement, models.CASCADE, related_name="readings")

    class Meta(ReadingBase.Meta):
        abstract = False


class Piece(models.Model):
    """One clean, encrypted file; `storage_name` is how the portal finds, sweeps and backs it up."""

    dossier = models.ForeignKey(Recensement, models.CASCADE, related_name="pieces")
    kind = models.CharField("pièce", max_length=20, choices=list(PIECES.items()))
    storage_name = models.CharField(max_length=120, unique=True, editable=False)
    display_name = GuardedCharField("nom du fichier", max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = "pièce"
        verbose_name_plural = "pièces"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "kind"], name="recensement_piece_once")
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
