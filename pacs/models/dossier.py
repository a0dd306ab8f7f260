"""The couple's dossier: the answers they share, and its journal."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.timezone import localdate

from demarches.models import (
    Appointment,
    DossierBase,
    DossierEventBase,
    DossierQuerySet,
    User,
    may_be_undone,
)
from demarches.models.fields import GuardedCharField, LatinCharField, PrintedTextField
from demarches.rules import lifecycle
from demarches.rules.addresses import canonical_address
from demarches.rules.enums import PieceStatus, Status, Transition
from demarches.web.request_memory import remembered
from demarches.web.statements import Given, Statement
from pacs.models.gate import asked_pieces, first_lawful_days, in_the_way, inputs_of_couple
from pacs.models.settings import PacsSettings
from pacs.models.wording import PieceWording
from pacs.rules.days import Days
from pacs.rules.eligibility import FORBIDDEN_KINSHIP, MAJORITY_YEARS, Effect, Outcome, outcomes
from pacs.rules.enums import Door
from pacs.rules.gate import Act, Obstacle, texts
from pacs.rules.home import Address
from pacs.rules.retention import deleted_at, kept_until
from pacs.rules.situation import (
    Convention,
    CoupleAnswers,
    Impediment,
    Kinship,
    Residence,
    Situation,
)

if TYPE_CHECKING:
    from pacs.models.partenaire import Partenaire


def _people(dossier: Given) -> "models.QuerySet[Partenaire]":
    partenaires = apps.get_model("pacs", "Partenaire").objects
    return partenaires.filter(dossier=dossier).order_by("position")


#: Asked more often than anything else, of a table of some sixty columns.
_PEOPLE = Statement(_people, dossier=models.BigAutoField())

BEFORE_COMPLETE = [
    s.value for s in (Status.DRAFT, Status.SUBMITTED, Status.UNDER_REVIEW, Status.PIECES_REQUESTED)
]

#: Transitions that the gate guards, and the act that each of them is.
GATED = {
    Transition.SUBMIT: Act.SEND,
    Transition.RESUBMIT: Act.SEND_AGAIN,
    Transition.ACCEPT: Act.ACCEPT,
    Transition.SCHEDULE: Act.BOOK,
    Transition.REGISTER: Act.REGISTER,
}

#: Answers of a couple with which the law may forbid, and those of a person.
MAYBE_FORBIDDEN = (
    Q(kinship__in=sorted(kinship.value for kinship in FORBIDDEN_KINSHIP))
    | Q(convention=Convention.NOTARY.value)
    | Q(residence__in=[Residence.ABROAD.value, Residence.ELSEWHERE.value])
    | Q(impediment=Impediment.NO_COMMON_RESIDENCE.value)
)
BOUND = [Situation.MARRIED.value, Situation.PACSED.value]


class PacsDossierQuerySet(DossierQuerySet["Dossier"]):
    """Reads of PACS dossiers, with a name."""

    def visible_to(self, user: User) -> Self:
        """The dossiers in which this account is one of the two partenaires."""
        return self.filter(partenaires__user=user).select_related("appointment")

    def for_desk(self) -> Self:
        """What agents may open: everything sent, and the drafts people hand over on paper.

        A draft that its couple has not sent is nobody else's business.
        """
        handed_over = Q(at_counter=True) | self._with_one(door=Door.PAPER.value)
        return self.filter(~Q(status=Status.DRAFT.value) | handed_over)

    def with_one(self, **known: Any) -> Self:
        """Those of which one of the two is so."""
        return self.filter(self._with_one(**known))

    def _with_one(self, **known: Any) -> Q:
        """One of the two is so. A join would give a row a person, to be sorted and made one."""
        people = self.model.partenaires.rel.related_model.objects  # type: ignore[attr-defined]
        return Q(Exists(people.filter(dossier=OuterRef("pk"), **known)))

    def maybe_forbidden(self, *, at: datetime) -> Self:
        """All that the law may forbid, and a few it does not: `outcomes` decides on each.

        Wider than the rules on purpose, so that no list reads every dossier to find them.
        """
        people = self.model.partenaires.rel.related_model.objects.filter(  # type: ignore[attr-defined]
            Q(birth_year__gte=localdate(at).year - MAJORITY_YEARS) | Q(situation__in=BOUND)
        )
        couples = self.model._base_manager.filter(MAYBE_FORBIDDEN)
        # One after the other, each by its index: an « or » would read every dossier.
        return self.filter(pk__in=people.values("dossier").union(couples.values("pk")))

    def keep_with(self, user: User, after: str) -> None:
        """An invitation that waits follows its reader; no account takes the other's mailbox."""
        # Two filters: another row of the same dossier.
        shared = self.filter(partenaires__user=user).filter(
            Q(partenaires__contact_email=canonical_address(after))
            | Q(partenaires__invited_email=canonical_address(after)),
            partenaires__user__isnull=True,
        )
        if shared.exclude(status__in=[status.value for status in lifecycle.ENDED]).exists():
            raise ValidationError(
                "Rien n’a changé : à cette adresse, la mairie écrit à votre partenaire, qui lirait"
                " vos mails. Choisissez une autre adresse, ou faites changer la sienne à la mairie."
            )
        people = self.model.partenaires.rel.related_model.objects  # type: ignore[attr-defined]
        invited = people.filter(user=None, invited_email=canonical_address(user.email))
        invited.filter(dossier__in=self.inviting(user)).update(
            invited_email=canonical_address(after)
        )

    def inviting(self, user: User) -> Self:
        """Drafts and open dossiers whose second partenaire was invited at this address."""
        return self.filter(
            partenaires__user__isnull=True,
            partenaires__invited_email=canonical_address(user.email),
        ).exclude(status__in=[status.value for status in lifecycle.ENDED])


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
    street = LatinCharField("numéro et voie", max_length=200, blank=True)
    street_more = LatinCharField("complément d’adresse", max_length=200, blank=True)
    postcode = models.CharField("code postal", max_length=5, blank=True)
    city = LatinCharField("commune", max_length=100, blank=True)
    #: Both live there already: their own address is this one. None: nobody has said.
    already_home = models.BooleanField("y habitent déjà", null=True, blank=True)

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

    inadmissible_ground = PrintedTextField("motif de l’irrecevabilité", blank=True, editable=False)
    #: What the registration rested on, written with it, so that the database can refuse one
    #: that rests on nothing: the day, the day of the appointment, the attestations in force.
    registered_on = models.DateField("enregistré le", null=True, blank=True, editable=False)
    registered_appointment_on = models.DateField(null=True, blank=True, editable=False)
    registered_attestations = models.PositiveSmallIntegerField(default=0, editable=False)
    #: One-time key of the form that opened it at the counter: a double click opens one.
    form_key = GuardedCharField(max_length=40, unique=True, null=True, editable=False)  # type: ignore[misc]
    #: When both were told that the dossier will be deleted; empty again after any activity.
    deletion_warned_at = models.DateTimeField(null=True, blank=True, editable=False)

    #: Set by the lists of the desk (`pacs.reads.desk.impossible`): what the law forbids, as codes.
    forbidden_codes: Sequence[str] = ()

    objects = PacsDossierQuerySet.as_manager()

    class Meta(DossierBase.Meta):
        verbose_name = "dossier de Pacs"
        verbose_name_plural = "dossiers de Pacs"
        permissions = [
            ("review_dossier", "Vérifier les pièces et décider"),
            ("register_dossier", "Enregistrer le Pacs (officier d’état civil)"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            # The order in which the desk's list and its piles are read.
            models.Index(
                fields=["waiting_since", "-last_activity_at", "id"], name="pacs_dossier_waiting"
            ),
            models.Index(
                fields=["status", "waiting_since", "-last_activity_at", "id"],
                name="pacs_dossier_status",
            ),
            models.Index(
                fields=["submitted_at"], condition=MAYBE_FORBIDDEN, name="pacs_dossier_forbidden"
            ),
        ]
        constraints = [
            *DossierBase.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(status="inadmissible") | ~Q(inadmissible_ground=""),
                name="pacs_dossier_inadmissible_motivated",
                violation_error_message="Une décision d’irrecevabilité est motivée.",
            ),
            models.CheckConstraint(
                condition=Q(wished_date__isnull=True)
                | Q(wished_date__gte=date(1999, 11, 15), wished_date__lt=date(2150, 1, 1)),
                name="pacs_dossier_wished_date_possible",
                violation_error_message="La date souhaitée n’est pas possible : vérifiez l’année.",
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

    def forget_on_activity(self) -> list[str]:
        """Whoever does something is not about to lose the dossier."""
        self.deletion_warned_at = None
        return ["deletion_warned_at"]

    @property
    def kept_until(self) -> datetime | None:
        """The end of its retention, if nothing moves; None while it goes on."""
        status = self.current_status
        # Read where it counts only: a list of dossiers asks this of each.
        booked = self.appointment if status is Status.SCHEDULED else None
        return kept_until(
            status,
            last_activity_at=self.last_activity_at,
            ended_at=self.ended_at,
            appointment_ends_at=booked.ends_at if booked else None,
            figures=self.procedure_settings.retention,
        )

    @property
    def deleted_on(self) -> date | None:
        """The day it will be deleted, once its people were told; None otherwise."""
        if self.deletion_warned_at is None:
            return None
        moment = deleted_at(self.kept_until, warned_at=self.deletion_warned_at)
        return localdate(moment) if moment else None

    def told_status(self, at: datetime | None = None) -> Status:
        """The status as the couple may read it: no decision that may still be taken back."""
        is_refused = self.current_status is Status.INADMISSIBLE
        if is_refused and may_be_undone(self.ended_at, at=at or timezone.now()):
            return Status.UNDER_REVIEW
        return self.current_status

    def told_label(self, at: datetime | None = None) -> str:
        return self.told_status(at).label

    def is_undecided(self, at: datetime | None = None) -> bool:
        """Nothing moves, and the couple is not told of what: a decision may still be undone."""
        return self.is_ended and self.told_status(at) is not self.current_status

    @property
    def appointment_label(self) -> str:
        return str(self.appointment) if self.status == Status.SCHEDULED.value else ""

    def get_absolute_url(self) -> str:
        return reverse("pacs:dossier", args=[self.reference])

    @property
    def helping_url(self) -> str:
        """Where the person who is helped sees by whom, and ends it."""
        return reverse("pacs:helper", args=[self.reference])

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

    def blockers(self, transition: Transition, *, by: User | None, at: datetime) -> list[str]:
        """Reasons, in French and in the words of whoever acts, why this may not happen at `at`."""
        if transition is Transition.SCHEDULE and self.appointment is None:
            return ["Choisissez d’abord un créneau."]
        if transition is Transition.DECLARE_INADMISSIBLE and not self.inadmissible_ground:
            return ["Une décision d’irrecevabilité est motivée."]
        if (act := GATED.get(transition)) is None:
            return []
        found = in_the_way(self, act, on=self.registration_date(at=at))
        return texts(found, self.reader_of(by))

    def reader_of(self, user: User | None) -> int | None:
        """As whom this account reads: the place of a partenaire, None for an agent.

        Whoever holds a device that was passed over has no account: they are the second.
        """
        if user is not None and user.is_staff:
            return None
        mine = next((one for one in self.people if user and one.user_id == user.pk), None)
        return mine.position if mine else 2

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

    def aimed_day(self, *, at: datetime) -> date | None:
        """The day everything is planned for: of the appointment, or wished; None without one."""
        if self.appointment is not None:
            return localdate(self.appointment.starts_at)
        wished = self.wished_date
        return wished if wished is not None and wished >= localdate(at) else None

    def registration_date(self, *, at: datetime) -> date:
        """The day the ages are counted at: of the appointment, wished, or the first offered."""
        if (aimed := self.aimed_day(at=at)) is not None:
            return aimed
        days = self._days(at=at)
        if not self.is_settled:
            return days.first
        # They may come from the eighteenth birthday on, unless it is too far to be booked.
        lawful = [one.day for one in first_lawful_days(self) if one.type.effect is Effect.BLOCK]
        return min(replace(days, not_before=max(lawful, default=None)).first, days.horizon)

    def days(self, *, at: datetime) -> Days:
        """« Which day? », for this couple: every page, paper, mail and the booking ask here.

        The pieces and the ages of both count: a date tells nothing of whose they are.
        """
        lawful = first_lawful_days(self)
        return replace(self._days(at=at), not_before=lawful[0].day if lawful else None)

    def _days(self, *, at: datetime) -> Days:
        """The same whatever their ages."""
        return remembered(("days", self.pk, at), lambda: self._read_days(at=at))

    def _read_days(self, *, at: datetime) -> Days:
        wordings = PieceWording.objects.by_rule()
        ages = {rule_id: wording.max_age for rule_id, wording in wordings.items()}
        pieces = asked_pieces(self)
        usable = (one.last_day(ages.get(one.rule_id)) for one in pieces if one.is_in_hand)
        complete = self.completed_at if self.is_settled else None
        return self.procedure_settings.days(
            [one.rule_id for one in pieces],
            at=at,
            sent_on=localdate(self.review_since) if self.review_since else None,
            complete_on=localdate(complete) if complete else None,
            papers_last=min((last for last in usable if last is not None), default=None),
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
        return outcomes(inputs_of_couple(self), on=self.registration_date(at=at))

    def obstacles(self, act: Act, *, at: datetime) -> tuple[Obstacle, ...]:
        """What stands in the way of this act on the day the ages are counted at."""
        return in_the_way(self, act, on=self.registration_date(at=at))

    @property
    def address(self) -> Address:
        """The residence that makes the mairie competent; see `has_common_residence`."""
        return Address(self.street, self.street_more, self.postcode, self.city)

    @property
    def has_common_residence(self) -> bool:
        """False when a grave impediment keeps them from having one (CC 515-3, first paragraph)."""
        return self.impediment != Impediment.NO_COMMON_RESIDENCE.value

    @property
    def shared_home(self) -> Address | None:
        """« Nous y habitons déjà »: the address, whole and common to both; None if not said."""
        is_said = self.already_home and self.has_common_residence and self.address.is_complete
        return self.address if is_said else None

    @property
    def people(self) -> "tuple[Partenaire, Partenaire]":
        """The two partenaires, the one who opened the dossier first."""
        if "partenaires" in getattr(self, "_prefetched_objects_cache", ()):
            first, second = sorted(self.partenaires.all(), key=lambda one: one.position)
            return first, second
        first, second = _PEOPLE(dossier=self.pk)
        for one in (first, second):
            # As the relation does: whose they are, and whether they may ask for more by themselves.
            one.dossier, one._state.fetch_mode = self, self._state.fetch_mode
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
