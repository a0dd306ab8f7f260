"""Agendas and appointments: who has which seat when, refused by the database when it is taken."""

from datetime import datetime, time, timedelta
from typing import Any, Self
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connection, models
from django.db.models import F, Q
from django.utils.timezone import get_default_timezone, localdate, localtime

from demarches.models.fields import BoundedIntegerField, GuardedCharField, GuardedSlugField
from demarches.models.mairie import Mairie, Service
from demarches.rules import slots
from demarches.rules.dates_fr import NBSP, day_fr, hour_fr, weekday_fr
from demarches.rules.enums import AppointmentStatus
from demarches.rules.slots import EVERY_HALF_DAY, AgendaChange, AgendaRules, Taken
from demarches.web.request_memory import kept
from demarches.web.statements import Given, Statement

STEP_MINUTES = 5
#: No appointment is longer.
LONGEST_SLOT = timedelta(minutes=480)
WITH_SEAT = [
    s.value
    for s in (
        AppointmentStatus.HELD,
        AppointmentStatus.BOOKED,
        AppointmentStatus.ARRIVED,
        AppointmentStatus.DONE,
        AppointmentStatus.MISSED,
    )
]
#: Somebody is expected, or has come.
EXPECTED = [AppointmentStatus.BOOKED.value, AppointmentStatus.ARRIVED.value]
#: `AppointmentQuerySet.lapsed` among those that overlap a span, in SQL written once: whoever loses
#: a race asks it, and the ORM takes four times as long to write it as the database to answer.
LAPSED_WITHIN = """
SELECT 1 FROM demarches_appointment
WHERE agenda_id = %s AND seat IS NOT NULL
AND starts_at > %s AND starts_at < %s AND ends_at > %s
AND ((status = 'held' AND held_until <= %s) OR (status = 'cancelled' AND returns_at <= %s))
LIMIT 1
"""


def _five_minutes(value: int) -> None:
    if value % STEP_MINUTES:
        raise ValidationError("Un nombre de minutes multiple de 5.")


