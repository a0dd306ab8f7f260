"""What is said about a dossier: messages, mails, internal notes, journal, readings."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from demarches.dossiers.exchange import NoteBase, SentMailBase
from demarches.models import DossierEventBase, ReadingBase
from demarches.models.fields import (
    GuardedCharField,
    GuardedJSONField,
    GuardedSlugField,
    GuardedTextField,
)
from pacs.models.dossier import Dossier
from pacs.models.fields import RequestTextField
from pacs.models.partenaire import Partenaire
from pacs.rules.desk_words import STATUS_WORDS

MAIL_KINDS = {
    "invitation": "Invitation",
    "invitation_reminder": "Rappel de l’invitation",
    "invitation_expired": "Invitation sans réponse",
    "invitation_declined": "Invitation refusée",
    "part_reminder": "Rappel d’une partie commencée",
    "partner_left": "L’autre ne participe plus",
    "helper_invitation": "Invitation à aider",
    "part_completed": "L’autre partie est terminée",
    "comment_received": "Remarque de l’autre partenaire",
    "acknowledgement": "Accusé de réception",
    "pieces_requested": "Demande de compléments",
    "answers_received": "Compléments reçus",
    "dossier_complete": "Dossier complet",
    "appointment_booked": "Rendez-vous confirmé",
    "appointment_moved": "Rendez-vous déplacé",
    "appointment_cancelled": "Rendez-vous annulé",
    "appointment_missed": "Absence au rendez-vous",
    "appointment_reminder": "Rappel du rendez-vous",
    "earlier_offer": "Date plus proche proposée",
    "registered": "Démarche terminée",
    "opposable": "Publicité terminée",
    "attestation_ended": "Attestation à refaire",
    "correction_decided": "Correction examinée",
    "changed_by_mairie": "Réponse changée par la mairie",
    "dossier_stopped": "Démarche arrêtée",
    "dossier_inadmissible": "Décision à lire",
    "message_received": "Message de la mairie",
    "deletion_warning": "Effacement annoncé",
}


class Message(models.Model):
    """One message between the couple and the mairie.

    `private_to` set: only that partenaire and the mairie read it (« parler seul(e) à un agent »).
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="messages")
    #: Set when a partenaire wrote it; empty when the mairie did.
    partenaire = models.ForeignKey(
        Partenaire, null=True, blank=True, on_delete=models.CASCADE, related_name="messages"
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="agent",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    private_to = models.ForeignKey(
        Partenaire,
        verbose_name="réservé à",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="private_messages",
    )
    body = GuardedTextField("message", max_length=4000)
    at = models.DateTimeField("le")
    #: One-time key of the form it came from: a double click writes one message.
    form_key = GuardedCharField(max_length=40, unique=True, null=True, editable=False)  # type: ignore[misc]
    #: Set when somebody else took this place in the dossier: agents still read it, nobody else.
    sealed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "message"
        verbose_name_plural = "messages"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(partenaire__isnull=True) | models.Q(agent__isnull=True),
                name="pacs_message_one_author",
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M}"

    @property
    def from_mairie(self) -> bool:
        return self.partenaire_id is None

    @property
    def is_of_former(self) -> bool:
        """Somebody wrote it who had this place in the dossier before."""
        return self.partenaire is not None and not self.partenaire.was_here(self.at)


class Note(NoteBase):
    """An internal note: agents only."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="notes")
    body = GuardedTextField("note", max_length=4000)

    class Meta(NoteBase.Meta):
        abstract = False


class SentMail(SentMailBase):
    """A mail queued about a dossier; `partenaire`: whom it is for, of the two."""

    LABELS = MAIL_KINDS
    TOPICS = {
        kind: "appointment"
        for kind in MAIL_KINDS
        if kind.startswith("appointment_") or kind in {"dossier_complete", "registered"}
    }

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="mails")
    partenaire = models.ForeignKey(
        Partenaire, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta(SentMailBase.Meta):
        abstract = False
        indexes: ClassVar[list[models.Index]] = [
            # Who was told that a dossier has arrived: one pile asks it of every open one.
            models.Index(
                fields=["dossier"],
                condition=models.Q(kind="acknowledgement", email__isnull=False),
                name="pacs_sentmail_told",
            )
        ]


class DossierEvent(DossierEventBase):
    """The journal of a PACS dossier; agents alone read it, and it is deleted with the dossier."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="events")
    #: What changed: a list of {"label", "old", "new"}, in words.
    changes = GuardedJSONField("changements", default=list, blank=True, editable=False)
    #: Set when one of the two people acted.
    partenaire = models.ForeignKey(
        Partenaire, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    SUBJECT = "dossier"

    class Meta(DossierEventBase.Meta):
        abstract = False


class Reading(ReadingBase):
    """A look at a dossier, at one of its files, or at a line of the register; never changed."""

    #: Whoever helps a partenaire opened a page: « aide », the place of that partenaire, the page.
    HELP = "aide"
    SUBJECT = "dossier"
    ABOUT = ("dossier__reference", "registration__number")

    dossier = models.ForeignKey(
        Dossier, null=True, blank=True, on_delete=models.CASCADE, related_name="readings"
    )
    registration = models.ForeignKey(
        "pacs.Registration",
        verbose_name="ligne du registre",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="readings",
    )

    class Meta(ReadingBase.Meta):
        abstract = False
        indexes: ClassVar[list[models.Index]] = [
            # To whom the acknowledgement was printed: a few of all the looks of years.
            models.Index(
                fields=["dossier"],
                condition=models.Q(what="papier accuse"),
                name="pacs_reading_receipt",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(dossier__isnull=False, registration__isnull=True)
                | models.Q(dossier__isnull=True, registration__isnull=False),
                name="pacs_reading_of_one_thing",
            )
        ]


class RefusalReason(models.Model):
    """A typed reason for refusing a piece, with the text staff start from."""

    code = GuardedSlugField(primary_key=True, max_length=40)
    label = GuardedCharField("motif", max_length=80)
    text = RequestTextField(
        "texte proposé", help_text="Envoyé au partenaire ; l’agent peut l’adapter à chaque fois."
    )
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "motif de refus d’une pièce"
        verbose_name_plural = "motifs de refus d’une pièce"
        ordering = ["position", "code"]

    def __str__(self) -> str:
        return self.label


class MessageTemplate(models.Model):
    """A message that agents start from; its variables are filled for each reader."""

    slug = GuardedSlugField(primary_key=True, max_length=40)
    label = GuardedCharField("nom", max_length=80)
    body = RequestTextField(
        "texte",
        help_text="Se remplissent pour chaque personne : {{ pieces_manquantes }}, {{ prenom }},"
        " {{ reference }}, {{ rendez_vous }}, {{ reponse_promise }}, {{ telephone }}.",
    )
    status = models.CharField(
        "proposé d’abord quand le dossier est",
        max_length=20,
        choices=[(status.value, words) for status, words in STATUS_WORDS.items()],
        blank=True,
        help_text="Vide : à la suite des autres, quel que soit l’état.",
    )

    class Meta:
        verbose_name = "modèle de message"
        verbose_name_plural = "modèles de message"
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label
