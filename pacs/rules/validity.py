"""How old a piece may be on the day of registration, never on the day of deposit (F1618).

Two wordings of the fiche: « moins de 3 mois » is strict, « 6 mois au plus » is inclusive.
Months are calendar months, clamped at the end of the month.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

# Named again on purpose: those who read validity count in months too.
from demarches.rules.deadlines import add_months as add_months

#: Ends printed on the cartes d'identité issued to adults from 2 January 2004 to 31 December
#: 2013, for ten years: they are valid five years longer.
EXTENDED_CARD_PRINTED_FIRST = date(2014, 1, 1)
EXTENDED_CARD_PRINTED_LAST = date(2023, 12, 31)
EXTENSION_YEARS = 5


@dataclass(frozen=True, slots=True)
class MaxAge:
    """An age in calendar months; `strict` means « moins de », otherwise « au plus »."""

    months: int
    strict: bool


@dataclass(frozen=True, slots=True)
class DatedPiece:
    """A piece in hand: usable on every day from `first` to `last`, both included.

    `last` None: it does not age.
    """

    key: str
    first: date
    last: date | None


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which every piece in hand is usable; `last` None when nothing ages."""

    first: date
    last: date | None
    limiting: str | None

    @property
    def is_empty(self) -> bool:
        return self.last is not None and self.last < self.first


def last_usable_day(issued: date, age: MaxAge) -> date:
    """The last day on which a piece issued that day may serve."""
    limit = add_months(issued, age.months)
    return limit - timedelta(days=1) if age.strict else limit


def is_usable(issued: date, age: MaxAge, on: date) -> bool:
    """Whether a piece issued that day is usable on `on`; one from the future is not."""
    return issued <= on <= last_usable_day(issued, age)


def earliest_issue_day(age: MaxAge, on: date) -> date:
    """The first day of issue that still serves on `on`: ask for the piece not before it."""
    day = add_months(on, -age.months)
    # The ends of months are clamped: the day may be one or two later.
    while not is_usable(day, age, on):
        day += timedelta(days=1)
    return day


def identity_valid_until(printed: date, *, is_french_adult_card: bool) -> date:
    """The real end of validity of an identity document whose printed end is given.

    A carte d'identité issued to an adult from 2 January 2004 to 31 December 2013 shows ten
    years and is valid for fifteen.
    """
    if (
        is_french_adult_card
        and EXTENDED_CARD_PRINTED_FIRST <= printed <= EXTENDED_CARD_PRINTED_LAST
    ):
        return add_months(printed, 12 * EXTENSION_YEARS)
    return printed


def window(pieces: Iterable[DatedPiece], *, today: date) -> Window:
    """The days on which every piece in hand is usable, from today on."""
    first, last, limiting = today, None, None
    for piece in pieces:
        first = max(first, piece.first)
        if piece.last is not None and (last is None or piece.last < last):
            last, limiting = piece.last, piece.key
    return Window(first, last, limiting)
