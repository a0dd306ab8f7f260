"""The day of a birth, in its three parts: records may not have the day, nor the month."""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from demarches.rules.dates_fr import MONTHS, day_words_fr
from pacs.rules.situation import PartialDate

OLDEST_YEAR: Final = 1900
LATEST_YEAR: Final = 2100
#: Stands for a year that is not known: it has a 29 February.
ANY_YEAR: Final = 2000
#: The columns of the three parts, of whatever row holds a birth.
BIRTH_PARTS: Final = ("birth_year", "birth_month", "birth_day")


#: Above this age, a year is more often mistyped than true.
LIKELY_AGE: Final = 100


def unlikely_age(year: int, *, today: date) -> int | None:
    """The age that somebody born that year reaches this year, when it is worth asking about."""
    age = today.year - year
    return age if age > LIKELY_AGE else None


#: « 0/0/1950 », « 00/05/1950 », « 00 mai 1950 »: zeros where the record says nothing.
_ZEROED = re.compile(r"0{1,2}[\s/.,-]+(\w{1,12}\.?)[\s/.,-]+([0-9]{4})")


def zeros_explained(typed: str) -> str:
    """How to write a date whose unknown parts were typed as zeros; empty for any other text."""
    found = _ZEROED.fullmatch(typed.strip())
    if found is None:
        return ""
    month, year = found.groups()
    if set(month) == {"0"}:
        return f"Ni jour ni mois sur votre acte ? Écrivez l’année seule, sans zéros : « {year} »."
    return f"Pas de jour sur votre acte ? Écrivez le reste, sans zéro : « {month}/{year} »."


def birth_problems(data: Mapping[str, Any], *, today: date) -> Iterator[tuple[str, str]]:
    """What is wrong with a date of birth given in three parts: field and words.

    Asked by everybody who takes one: citizens, agents, the register, corrections. The database
    refuses by itself a day that no calendar has (`pacs.models.fields.birth_exists`).
    """
    year, month, day = (data.get(name) for name in BIRTH_PARTS)
    if year and not OLDEST_YEAR <= year <= LATEST_YEAR:
        yield "birth_year", "Écrivez l’année en quatre chiffres, par exemple 1990."
    elif month is not None and not 1 <= month <= 12:
        yield "birth_month", "Écrivez le mois en chiffres : 5 pour mai. Inconnu : laissez vide."
    elif day is not None and month is None:
        yield "birth_month", "Indiquez aussi le mois, ou laissez le jour vide."
    elif day == 0:
        yield "birth_day", "Écrivez le jour en chiffres, à partir de 1. Inconnu : laissez vide."
    elif day is not None and not 1 <= day <= monthrange(year or ANY_YEAR, month or 1)[1]:
        yield "birth_day", "Cette date n’existe pas : vérifiez le jour et le mois."
    elif year and date(year, month or 1, day or 1) > today:
        yield "birth_year", "Cette date est dans le futur : vérifiez l’année."


def partial_date_fr(birth: PartialDate | None) -> str:
    """« 3 mai 1990 », « mai 1990 (jour inconnu) », « 1990 (jour et mois inconnus) »."""
    if birth is None:
        return ""
    if birth.month is None:
        return f"{birth.year} (jour et mois inconnus)"
    if birth.day is None:
        return f"{MONTHS[birth.month - 1]} {birth.year} (jour inconnu)"
    return day_words_fr(birth.day, birth.month, birth.year)
