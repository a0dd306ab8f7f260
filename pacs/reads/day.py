"""The day of the officer: who comes when, what to check at the counter, what to prepare.

Read models for the screen and for the sheets on paper; flat numbers of queries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.utils.timezone import localdate

from demarches.agenda.booking import midnight
from demarches.models import Appointment
from demarches.rules.deadlines import is_working_day
from demarches.rules.enums import AppointmentStatus, PieceStatus, Status
from demarches.rules.holidays import LocalHolidays
from demarches.rules.read import imprint
from pacs.models import Dossier, Partenaire, Piece, PieceWording
from pacs.rules.pieces import VERIFIED_BY_MAIRIE
from pacs.rules.situation import Measure

PLAN_B_WORKING_DAYS = 10
#: Code civil, art. 461 and 462.
CONVENTION_ASSISTANCE = (
    "vérifier l’assistance à la signature de la convention ; pas d’assistance à la déclaration"
)
OTHER_MEASURE_CHECK = "vérifier ce que la mesure demande pour la convention"
COMING = [
    AppointmentStatus.BOOKED.value,
    AppointmentStatus.ARRIVED.value,
    AppointmentStatus.DONE.value,
    AppointmentStatus.MISSED.value,
]


@dataclass(frozen=True)
class Original:
    """One original to see at the counter."""

    text: str
    holder: str
    last_day: date | None
    #: Too old, missing or refused on the day: it must be settled before the registration.
    problem: str = ""
    ends_that_day: bool = False


@dataclass(frozen=True)
class Person:
    """What the officer checks of one of the two."""

    partenaire: Partenaire
    measure: str

    @property
    def assistance(self) -> str:
        """What the officer checks because of a measure of protection; empty without one.

        Curatelle and tutelle: assistance for the convention, none for the déclaration (CC, art.
        461 and 462). The Code says nothing of the other measures.
        """
        if self.partenaire.measure in {Measure.CURATELLE, Measure.TUTELLE}:
            return CONVENTION_ASSISTANCE
        return OTHER_MEASURE_CHECK if self.measure else ""

    @property
    def name(self) -> str:
        return self.partenaire.full_name or self.partenaire.display_name

    @property
    def initials(self) -> str:
        """« C. L. »: enough for the front desk to show the way."""
        words = [self.partenaire.first_names, self.partenaire.birth_name]
        return " ".join(f"{word.strip()[0].upper()}." for word in words if word.strip()) or "?"

    @property
    def needs(self) -> str:
        return self.partenaire.needs


@dataclass(frozen=True)
class Visit:
    """One appointment of the day, and the couple it is for."""

    appointment: Appointment
    dossier: Dossier
    people: tuple[Person, ...]
    originals: tuple[Original, ...]
    remarks: tuple[str, ...]

    @property
    def initials(self) -> str:
        return " et ".join(person.initials for person in self.people)

    @property
    def problems(self) -> list[Original]:
        return [original for original in self.originals if original.problem]


def visits_between(first: date, last: date) -> list[Visit]:
    """The visits of a period, both days included, in the order of the clock."""
    people = Partenaire.objects.select_related("user").order_by("position")
    pieces = Piece.objects.required().select_related("partenaire")
    dossiers = (
        Dossier.objects.filter(
            appointment__starts_at__gte=midnight(first),
            appointment__starts_at__lt=midnight(last + timedelta(days=1)),
            appointment__status__in=COMING,
        )
        .select_related("appointment__agenda")
        .prefetch_related(Prefetch("partenaires", people), Prefetch("pieces", pieces), "notes")
        .order_by("appointment__starts_at", "appointment__seat")
    )
    wordings = PieceWording.objects.by_rule()
    return [_visit(dossier, wordings) for dossier in dossiers]


def _visit(dossier: Dossier, wordings: Mapping[str, PieceWording]) -> Visit:
    appointment = dossier.appointment
    if appointment is None:
        raise ValueError("a visit needs an appointment")
    return Visit(
        appointment=appointment,
        dossier=dossier,
        people=tuple(
            Person(one, one.get_measure_display() if one.measure not in {"", "aucune"} else "")
            for one in dossier.people
        ),
        originals=tuple(
            _originals(dossier.pieces.all(), wordings, localdate(appointment.starts_at))
        ),
        remarks=tuple(note.body for note in dossier.notes.all()),
    )


def _originals(
    pieces: Iterable[Piece], wordings: Mapping[str, PieceWording], day: date
) -> Iterable[Original]:
    for piece in pieces:
        wording = wordings.get(piece.rule_id)
        if wording is None or not wording.to_bring:
            continue
        last = piece.last_day(wording.max_age)
        status = piece.status_on(day, wording.max_age)
        settled = status in {PieceStatus.ACCEPTED, PieceStatus.TO_BRING}
        yield Original(
            text=wording.to_bring,
            holder=piece.partenaire.display_name if piece.partenaire else "Le couple",
            last_day=last,
            problem="" if settled else status.label,
            ends_that_day=last == day,
        )


def working_days(first: date, local: LocalHolidays, *, count: int) -> list[date]:
    """The next working days of such a place; a sheet prints the period that they bound."""
    days: list[date] = []
    day = first
    while len(days) < count:
        if is_working_day(day, local):
            days.append(day)
        day += timedelta(days=1)
    return days


def plan_b_period(today: date, local: LocalHolidays) -> tuple[date, date]:
    """From tomorrow to the tenth working day, Saturdays in between included."""
    tomorrow = today + timedelta(days=1)
    return tomorrow, working_days(tomorrow, local, count=PLAN_B_WORKING_DAYS)[-1]


@dataclass(frozen=True)
class BirthCheck:
    """A birth record the mairie verifies by itself (CC, art. 101-1): the fields of the query."""

    piece: Piece
    person: Partenaire
    appointment: Appointment | None
    verified_at: datetime | None

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What is asked of the record, in the order of the query."""
        return birth_query(self.person)

    @property
    def key(self) -> str:
        """What was read of the person, to be carried by the form."""
        return imprint(dict(self.fields))


