"""Requests for help: what the mairie does itself, on the lifecycle shared by the procedures."""

from datetime import date, datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.dossiers.exchange import NoteBase, SentMailBase
from demarches.models import (
    Agenda,
    Appointment,
    DossierBase,
    DossierEventBase,
    DossierQuerySet,
    EndingBase,
    ReadingBase,
    User,
)
from demarches.models.address import AddressField, canonical_check
from demarches.models.agenda import EXPECTED
from demarches.models.fields import (
    GuardedCharField,
    GuardedSlugField,
    GuardedTextField,
)
from demarches.rules.addresses import canonical_address
from demarches.rules.dates_fr import NBSP
from demarches.rules.deadlines import add_months
from demarches.rules.enums import AppointmentStatus, Status, Transition
from demarches.typed.phone_field import PhoneColumn
from vitale.models.codes import Coded
from vitale.models.guide import Contact
from vitale.models.suivi import deletion_day, months_before
from vitale.rules import aide
from vitale.rules.aide import Code, Outcome
from vitale.rules.situations import Regime

#: A request that ended is kept so many months; so is one that nobody closed after its answer.
KEPT_AFTER_CLOSE = 3
#: One that nobody ended, and where nothing moved.
KEPT_WHEN_SILENT = 12


class AideSettings(models.Model):
    """The single row of settings of the help that the mairie gives."""

    agenda = models.ForeignKey(
        Agenda,
        verbose_name="agenda des rendez-vous d’aide",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Sans agenda, aucun rendez-vous n’est proposé : la mairie répond ou oriente.",
    )
    confirm_hours = models.PositiveSmallIntegerField(
        "heures pendant lesquelles un créneau proposé est gardé",
        default=72,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
    )
    to_bring = GuardedTextField(
        "ce qu’il faut apporter",
        max_length=1000,
        default="Venez avec votre téléphone, si vous en avez un. Vous faites la démarche vous-même,"
        " sur votre compte : un agent est à côté de vous. Ne dites vos mots de passe à personne.",
    )

    class Meta:
        verbose_name = "réglages de l’aide"
        verbose_name_plural = "réglages de l’aide"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="vitale_aidesettings_single_row")
        ]

    def __str__(self) -> str:
        return "Réglages de l’aide Carte Vitale"

    @classmethod
    def current(cls) -> "AideSettings":
        """The settings in force; the defaults when nobody has saved any."""
        return cls.objects.select_related("agenda__service").filter(pk=1).first() or cls(pk=1)


class Reason(models.Model):
    """Why people ask: a closed list, never free words."""

    slug = GuardedSlugField("clé", primary_key=True, max_length=40)
    label = GuardedCharField("motif", max_length=120)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "motif d’aide"
        verbose_name_plural = "motifs d’aide"
        ordering = ["position"]

    def __str__(self) -> str:
        return self.label


class AnswerTemplate(models.Model):
    """An answer that agents start from."""

    slug = GuardedSlugField("clé", primary_key=True, max_length=40)
    label = GuardedCharField("nom", max_length=80)
    body = GuardedTextField("texte", max_length=4000)
    orientation = models.ForeignKey(
        Contact,
        models.PROTECT,
        verbose_name="oriente vers",
        null=True,
        blank=True,
        limit_choices_to={"takes_over": True},
        related_name="+",
    )

    class Meta:
        verbose_name = "modèle de réponse"
        verbose_name_plural = "modèles de réponse"
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


_PROPOSED = [AppointmentStatus.HELD.value, AppointmentStatus.LAPSED.value]


