"""Days as people type them: « 12/03/2026 », « 12 mars 2026 », « 2026-03-12 ».

What is half typed or cannot be is refused with what is missing: a year is never guessed.
"""

import re
import unicodedata
from datetime import date

from demarches.rules.dates_fr import MONTHS, WEEKDAYS

FOUR_FIGURES = "Écrivez l’année en quatre chiffres, par exemple 2026."
UNREADABLE = "Écrivez la date ainsi : 6/6/2027."
#: Longer texts are nobody's date.
MAX_LENGTH = 40
DAY_MAX = 31
MONTH_MAX = 12
ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
#: « jui » is June or July: three letters, and only one month.
ABBREVIATION = 3


class UnreadableDay(ValueError):
    """What was typed is not a day; the message says what to write."""


def read_typed_day(text: str) -> date:
    """The day that was typed; raises `UnreadableDay`."""
    if len(text) > MAX_LENGTH:
        raise UnreadableDay(UNREADABLE)
    if iso := ISO.fullmatch(text.strip()):
        year, month, day = iso.groups()
        return _day(day, month, year)
    words = [word for word in re.split(r"[\s/.,-]+", _plain(text)) if word]
    if words and words[0] in WEEKDAYS:
        words = words[1:]
    match words:
        case [day, month, year]:
            return _day(day, month, year)
        case [one] if re.fullmatch(r"[0-9]{8}", one):
            return _day(one[:2], one[2:4], one[4:])
        case [one] if read_month(one) is None or one.isdecimal():
            is_year = _is_year(one)
            if not is_year and not re.fullmatch(r"[0-9]{1,2}(er)?", one):
                raise UnreadableDay(UNREADABLE)
            what = "le jour et le mois" if is_year else "le mois et l’année"
            raise UnreadableDay(f"Il manque {what} : écrivez par exemple 6/6/2027.")
        case [_month]:
            raise UnreadableDay("Il manque le jour et l’année : écrivez par exemple 6/6/2027.")
        case [one, other] if _is_year(other):
            what = "le mois" if one.isdecimal() and int(one) > MONTH_MAX else "le jour"
            raise UnreadableDay(f"Il manque {what} : écrivez par exemple 6/6/2027.")
        case [_one, other] if read_month(other) is not None:
            raise UnreadableDay("Il manque l’année : écrivez par exemple 6/6/2027.")
        case _:
            raise UnreadableDay(UNREADABLE)


def read_month_or_year(text: str) -> tuple[int, int | None]:
    """The year, and the month if there is one: « 1970 », « mai 1970 », « 5/1970 ».

    For papers that say no more. Raises `UnreadableDay`.
    """
    words = [word for word in re.split(r"[\s/.,-]+", _plain(text[:MAX_LENGTH])) if word]
    match words:
        case [year] if _is_year(year):
            return int(year), None
        case [one, year] if _is_year(year) and read_month(one) in range(1, MONTH_MAX + 1):
            return int(year), read_month(one)
        case _:
            raise UnreadableDay("Écrivez l’année, ou le mois et l’année : 1970, ou mai 1970.")


def read_month(text: str) -> int | None:
    """« 5 », « 05 », « mai » or « sept. » as a number; None for anything else."""
    word = _plain(text).strip(" .")
    if re.fullmatch(r"[0-9]{1,2}", word):
        return int(word)
    if len(word) < ABBREVIATION:
        return None
    found = [rank for rank, name in enumerate(MONTHS, 1) if _plain(name).startswith(word)]
    return found[0] if len(found) == 1 else None


def _day(day: str, month: str, year: str) -> date:
    number = re.fullmatch(r"([0-9]{1,2})(er)?", day)
    rank = read_month(month)
    if number is None or rank is None or not re.fullmatch(r"[0-9]+", year):
        raise UnreadableDay(UNREADABLE)
    if not _is_year(year):
        raise UnreadableDay(FOUR_FIGURES)
    if not 1 <= int(number[1]) <= DAY_MAX:
        raise UnreadableDay("Le jour va de 1 à 31.")
    if not 1 <= rank <= MONTH_MAX:
        raise UnreadableDay("Le mois va de 1 à 12.")
    try:
        return date(int(year), rank, int(number[1]))
    except ValueError:
        missing = f"{int(number[1])} {MONTHS[rank - 1]} {year}"
        raise UnreadableDay(f"Le {missing} n’existe pas : vérifiez le jour et le mois.") from None


def _is_year(text: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{3}", text) is not None


def _plain(text: str) -> str:
    """Small letters without accents."""
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