def birth_query(one: Partenaire) -> list[tuple[str, str]]:
    """Name, first names, sex, date and place of birth, parents, in the order of the query."""
    birth = "/".join(
        f"{part:0{width}d}" if part else "?" * width
        for part, width in ((one.birth_day, 2), (one.birth_month, 2), (one.birth_year, 4))
    )
    parents = [
        "Inconnu" if unknown else f"{name} {first_names}".strip()
        for name, first_names, unknown in (
            (one.parent1_name, one.parent1_first_names, one.parent1_unknown),
            (one.parent2_name, one.parent2_first_names, one.parent2_unknown),
        )
    ]
    place = f"{one.birth_city} ({one.birth_department or one.birth_country.name})"
    return [
        ("Nom de naissance", one.birth_name),
        ("Prénoms", one.first_names),
        ("Sexe", one.get_sex_display() if one.sex else ""),
        ("Date de naissance", birth),
        ("Lieu de naissance", place),
        ("Premier parent", parents[0]),
        ("Second parent", parents[1]),
    ]


def births_to_verify(*, at: datetime) -> list[BirthCheck]:
    """Births not verified yet, and those verified too long before the appointment."""
    wordings = PieceWording.objects.by_rule()
    found = []
    for piece in _verified_pieces():
        appointment = piece.dossier.appointment
        on = localdate(appointment.starts_at if appointment else at)
        until = piece.verified_until(wordings[piece.rule_id].max_age)
        if piece.partenaire is not None and (until is None or until < on):
            found.append(BirthCheck(piece, piece.partenaire, appointment, _verified_at(piece)))
    return found


def _verified_pieces() -> QuerySet[Piece]:
    open_values = [Status.SUBMITTED, Status.UNDER_REVIEW, Status.PIECES_REQUESTED]
    return (
        Piece.objects.required()
        .filter(
            rule_id__in=VERIFIED_BY_MAIRIE,
            dossier__status__in=[
                s.value for s in (*open_values, Status.COMPLETE, Status.SCHEDULED)
            ],
        )
        .select_related("partenaire", "dossier__appointment")
        .order_by("dossier__appointment__starts_at", "pk")
    )


def _verified_at(piece: Piece) -> datetime | None:
    return piece.decided_at if piece.status == PieceStatus.ACCEPTED.value else None