class DemandeQuerySet(DossierQuerySet["Demande"]):
    def visible_to(self, user: User) -> "DemandeQuerySet":
        """Asked from this account, or with its address: signing in proved that it is theirs."""
        mine = self.filter(Q(owner=user) | Q(email=canonical_address(user.email)))
        return mine.select_related("reason", "orientation", "appointment")

    def keep_with(self, user: User, after: str) -> None:
        self.filter(owner=None, email=canonical_address(user.email)).update(owner=user)

    def inviting(self, user: User) -> "DemandeQuerySet":
        return self.none()

    def sent(self) -> "DemandeQuerySet":
        return self.exclude(status=Status.DRAFT.value)

    def answered(self) -> "DemandeQuerySet":
        return self.filter(status=Status.COMPLETE.value)

    def forgotten(self, *, at: datetime) -> "DemandeQuerySet":
        """Ended, or answered and left, as long ago as they may be kept (7.6); or long silent."""
        before, silent = months_before(at, KEPT_AFTER_CLOSE), months_before(at, KEPT_WHEN_SILENT)
        # An appointment may be more than a year away: nothing goes before it.
        is_past = Q(appointment=None) | Q(appointment__ends_at__lt=silent)
        return self.filter(
            Q(ended_at__lt=before)
            | Q(status=Status.COMPLETE.value, completed_at__lt=before)
            | Q(last_activity_at__lt=silent) & is_past
        )

    def being_helped(self) -> "DemandeQuerySet":
        """An agent is at it, and no appointment is proposed or fixed."""
        return self.filter(status=Status.UNDER_REVIEW.value).exclude(
            appointment__status__in=[*_PROPOSED, *EXPECTED]
        )

    def proposed(self) -> "DemandeQuerySet":
        """An appointment is proposed, and nobody has confirmed it yet."""
        return self.filter(status=Status.UNDER_REVIEW.value, appointment__status__in=_PROPOSED)

    def expected(self, *, until: datetime) -> "DemandeQuerySet":
        """Appointments before this moment of which nothing is noted yet."""
        return self.filter(
            status=Status.UNDER_REVIEW.value,
            appointment__status__in=EXPECTED,
            appointment__starts_at__lt=until,
        )