class Agenda(models.Model):
    """What can be booked at a service of the mairie, and by which rules."""

    service = models.ForeignKey(
        Service,
        verbose_name="service",
        on_delete=models.PROTECT,
        related_name="agendas",
        help_text="Ses horaires et ses fermetures donnent les créneaux.",
    )
    slug = GuardedSlugField("identifiant", max_length=40, unique=True)
    label = GuardedCharField(
        "nom", max_length=80, help_text="Par exemple « Enregistrement d’un Pacs »."
    )
    slot_minutes = models.PositiveSmallIntegerField(
        "durée d’un rendez-vous, en minutes",
        default=30,
        validators=[
            MinValueValidator(5),
            MaxValueValidator(LONGEST_SLOT // timedelta(minutes=1)),
            _five_minutes,
        ],
    )
    gap_minutes = models.PositiveSmallIntegerField(
        "pause entre deux rendez-vous, en minutes",
        default=0,
        validators=[MaxValueValidator(240), _five_minutes],
    )
    capacity = models.PositiveSmallIntegerField(
        "rendez-vous en même temps",
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text="Le nombre de salles ou d’officiers.",
    )
    counter_seats = models.PositiveSmallIntegerField(
        "dont réservés au guichet",
        default=0,
        help_text="Ces places ne sont pas proposées en ligne.",
    )
    half_days = models.CharField(
        "demi-journées ouvertes",
        max_length=60,
        blank=True,
        validators=[RegexValidator(r"^([0-6][ma]( |$))*$", "Choisissez des demi-journées.")],
        help_text="Aucune case cochée : toutes les heures du service.",
    )
    lead_time_days = BoundedIntegerField(
        "jours entre le dossier complet et le rendez-vous", default=15, highest=370
    )
    lead_time_days_foreign = BoundedIntegerField(
        "les mêmes, avec des documents étrangers", default=30, highest=370
    )
    horizon_days = models.PositiveSmallIntegerField(
        "jours d’avance au plus pour un rendez-vous",
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(370)],
        help_text="Un jour de plus s’ouvre chaque jour : personne n’a besoin de guetter.",
    )
    change_until_hours = BoundedIntegerField(
        "heures avant le rendez-vous pour encore le déplacer ou l’annuler en ligne",
        default=48,
        highest=720,
    )
    hold_minutes = models.PositiveSmallIntegerField(
        "minutes pendant lesquelles un créneau est retenu, le temps de confirmer",
        default=15,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
    )
    return_minutes_min = BoundedIntegerField(
        "un créneau annulé revient au plus tôt après (minutes)", default=10, highest=1440
    )
    return_minutes_max = BoundedIntegerField(
        "et au plus tard après (minutes)",
        default=60,
        highest=1440,
        help_text="Au hasard entre les deux : guetter ne sert à rien.",
    )
    offer_hours = models.PositiveSmallIntegerField(
        "heures pour répondre à une date plus proche (liste d’attente)",
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(168)],
    )

    class Meta:
        ordering = ["label"]
        verbose_name = "agenda"
        verbose_name_plural = "agendas"
        constraints = [
            models.CheckConstraint(
                condition=Q(counter_seats__lte=F("capacity")),
                name="demarches_agenda_counter_within_capacity",
                violation_error_message="Pas plus de places au guichet que de places en tout.",
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1, capacity__lte=50),
                name="demarches_agenda_capacity",
                violation_error_message="De 1 à 50 rendez-vous en même temps.",
            ),
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=5, slot_minutes__lte=480),
                name="demarches_agenda_slot_minutes",
                violation_error_message="Un rendez-vous dure de 5 minutes à 8 heures.",
            ),
            models.CheckConstraint(
                condition=Q(return_minutes_max__gte=F("return_minutes_min")),
                name="demarches_agenda_return_range",
                violation_error_message="Le délai le plus long suit le délai le plus court.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def rules(self, at: datetime, *, with_pauses: bool = True) -> AgendaRules:
        """The settings, the hours of the service and the changes of staff, as plain values.

        `with_pauses`: nothing new on a day that an agent is closing; what is booked stays.
        """
        schedule = self.service.mairie.schedule(at)
        today = localdate(at)
        changes = kept(
            ("changes", self.pk, today), lambda: list(self.changes.filter(day__gte=today))
        )
        half_days = frozenset((int(code[0]), code[1] == "a") for code in self.half_days.split())
        return AgendaRules(
            expression=schedule.expression(self.service.slug),
            slot_minutes=self.slot_minutes,
            gap_minutes=self.gap_minutes,
            capacity=self.capacity,
            counter_seats=self.counter_seats,
            changes=tuple(one.as_rule() for one in changes),
            half_days=half_days or EVERY_HALF_DAY,
            pauses=schedule.pauses(self.service.slug, at) if with_pauses else (),
            timezone=get_default_timezone(),
        )

    def taken(
        self, first: datetime, last: datetime, *, at: datetime, with_returning: bool = True
    ) -> list[Taken]:
        """Every seat that somebody has or holds between two moments.

        `with_returning`: those just given back count as taken, until their time has come.
        """
        asked = _TAKEN if with_returning else _TAKEN_FOR_THOSE_WHO_WAIT
        rows = asked(agenda=self.pk, first=first, last=last, at=at)
        return [Taken(one.starts_at, one.ends_at, one.seat) for one in rows if one.seat is not None]

    def has_lapsed(self, first: datetime, last: datetime, *, at: datetime) -> bool:
        """Whether a seat that goes back to everybody still stands in the way of this span."""
        adapt = connection.ops.adapt_datetimefield_value
        moments = map(adapt, (first - LONGEST_SLOT, last, first, at, at))
        with connection.cursor() as cursor:
            cursor.execute(LAPSED_WITHIN, [self.pk, *moments])
            return cursor.fetchone() is not None

    def stranded(self, rules: AgendaRules, *, at: datetime) -> "list[Appointment]":
        """Appointments to come that these rules leave without open hours, or without a seat."""
        # One just ended by an agent, who may still undo that, is to come as well.
        kept = Q(status=AppointmentStatus.CANCELLED.value, kept_until__gt=at)
        coming = self.appointments.filter(
            Q(status__in=EXPECTED) | kept, starts_at__gt=at, is_exceptional=False
        )
        return [
            one
            for one in coming
            if not slots.fits(rules, one.starts_at, one.ends_at) or (one.seat or 1) > rules.capacity
        ]


class AgendaDayChange(models.Model):
    """A slot or a day that staff close, or an exceptional one that they add."""

    agenda = models.ForeignKey(
        Agenda, verbose_name="agenda", on_delete=models.CASCADE, related_name="changes"
    )
    is_added = models.BooleanField(
        "quoi",
        choices=[(False, "Fermer"), (True, "Ouvrir exceptionnellement")],
        default=False,
    )
    day = models.DateField("jour", db_index=True)
    from_time = models.TimeField("de", null=True, blank=True, help_text="Vide : dès le matin.")
    until_time = models.TimeField("à", null=True, blank=True, help_text="Vide : toute la journée.")
    reason = GuardedCharField(
        "motif affiché", max_length=120, blank=True, help_text="Par exemple « formation »."
    )

    class Meta:
        ordering = ["day", "from_time", "pk"]
        verbose_name = "changement d’un jour"
        verbose_name_plural = "changements de jours"
        constraints = [
            models.CheckConstraint(
                condition=Q(from_time__isnull=True)
                | Q(until_time__isnull=True)
                | Q(until_time__gt=F("from_time")),
                name="demarches_agendadaychange_hours",
                violation_error_message="L’heure de fin doit suivre l’heure de début.",
            ),
            models.CheckConstraint(
                condition=Q(is_added=False) | Q(from_time__isnull=False, until_time__isnull=False),
                name="demarches_agendadaychange_added_has_hours",
                violation_error_message="Une ouverture exceptionnelle a une heure de début et"
                " une heure de fin.",
            ),
            models.CheckConstraint(
                condition=Q(until_time__isnull=True) | Q(until_time__gt=time.min),
                name="demarches_agendadaychange_not_until_midnight",
                violation_error_message="Pour aller jusqu’au bout du jour, laissez l’heure vide.",
            ),
        ]

    def __str__(self) -> str:
        what = "Ouvert" if self.is_added else "Fermé"
        hours = ""
        if self.from_time:
            hours += f" à partir de {hour_fr(self.from_time)}"
        if self.until_time:
            hours += f" jusqu’à {hour_fr(self.until_time)}"
        return f"{what} le {weekday_fr(self.day)} {day_fr(self.day)}{hours}"

    def as_rule(self) -> AgendaChange:
        return AgendaChange(self.day, self.is_added, self.from_time, self.until_time, self.reason)


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    """Reads of appointments, with a name."""

    def taking_a_seat(self, *, at: datetime | Given) -> Self:
        """Those that keep their seat from others at this moment."""
        return self.filter(
            Q(status__in=[s for s in WITH_SEAT if s != AppointmentStatus.HELD.value])
            | Q(status=AppointmentStatus.HELD.value, held_until__gt=at)
            | Q(status=AppointmentStatus.CANCELLED.value, returns_at__gt=at),
            seat__isnull=False,
        )

    def lapsed(self, *, at: datetime) -> Self:
        """Those whose seat goes back to everybody."""
        return self.filter(
            Q(status=AppointmentStatus.HELD.value, held_until__lte=at)
            | Q(status=AppointmentStatus.CANCELLED.value, returns_at__lte=at),
            seat__isnull=False,
        )

    def expected(self) -> Self:
        return self.filter(status__in=EXPECTED)

    def on(self, first: datetime, last: datetime) -> Self:
        return self.filter(starts_at__gte=first, starts_at__lt=last).order_by("starts_at", "seat")


class Appointment(models.Model):
    """One seat of an agenda for a span of time.

    A seat is kept while it is held, booked, used, or just given back; without a seat the row
    is history. The names of the people are in their dossier, never here.
    """

    agenda = models.ForeignKey(
        Agenda, verbose_name="agenda", on_delete=models.PROTECT, related_name="appointments"
    )
    starts_at = models.DateTimeField("de")
    ends_at = models.DateTimeField("à")
    seat = models.PositiveSmallIntegerField("place", null=True, blank=True)
    #: Of the agenda when the seat was taken: a seat beyond it does not exist.
    capacity = models.PositiveSmallIntegerField(editable=False)
    status = models.CharField("état", max_length=10, choices=AppointmentStatus.choices())
    #: Reference of the dossier it is for.
    holder = models.CharField("dossier", max_length=24, blank=True)
    held_until = models.DateTimeField("retenu jusqu’à", null=True, blank=True)
    #: A seat given back returns to everybody at that moment only.
    returns_at = models.DateTimeField("revient à", null=True, blank=True)
    #: Given back by an act that can be undone until then: nobody is offered the seat before.
    kept_until = models.DateTimeField(null=True, blank=True, editable=False)
    at_counter = models.BooleanField("pris par un agent", default=False)
    #: Agreed with these people alone: neither the hours nor a closure of the mairie count.
    is_exceptional = models.BooleanField("hors horaires", default=False)
    place = GuardedCharField("lieu, hors de la mairie", max_length=200, blank=True)
    created_at = models.DateTimeField("créé le")
    #: Identity of the event in calendars (RFC 5545, 3.8.4.7); a move keeps it and raises
    #: the sequence.
    uid = models.UUIDField(default=uuid4, editable=False)
    sequence = models.PositiveSmallIntegerField(default=0, editable=False)
    reminded_week_at = models.DateTimeField(null=True, blank=True, editable=False)
    reminded_day_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "seat"]
        verbose_name = "rendez-vous"
        verbose_name_plural = "rendez-vous"
        indexes = [models.Index(fields=["agenda", "starts_at"], name="demarches_appointment_when")]
        constraints = [
            # NULL is never equal to NULL: rows without a seat are free of this.
            models.UniqueConstraint(
                fields=["agenda", "starts_at", "seat"], name="demarches_appointment_seat_once"
            ),
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in AppointmentStatus]),
                name="demarches_appointment_status_known",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=WITH_SEAT) | Q(seat__isnull=False),
                name="demarches_appointment_has_seat",
            ),
            models.CheckConstraint(
                condition=Q(seat__isnull=True) | Q(seat__gte=1, seat__lte=F("capacity")),
                name="demarches_appointment_seat_exists",
            ),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(held_until__isnull=False),
                name="demarches_appointment_hold_ends",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled")
                | Q(seat__isnull=True)
                | Q(returns_at__isnull=False),
                name="demarches_appointment_cancelled_returns",
            ),
            models.CheckConstraint(
                condition=~Q(status="lapsed") | Q(seat__isnull=True),
                name="demarches_appointment_lapsed_has_no_seat",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="demarches_appointment_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(place="") | Q(is_exceptional=True),
                name="demarches_appointment_place_is_exceptional",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day_label} à{NBSP}{self.hour_label}"

    @property
    def current_status(self) -> AppointmentStatus:
        return AppointmentStatus(self.status)

    @property
    def day_label(self) -> str:
        """« mardi 15 décembre 2026 »."""
        day = localdate(self.starts_at)
        return f"{weekday_fr(day)} {day_fr(day)}"

    @property
    def hour_label(self) -> str:
        """« 9 h 30 »."""
        return hour_fr(localtime(self.starts_at))

    def where(self, mairie: Mairie | None) -> str:
        """The place agreed, else the mairie with its first entrance; empty without a mairie."""
        if self.place or mairie is None:
            return self.place
        entrance = next(iter(mairie.entrances.all()), None)
        note = f" ({entrance.note})" if entrance and entrance.note else ""
        return f"{mairie.name}, {entrance}{note}" if entrance else mairie.name

    @property
    def changeable_until(self) -> datetime:
        """The last moment at which the people may move or cancel it by themselves."""
        return self.starts_at - timedelta(hours=self.agenda.change_until_hours)

    def is_changeable(self, at: datetime) -> bool:
        is_theirs = self.status == AppointmentStatus.BOOKED.value and not self.is_exceptional
        return is_theirs and at < self.changeable_until

    def is_over(self, at: datetime) -> bool:
        """Its hour has passed, whatever came of it."""
        return self.ends_at <= at

    def is_held(self, at: datetime) -> bool:
        """Held, and not for too long."""
        return (
            self.status == AppointmentStatus.HELD.value
            and self.held_until is not None
            and at < self.held_until
        )


