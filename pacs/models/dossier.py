"""The couple's dossier: the answers they share, and its journal."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.timezone import localdate

from demarches.models import Appointment, DossierBase, DossierEventBase, DossierQuerySet, User
from demarches.rules.enums import PieceStatus, Status, Transition
from pacs.models.completeness import missing_common, missing_own
from pacs.models.settings import PacsSettings
from pacs.models.wording import PieceWording
from pacs.rules.days import Days
from pacs.rules.eligibility import Outcome, outcomes
from pacs.rules.enums import Door
from pacs.rules.situation import (
    Convention,
    CoupleAnswers,
    Impediment,
    Kinship,
    Residence,
    derive_inputs,
)

if TYPE_CHECKING:
    from pacs.models.partenaire import Partenaire


BEFORE_COMPLETE = [
    s.value for s in (Status.DRAFT, Status.SUBMITTED, Status.UNDER_REVIEW, Status.PIECES_REQUESTED)
]


class PacsDossierQuerySet(DossierQuerySet["Dossier"]):
    """Reads of PACS dossiers, with a name."""

    def visible_to(self, user: User) -> Self:
        """The dossiers in which this account is one of the two partenaires."""
        return self.filter(partenaires__user=user).select_related("appointment")

    def for_desk(self) -> Self:
        """What agents may open: everything sent, and the drafts people hand over on paper.

        A draft that its couple has not sent is nobody else's business.
        """
        handed_over = Q(at_counter=True) | Q(partenaires__door=Door.PAPER.value)
        return self.filter(~Q(status=Status.DRAFT.value) | handed_over).distinct()

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

    appointment = models.OneToOneField(
        Appointment,
        verbose_name="rendez-vous",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pacs_dossier",
        editable=False,
    )
    #: The slot kept while the couple confirms; live or lapsed, `Appointment.is_held` tells.
    held_appointment = models.OneToOneField(
        Appointment,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="pacs_dossier_holding",
        editable=False,
    )
    #: The place in the queue for an earlier date; refusing an offer does not change it.
    earlier_wanted_since = models.DateTimeField(
        "souhaite une date plus proche depuis", null=True, blank=True, editable=False
    )

    inadmissible_ground = models.TextField("motif de l’irrecevabilité", blank=True, editable=False)
    #: What the registration rested on, written with it, so that the database can refuse one
    #: that rests on nothing: the day, the day of the appointment, the attestations in force.
    registered_on = models.DateField("enregistré le", null=True, blank=True, editable=False)
    registered_appointment_on = models.DateField(null=True, blank=True, editable=False)
    registered_attestations = models.PositiveSmallIntegerField(default=0, editable=False)
    #: When both were told that the dossier will be deleted; empty again after any activity.
    deletion_warned_at = models.DateTimeField(null=True, blank=True, editable=False)

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
            models.CheckConstraint(
                condition=~Q(status="scheduled") | Q(appointment__isnull=False),
                name="pacs_dossier_scheduled_has_appointment",
                violation_error_message="Un dossier avec rendez-vous en a un.",
            ),
            models.CheckConstraint(
                condition=Q(appointment__isnull=True) | ~Q(status__in=BEFORE_COMPLETE),
                name="pacs_dossier_appointment_needs_complete",
                violation_error_message="Le rendez-vous suit le dossier complet.",
            ),
            models.CheckConstraint(
                condition=~Q(status="registered")
                | Q(
                    registered_on__isnull=False,
                    registered_on=F("registered_appointment_on"),
                    registered_attestations=2,
                ),
                name="pacs_dossier_registered_rests_on",
                violation_error_message="Un Pacs s’enregistre le jour du rendez-vous, avec deux"
                " attestations.",
            ),
        ]

    @property
    def appointment_label(self) -> str:
        return str(self.appointment) if self.status == Status.SCHEDULED.value else ""

    def get_absolute_url(self) -> str:
        return reverse("pacs:dossier", args=[self.reference])

    def get_join_url(self) -> str:
        """Where an invited second partenaire comes in."""
        return reverse("pacs:partner-join", args=[self.reference])

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

    def blockers(self, transition: Transition, *, at: datetime) -> list[str]:
        """Reasons, in French, why this transition may not happen at `at`.

        Both partenaires read them: they never tell what one of them answered.
        """
        if transition is Transition.SUBMIT:
            return self.sending_blockers(at=at)
        if transition is Transition.ACCEPT:
            return self._unsettled_pieces()
        if transition is Transition.SCHEDULE and self.appointment_id is None:
            return ["Choisissez d’abord un créneau."]
        if transition is Transition.DECLARE_INADMISSIBLE and not self.inadmissible_ground:
            return ["Une décision d’irrecevabilité est motivée."]
        return []

    @cached_property
    def procedure_settings(self) -> PacsSettings:
        """The settings of the procedure, read once for this instance."""
        return PacsSettings.current()

    def is_renewable(self, status: PieceStatus) -> bool:
        """Once the rest is settled, a piece too old for the appointment may be replaced."""
        return self.is_settled and status is not PieceStatus.ACCEPTED

    @property
    def is_settled(self) -> bool:
        """Found complete; the appointment is to be taken or to come."""
        return self.current_status in {Status.COMPLETE, Status.SCHEDULED}

    def registration_date(self, *, at: datetime) -> date:
        """The day the ages are counted at: of the appointment, wished, or the first offered."""
        if self.appointment is not None:
            return localdate(self.appointment.starts_at)
        if self.wished_date is not None and self.wished_date >= localdate(at):
            return self.wished_date
        return self.days(at=at).first

    def days(self, *, at: datetime, not_before: date | None = None) -> Days:
        """« Which day? », for this couple: every page, paper, mail and the booking ask here.

        The pieces of both count: two dates tell nothing of what the other's pieces are.
        """
        ages = {one.pk: one.max_age for one in PieceWording.objects.all()}
        pieces = list(self.pieces.required())
        usable = (one.last_day(ages.get(one.rule_id)) for one in pieces if one.is_in_hand)
        complete = self.completed_at if self.is_settled else None
        return self.procedure_settings.days(
            [one.rule_id for one in pieces],
            at=at,
            sent_on=localdate(self.review_since) if self.review_since else None,
            complete_on=localdate(complete) if complete else None,
            papers_last=min((last for last in usable if last is not None), default=None),
            not_before=not_before,
        )

    @property
    def review_since(self) -> datetime | None:
        """When the mairie's time to check began; None while it is the couple's turn."""
        with_the_couple = {Status.DRAFT, Status.PIECES_REQUESTED}
        if self.current_status in with_the_couple:
            return None
        return self.waiting_since or self.submitted_at

    def outcomes(self, *, at: datetime) -> tuple[Outcome, ...]:
        """What the law says of this couple's answers so far."""
        couple = derive_inputs(self.answers, self.procedure_settings.dematerialisation)
        return outcomes(couple, on=self.registration_date(at=at))

    def sending_blockers(self, *, at: datetime) -> list[str]:
        """What both must have said; pieces may still be missing (CRPA L114-5)."""
        reasons = [f"Vos réponses communes : il manque « {m} »." for m in missing_common(self)]
        stopped = {o.holder: o for o in self.outcomes(at=at) if o.stops}
        if 0 in stopped:
            reasons.append(stopped[0].type.message)
        for one in self.people:
            if one.door == Door.PAPER:
                continue
            if missing_own(one):
                reasons.append(f"Partie à terminer : {one.display_name}.")
            elif one.attested_at is None:
                reasons.append(f"Attestation sur l’honneur à faire : {one.display_name}.")
            if one.position in stopped:
                reasons.append(
                    f"Une réponse empêche l’envoi, dans la partie de cette personne :"
                    f" {one.display_name}. L’explication se trouve sur ses pages."
                )
            if not one.is_first and one.common_confirmed_at is None:
                reasons.append(f"Réponses communes à confirmer : {one.display_name}.")
        return reasons

    def _unsettled_pieces(self) -> list[str]:
        return [
            f"Pièce non réglée : {piece.rule_id} ({piece.current_status.label.lower()})."
            for piece in self.pieces.unsettled()
        ]

    @property
    def address_lines(self) -> list[str]:
        """The common residence, as an envelope would have it."""
        lines = [self.street, self.street_more, f"{self.postcode} {self.city}".strip()]
        return [line for line in lines if line]

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
