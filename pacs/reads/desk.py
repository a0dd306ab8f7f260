"""What agents see: the queues of the home page, one dossier with everything about it.

Read models, like `pacs.pages.tracking` for the people; flat numbers of queries.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.utils.timezone import localdate

from demarches.desk.looking import agents_among, looks_of_others
from demarches.desk.piles import COUNTED
from demarches.models import Mairie, User
from demarches.rules.dates_fr import day_fr
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
from pacs.models.gate import decided, in_the_way, inputs_of_couple, points_to_decide
from pacs.models.piece import IDENTITY_RULE, PieceQuerySet
from pacs.rules.eligibility import MINOR, Outcome, outcomes
from pacs.rules.enums import Door
from pacs.rules.gate import Act, Kind, Obstacle
from pacs.rules.pieces import VERIFIED_BY_MAIRIE

EXPIRES_SOON = timedelta(days=14)
FIRST_ROWS = 5


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
        return _labelled(self.piece, self.wording, self.about)

    @property
    def holder(self) -> str:
        return self.piece.partenaire.display_name if self.piece.partenaire else "Le couple"

    @property
    def ages(self) -> bool:
        """Its date counts."""
        return self.piece.ages(self.wording.max_age if self.wording else None)

    @property
    def is_aged(self) -> bool:
        """In hand or promised, and of no use on the day the ages are counted at."""
        return self.is_too_old and self.piece.is_in_hand

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
        return self.piece.may_be_announced

    @property
    def is_decided(self) -> bool:
        return self.piece.is_decided

    @property
    def by_mairie(self) -> bool:
        return self.piece.rule_id in VERIFIED_BY_MAIRIE


def _labelled(piece: Piece, wording: PieceWording | None, about: PieceWording | None) -> str:
    label = wording.label if wording else piece.rule_id
    return f"{label} ({about.label})" if about else label


def label_of_piece(piece: Piece) -> str:
    """What this piece is called at the desk; a translation says of what."""
    wordings = PieceWording.objects.by_rule()
    return _labelled(piece, wordings.get(piece.rule_id), wordings.get(piece.about))


def desk_pieces(dossier: Dossier, *, at: datetime, on: date | None = None) -> list[DeskPiece]:
    """The required pieces with their files, in the order of the list.

    `on`: the day the ages are counted at, by whoever has read it already.
    """
    wordings = PieceWording.objects.by_rule()
    on = on or dossier.registration_date(at=at)
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


#: Variables of the models, and what each stands for.
TEXT_VARIABLES = {
    "pieces_manquantes": "ce qui manque à qui lit",
    "prenom": "son prénom",
    "reference": "la référence du dossier",
    "rendez_vous": "le jour et l’heure du rendez-vous",
    "reponse_promise": "le jour où la mairie répond au plus tard",
    "telephone": "le téléphone de la mairie",
}


def text_values(dossier: Dossier, rows: Sequence[DeskPiece], reader: Partenaire) -> dict[str, str]:
    """The variables of a model for one reader; empty where this dossier has no value."""
    mairie = Mairie.objects.current()
    since = dossier.review_since
    return {
        "pieces_manquantes": missing_text(rows, reader) or "– rien de votre côté.",
        "prenom": reader.first_names.split()[0] if reader.first_names.strip() else "",
        "reference": dossier.reference,
        "rendez_vous": str(dossier.appointment or ""),
        "reponse_promise": day_fr(dossier.procedure_settings.answer_by(since)) if since else "",
        "telephone": mairie.phone.as_national if mairie and mairie.phone else "",
    }


def also_looking(dossier: Dossier, user: User, *, at: datetime) -> list[User]:
    """Other agents who looked at this dossier in the last five minutes."""
    return agents_among(looks_of_others(Reading.objects.filter(dossier=dossier), user, at=at))


def agents_looking(rows: Sequence[int], user: User, *, at: datetime) -> set[int]:
    """Those of these dossiers that another agent has open."""
    # The last minutes are few looks; the keys of a pile are a thousand to write and to compare.
    looks = looks_of_others(Reading.objects.filter(dossier__isnull=False), user, at=at)
    return set(looks.order_by().values_list("dossier", flat=True)).intersection(rows)


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


def desk_points(dossier: Dossier, *, at: datetime, on: date | None = None) -> list[Point]:
    """Everything an agent has to look at with this couple, decided or not; `on` as above."""
    decisions = {(one.code, one.holder): one for one in dossier.decisions.select_related("by")}
    in_force = decided(dossier)
    found = []
    for outcome in points_to_decide(dossier, at=at, on=on):
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
#: Complete or not, this PACS cannot be as it stands.
IMPOSSIBLE = frozenset({Kind.LAW, Kind.BOUND})


@dataclass(frozen=True, slots=True)
class DeskObstacles:
    """What stands in the way of the next act, each with the place of the page to go to."""

    title: str
    lines: Sequence[tuple[str, str]]
    #: The law forbids this PACS as it stands: complete it will never be.
    is_impossible: bool


def desk_obstacles(
    dossier: Dossier, *, at: datetime, on: date | None = None
) -> DeskObstacles | None:
    """What keeps this dossier from its next step; None when nothing does, or it has ended."""
    act = NEXT_ACT.get(dossier.current_status)
    found = in_the_way(dossier, act, on=on or dossier.registration_date(at=at)) if act else ()
    if act is None or not found:
        return None
    pieces = {piece.key: piece.pk for piece in dossier.pieces.all()}
    lines = [(one.for_agent, _place_of(one, dossier, pieces)) for one in found]
    return DeskObstacles(NEXT_WORDS[act], lines, any(one.kind in IMPOSSIBLE for one in found))


def _place_of(one: Obstacle, dossier: Dossier, pieces: Mapping[str, int]) -> str:
    """The row of the page where this is settled (`pacs.pages.decide`); else the answers."""
    if one.kind is Kind.PIECE:
        return f"piece-{pieces.get(one.code, '')}"
    if one.kind is Kind.TO_DECIDE:
        return f"point-{one.code}-{one.holder}"
    if one.kind is Kind.CORRECTION:
        return f"correction-{one.holder}"
    on_paper = one.holder and dossier.people[one.holder - 1].door == Door.PAPER.value
    if one.kind is Kind.ATTESTATION and on_paper:
        return f"attestation-{one.holder}"
    return "reponses"


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
        # stops today. The day itself, which costs queries, is asked for those it may help alone.
        couple = inputs_of_couple(dossier)
        stopping = [one.type for one in outcomes(couple, on=localdate(at)) if one.stops]
        if MINOR in stopping:
            stopping = [one.type for one in dossier.outcomes(at=at) if one.stops]
        if stopping:
            found[dossier.pk] = [one.code for one in stopping]
    return found


def first_impossible(*, at: datetime) -> list[int]:
    """Keys of the open dossiers that cannot succeed, the first sent first: `COUNTED` at most.

    The rules decide on each of them in Python: those that come after are read once these are
    settled.
    """
    suspects = Dossier.objects.open().maybe_forbidden(at=at).order_by("submitted_at", "pk")
    people = Prefetch("partenaires", Partenaire.objects.order_by("position"))
    rows = suspects.select_related("appointment").prefetch_related(people)
    found: list[int] = []
    start = 0
    while len(found) < COUNTED and (some := rows[start : start + COUNTED]):
        found += impossible(some, at=at)
        start += COUNTED
    return found[:COUNTED]
