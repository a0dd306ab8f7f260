"""The mairie: how to reach it, and the hours that agents edit as rows.

Nothing about a given commune stands in code; the rows of Uzès are in `fixtures/`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Self
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from demarches.models.address import AddressField, canonical_check
from demarches.models.fields import (
    GuardedCharField,
    GuardedSlugField,
    GuardedTextField,
    LatinCharField,
)
from demarches.rules import opening_hours
from demarches.rules.closing import pauses_of
from demarches.rules.dates_fr import WEEKDAYS, days_range_fr, hour_fr
from demarches.rules.holidays import LocalHolidays, holidays_between
from demarches.rules.opening_hours import ALL_WEEKS, ClosurePeriod, OpenState, Today, WeeklyHours
from demarches.rules.slots import AgendaChange
from demarches.typed.phone_field import PhoneColumn
from demarches.web.request_memory import kept

if TYPE_CHECKING:
    from demarches.models.closing import Closing

#: Every way to choose weeks of the month: "" (all of them), "1", "1,3" … "1,2,3,4,5".
WEEK_CHOICES = [
    ",".join(map(str, weeks)) for size in range(6) for weeks in combinations(ALL_WEEKS, size)
]


class MairieQuerySet(models.QuerySet["Mairie"]):
    """Reads of the mairie, with a name."""

    def current(self) -> "Mairie | None":
        """The one this portal speaks for; None until it is set up."""
        return kept("mairie", lambda: self.order_by("pk").first())

    def with_entrances(self) -> "Mairie | None":
        """The same, for what shows its addresses."""
        return kept(
            "mairie with entrances",
            lambda: self.prefetch_related("entrances").order_by("pk").first(),
        )


class Mairie(models.Model):
    """Who answers for the procedures: names, addresses, phone."""

    name = LatinCharField("nom", max_length=120, help_text="Par exemple « Mairie d’Uzès ».")
    commune = LatinCharField("commune", max_length=80, help_text="Par exemple « Uzès ».")
    insee_code = models.CharField(
        "code Insee",
        max_length=5,
        unique=True,
        validators=[RegexValidator(r"^(2[AB]|\d{2})\d{3}$", "Cinq signes, par exemple 30334.")],
    )
    postal_line = LatinCharField("boîte postale ou rue", max_length=120, blank=True)
    postal_code = models.CharField("code postal", max_length=5)
    postal_city = LatinCharField("bureau distributeur", max_length=80)
    phone = PhoneColumn("téléphone", blank=True)
    email = AddressField("adresse e-mail", blank=True)
    website = models.URLField("site internet", blank=True)
    data_protection_contact = GuardedTextField(
        "contact pour les données personnelles",
        blank=True,
        help_text="Délégué à la protection des données : nom, adresse ou e-mail.",
    )
    local_holidays = models.CharField(
        "jours fériés",
        max_length=30,
        choices=LocalHolidays.choices(),
        default=LocalHolidays.NATIONAL.value,
        help_text="Le service est fermé ces jours-là, et ils ne comptent pas comme jours ouvrés.",
    )
    #: New after every change of the mairie or of its hours: the database renews it
    #: (`demarches.serving.revision`). Each process keeps the compiled hours in memory under this
    #: number: one query a page tells whether they still hold.
    revision = models.UUIDField(default=uuid4, editable=False)

    objects = MairieQuerySet.as_manager()

    class Meta:
        verbose_name = "mairie"
        verbose_name_plural = "mairies"
        constraints = [canonical_check("email", "demarches_mairie_email_canonical")]

    def __str__(self) -> str:
        return self.name

    @property
    def postal_address(self) -> str:
        """« BP 71103, 30701 Uzès cedex »."""
        city = f"{self.postal_code} {self.postal_city}"
        return f"{self.postal_line}, {city}" if self.postal_line else city

    def schedule(self, at: datetime) -> "Schedule":
        """Entrances, services with their hours, and closures, as they stand this week."""
        monday = opening_hours.monday_of(timezone.localtime(at).date())
        return _load_schedule(self.pk, self.revision, monday, self.local_holidays)


class Entrance(models.Model):
    """A door of the mairie."""

    mairie = models.ForeignKey(
        Mairie, verbose_name="mairie", on_delete=models.CASCADE, related_name="entrances"
    )
    street = LatinCharField("adresse", max_length=120)
    postal_code = models.CharField("code postal", max_length=5)
    city = LatinCharField("commune", max_length=80)
    note = LatinCharField(
        "précision", max_length=200, blank=True, help_text="Par exemple « accès de plain-pied »."
    )
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    position = models.PositiveSmallIntegerField("ordre", default=1)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "entrée"
        verbose_name_plural = "entrées"
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    # A comparison with NULL is not false: it must be ruled out first.
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__gte=-90,
                    latitude__lte=90,
                    longitude__gte=-180,
                    longitude__lte=180,
                ),
                name="demarches_entrance_coordinates",
                violation_error_message=(
                    "Donnez la latitude et la longitude ensemble, en degrés, ou aucune des deux."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.street}, {self.postal_code} {self.city}"

    @property
    def map_url(self) -> str:
        """A plain link to a free map: nothing is asked from it until somebody follows it."""
        if self.latitude is None or self.longitude is None:
            return f"https://www.openstreetmap.org/search?{urlencode({'query': str(self)})}"
        point = f"mlat={self.latitude}&mlon={self.longitude}"
        return f"https://www.openstreetmap.org/?{point}#map=18/{self.latitude}/{self.longitude}"


class Service(models.Model):
    """A counter with hours of its own: accueil, état civil."""

    mairie = models.ForeignKey(
        Mairie, verbose_name="mairie", on_delete=models.CASCADE, related_name="services"
    )
    slug = GuardedSlugField("identifiant", max_length=40)
    label = GuardedCharField("nom", max_length=80)
    position = models.PositiveSmallIntegerField(
        "ordre", default=1, help_text="Le premier donne l’état affiché en haut de chaque page."
    )

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "service"
        verbose_name_plural = "services"
        constraints = [
            models.UniqueConstraint(
                fields=["mairie", "slug"],
                name="demarches_service_slug_once",
                violation_error_message="Cette mairie a déjà un service avec cet identifiant.",
            )
        ]

    def __str__(self) -> str:
        return self.label


class OpeningHoursQuerySet(models.QuerySet["OpeningHours"]):
    def not_over_before(self, day: date) -> Self:
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day))


class OpeningHours(models.Model):
    """One span of a weekday; « 1er et 3e samedi » and « à partir du 1er septembre » included."""

    service = models.ForeignKey(
        Service, verbose_name="service", on_delete=models.CASCADE, related_name="hours"
    )
    weekday = models.PositiveSmallIntegerField(
        "jour", choices=[(rank, name) for rank, name in enumerate(WEEKDAYS)]
    )
    opens = models.TimeField("ouvre à")
    closes = models.TimeField("ferme à")
    weeks = models.CharField(
        "semaines du mois",
        max_length=9,
        blank=True,
        help_text="Aucune case cochée : toutes les semaines. « 1 » est le premier de ces jours"
        " dans le mois.",
    )
    valid_from = models.DateField("à partir du", null=True, blank=True)
    valid_until = models.DateField("jusqu’au (inclus)", null=True, blank=True)

    #: Set by a form that edits the rows of a service together and compares them itself.
    is_compared_by_formset = False

    objects = OpeningHoursQuerySet.as_manager()

    class Meta:
        ordering = ["service", "weekday", "opens", "valid_from"]
        verbose_name = "horaire"
        verbose_name_plural = "horaires"
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__lte=6),
                name="demarches_openinghours_weekday",
                violation_error_message="Choisissez un jour de la semaine.",
            ),
            models.CheckConstraint(
                condition=Q(closes__gt=F("opens")),
                name="demarches_openinghours_closes_after_opens",
                violation_error_message="L’heure de fermeture doit suivre l’heure d’ouverture.",
            ),
            models.CheckConstraint(
                condition=Q(weeks__in=WEEK_CHOICES),
                name="demarches_openinghours_weeks",
                violation_error_message="Les semaines du mois vont de 1 à 5.",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="demarches_openinghours_valid_dates",
                violation_error_message="La date de fin doit suivre la date de début.",
            ),
        ]

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} de {hour_fr(self.opens)} à {hour_fr(self.closes)}"

    def clean(self) -> None:
        """Refuse two rows of a service that speak of the same minutes of the same days."""
        if None in (self.weekday, self.opens, self.closes) or self.service_id is None:
            return  # the fields have their own messages
        if self.closes <= self.opens or self.is_compared_by_formset:
            return  # so have the constraint and the formset
        for other in OpeningHours.objects.filter(
            service_id=self.service_id, weekday=self.weekday
        ).exclude(pk=self.pk):
            if opening_hours.conflict([self.as_rule(), other.as_rule()]):
                raise ValidationError(
                    f"Ces heures se chevauchent avec une autre ligne : {other}. Corrigez l’une"
                    " des deux, ou donnez-leur des semaines ou des dates différentes."
                )

    def as_rule(self) -> WeeklyHours:
        return WeeklyHours(
            weekday=self.weekday,
            opens=self.opens,
            closes=self.closes,
            weeks=tuple(int(week) for week in self.weeks.split(",") if week),
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


class ClosureQuerySet(models.QuerySet["Closure"]):
    def not_over_before(self, day: date) -> Self:
        return self.filter(last_day__gte=day)


class Closure(models.Model):
    """The mairie, or one of its services, is closed between two days, both included."""

    mairie = models.ForeignKey(
        Mairie, verbose_name="mairie", on_delete=models.CASCADE, related_name="closures"
    )
    service = models.ForeignKey(
        Service,
        verbose_name="service",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="closures",
        help_text="Laisser vide : toute la mairie est fermée.",
    )
    first_day = models.DateField("premier jour fermé", db_index=True)
    from_time = models.TimeField(
        "à partir de", null=True, blank=True, help_text="Laisser vide : dès le matin."
    )
    last_day = models.DateField("dernier jour fermé", db_index=True)
    until_time = models.TimeField(
        "jusqu’à", null=True, blank=True, help_text="Laisser vide : toute la journée."
    )
    reason = GuardedCharField(
        "motif affiché", max_length=120, help_text="Par exemple « pont de l’Ascension »."
    )

    objects = ClosureQuerySet.as_manager()

    class Meta:
        ordering = ["first_day", "pk"]
        verbose_name = "fermeture"
        verbose_name_plural = "fermetures"
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gt=F("first_day"))
                | Q(last_day=F("first_day"), from_time__isnull=True)
                | Q(last_day=F("first_day"), until_time__isnull=True)
                | Q(last_day=F("first_day"), until_time__gt=F("from_time")),
                name="demarches_closure_ends_after_start",
                violation_error_message="La fin de la fermeture doit suivre son début.",
            ),
            models.CheckConstraint(
                condition=Q(until_time__isnull=True) | Q(until_time__gt=time.min),
                name="demarches_closure_not_until_midnight",
                violation_error_message=(
                    "Pour fermer jusqu’au bout du dernier jour, laissez l’heure de fin vide."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.as_rule()} ({self.reason})"

    def clean(self) -> None:
        if self.service is not None and self.service.mairie_id != self.mairie_id:
            raise ValidationError({"service": "Ce service n’est pas de cette mairie."})

    def as_rule(self) -> ClosurePeriod:
        return ClosurePeriod(
            first_day=self.first_day,
            last_day=self.last_day,
            from_time=self.from_time,
            until_time=self.until_time,
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True)
class ServiceHours:
    """A service and its hours as one OpenStreetMap expression (empty: hours unknown)."""

    slug: str
    label: str
    expression: str
    #: Weekdays with at least one row: a holiday on another day changes nothing.
    weekdays: frozenset[int]
    #: Those open in some weeks of the month only, for which people need the dates.
    occasional_weekdays: frozenset[int]

    def state(self, at: datetime) -> OpenState:
        zone = timezone.get_default_timezone()
        return opening_hours.state_at(self.expression, at, timezone=zone)


@dataclass(frozen=True, slots=True)
class Notice:
    """A day or days when hours are not as usual, told ahead."""

    first_day: date
    last_day: date
    when: str
    reason: str
    #: Empty: the whole mairie.
    service: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the rows of a mairie say in one week; shared between requests, hence frozen."""

    entrances: tuple[Entrance, ...]
    services: tuple[ServiceHours, ...]
    closures: tuple[Closure, ...]
    local_holidays: LocalHolidays
    #: Days that an agent is closing, or was: whoever reads asks which hold now.
    closings: "tuple[Closing, ...]" = ()

    def expression(self, slug: str) -> str:
        """The hours of one service, for the agenda; empty when there is no such service."""
        return next((s.expression for s in self.services if s.slug == slug), "")

    def pauses(self, slug: str, at: datetime) -> tuple[AgendaChange, ...]:
        """The spans of one service in which nothing new is booked at this moment."""
        return tuple(
            pause
            for one in self.closings
            if one.is_pausing(at) and (one.service is None or one.service.slug == slug)
            for pause in pauses_of(one.as_rule())
        )

    def notices(self, first: date, last: date) -> tuple[Notice, ...]:
        """Closures, and the holidays that fall on a day usually open, in order."""
        weekdays = frozenset[int]().union(*(s.weekdays for s in self.services))
        closures = [
            Notice(
                closure.first_day,
                closure.last_day,
                str(closure.as_rule()),
                closure.reason,
                closure.service.label if closure.service else "",
            )
            for closure in self.closures
            if closure.first_day <= last and closure.last_day >= first
        ]
        holidays = [
            Notice(
                holiday.date,
                holiday.date,
                days_range_fr(holiday.date, holiday.date),
                f"{holiday.name}, jour férié",
            )
            for holiday in holidays_between(first, last, self.local_holidays)
            if holiday.date.weekday() in weekdays
        ]
        return tuple(sorted(closures + holidays, key=lambda notice: notice.first_day))

    def today(self, at: datetime) -> Today:
        return opening_hours.today([(s.label, s.state(at)) for s in self.services])


