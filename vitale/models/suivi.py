"""The resident's aide-mémoire: nobody else reads it, and no agent has a page of it.

It holds no name and no number: a situation, the ways tried, the dates people typed, and an
address when they asked to be reminded.
"""

from datetime import date, datetime
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.models import AccountItem, User
from demarches.models.address import AddressField, canonical_check
from demarches.models.fields import GuardedCharField
from demarches.rules.addresses import canonical_address
from demarches.rules.dates_fr import day_fr
from demarches.rules.deadlines import DELETION_WARNING, add_months
from vitale.models.codes import Coded
from vitale.models.guide import Situation, Sourced
from vitale.rules import situations
from vitale.rules import suivi as rules
from vitale.rules.situations import Channel, Regime
from vitale.rules.suivi import STEPS, Journey, Purpose, Step, Unit

#: Kept so long after it was closed, or without a visit (a newcomer's number takes longer).
KEPT_AFTER_CLOSE = 3
KEPT_UNVISITED = 12
KEPT_UNVISITED_NEWCOMER = 15


class SuiviQuerySet(models.QuerySet["Suivi"]):
    def visible_to(self, user: User) -> Self:
        """Those attached to this account."""
        return self.filter(owner=user)

    def locked(self) -> Self:
        return self.select_for_update(of=("self",), no_key=True)

    def reminded(self) -> Self:
        """Open, with an address whose holder said yes."""
        return self.filter(closed_at=None).exclude(reminder_confirmed_at=None)

    def opened_by(self, address: str) -> Self:
        """Those that this address opens, the latest visited first; an account opens its own."""
        told = self.filter(reminder_email=canonical_address(address), opens_by_mail=True)
        told = told.filter(owner=None).exclude(reminder_confirmed_at=None)
        return told.order_by("-visited_at", "-pk")

    def forgotten(self, *, at: datetime) -> Self:
        """Closed or unvisited for as long as they may be kept (domain reference 7.6)."""
        newcomer = Q(situation=situations.Situation.NEWCOMER.value)
        return self.filter(
            Q(closed_at__lt=months_before(at, KEPT_AFTER_CLOSE))
            | (~newcomer & Q(visited_at__lt=months_before(at, KEPT_UNVISITED)))
            | (newcomer & Q(visited_at__lt=months_before(at, KEPT_UNVISITED_NEWCOMER)))
        )


def months_before(at: datetime, months: int) -> datetime:
    """The same hour, calendar months earlier."""
    day = add_months(localdate(at), -months)
    return at.replace(year=day.year, month=day.month, day=day.day)


def deletion_day(warned_at: datetime | None) -> date | None:
    """Two weeks after it was told, which is never before the end of retention."""
    return None if warned_at is None else localdate(warned_at + DELETION_WARNING)


