"""The pieces of a dossier and the files sent for them."""

from datetime import date
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import localdate

from demarches.models.fields import GuardedCharField, GuardedTextField
from demarches.rules.enums import STORED_PIECE_STATUSES, PieceStatus
from pacs.models.dossier import Dossier
from pacs.models.partenaire import Partenaire
from pacs.rules.validity import MaxAge, identity_valid_until, last_usable_day

DECLARATION_RULE = "P01_declaration"
IDENTITY_RULE = "P03_identite"
IN_HAND = frozenset({PieceStatus.PROVIDED, PieceStatus.TO_BRING, PieceStatus.ACCEPTED})


class PieceQuerySet(models.QuerySet["Piece"]):
    """Reads of pieces, with a name."""

    def required(self) -> Self:
        """Those the couple's situation asks for today."""
        return self.filter(is_required=True)


class Piece(models.Model):
    """One piece that a rule asks for, for the couple or for one partenaire.

    `key` tells the asking rule, its holder and the document it is about; the row survives when
    the situation changes, so that nothing sent is lost.
    """

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="pieces")
    partenaire = models.ForeignKey(
        Partenaire, null=True, blank=True, on_delete=models.CASCADE, related_name="pieces"
    )
    key = models.CharField(max_length=80, editable=False)
    rule_id = models.CharField("règle", max_length=40, editable=False)
    about = models.CharField("au sujet de", max_length=40, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    is_required = models.BooleanField("demandée", default=True, editable=False)
    #: Only « perhaps » needed: an answer was « je ne sais pas ».
    is_uncertain = models.BooleanField("peut-être", default=False, editable=False)
    status = models.CharField(
        "état",
        max_length=12,
        choices=[(s.value, s.label) for s in STORED_PIECE_STATUSES],
        default=PieceStatus.MISSING.value,
    )
    issued_on = models.DateField("délivrée le", null=True, blank=True)
    #: The expiry printed on an identity document.
    expires_on = models.DateField("valable jusqu’au", null=True, blank=True)
    #: A carte d'identité issued to a French adult: some are valid longer than they say.
    is_french_adult_card = models.BooleanField("carte d’identité française d’adulte", default=False)
    citizen_note = GuardedTextField("explication du partenaire", blank=True, max_length=1000)
    refusal_code = models.CharField("motif", max_length=40, blank=True)
    refusal_text = GuardedTextField("explication de la mairie", blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="décidée par",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_at = models.DateTimeField("décidée le", null=True, blank=True)

    original_seen_at = models.DateTimeField("original vu le", null=True, blank=True)

    objects = PieceQuerySet.as_manager()

    class Meta:
        verbose_name = "pièce"
        verbose_name_plural = "pièces"
        ordering = ["position", "pk"]
        indexes: ClassVar[list[models.Index]] = [
            # What grows too old is looked for among everybody's pieces (`pacs.reads.piles`).
            models.Index(fields=["rule_id", "issued_on"], name="pacs_piece_issued"),
            models.Index(fields=["rule_id", "expires_on"], name="pacs_piece_expires"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "key"], name="pacs_piece_once"),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in STORED_PIECE_STATUSES]),
                name="pacs_piece_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(refusal_text=""),
                name="pacs_piece_refusal_motivated",
                violation_error_message="Une pièce refusée l’est avec une explication.",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["accepted", "refused"]) | Q(decided_at__isnull=False),
                name="pacs_piece_decision_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_untouched(self) -> bool:
        """Nobody has said anything of it: no choice, no date, no decision."""
        untold = self.status in {PieceStatus.MISSING.value, PieceStatus.PROVIDED.value}
        return untold and not (self.issued_on or self.expires_on or self.decided_at)

    @property
    def current_status(self) -> PieceStatus:
        return PieceStatus(self.status)

    @property
    def may_be_announced(self) -> bool:
        """Nothing was sent nor said of it: there is nothing to judge yet."""
        return self.current_status in {PieceStatus.MISSING, PieceStatus.BLOCKED}

    @property
    def is_decided(self) -> bool:
        """An agent accepted or refused it."""
        return self.current_status in {PieceStatus.ACCEPTED, PieceStatus.REFUSED}

    @property
    def is_in_hand(self) -> bool:
        """Given, or promised for the day: its age counts."""
        return self.current_status in IN_HAND

    @property
    def is_promised(self) -> bool:
        """Said to be brought, and not dated: nobody knows whether it has been asked for yet."""
        return self.current_status is PieceStatus.TO_BRING and self.issued_on is None

    def ages(self, age: MaxAge | None) -> bool:
        """Its date counts: the end of an identity document, the issue of what grows too old."""
        return self.rule_id == IDENTITY_RULE or age is not None

    def verified_until(self, age: MaxAge | None) -> date | None:
        """Until when the mairie's own verification of a birth record serves; None: not verified.

        It ages like the record it stands for (fiche F1618).
        """
        if self.status != PieceStatus.ACCEPTED.value or self.decided_at is None or age is None:
            return None
        return last_usable_day(localdate(self.decided_at), age)

    def last_day(self, age: MaxAge | None) -> date | None:
        """The last day this piece serves; None when it does not age or has no date yet."""
        if self.rule_id == IDENTITY_RULE:
            if self.expires_on is None:
                return None
            return identity_valid_until(
                self.expires_on, is_french_adult_card=self.is_french_adult_card
            )
        if age is None or self.issued_on is None:
            return None
        return last_usable_day(self.issued_on, age)

    def status_on(self, day: date, age: MaxAge | None) -> PieceStatus:
        """The stored status, or « expired » when the piece will be too old on that day."""
        last = self.last_day(age)
        if self.is_in_hand and last is not None and last < day:
            return PieceStatus.EXPIRED
        return self.current_status


class PieceFile(models.Model):
    """One clean, encrypted file sent for a piece; the bytes stand in the private storage."""

    piece = models.ForeignKey(Piece, on_delete=models.CASCADE, related_name="files")
    storage_name = models.CharField(max_length=120, unique=True, editable=False)
    display_name = GuardedCharField("nom du fichier", max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField("taille en octets")
    pages = models.PositiveSmallIntegerField(default=1)
    sha256 = models.CharField(max_length=64)
    warnings = models.JSONField(default=list, blank=True)
    uploaded_at = models.DateTimeField("envoyé le")
    uploaded_by = models.ForeignKey(
        Partenaire, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: Nobody opens it meanwhile, and its piece is not accepted.
    held_since = models.DateTimeField("attend l’antivirus depuis", null=True, blank=True)

    class Meta:
        verbose_name = "fichier"
        verbose_name_plural = "fichiers"
        ordering = ["uploaded_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["piece", "sha256"],
                name="pacs_piecefile_once",
                violation_error_message="Ce fichier est déjà joint à cette pièce.",
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def page_numbers(self) -> range:
        """Its pages, each of which can be shown as a picture."""
        return range(1, self.pages + 1)