@lru_cache(maxsize=32)
def _load_schedule(mairie_id: int, revision: UUID, monday: date, holidays: str) -> Schedule:
    closures = tuple(
        Closure.objects.filter(mairie_id=mairie_id)
        .not_over_before(monday)
        .select_related("service")
    )
    rows: dict[int, list[WeeklyHours]] = defaultdict(list)
    for hours in OpeningHours.objects.filter(service__mairie_id=mairie_id).not_over_before(monday):
        rows[hours.service_id].append(hours.as_rule())
    local = LocalHolidays(holidays)
    services = tuple(
        _service_hours(
            service,
            rows[service.pk],
            [c.as_rule() for c in closures if c.service_id in (None, service.pk)],
            local,
        )
        for service in Service.objects.filter(mairie_id=mairie_id)
    )
    entrances = tuple(Entrance.objects.filter(mairie_id=mairie_id))
    closings = Mairie(pk=mairie_id).closings.unfinished().filter(last_day__gte=monday)
    return Schedule(
        entrances=entrances,
        services=services,
        closures=closures,
        local_holidays=local,
        closings=tuple(closings.select_related("service")),
    )


def _service_hours(
    service: Service,
    rows: Sequence[WeeklyHours],
    closures: Sequence[ClosurePeriod],
    local: LocalHolidays,
) -> ServiceHours:
    every_week = frozenset(row.weekday for row in rows if not row.weeks)
    weekdays = frozenset(row.weekday for row in rows)
    return ServiceHours(
        slug=service.slug,
        label=service.label,
        expression=opening_hours.compile_expression(rows, closures, local=local),
        weekdays=weekdays,
        occasional_weekdays=weekdays - every_week,
    )
