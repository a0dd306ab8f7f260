"""When to ask for each piece, going back from the wished date.

Ages count on the day of registration (fiche F1618), so that a document asked for too early has
to be asked for twice. What the mairie needs before that day, and which days it receives, is
`pacs.rules.days`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from pacs.rules.days import DayAnswer, Days
from pacs.rules.pieces import ASKS_NOTHING, RequiredPiece
from pacs.rules.validity import MaxAge, earliest_issue_day


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


@dataclass(frozen=True)
class Plan:
    """What to do, and by when, to be registered on the wished date."""

    wished: date | None
    days: Days
    pieces: tuple[PlannedPiece, ...]

    @property
    def today(self) -> date:
        return self.days.today

    @property
    def file_by(self) -> date | None:
        """Send the dossier on this day at the latest."""
        return None if self.wished is None else self.days.file_by(self.wished)

    @property
    def earliest(self) -> date:
        """The first possible day."""
        return self.days.first

    @cached_property
    def wish(self) -> DayAnswer | None:
        """What there is to say of the wished day; None without one."""
        return None if self.wished is None else self.days.about(self.wished)

    @property
    def is_too_soon(self) -> bool:
        """The mairie has no time left to check the dossier before the wished date."""
        return self.wish is not None and self.wish.is_too_soon

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
    days: Days,
) -> Plan:
    """The plan for these pieces; `ages` by rule id, a rule without one does not age."""
    return Plan(
        wished=wished,
        days=days,
        pieces=tuple(
            _planned(piece, ages.get(piece.rule_id), wished, days.today) for piece in pieces
        ),
    )


def _planned(
    piece: RequiredPiece, age: MaxAge | None, wished: date | None, today: date
) -> PlannedPiece:
    if age is None or wished is None or piece.rule_id in ASKS_NOTHING:
        return PlannedPiece(piece, None, Timing.ANY_TIME)
    first = earliest_issue_day(age, wished)
    return PlannedPiece(piece, first, Timing.NOW if first <= today else Timing.TOO_EARLY)
