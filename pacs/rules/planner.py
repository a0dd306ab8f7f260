"""When to ask for each piece, going back from the wished date, and whose turn it is.

Ages count on the day of registration (fiche F1618), so that a document asked for too early has
to be asked for twice. What the mairie needs before that day, and which days it receives, is
`pacs.rules.days`. The result of the simulator, the dossier, its papers and the booking ask here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property

from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import Status
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
class Window:
    """When to ask for a paper that ages, for it to serve on one day."""

    #: Issued before, it would be too old that day.
    first: date
    #: To have it in hand when everything has to be sent; None: there is nothing left to send, or
    #: no time left.
    last: date | None
    timing: Timing

    @property
    def words(self) -> str:
        """« dès maintenant », « entre le 4 février et le 5 avril 2027 »."""
        if self.timing is Timing.NOW:
            return "dès maintenant"
        if self.last is None:
            return f"à partir du {day_fr(self.first)}, pas avant"
        first = day_fr(self.first, year=self.first.year != self.last.year)
        return f"entre le {first} et le {day_fr(self.last)}"


def when_to_ask(rule_id: str, age: MaxAge | None, *, on: date | None, days: Days) -> Window | None:
    """When to ask for this piece, to hand it over on this day: the one answer to that question.

    None: any day, since it does not age, nobody asks for it, or the day is not known.
    """
    if age is None or on is None or rule_id in ASKS_NOTHING:
        return None
    first, last = earliest_issue_day(age, on), days.file_by(on)
    is_in_time = last is not None and last >= max(first, days.today)
    return Window(
        first,
        last if is_in_time else None,
        Timing.NOW if first <= days.today else Timing.TOO_EARLY,
    )


@dataclass(frozen=True, slots=True)
class PlannedPiece:
    """One piece and when to ask for it; None: any day."""

    piece: RequiredPiece
    window: Window | None

    @property
    def not_before(self) -> date | None:
        """The first day of issue that serves on the wished date; None: any day."""
        return None if self.window is None else self.window.first

    @property
    def timing(self) -> Timing:
        return Timing.ANY_TIME if self.window is None else self.window.timing


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
            PlannedPiece(
                piece, when_to_ask(piece.rule_id, ages.get(piece.rule_id), on=wished, days=days)
            )
            for piece in pieces
        ),
    )


def whose_turn(
    status: Status, *, is_mine: bool, is_theirs: bool, other: str, is_over: bool = False
) -> str:
    """Who acts next, then who, in the words of one of the two; empty once it has ended.

    `is_mine`, `is_theirs`: something is left to do by this reader, by the other, whom `other`
    names as the reader knows them. Never what. `is_over`: the appointment has passed.
    """
    match status:
        case Status.DRAFT | Status.PIECES_REQUESTED:
            if is_mine and is_theirs:
                return f"C’est à vous, puis à {other}."
            if is_mine or is_theirs:
                return f"C’est à {'vous' if is_mine else other}."
            return "Tout est prêt : c’est à vous d’envoyer le dossier."
        case Status.SUBMITTED | Status.UNDER_REVIEW:
            return "C’est à la mairie, et à vous." if is_mine else "C’est à la mairie."
        case Status.COMPLETE:
            return "C’est à vous deux : prenez rendez-vous."
        case Status.SCHEDULED if is_over:
            return "C’est à la mairie : elle note ce qu’il en est du rendez-vous."
        case Status.SCHEDULED:
            return "C’est à vous deux : venez ensemble, avec les originaux."
        case _:
            return ""
