"""What an agent sees to decide one dossier: each thing to settle, and what to compare it with.

A row of the list on the left is a piece, a point left to an agent, a correction, or an
attestation on paper; each has its panel, so that nothing to settle stands elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from demarches.dossiers.words import value_in_words
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus, Status
from pacs.models import Correction, Dossier, PacsSettings, Partenaire
from pacs.models.consent import has_attested, label_of
from pacs.papers.documents import identity_facts
from pacs.reads.desk import DeskPiece, Point
from pacs.rules.desk_words import PROVES, STATUS_WORDS, Mark, piece_mark
from pacs.rules.enums import Door

PERSON_COLUMNS = frozenset(column.name for column in Partenaire._meta.concrete_fields)
COUPLE_COLUMNS = frozenset(column.name for column in Dossier._meta.concrete_fields)
TO_DECIDE = Mark("!", "À décider", "todo")
DECIDED = Mark("✓", "Décidé", "done")
TO_EXAMINE = Mark("○", "À examiner", "todo")
TO_ATTEST = Mark("–", "Attestation à noter", "missing")


@dataclass(frozen=True, slots=True)
class Fact:
    """One answer, as the paper should say it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to settle; exactly one of the last four says which."""

    slug: str
    label: str
    #: 0 for the couple, else the place of the person.
    holder: int
    mark: Mark
    is_settled: bool
    facts: Sequence[Fact] = ()
    piece: DeskPiece | None = None
    point: Point | None = None
    correction: Correction | None = None
    person: Partenaire | None = None

    @property
    def is_to_do(self) -> bool:
        """An agent can settle it now: nothing is awaited from the couple."""
        return self.mark.tone in {"todo", "told"}


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Review:
    """The dossier as a list of things to settle."""

    groups: Sequence[Group]
    current: Row | None

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]

    @property
    def settled(self) -> int:
        return sum(row.is_settled for row in self.rows if row.piece)

    @property
    def total(self) -> int:
        return sum(row.piece is not None for row in self.rows)

    @property
    def announced(self) -> list[int]:
        """Pieces that will be brought, and that nobody has admitted."""
        return [
            row.piece.piece.pk
            for row in self.rows
            if row.piece
            and row.piece.piece.current_status is PieceStatus.TO_BRING
            and not row.piece.by_mairie
            and not row.piece.is_too_old
        ]


def review_of(
    dossier: Dossier,
    pieces: Sequence[DeskPiece],
    points: Sequence[Point],
    *,
    chosen: str = "",
    after: str = "",
) -> Review:
    """Everything to settle, by whose it is; `chosen`: the row to open, else the first to do.

    `after`: the row that was just settled: the next one is opened.
    """
    rows = [*_pieces(dossier, pieces), *_others(dossier, points)]
    titles = ("Le couple", *(one.display_name for one in dossier.people))
    groups = [
        Group(title, [row for row in rows if row.holder == holder])
        for holder, title in enumerate(titles)
    ]
    groups = [group for group in groups if group.rows]
    ordered = [row for group in groups for row in group.rows]
    chosen = chosen or (next_to_do(ordered, after) if after else "")
    current = next((row for row in ordered if row.slug == chosen), None)
    current = current or next((row for row in ordered if row.is_to_do), None)
    return Review(groups, current or (ordered[0] if ordered else None))


def next_to_do(rows: Sequence[Row], after: str) -> str:
    """The row to open once this one is settled: the next that can be, else the same."""
    here = next((rank for rank, row in enumerate(rows) if row.slug == after), -1)
    following = [*rows[here + 1 :], *rows[: max(here, 0)]]
    return next((row.slug for row in following if row.is_to_do), after)


def _pieces(dossier: Dossier, pieces: Sequence[DeskPiece]) -> Iterator[Row]:
    for one in pieces:
        piece = one.piece
        holder = piece.partenaire.position if piece.partenaire else 0
        status = PieceStatus.EXPIRED if one.is_aged else piece.current_status
        has_files = bool(piece.files.all())
        mark = piece_mark(status, has_files=has_files, by_mairie=one.by_mairie)
        rule_id = piece.about or piece.rule_id
        yield Row(
            f"piece-{piece.pk}",
            one.label,
            holder,
            mark,
            is_settled=mark.tone == "done",
            facts=list(facts_for(rule_id, dossier, holder)),
            piece=one,
        )


def _others(dossier: Dossier, points: Sequence[Point]) -> Iterator[Row]:
    """What stands in the way without being a piece, and that an agent settles here."""
    if dossier.is_ended:
        return
    for point in points:
        kind, holder = point.outcome.type, point.outcome.holder
        mark = DECIDED if point.decision else TO_DECIDE
        slug = f"point-{kind.code}-{holder}"
        yield Row(slug, kind.title, holder, mark, point.decision is not None, point=point)
    for correction in dossier.corrections.filter(status="sent"):
        slug, label = f"correction-{correction.holder}", "Correction proposée"
        yield Row(slug, label, correction.holder, TO_EXAMINE, False, correction=correction)
    for one in dossier.people:
        if one.door == Door.PAPER.value and not has_attested(one, dossier):
            label = "Attestation sur l’honneur"
            slug = f"attestation-{one.position}"
            yield Row(slug, label, one.position, TO_ATTEST, False, person=one)


def facts_for(rule_id: str, dossier: Dossier, holder: int) -> Iterator[Fact]:
    """The answers this piece proves, in the order of the paper; nothing of the other person."""
    person = dossier.people[holder - 1] if holder else None
    declared = identity_facts(person) if person else {}
    for name in PROVES.get(rule_id, ()):
        if name in declared:
            fact = Fact(name, declared[name])
        elif (row := _row_of(name, person, dossier)) is not None:
            label = label_of(row, name)
            fact = Fact(label[:1].upper() + label[1:], value_in_words(row, name))
        else:
            continue
        if fact.value:
            yield fact


def _row_of(name: str, person: Partenaire | None, dossier: Dossier) -> Partenaire | Dossier | None:
    if person is not None and name in PERSON_COLUMNS:
        return person
    return dossier if name in COUPLE_COLUMNS else None


def status_in_words(dossier: Dossier) -> str:
    """The state as agents say it, with the day of the appointment."""
    if dossier.status == Status.SCHEDULED.value and dossier.appointment is not None:
        return f"Rendez-vous : {dossier.appointment}"
    return STATUS_WORDS[dossier.current_status]


@dataclass(frozen=True, slots=True)
class Clock:
    """What happens next, and by which day; `is_late`: that day has passed."""

    words: str
    day: date | None = None
    is_late: bool = False


def clock_of(dossier: Dossier, *, today: date) -> Clock:
    """The next legal or promised day of this dossier, in a sentence."""
    match dossier.current_status:
        case Status.SUBMITTED | Status.UNDER_REVIEW:
            since = dossier.review_since
            if since is None:
                return Clock("À vérifier")
            day = PacsSettings.answer_by(dossier.procedure_settings, since)
            return Clock(f"Réponse promise le {day_fr(day)}", day, is_late=day < today)
        case Status.PIECES_REQUESTED:
            return Clock("Le couple doit répondre à votre demande")
        case Status.COMPLETE:
            return Clock("Le couple choisit sa date, ou vous la fixez avec lui")
        case Status.SCHEDULED:
            return Clock("L’officier enregistre le Pacs le jour du rendez-vous")
        case Status.DRAFT:
            return Clock("À déposer avec le couple")
    return Clock("")
