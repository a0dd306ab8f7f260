"""When to ask for each piece, going back from the wished date.

Ages count on the day of registration (fiche F1618), so that a document asked for too early has
to be asked for twice. The lead time is the mairie's (décret 2006-1806, art. 1 lets it check
the pieces before); the clock is a parameter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pacs.rules.pieces import ASKS_NOTHING, FOREIGN_PAPERS, RequiredPiece
from pacs.rules.validity import MaxAge, add_months, earliest_issue_day


class Timing(StrEnum):
    """When a piece may be asked for."""

    #: It does not age, or no date is wished.
    ANY_TIME = "any_time"
    #: Asked for today, it will serve on the wished date.
    NOW = "now"
    #: Asked for today, it would be too old on the wished date.
    TOO_EARLY = "too_early"


@dataclass(frozen=True, slots=True)
class PlannedPiece:
    """One piece and the first day of issue that serves on the wished date; None: any day."""

    piece: RequiredPiece
    not_before: date | None
    timing: Timing


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, and by when, to be registered on the wished date."""

    today: date
    wished: date | None
    #: Send the dossier on this day at the latest.
    file_by: date | None
    #: The first date the mairie can hold if the dossier is complete today.
    earliest: date
    pieces: tuple[PlannedPiece, ...]

    @property
    def is_too_soon(self) -> bool:
        """The mairie has no time left to check the dossier before the wished date."""
        return self.wished is not None and self.wished < self.earliest

    @property
    def too_early(self) -> tuple[PlannedPiece, ...]:
        """The pieces to ask for later."""
        return tuple(one for one in self.pieces if one.timing is Timing.TOO_EARLY)

    @property
    def come_back_on(self) -> date | None:
        """The first day on which every dated piece may be asked for; None when it is today."""
        return max((one.not_before for one in self.too_early if one.not_before), default=None)


def plan_pieces(
    pieces: Iterable[RequiredPiece],
    *,
    ages: Mapping[str, MaxAge | None],
    wished: date | None,
    today: date,
    lead_days: int,
) -> Plan:
    """The plan for these pieces; `ages` by rule id, a rule without one does not age."""
    earliest = today + timedelta(days=lead_days)
    return Plan(
        today=today,
        wished=wished,
        file_by=None if wished is None else wished - timedelta(days=lead_days),
        earliest=earliest,
        pieces=tuple(_planned(piece, ages.get(piece.rule_id), wished, today) for piece in pieces),
    )


def _planned(
    piece: RequiredPiece, age: MaxAge | None, wished: date | None, today: date
) -> PlannedPiece:
    if age is None or wished is None or piece.rule_id in ASKS_NOTHING:
        return PlannedPiece(piece, None, Timing.ANY_TIME)
    first = earliest_issue_day(age, wished)
    return PlannedPiece(piece, first, Timing.NOW if first <= today else Timing.TOO_EARLY)


def lead_days(pieces: Iterable[RequiredPiece], *, usual: int, foreign: int) -> int:
    """The mairie's lead time for this list: longer with documents from abroad."""
    return foreign if any(piece.rule_id in FOREIGN_PAPERS for piece in pieces) else usual


def latest_wish(today: date) -> date:
    """How far ahead a date may be wished: nobody plans papers further than three years."""
    return add_months(today, 36)