class Suivi(Coded, AccountItem):
    """One aide-mémoire."""

    reference = models.CharField("référence", max_length=12, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    situation = models.ForeignKey(Situation, models.PROTECT)
    created_at = models.DateTimeField()
    #: Moved by the people's visits only; a reminder is not one.
    visited_at = models.DateTimeField(db_index=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reminder_email = AddressField(max_length=254, blank=True)
    reminder_confirmed_at = models.DateTimeField(null=True, blank=True)
    #: Whoever reads that address said yes knowing that it opens this again, without its codes.
    opens_by_mail = models.BooleanField(default=False, editable=False)
    #: The day people chose, where none can be computed: no birth date is kept.
    reminder_on = models.DateField(null=True, blank=True)
    #: When it was told that it will be deleted; a visit that keeps it empties this.
    deletion_warned_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: One-time key of the form it came from: a double click opens one.
    form_key = GuardedCharField(max_length=40, unique=True, null=True, editable=False)  # type: ignore[misc]

    objects = SuiviQuerySet.as_manager()

    class Meta:
        verbose_name = "aide-mémoire"
        verbose_name_plural = "aide-mémoire"
        constraints = [
            models.CheckConstraint(
                condition=Q(reminder_confirmed_at=None) | ~Q(reminder_email=""),
                name="vitale_suivi_yes_has_address",
                violation_error_message="Un accord porte sur une adresse.",
            ),
            canonical_check("reminder_email", "vitale_suivi_email_canonical"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("vitale:suivi", args=[self.reference])

    @property
    def account_hint(self) -> str:
        hint = "Aide-mémoire de votre carte Vitale" + (" (terminé)" if self.closed_at else "")
        day = self.deleted_on
        return f"{hint}, effacé le {day_fr(day)}" if day else hint

    @property
    def deleted_on(self) -> date | None:
        """The day it goes, once that was told; None otherwise."""
        return deletion_day(self.deletion_warned_at)

    @property
    def mail_address(self) -> str:
        """Where a mail about it may go: the address that said yes, or that of the account."""
        if self.reminder_confirmed_at is not None:
            return self.reminder_email
        return self.owner.email if self.owner else ""

    @property
    def chosen_situation(self) -> situations.Situation:
        return situations.Situation(self.situation_id)

    @property
    def may_choose_reminder(self) -> bool:
        return self.chosen_situation in rules.REMINDER_CHOSEN

    @property
    def keep_months(self) -> int:
        """How long it is kept without a visit."""
        is_newcomer = self.chosen_situation is situations.Situation.NEWCOMER
        return KEPT_UNVISITED_NEWCOMER if is_newcomer else KEPT_UNVISITED

    @property
    def kept_until(self) -> date:
        """The end of its retention, without another visit."""
        if self.closed_at is not None:
            return add_months(localdate(self.closed_at), KEPT_AFTER_CLOSE)
        return add_months(localdate(self.visited_at), self.keep_months)


class SuiviRoute(models.Model):
    """One way of asking, with its ticks; changing the way ends it and begins another."""

    suivi = models.ForeignKey(Suivi, models.CASCADE, related_name="routes")
    regime = models.CharField(max_length=10, choices=Regime.choices())
    channel = models.CharField(max_length=10, choices=Channel.choices(), blank=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "voie suivie"
        verbose_name_plural = "voies suivies"
        ordering = ["started_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["suivi"], condition=Q(ended_at=None), name="vitale_suiviroute_one_open"
            )
        ]

    def __str__(self) -> str:
        return self.journey.label

    @property
    def chosen_regime(self) -> Regime:
        return Regime(self.regime)

    @property
    def chosen_channel(self) -> Channel | None:
        return Channel(self.channel) if self.channel else None

    @property
    def journey(self) -> Journey:
        found = rules.journey(self.suivi.chosen_situation, self.chosen_regime, self.chosen_channel)
        if found is None:
            raise AssertionError("an aide-mémoire is opened for a situation that is followed")
        return found

    @property
    def steps(self) -> tuple[Step, ...]:
        return STEPS[self.journey]


class SuiviTick(models.Model):
    """A step done, and the day people say it was."""

    route = models.ForeignKey(SuiviRoute, models.CASCADE, related_name="ticks")
    step = models.CharField(max_length=20)
    done_on = models.DateField()
    choice = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "étape cochée"
        verbose_name_plural = "étapes cochées"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["route", "step"], name="vitale_suivitick_once")
        ]

    def __str__(self) -> str:
        return self.step


class SuiviReminder(models.Model):
    """A reminder that was written: at most one for a step of a way."""

    route = models.ForeignKey(SuiviRoute, models.CASCADE, related_name="reminders")
    step = models.CharField(max_length=30, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "rappel envoyé"
        verbose_name_plural = "rappels envoyés"
        constraints = [
            models.UniqueConstraint(fields=["route", "step"], name="vitale_suivireminder_once")
        ]

    def __str__(self) -> str:
        return self.step


class SuiviMail(models.Model):
    """A mail written for an aide-mémoire: it holds an address, so it goes with it."""

    suivi = models.ForeignKey(Suivi, models.CASCADE, related_name="mails")
    email = models.ForeignKey("post_office.Email", models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "courriel d’aide-mémoire"
        verbose_name_plural = "courriels d’aide-mémoire"

    def __str__(self) -> str:
        return str(self.email_id)


class SuiviOffset(Sourced):
    """So long after a step: the mairie's own choice for a reminder, a source for a delay."""

    journey = models.CharField("démarche suivie", max_length=30, choices=Journey.choices())
    situations = models.JSONField(
        "seulement pour ces situations", default=list, blank=True, help_text="Vide : toutes."
    )
    purpose = models.CharField("sert à", max_length=15, choices=Purpose.choices())
    from_step = models.CharField("compté depuis l’étape", max_length=20)
    amount = models.PositiveSmallIntegerField("durée")
    unit = models.CharField("en", max_length=5, choices=Unit.choices(), default=Unit.DAYS.value)
    until_step = models.CharField(
        "tant que cette étape n’est pas cochée", max_length=20, blank=True
    )
    text = GuardedCharField("ce qui est dit", max_length=300)

    class Meta:
        verbose_name = "délai d’aide-mémoire"
        verbose_name_plural = "délais d’aide-mémoire"
        ordering = ["journey", "purpose", "unit", "amount"]

    def __str__(self) -> str:
        return f"{self.journey}, {self.from_step} + {self.amount} {self.unit}"

    def clean(self) -> None:
        super().clean()
        errors: dict[str, Any] = {}
        known = {step.key for step in STEPS.get(Journey(self.journey), ())} if self.journey else ()
        for field in ("from_step", "until_step"):
            key = getattr(self, field)
            if key and key not in known:
                errors[field] = f"Choisissez parmi : {', '.join(sorted(known))}."
        slugs = {s.value for s in rules.FOLLOWED}
        if not isinstance(self.situations, list) or not slugs.issuperset(map(str, self.situations)):
            errors["situations"] = f"Choisissez parmi : {', '.join(sorted(slugs))}."
        if errors:
            raise ValidationError(errors)
