"""The lifecycle every procedure shares: an abstract dossier and its journal.

One concrete `Dossier` a procedure, so that lifecycle and legal columns stand in one row
and the database can refuse the illegal state.
"""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.timezone import localdate

from demarches.models.fields import GuardedTextField
from demarches.models.journal import JournalRow, let_go_of
from demarches.models.user import User
from demarches.rules import lifecycle
from demarches.rules.enums import Status, Transition
from demarches.rules.reference import format_reference

ENDED_VALUES = sorted(s.value for s in lifecycle.ENDED)


class TransitionRefused(ValidationError):
    """A transition may not happen; `messages` are the reasons, in French."""


class ReferenceCounter(models.Model):
    """The last number given, a prefix and a year: numbers are never given twice."""

    prefix = models.CharField(max_length=5)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "compteur de références"
        verbose_name_plural = "compteurs de références"
        constraints = [
            models.UniqueConstraint(
                fields=["prefix", "year"], name="demarches_referencecounter_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}: {self.last}"


def next_reference(prefix: str, at: datetime) -> str:
    """Reserve the next reference of the mairie's year at `at`; must run inside a transaction."""
    year = localdate(at).year
    counter, _ = ReferenceCounter.objects.get_or_create(prefix=prefix, year=year)
    # The update takes the row's lock: two requests can never read the same number.
    ReferenceCounter.objects.filter(pk=counter.pk).update(last=F("last") + 1)
    counter.refresh_from_db()
    return format_reference(prefix, year, counter.last)


class DossierQuerySet[D: "DossierBase"](models.QuerySet[D]):
    """Words shared by the dossiers of every procedure."""

    def open(self) -> Self:
        """Sent, and not ended."""
        return self.filter(status__in=[s.value for s in lifecycle.OPEN])

    def drafts(self) -> Self:
        return self.filter(status=Status.DRAFT.value)

    def awaiting_mairie(self) -> Self:
        """The mairie must act: sent, or answered by the people."""
        return self.filter(status__in=[Status.SUBMITTED.value, Status.UNDER_REVIEW.value])

    def keep_with(self, user: User, after: str) -> None:
        """Before this account changes its address: what it opens by that address stays its own.

        Raises `ValidationError` when a dossier forbids the address it would have `after`.
        """

    def longest_waiting_first(self) -> Self:
        """Those who wait for an answer first, the longest wait on top; then the rest."""
        return self.order_by(F("waiting_since").asc(nulls_last=True), "-last_activity_at", "pk")

    def locked(self) -> Self:
        """Rows locked until the end of the transaction (SQLite serialises writers by itself)."""
        return self.select_for_update(of=("self",), no_key=True)


class DossierBase(models.Model):
    """A person's or a couple's file for one procedure; statuses change by transitions only."""

    REFERENCE_PREFIX: ClassVar[str]

    reference = models.CharField("référence", max_length=24, unique=True, editable=False)
    status = models.CharField(
        "statut",
        max_length=20,
        choices=Status.choices(),
        default=Status.DRAFT.value,
        editable=False,
        db_index=True,
    )
    created_at = models.DateTimeField("ouvert le", editable=False)
    last_activity_at = models.DateTimeField("dernière activité", editable=False)
    submitted_at = models.DateTimeField("envoyé le", null=True, blank=True, editable=False)
    completed_at = models.DateTimeField("complet le", null=True, blank=True, editable=False)
    ended_at = models.DateTimeField("terminé le", null=True, blank=True, editable=False)
    #: When the people last did something that the mairie has not answered yet.
    waiting_since = models.DateTimeField(
        "sans réponse depuis", null=True, blank=True, editable=False
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="suivi par",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        limit_choices_to={"is_staff": True},
    )
    #: Raised at each change that an agent must not overwrite unseen.
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in Status]),
                name="%(app_label)s_%(class)s_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"]) | Q(submitted_at__isnull=False),
                name="%(app_label)s_%(class)s_sent_has_date",
                violation_error_message="Un dossier envoyé a une date d’envoi.",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["complete", "scheduled", "registered"])
                | Q(completed_at__isnull=False),
                name="%(app_label)s_%(class)s_complete_has_date",
                violation_error_message="Un dossier complet a une date de complétude.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ENDED_VALUES, ended_at__isnull=False)
                | (~Q(status__in=ENDED_VALUES) & Q(ended_at__isnull=True)),
                name="%(app_label)s_%(class)s_ended_has_date",
                violation_error_message="Un dossier terminé a une date de fin, et lui seul.",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the dossier with all that hangs on it; that its journal went stays written."""
        with transaction.atomic():
            let_go_of(self, at=timezone.now())
            return super().delete(*args, **kwargs)

    def blockers(self, transition: Transition, *, by: User | None, at: datetime) -> list[str]:
        """Reasons, in French, why `by` may not do this at `at`; none by default."""
        return []

    def record(
        self, *, kind: str, by: User | None, at: datetime, **details: Any
    ) -> "DossierEventBase":
        """Append a line to the journal of this dossier."""
        raise NotImplementedError

    @property
    def current_status(self) -> Status:
        return Status(self.status)

    @property
    def status_label(self) -> str:
        """The status in words; a procedure may have its own."""
        return self.current_status.label

    def told_status(self, at: datetime | None = None) -> Status:
        """The status as its people may read it at that moment; `at`: None for now."""
        return self.current_status

    def told_label(self, at: datetime | None = None) -> str:
        """The same in words."""
        return self.status_label

    @property
    def appointment_label(self) -> str:
        """The appointment to come, in words; empty without one."""
        return ""

    @property
    def is_draft(self) -> bool:
        return self.status == Status.DRAFT.value

    @property
    def is_editable(self) -> bool:
        """The people may still change answers and pieces."""
        return self.current_status in lifecycle.EDITABLE

    @property
    def is_ended(self) -> bool:
        return self.current_status in lifecycle.ENDED

    def touch(self, *, at: datetime, waiting: bool | None = None) -> None:
        """Note an activity: `waiting` True when the mairie owes an answer, False when it gave one.

        The wait keeps its first date: a second message does not send the people back to the
        end of the queue.
        """
        self.last_activity_at = at
        if waiting is not None:
            self.waiting_since = (self.waiting_since or at) if waiting else None
        # Django reads the new number back with the update itself.
        self.version = F("version") + 1
        ended = self.forget_on_activity()
        self.save(update_fields=["last_activity_at", "waiting_since", "version", *ended])

    def forget_on_activity(self) -> list[str]:
        """Empty the columns that hold only until something happens; returns their names."""
        return []

    def _transition(
        self,
        transition: Transition,
        *,
        by: User | None,
        at: datetime,
        reason: str = "",
        waiting: bool,
    ) -> None:
        """Lock and reload the row, check the table and the blockers, write, append the event.

        Reloading on purpose discards unsaved edits: a transition never carries other changes.
        Raises `TransitionRefused` with the reasons; then nothing has changed.
        """
        with transaction.atomic():
            locked: DossierQuerySet[Any] = DossierQuerySet(
                type(self), using=self._state.db
            ).locked()
            self.refresh_from_db(from_queryset=locked)
            source = self.current_status
            target = lifecycle.next_status(transition, source)
            if target is None:
                raise TransitionRefused(
                    f"« {transition.label} » n’est pas possible : ce dossier est au statut"
                    f" « {source.label} »."
                )
            if reasons := self.blockers(transition, by=by, at=at):
                raise TransitionRefused(reasons)
            self.status = target.value
            if transition is Transition.SUBMIT:
                self.submitted_at = at
            if target is Status.COMPLETE and transition is not Transition.UNSCHEDULE:
                self.completed_at = at
            self.ended_at = (self.ended_at or at) if target in lifecycle.ENDED else None
            self.save(update_fields=["status", "submitted_at", "completed_at", "ended_at"])
            self.touch(at=at, waiting=waiting)
            self.record(
                kind="transition",
                by=by,
                at=at,
                transition=transition.value,
                from_status=source.value,
                to_status=target.value,
                reason=reason,
            )

    def submit(self, *, by: User | None, at: datetime) -> None:
        """Send the draft to the mairie, which owes an answer from now on (CRPA L112-11)."""
        self._transition(Transition.SUBMIT, by=by, at=at, waiting=True)

    def start_review(self, *, by: User, at: datetime) -> None:
        """An agent begins to check; the people still wait."""
        self._transition(Transition.START_REVIEW, by=by, at=at, waiting=True)

    def request_pieces(self, *, by: User, at: datetime, reason: str) -> None:
        """Hand the dossier back to the people with what is missing (CRPA L114-5)."""
        self._transition(Transition.REQUEST_PIECES, by=by, at=at, reason=reason, waiting=False)

    def resubmit(self, *, by: User | None, at: datetime) -> None:
        """The people say that they have answered."""
        self._transition(Transition.RESUBMIT, by=by, at=at, waiting=True)

    def accept(self, *, by: User, at: datetime) -> None:
        """Declare the dossier complete: the appointment may be taken."""
        self._transition(Transition.ACCEPT, by=by, at=at, waiting=False)

    def reopen(self, *, by: User, at: datetime, reason: str) -> None:
        """Take a complete dossier back under review."""
        self._transition(Transition.REOPEN, by=by, at=at, reason=reason, waiting=True)

    def schedule(self, *, by: User | None, at: datetime) -> None:
        """The appointment is booked."""
        self._transition(Transition.SCHEDULE, by=by, at=at, waiting=False)

    def unschedule(self, *, by: User | None, at: datetime, reason: str) -> None:
        """The appointment will not be, or was not, kept: another one may be booked."""
        self._transition(Transition.UNSCHEDULE, by=by, at=at, reason=reason, waiting=False)

    def register(self, *, by: User, at: datetime) -> None:
        """End with what the procedure is for."""
        self._transition(Transition.REGISTER, by=by, at=at, waiting=False)

    def declare_inadmissible(self, *, by: User, at: datetime, reason: str) -> None:
        """End with a motivated refusal (décret 2006-1806, art. 1)."""
        self._transition(
            Transition.DECLARE_INADMISSIBLE, by=by, at=at, reason=reason, waiting=False
        )

    def withdraw(self, *, by: User | None, at: datetime, reason: str = "") -> None:
        """End at the wish of one of the people; no reason is owed."""
        self._transition(Transition.WITHDRAW, by=by, at=at, reason=reason, waiting=False)

    def close(self, *, by: User | None, at: datetime, reason: str) -> None:
        """End without a decision (double dossier, silence)."""
        self._transition(Transition.CLOSE, by=by, at=at, reason=reason, waiting=False)

    def restore(
        self, status: Status, *, waiting_since: datetime | None, by: User, at: datetime
    ) -> None:
        """Undo an end: back to the status before it. Call it under the lock of the row.

        Raises `TransitionRefused` for a dossier that has not ended, or a status that is an end.
        """
        if not self.is_ended or status in lifecycle.ENDED or self.status == Status.REGISTERED:
            raise TransitionRefused("Seule la fin d’un dossier peut être annulée.")
        source, self.status, self.ended_at = self.current_status, status.value, None
        self.save(update_fields=["status", "ended_at"])
        self.touch(at=at)
        self.waiting_since = waiting_since
        self.save(update_fields=["waiting_since"])
        self.record(
            kind="ending_undone", by=by, at=at, from_status=source.value, to_status=status.value
        )


class DossierEventBase(JournalRow):
    """One line of the journal: who did what, when; never changed, never deleted alone."""

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="par",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    kind = models.CharField("nature", max_length=40)
    transition = models.CharField(max_length=24, choices=Transition.choices(), blank=True)
    from_status = models.CharField("de", max_length=20, choices=Status.choices(), blank=True)
    to_status = models.CharField("à", max_length=20, choices=Status.choices(), blank=True)
    reason = GuardedTextField("motif", blank=True)

    class Meta:
        abstract = True
        ordering = ["at", "pk"]
        verbose_name = "événement"
        verbose_name_plural = "journal"

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.kind}"


class AccountItem(models.Model):
    """What an account keeps besides its dossiers, listed under « Mes démarches ».

    Its manager has the word `visible_to`, its rows `get_absolute_url` and `account_hint`.
    """

    class Meta:
        abstract = True

    @property
    def account_title(self) -> str:
        """How its line is called."""
        return str(self)

    @property
    def account_hint(self) -> str:
        """What it is, in a few words."""
        raise NotImplementedError


def account_item_models() -> list[type[AccountItem]]:
    """Every kind of them, found without importing a procedure."""
    return [m for m in apps.get_models() if issubclass(m, AccountItem)]


def dossier_models() -> list[type[DossierBase]]:
    """Every concrete kind of dossier, found without importing a procedure."""
    return [m for m in apps.get_models() if issubclass(m, DossierBase)]