class Demande(Coded, DossierBase):
    """One request for help, with one way of reaching whoever asked."""

    REFERENCE_PREFIX: ClassVar[str] = "AIDE"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    reason = models.ForeignKey(Reason, models.PROTECT, verbose_name="motif")
    regime = models.CharField("caisse", max_length=10, choices=Regime.choices())
    name = GuardedCharField("nom", max_length=100, blank=True)
    email = AddressField("adresse e-mail", max_length=254, blank=True)
    phone = PhoneColumn("téléphone", blank=True)
    outcome = models.CharField(
        "issue", max_length=12, choices=Outcome.choices(), blank=True, editable=False
    )
    orientation = models.ForeignKey(
        Contact, models.PROTECT, verbose_name="orientée vers", null=True, editable=False
    )
    #: The slot proposed, then fixed, then kept or missed; without one, the help is by mail.
    appointment = models.OneToOneField(
        Appointment,
        models.PROTECT,
        verbose_name="rendez-vous",
        null=True,
        related_name="vitale_demande",
        editable=False,
    )
    answer = GuardedTextField("réponse", max_length=4000, blank=True, editable=False)
    #: When whoever asked was told that it will be deleted; empty again after any activity.
    deletion_warned_at = models.DateTimeField(null=True, blank=True, editable=False)
    form_key = GuardedCharField(max_length=40, unique=True, null=True, editable=False)  # type: ignore[misc]

    objects = DemandeQuerySet.as_manager()

    class Meta(DossierBase.Meta):
        abstract = False
        verbose_name = "demande d’aide"
        verbose_name_plural = "demandes d’aide"
        constraints = [
            *DossierBase.Meta.constraints,
            canonical_check("email", "vitale_demande_email_canonical"),
            models.CheckConstraint(
                condition=(Q(email="") & ~Q(phone="")) | (~Q(email="") & Q(phone="")),
                name="vitale_demande_one_contact",
                violation_error_message="Un seul moyen de joindre la personne.",
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(completed_at__isnull=False),
                name="vitale_demande_outcome_when_answered",
                violation_error_message="Une issue est celle d’une réponse donnée.",
            ),
            models.CheckConstraint(
                condition=Q(outcome="orientee", orientation__isnull=False)
                | (~Q(outcome="orientee") & Q(orientation__isnull=True)),
                name="vitale_demande_oriented_somewhere",
                violation_error_message="Une orientation nomme un interlocuteur.",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="accompagnee") | Q(appointment__isnull=False),
                name="vitale_demande_accompanied_at_an_appointment",
                violation_error_message="Une démarche faite ensemble l’est à un rendez-vous.",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("vitale:aide", args=[self.reference])

    def forget_on_activity(self) -> list[str]:
        self.deletion_warned_at = None
        return ["deletion_warned_at"]

    @property
    def kept_until(self) -> date:
        """The end of its retention, if nothing moves (`forgotten` asks the same of the rows)."""
        meeting = self.appointment
        last = max(self.last_activity_at, meeting.ends_at) if meeting else self.last_activity_at
        ends = [add_months(localdate(last), KEPT_WHEN_SILENT)]
        is_answered = self.current_status is Status.COMPLETE
        for moment in (self.ended_at, self.completed_at if is_answered else None):
            if moment is not None:
                ends.append(add_months(localdate(moment), KEPT_AFTER_CLOSE))
        return min(ends)

    @property
    def deleted_on(self) -> date | None:
        """The day it goes, once that was told; None otherwise."""
        return deletion_day(self.deletion_warned_at)

    def blockers(self, transition: Transition, *, by: User | None, at: datetime) -> list[str]:
        """Only the states of domain reference 7.3."""
        refusal = aide.refuse(transition, self.code)
        return [refusal] if refusal else []

    def record(self, *, kind: str, by: User | None, at: datetime, **details: Any) -> "DemandeEvent":
        return DemandeEvent.objects.create(demande=self, kind=kind, by=by, at=at, **details)

    @property
    def code(self) -> Code:
        meeting = self.appointment.current_status if self.appointment else None
        return aide.code_of(self.current_status, Outcome(self.outcome), meeting)

    @property
    def status_label(self) -> str:
        """« Mes démarches » and the desk read the state in the words of 7.3."""
        if self.orientation is not None:
            return f"{self.code.label} vers{NBSP}: {self.orientation.name}"
        return self.code.label

    @property
    def appointment_label(self) -> str:
        return str(self.appointment) if self.code in {Code.PROPOSED, Code.BOOKED} else ""

    @property
    def contact(self) -> str:
        return self.email or (self.phone.as_national if self.phone else "")

    @property
    def can_cancel(self) -> bool:
        return self.code in aide.ALLOWED[Transition.WITHDRAW]


#: In the journal, and nowhere else: an agent sent a mail once more.
MAIL_AGAIN = "mail_again"
#: What happens to an appointment, in the journal and on the timeline.
MEETING_EVENTS = {
    "meeting_proposed": Code.PROPOSED.label,
    "meeting_booked": Code.BOOKED.label,
    "meeting_moved": "Rendez-vous déplacé",
    "meeting_missed": Code.MISSED.label,
    "meeting_given_up": "Renoncement au rendez-vous : la demande reste ouverte",
    "meeting_closed": "Rendez-vous annulé : la mairie ferme ce jour-là",
}


class DemandeEvent(DossierEventBase):
    """The journal of a request."""

    SUBJECT = "demande"

    demande = models.ForeignKey(Demande, models.CASCADE, related_name="events")

    class Meta(DossierEventBase.Meta):
        abstract = False

    @property
    def label(self) -> str:
        """What happened, in words."""
        if self.kind == "ending_undone":
            return "Annulation reprise : la demande continue"
        if not self.to_status:
            return (MEETING_EVENTS | {MAIL_AGAIN: "Mail renvoyé"}).get(self.kind, "Autre événement")
        return aide.code_of(Status(self.to_status), Outcome(self.demande.outcome), None).label


class DemandeEnding(EndingBase):
    """An agent cancelled a request for help, at the wish of whoever asked."""

    demande = models.ForeignKey(Demande, models.CASCADE, related_name="endings")

    class Meta(EndingBase.Meta):
        abstract = False


class DemandeNote(NoteBase):
    """An internal note: agents only."""

    demande = models.ForeignKey(Demande, models.CASCADE, related_name="notes")
    body = GuardedTextField("note", max_length=2000)

    class Meta(NoteBase.Meta):
        abstract = False


class DemandeReading(ReadingBase):
    """A look at a request by an agent; never changed."""

    SUBJECT = "demande"
    ABOUT = ("demande__reference",)

    demande = models.ForeignKey(Demande, models.CASCADE, related_name="readings")

    class Meta(ReadingBase.Meta):
        abstract = False


class DemandeMail(SentMailBase):
    """A mail queued about a request."""

    LABELS = {
        "aide_received": "Accusé de réception",
        "aide_answered": "Réponse",
        "aide_meeting_proposed": "Rendez-vous proposé",
        "aide_meeting_booked": "Rendez-vous fixé",
        "aide_meeting_reminder": "Rappel du rendez-vous",
        "aide_meeting_missed": "Rendez-vous manqué",
        "aide_meeting_closed": "Rendez-vous annulé, mairie fermée",
        "aide_meeting_given_up": "Renoncement au rendez-vous",
        "aide_cancelled": "Annulation",
        "aide_deletion": "Effacement annoncé",
    }

    TOPICS = {
        kind: "meeting"
        for kind in LABELS
        if kind.startswith("aide_meeting_") or kind in {"aide_answered", "aide_cancelled"}
    }

    demande = models.ForeignKey(Demande, models.CASCADE, related_name="mails")

    class Meta(SentMailBase.Meta):
        abstract = False
