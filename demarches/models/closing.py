"""A day that agents close while people are expected: what becomes of each, who is to be called.

The names and the numbers of these people stay in their dossiers: nothing here names anybody.
"""

from datetime import datetime, time
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import get_default_timezone

from demarches.models.agenda import Appointment
from demarches.models.fields import GuardedCharField
from demarches.models.mairie import Closure, Mairie, Service
from demarches.rules.closing import Outcome, bounds, day_in_words, why_closed
from demarches.rules.opening_hours import ClosurePeriod


class ClosingQuerySet(models.QuerySet["Closing"]):
    def unfinished(self) -> Self:
        """Neither confirmed nor given up; their time may be over."""
        return self.filter(closed_at=None, abandoned_at=None)


class Closing(models.Model):
    """A day, hours of it, or days in a row, for the mairie or a service, from the first gesture on.

    While it pauses, nobody can book there. Confirmed, its `closure` is what the public reads.
    """

    mairie = models.ForeignKey(
        Mairie, verbose_name="mairie", on_delete=models.CASCADE, related_name="closings"
    )
    service = models.ForeignKey(
        Service,
        verbose_name="service",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    day = models.DateField("premier jour", db_index=True)
    last_day = models.DateField("dernier jour", db_index=True)
    from_time = models.TimeField("à partir de", null=True, blank=True)
    until_time = models.TimeField("jusqu’à", null=True, blank=True)
    reason = GuardedCharField("motif affiché", max_length=120)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="commencée par",
        related_name="+",
    )
    at = models.DateTimeField("commencée le")
    held_until = models.DateTimeField("plus de prise jusqu’à")
    abandoned_at = models.DateTimeField("abandonnée le", null=True, blank=True)
    closed_at = models.DateTimeField("fermée le", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="fermée par",
        null=True,
        blank=True,
        related_name="+",
    )
    closure = models.OneToOneField(
        Closure,
        models.SET_NULL,
        verbose_name="fermeture",
        null=True,
        blank=True,
        related_name="closing",
    )

    objects = ClosingQuerySet.as_manager()

    class Meta:
        ordering = ["day", "pk"]
        verbose_name = "journée à fermer"
        verbose_name_plural = "journées à fermer"
        constraints = [
            models.CheckConstraint(
                condition=Q(from_time__isnull=True)
                | Q(until_time__isnull=True)
                | Q(last_day__gt=F("day"))
                | Q(until_time__gt=F("from_time")),
                name="demarches_closing_hours",
                violation_error_message="L’heure de fin doit suivre l’heure de début.",
            ),
            models.CheckConstraint(
                condition=Q(until_time__isnull=True) | Q(until_time__gt=time.min),
                name="demarches_closing_not_until_midnight",
                violation_error_message="Pour aller jusqu’au bout du jour, laissez l’heure vide.",
            ),
            models.CheckConstraint(
                condition=Q(last_day__gte=F("day")),
                name="demarches_closing_days",
                violation_error_message="Le dernier jour suit le premier.",
            ),
            models.CheckConstraint(
                condition=Q(held_until__gt=F("at")), name="demarches_closing_holds_for_a_while"
            ),
            models.CheckConstraint(
                condition=Q(abandoned_at__isnull=True) | Q(closed_at__isnull=True),
                name="demarches_closing_one_end",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="demarches_closing_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(closure__isnull=True) | Q(closed_at__isnull=False),
                name="demarches_closing_closure_once_closed",
            ),
            models.UniqueConstraint(
                fields=["mairie", "day"],
                condition=Q(closed_at__isnull=True, abandoned_at__isnull=True),
                name="demarches_closing_one_at_a_time",
                violation_error_message="Quelqu’un ferme déjà ce jour.",
            ),
        ]

    def __str__(self) -> str:
        return f"Fermeture {self.of_day_label}"

    def as_rule(self) -> ClosurePeriod:
        return ClosurePeriod(self.day, self.last_day, self.from_time, self.until_time, self.reason)

    @property
    def day_label(self) -> str:
        """« jeudi 3 décembre », « jeudi 3 décembre à partir de 14 h », « du lundi 21 … au … »."""
        return day_in_words(self.as_rule())

    @property
    def of_day_label(self) -> str:
        """The same after « Fermeture »: « du jeudi 3 décembre »."""
        return f"du {self.day_label}" if self.is_one_day else self.day_label

    @property
    def is_one_day(self) -> bool:
        return self.day == self.last_day

    @property
    def why(self) -> str:
        """What the people who were expected are told."""
        return why_closed(self.as_rule(), self.service.label if self.service else "")

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        return bounds(self.as_rule(), zone=get_default_timezone())

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    def is_pausing(self, at: datetime) -> bool:
        """Nothing new can be booked there, and nothing else has changed."""
        return self.closed_at is None and self.abandoned_at is None and at < self.held_until


class ClosingLine(models.Model):
    """One appointment of the day, and what is to become of it: a seat held, or nothing."""

    closing = models.ForeignKey(Closing, models.CASCADE, related_name="lines")
    appointment = models.ForeignKey(
        Appointment, models.CASCADE, verbose_name="rendez-vous", related_name="+"
    )
    #: The seat proposed, held for these people; none: cancel, they choose.
    seat = models.OneToOneField(
        Appointment,
        models.SET_NULL,
        verbose_name="place proposée",
        null=True,
        blank=True,
        related_name="+",
    )
    outcome = models.CharField("issue", max_length=10, choices=Outcome.choices(), blank=True)
    #: Why it could not be done, for the agent who looks at it again.
    problem = models.CharField("difficulté", max_length=500, blank=True)
    done_at = models.DateTimeField("fait le", null=True, blank=True)

    class Meta:
        ordering = ["appointment__starts_at", "pk"]
        verbose_name = "rendez-vous d’une journée à fermer"
        verbose_name_plural = "rendez-vous d’une journée à fermer"
        constraints = [
            models.UniqueConstraint(
                fields=["closing", "appointment"], name="demarches_closingline_once"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", done_at__isnull=True)
                | Q(outcome__in=["moved", "cancelled", "gone"], done_at__isnull=False),
                name="demarches_closingline_done_once_settled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appointment}"


class ClosingCall(models.Model):
    """Somebody without an address, to be called about an appointment of a day that closed."""

    line = models.ForeignKey(ClosingLine, models.CASCADE, related_name="calls")
    #: Of the person in the dossier; 0 where only one person is.
    position = models.PositiveSmallIntegerField("personne")
    called_at = models.DateTimeField("appelé le", null=True, blank=True)
    called_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="appelé par",
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        ordering = ["line__appointment__starts_at", "pk"]
        verbose_name = "appel d’une journée fermée"
        verbose_name_plural = "appels d’une journée fermée"
        constraints = [
            models.UniqueConstraint(fields=["line", "position"], name="demarches_closingcall_once"),
            models.CheckConstraint(
                condition=Q(position__lte=2), name="demarches_closingcall_position"
            ),
            models.CheckConstraint(
                condition=Q(called_at__isnull=True, called_by__isnull=True)
                | Q(called_at__isnull=False, called_by__isnull=False),
                name="demarches_closingcall_called_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}, personne {self.position}"
