"""What the couple changes once the dossier is sent, and what the mairie asks them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from demarches.models.fields import GuardedJSONField, GuardedTextField
from pacs.models.dossier import Dossier
from pacs.models.partenaire import Partenaire
from pacs.rules.enums import PENDING, CorrectionStatus


class Correction(models.Model):
    """Answers proposed after the sending, kept apart until an agent takes them.

    `values`: by column, {"old", "new"} as the column stores them (`old`: what the person read).
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="corrections")
    #: 0 for the shared answers, else the place of the partenaire whose answers they are.
    holder = models.PositiveSmallIntegerField(default=0)
    values = GuardedJSONField("réponses proposées", default=dict)
    status = models.CharField(
        "état",
        max_length=10,
        choices=CorrectionStatus.choices(),
        default=CorrectionStatus.DRAFT.value,
    )
    changed_at = models.DateTimeField("proposée le")
    sent_at = models.DateTimeField("envoyée le", null=True, blank=True)
    decided_at = models.DateTimeField("décidée le", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="décidée par",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    #: Why it was not taken; the person reads it.
    reason = GuardedTextField("motif", blank=True, max_length=1000)

    class Meta:
        verbose_name = "correction proposée"
        verbose_name_plural = "corrections proposées"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "holder"],
                condition=Q(status__in=PENDING),
                name="pacs_correction_one_pending",
            ),
            models.CheckConstraint(
                condition=Q(holder__in=[0, 1, 2]), name="pacs_correction_holder_known"
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False),
                name="pacs_correction_sent_dated",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["taken", "declined"])
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="pacs_correction_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="declined") | ~Q(reason=""),
                name="pacs_correction_declined_motivated",
                violation_error_message="Dites pourquoi cette correction n’est pas reprise.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_id} {self.holder} {self.status}"


class InformationRequest(models.Model):
    """What the mairie asks one person: their own part of the request, which the other never reads.

    `question`: the address of the answer it is about (« moi/acte », « commun/adresse »), or empty.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="requests")
    partenaire = models.ForeignKey(Partenaire, on_delete=models.CASCADE, related_name="requests")
    text = GuardedTextField("demande", max_length=4000)
    question = models.CharField("réponse à revoir", max_length=40, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="par", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("le")
    #: When this person said that they had answered, or when the mairie asked anew.
    closed_at = models.DateTimeField("répondue le", null=True, blank=True)
    #: Somebody else had this place then: agents alone read it.
    sealed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "demande de compléments"
        verbose_name_plural = "demandes de compléments"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M}"
