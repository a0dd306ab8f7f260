"""What agents see: the queues of the home page, one dossier with everything about it.

Read models, like `pacs.tracking` for the people; flat numbers of queries.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localdate
from post_office.models import STATUS

from demarches.booking import midnight
from demarches.models import User
from demarches.rules.enums import PieceStatus, Status
from demarches.rules.lifecycle import allowed
from pacs.models import (
    Dossier,
    OutcomeDecision,
    PacsSettings,
    Partenaire,
    Piece,
    PieceWording,
    Reading,
)
from pacs.models.gate import decided, inputs_of_couple, points_to_decide
from pacs.models.piece import IDENTITY_RULE, PieceQuerySet
from pacs.rules.eligibility import Outcome, outcomes
from pacs.rules.enums import Door
from pacs.rules.gate import Act, Kind, Obstacle
from pacs.rules.pieces import VERIFIED_BY_MAIRIE
from pacs.rules.validity import earliest_issue_day

ALSO_LOOKING = timedelta(minutes=5)
EXPIRES_SOON = timedelta(days=14)
FIRST_ROWS = 5


@dataclass(frozen=True, slots=True)
class Queue:
    """One pile of the home page: how many, and the first ones."""

    slug: str
    title: str
    count: int
    first: Sequence[Dossier]

    @property
    def url(self) -> str:
        return f"{reverse('admin:pacs_dossier_changelist')}?file={self.slug}"


type Pile = tuple[str, Callable[[], QuerySet[Dossier]]]


def queue_querysets(user: User, *, at: datetime) -> dict[str, Pile]:
    """Every pile by its slug: its title, and what reads its dossiers, longest waiting first.

    Only the piles that somebody opens are read.
    """
    dossiers = Dossier.objects.for_desk().longest_waiting_first()
    wordings = PieceWording.objects.by_rule()
    return {
        "a-verifier": ("À vérifier", lambda: dossiers.awaiting_mairie()),
        "messages": (
            "Sans réponse : message ou pièce renouvelée",
            lambda: dossiers.open().exclude(waiting_since=None).filter(status__in=ANSWER_VALUES),
        ),
        "chez-le-couple": (
            "Chez le couple",
            lambda: dossiers.filter(status=Status.PIECES_REQUESTED.value),
        ),
        "sans-date": (
            "Complets, sans rendez-vous",
            lambda: dossiers.filter(status=Status.COMPLETE.value),
        ),
        "aujourd-hui": (
            "Rendez-vous aujourd’hui",
            lambda: dossiers.filter(
                status=Status.SCHEDULED.value,
                appointment__starts_at__gte=midnight(localdate(at)),
                appointment__starts_at__lt=midnight(localdate(at) + timedelta(days=1)),
            ).order_by("appointment__starts_at"),
        ),
        "passes": (
            "Rendez-vous passés, à conclure",
            lambda: dossiers.filter(status=Status.SCHEDULED.value, appointment__ends_at__lt=at),
        ),
        "a-renouveler": (
            "Une pièce sera trop ancienne le jour du rendez-vous",
            lambda: dossiers.filter(pk__in=_too_old_at_appointment(wordings)),
        ),
        "expire": (
            "Une pièce sera trop ancienne sous 14 jours",
            lambda: dossiers.filter(
                status__in=OPEN_VALUES, pk__in=_expiring(localdate(at), wordings).values("dossier")
            ),
        ),
        "papier": (
            "Partie sur papier à saisir",
            lambda: dossiers.filter(
                ended_at__isnull=True,
                partenaires__door=Door.PAPER.value,
                partenaires__attested_at__isnull=True,
            ),
        ),
        "courriels": (
            "Un mail n’est pas parti",
            lambda: dossiers.filter(mails__email__status=STATUS.failed).distinct(),
        ),
        "impossible": (
            "Ne peut pas aboutir : à décider",
            lambda: dossiers.filter(pk__in=list(impossible_dossiers(at=at))),
        ),
        "attestations": (
            "Attestation à refaire",
            lambda: dossiers.filter(
                status__in=[Status.COMPLETE.value, Status.SCHEDULED.value],
                partenaires__attested_at__isnull=True,
            ).distinct(),
        ),
        "corrections": (
            "Correction à examiner",
            lambda: dossiers.open().filter(corrections__status="sent").distinct(),
        ),
        "les-miens": ("Que je suis", lambda: dossiers.open().filter(assigned_to=user)),
    }


def _expiring(today: date, wordings: Mapping[str, PieceWording]) -> QuerySet[Piece]:
    """Pieces in hand that will not serve any more in fourteen days, the ages being data."""
    soon = today + EXPIRES_SOON
    too_old = Q(rule_id=IDENTITY_RULE, expires_on__lt=soon, is_french_adult_card=False)
    for wording in wordings.values():
        if age := wording.max_age:
            too_old |= Q(rule_id=wording.rule_id, issued_on__lt=earliest_issue_day(age, soon))
    return Piece.objects.required().filter(too_old)


def _too_old_at_appointment(wordings: Mapping[str, PieceWording]) -> list[int]:
    """Scheduled dossiers with a piece that will not serve on the day of the appointment.

    A date corrected after the booking; pieces to bring anew for that day are not among them.
    """
    pieces = Piece.objects.required().filter(dossier__status=Status.SCHEDULED.value)
    return [
        piece.dossier_id
        for piece in pieces.select_related("dossier__appointment")
        if (wording := wordings.get(piece.rule_id))
        and piece.dossier.appointment
        and piece.status_on(localdate(piece.dossier.appointment.starts_at), wording.max_age)
        is PieceStatus.EXPIRED
    ]


OPEN_VALUES = [s.value for s in (Status.SUBMITTED, Status.UNDER_REVIEW, Status.COMPLETE)]
#: In these states a wait means that somebody wrote: the mairie owes nothing else.
ANSWER_VALUES = [s.value for s in (Status.PIECES_REQUESTED, Status.COMPLETE, Status.SCHEDULED)]


def queues(user: User, *, at: datetime) -> list[Queue]:
    """The piles with their first rows."""
    found = []
    forbidden = impossible_dossiers(at=at)
    for slug, (title, read) in queue_querysets(user, at=at).items():
        dossiers = read()
        count = dossiers.count()
        first = list(dossiers.prefetch_related("partenaires")[:FIRST_ROWS]) if count else []
        for dossier in first:
            dossier.forbidden_codes = forbidden.get(dossier.pk, [])
        found.append(Queue(slug, title, count, first))
    return found


@dataclass(frozen=True, slots=True)
class DeskPiece:
    """One piece as an agent sees it."""

    piece: Piece
    wording: PieceWording | None
    about: PieceWording | None
    last_day: date | None
    is_too_old: bool

    @property
    def label(self) -> str:
        label = self.wording.label if self.wording else self.piece.rule_id
        return f"{label} ({self.about.label})" if self.about else label

    @property
    def holder(self) -> str:
        return self.piece.partenaire.display_name if self.piece.partenaire else "Le couple"

    @property
    def ages(self) -> bool:
        """Its date counts."""
        return self.piece.ages(self.wording.max_age if self.wording else None)

    @property
    def is_identity(self) -> bool:
        return self.piece.rule_id == IDENTITY_RULE

    @property
    def day(self) -> date | None:
        """The date read on it: its end for an identity document, else its issue."""
        return self.piece.expires_on if self.is_identity else self.piece.issued_on

    @property
    def may_be_announced(self) -> bool:
        """Nothing was sent nor said of it: the couple may say that they will bring it."""
        return self.piece.status in {PieceStatus.MISSING.value, PieceStatus.BLOCKED.value}

    @property
    def is_decided(self) -> bool:
        return self.piece.status in {PieceStatus.ACCEPTED, PieceStatus.REFUSED}

    @property
    def by_mairie(self) -> bool:
        return self.piece.rule_id in VERIFIED_BY_MAIRIE


def desk_pieces(dossier: Dossier, *, at: datetime) -> list[DeskPiece]:
    """The required pieces with their files, in the order of the list."""
    wordings = PieceWording.objects.by_rule()
    on = dossier.registration_date(at=at)
    pieces: PieceQuerySet = dossier.pieces.required()
    rows = []
    for piece in pieces.select_related("partenaire", "decided_by").prefetch_related("files"):
        wording = wordings.get(piece.rule_id)
        last = piece.last_day(wording.max_age if wording else None)
        rows.append(
            DeskPiece(
                piece,
                wording,
                wordings.get(piece.about),
                last,
                is_too_old=last is not None and last < on,
            )
        )
    return rows


def missing_text(rows: Sequence[DeskPiece], reader: Partenaire) -> str:
    """What is missing or refused among this person's pieces and the couple's, to ask for it.

    Nothing of the other's goes in: a request is composed for its reader.
    """
    lines = []
    for row in rows:
        if row.piece.partenaire_id not in (None, reader.pk):
            continue
        if row.piece.status == PieceStatus.REFUSED:
            lines.append(f"– {row.label} : {row.piece.refusal_text}")
        elif row.piece.status in {PieceStatus.MISSING, PieceStatus.BLOCKED}:
            lines.append(f"– {row.label} : à fournir.")
        elif row.is_too_old:
            lines.append(f"– {row.label} : trop ancienne à la date souhaitée.")
    return "\n".join(lines)


def also_looking(dossier: Dossier, user: User, *, at: datetime) -> list[User]:
    """Other agents who looked at this dossier in the last five minutes."""
    recent = Reading.objects.filter(dossier=dossier, at__gte=at - ALSO_LOOKING)
    recent = recent.exclude(what=Reading.LISTED)
    return list(User.objects.filter(pk__in=recent.exclude(agent=user).values("agent")))


def possible_now(dossier: Dossier) -> set[str]:
    """Transitions the table allows from here, by value."""
    return {transition.value for transition in allowed(dossier.current_status)}


def with_everything(pk: int) -> QuerySet[Dossier]:
    """One dossier with what its desk page shows."""
    return (
        Dossier.objects.for_desk()
        .filter(pk=pk)
        .select_related("assigned_to", "opened_by", "appointment__agenda")
        .prefetch_related(Prefetch("partenaires", Partenaire.objects.select_related("user")))
    )


@dataclass(frozen=True, slots=True)
class Point:
    """What the rules leave to an agent, and what an agent decided of it for these answers."""

    outcome: Outcome
    holder: str
    decision: OutcomeDecision | None


def desk_points(dossier: Dossier, *, at: datetime) -> list[Point]:
    """Everything an agent has to look at with this couple, decided or not."""
    decisions = {(one.code, one.holder): one for one in dossier.decisions.select_related("by")}
    in_force = decided(dossier)
    found = []
    for outcome in points_to_decide(dossier, at=at):
        key = (outcome.type.code, outcome.holder)
        holder = holder_name(outcome.holder, dossier)
        found.append(Point(outcome, holder, decisions[key] if key in in_force else None))
    return found


def holder_name(holder: int, dossier: Dossier) -> str:
    """Whose answers: a name, or « le couple »."""
    return dossier.people[holder - 1].display_name if holder else "le couple"


#: What the desk does next from each status, and so what may stand in its way.
NEXT_ACT = {
    Status.DRAFT: Act.SEND,
    Status.SUBMITTED: Act.ACCEPT,
    Status.UNDER_REVIEW: Act.ACCEPT,
    Status.PIECES_REQUESTED: Act.ACCEPT,
    Status.COMPLETE: Act.BOOK,
    Status.SCHEDULED: Act.REGISTER,
}
NEXT_WORDS = {
    Act.SEND: "Pour déposer le dossier",
    Act.ACCEPT: "Pour déclarer le dossier complet",
    Act.BOOK: "Pour fixer le rendez-vous",
    Act.REGISTER: "Pour enregistrer le Pacs",
}


@dataclass(frozen=True, slots=True)
class DeskObstacles:
    """What stands in the way of the next act, each with the place of the page to go to."""

    title: str
    lines: Sequence[tuple[str, str]]
    #: The law forbids this PACS as it stands: complete it will never be.
    is_impossible: bool


def desk_obstacles(dossier: Dossier, *, at: datetime) -> DeskObstacles | None:
    """What keeps this dossier from its next step; None when nothing does, or it has ended."""
    act = NEXT_ACT.get(dossier.current_status)
    found = dossier.obstacles(act, at=at) if act else ()
    if act is None or not found:
        return None
    pieces = {piece.key: piece.pk for piece in dossier.pieces.all()}
    lines = [(one.for_agent, _place_of(one, pieces)) for one in found]
    return DeskObstacles(NEXT_WORDS[act], lines, any(one.kind is Kind.LAW for one in found))


def _place_of(one: Obstacle, pieces: Mapping[str, int]) -> str:
    if one.kind is Kind.PIECE:
        return f"#piece-{pieces.get(one.code, '')}"
    places = {
        Kind.TO_DECIDE: "#regarder",
        Kind.CORRECTION: "#corrections",
        Kind.LAW: "#impossible",
    }
    return places.get(one.kind, "#reponses")


def impossible(dossiers: Iterable[Dossier], *, at: datetime) -> dict[int, list[str]]:
    """Codes of what the law forbids, by dossier; only those that cannot succeed as they stand.

    Reads the partenaires that were fetched with them, and the settings once.
    """
    settings = PacsSettings.current()
    found = {}
    for dossier in dossiers:
        dossier.procedure_settings = settings
        if dossier.is_ended or dossier.is_draft:
            continue
        # Today is no later than the day that counts, and ages only grow: what stops then also
        # stops today. The day itself, which costs queries, is asked for the few who are left.
        couple = inputs_of_couple(dossier)
        if not any(one.stops for one in outcomes(couple, on=localdate(at))):
            continue
        codes = [one.type.code for one in dossier.outcomes(at=at) if one.stops]
        if codes:
            found[dossier.pk] = codes
    return found


def impossible_dossiers(*, at: datetime) -> dict[int, list[str]]:
    """The same over all open dossiers, whichever the pile."""
    suspects = Dossier.objects.open().maybe_forbidden(at=at)
    people = Prefetch("partenaires", Partenaire.objects.order_by("position"))
    return impossible(suspects.select_related("appointment").prefetch_related(people), at=at)
