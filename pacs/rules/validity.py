"""How old a piece may be on the day of registration, never on the day of deposit (F1618).

Two wordings of the fiche: « moins de 3 mois » is strict, « 6 mois au plus » is inclusive.
Months are calendar months, clamped at the end of the month.
"""

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


def may_be_extended_card(printed: date) -> bool:
    """Whether a carte d'identité that shows this end may be valid for longer."""
    return EXTENDED_CARD_PRINTED_FIRST <= printed <= EXTENDED_CARD_PRINTED_LAST


def identity_valid_until(printed: date, *, is_french_adult_card: bool) -> date:
    """The real end of validity of an identity document whose printed end is given.

    A carte d'identité issued to an adult from 2 January 2004 to 31 December 2013 shows ten
    years and is valid for fifteen.
    """
    if is_french_adult_card and may_be_extended_card(printed):
        return add_months(printed, 12 * EXTENSION_YEARS)
    return printed
