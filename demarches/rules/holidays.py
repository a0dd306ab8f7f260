"""Public holidays: the eleven of the whole country, and those that a place adds.

Sources: Code du travail, art. L3133-1 (everywhere), L3134-13 (Moselle, Bas-Rhin, Haut-Rhin),
L3422-2 (overseas; CGFP, art. L651-2 for public agents).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from demarches.rules.enums import LabelledStrEnum


class LocalHolidays(LabelledStrEnum):
    """Which holidays a commune adds to the national ones."""

    NATIONAL = "national", "Les onze jours nationaux"
    ALSACE_MOSELLE = "alsace_moselle", "Alsace et Moselle : et le 26 décembre"
    ALSACE_MOSELLE_GOOD_FRIDAY = (
        "alsace_moselle_good_friday",
        "Alsace et Moselle, avec un temple protestant ou une église mixte :"
        " et le Vendredi saint, le 26 décembre",
    )
    GUADELOUPE = "guadeloupe", "Guadeloupe : et le 27 mai"
    MARTINIQUE = "martinique", "Martinique : et le 22 mai"
    GUYANE = "guyane", "Guyane : et le 10 juin"
    REUNION = "reunion", "La Réunion : et le 20 décembre"
    MAYOTTE = "mayotte", "Mayotte : et le 27 avril"


GOOD_FRIDAY = "Vendredi saint"
SAINT_STEPHEN = "Saint-Étienne"
ABOLITION = "Abolition de l’esclavage"
#: The days that a place adds at a date of its own: month, day, name.
FIXED: Mapping[LocalHolidays, tuple[int, int, str]] = {
    LocalHolidays.ALSACE_MOSELLE: (12, 26, SAINT_STEPHEN),
    LocalHolidays.ALSACE_MOSELLE_GOOD_FRIDAY: (12, 26, SAINT_STEPHEN),
    LocalHolidays.GUADELOUPE: (5, 27, ABOLITION),
    LocalHolidays.MARTINIQUE: (5, 22, ABOLITION),
    LocalHolidays.GUYANE: (6, 10, ABOLITION),
    LocalHolidays.REUNION: (12, 20, ABOLITION),
    LocalHolidays.MAYOTTE: (4, 27, ABOLITION),
}
OSM_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday."""

    date: date
    name: str


def easter(year: int) -> date:
    """Easter Sunday (Gregorian computus of Meeus, Jones and Butcher)."""
    century, rank = divmod(year, 100)
    golden = year % 19
    skipped, leap_rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - skipped - moon + 15) % 30
    quads, rest = divmod(rank, 4)
    to_sunday = (32 + 2 * leap_rest + 2 * quads - epact - rest) % 7
    shift = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=64)
def holidays_of(year: int, local: LocalHolidays = LocalHolidays.NATIONAL) -> tuple[Holiday, ...]:
    """The holidays of a year in such a place, in order."""
    sunday = easter(year)
    days = [
        Holiday(date(year, 1, 1), "Jour de l’an"),
        Holiday(sunday + timedelta(days=1), "Lundi de Pâques"),
        Holiday(date(year, 5, 1), "Fête du Travail"),
        Holiday(date(year, 5, 8), "Victoire de 1945"),
        Holiday(sunday + timedelta(days=39), "Ascension"),
        Holiday(sunday + timedelta(days=50), "Lundi de Pentecôte"),
        Holiday(date(year, 7, 14), "Fête nationale"),
        Holiday(date(year, 8, 15), "Assomption"),
        Holiday(date(year, 11, 1), "Toussaint"),
        Holiday(date(year, 11, 11), "Armistice de 1918"),
        Holiday(date(year, 12, 25), "Noël"),
    ]
    if local in FIXED:
        month, day, name = FIXED[local]
        days.append(Holiday(date(year, month, day), name))
    if local is LocalHolidays.ALSACE_MOSELLE_GOOD_FRIDAY:
        days.append(Holiday(sunday - timedelta(days=2), GOOD_FRIDAY))
    return tuple(sorted(days, key=lambda holiday: holiday.date))


def holiday_name(day: date, local: LocalHolidays = LocalHolidays.NATIONAL) -> str:
    """The name of the holiday, or an empty text."""
    return next((h.name for h in holidays_of(day.year, local) if h.date == day), "")


def holidays_between(
    first: date, last: date, local: LocalHolidays = LocalHolidays.NATIONAL
) -> tuple[Holiday, ...]:
    return tuple(
        holiday
        for year in range(first.year, last.year + 1)
        for holiday in holidays_of(year, local)
        if first <= holiday.date <= last
    )


def local_rules(local: LocalHolidays) -> list[str]:
    """The days that the place adds, as rules of an OpenStreetMap expression."""
    rules = []
    if local in FIXED:
        month, day, name = FIXED[local]
        rules.append(f'{OSM_MONTHS[month - 1]} {day:02d} off "{name}, jour férié"')
    if local is LocalHolidays.ALSACE_MOSELLE_GOOD_FRIDAY:
        rules.append(f'easter -2 days off "{GOOD_FRIDAY}, jour férié"')
    return rules
