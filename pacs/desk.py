"""What agents see: the queues of the home page, one dossier with everything about it.

Read models, like `pacs.tracking` for the people; flat numbers of queries.
"""

from collections.abc import Mapping, Sequence
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
from pacs.models import Dossier, Partenaire, Piece, PieceWording, Reading
from pacs.models.piece import IDENTITY_RULE, PieceQuerySet
from pacs.rules.enums import Door
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


def queue_querysets(user: User, *, at: datetime) -> dict[str, tuple[str, QuerySet[Dossier]]]:
    """Every pile by its slug: title and dossiers, longest waiting first."""
    dossiers = Dossier.objects.for_desk().longest_waiting_first()
    wordings = PieceWording.objects.by_rule()
    return {
        "a-verifier": ("À vérifier", dossiers.awaiting_mairie()),
        "messages": (
            "Sans réponse : message ou pièce renouvelée",
            dossiers.open().exclude(waiting_since=None).filter(status__in=ANSWER_VALUES),
        ),
        "chez-le-couple": (
            "Chez le couple",
            dossiers.filter(status=Status.PIECES_REQUESTED.value),
        ),
        "sans-date": ("Complets, sans rendez-vous", dossiers.filter(status=Status.COMPLETE.value)),
        "aujourd-hui": (
            "Rendez-vous aujourd’hui",
            dossiers.filter(
                status=Status.SCHEDULED.value,
                appointment__starts_at__gte=midnight(localdate(at)),
                appointment__starts_at__lt=midnight(localdate(at) + timedelta(days=1)),
            ).order_by("appointment__starts_at"),
        ),
        "passes": (
            "Rendez-vous passés, à conclure",
            dossiers.filter(status=Status.SCHEDULED.value, appointment__ends_at__lt=at),
        ),
        "a-renouveler": (
            "Une pièce sera trop ancienne le jour du rendez-vous",
            dossiers.filter(pk__in=_too_old_at_appointment(wordings)),
        ),
        "expire": (
            "Une pièce sera trop ancienne sous 14 jours",
            dossiers.filter(
                status__in=OPEN_VALUES, pk__in=_expiring(localdate(at), wordings).values("dossier")
            ),
        ),
        "papier": (
            "Partie sur papier à saisir",
            dossiers.filter(
                ended_at__isnull=True,
                partenaires__door=Door.PAPER.value,
                partenaires__attested_at__isnull=True,
            ),
        ),
        "courriels": (
            "Un mail n’est pas parti",
            dossiers.filter(mails__email__status=STATUS.failed).distinct(),
        ),
        "les-miens": ("Que je suis", dossiers.open().filter(assigned_to=user)),
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
    """Scheduled dossiers with a piece that will not serve on the day of the appointment."""
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
    for slug, (title, dossiers) in queue_querysets(user, at=at).items():
        count = dossiers.count()
        first = list(dossiers.prefetch_related("partenaires")[:FIRST_ROWS]) if count else []
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


def missing_text(rows: Sequence[DeskPiece]) -> str:
    """The list of what is missing or refused, to start a request from."""
    lines = []
    for row in rows:
        if row.piece.status == PieceStatus.REFUSED:
            lines.append(f"– {row.label} ({row.holder}) : {row.piece.refusal_text}")
        elif row.piece.status in {PieceStatus.MISSING, PieceStatus.BLOCKED}:
            lines.append(f"– {row.label} ({row.holder}) : à fournir.")
        elif row.is_too_old:
            lines.append(f"– {row.label} ({row.holder}) : trop ancienne à la date souhaitée.")
    return "\n".join(lines)


def also_looking(dossier: Dossier, user: User, *, at: datetime) -> list[User]:
    """Other agents who looked at this dossier in the last five minutes."""
    recent = Reading.objects.filter(dossier=dossier, at__gte=at - ALSO_LOOKING)
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