def _seats_taken(agenda: Given, first: Given, last: Given, at: Given) -> AppointmentQuerySet:
    within = Appointment.objects.filter(agenda=agenda, starts_at__lt=last, ends_at__gt=first)
    return within.taking_a_seat(at=at).only("starts_at", "ends_at", "seat")


def _seats_not_returning(
    agenda: Given, first: Given, last: Given, at: Given
) -> AppointmentQuerySet:
    taken = _seats_taken(agenda, first, last, at)
    kept = Q(kept_until__gt=at)
    return taken.filter(~Q(status=AppointmentStatus.CANCELLED.value) | kept)


_GIVEN: dict[str, models.Field[Any, Any]] = {
    "agenda": models.BigAutoField(),
    **{name: models.DateTimeField() for name in ("first", "last", "at")},
}
_TAKEN, _TAKEN_FOR_THOSE_WHO_WAIT = (
    Statement(build, **_GIVEN) for build in (_seats_taken, _seats_not_returning)
)


class SeatTime(models.Model):
    """Five minutes of one seat: no two appointments can ever have the same ones.

    The unique start of `Appointment` does not see that 9 h–9 h 30 and 9 h 15–9 h 45 overlap (the
    length of a slot may change); this does, on every database.
    """

    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, related_name="seat_times"
    )
    agenda = models.ForeignKey(Agenda, on_delete=models.CASCADE, related_name="+")
    seat = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = "temps d’une place"
        verbose_name_plural = "temps des places"
        constraints = [
            models.UniqueConstraint(fields=["agenda", "seat", "at"], name="demarches_seattime_once")
        ]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} place {self.seat}"
