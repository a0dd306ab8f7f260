"""Dates and hours as French people write them: « lundi 3 août », « 16 h 45 ».

Typography: Lexique des règles en usage à l’Imprimerie nationale (unbreakable space around
« h », no leading zero, « 1er » for the first day of a month).
"""

from datetime import date, datetime, time, timedelta

from demarches.rules.numbers import plural

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
NBSP = "\u00a0"


def weekday_fr(day: date) -> str:
    return WEEKDAYS[day.weekday()]


def hour_fr(moment: time | datetime) -> str:
    """« 8 h », « 16 h 45 »."""
    minutes = f"{NBSP}{moment.minute:02d}" if moment.minute else ""
    return f"{moment.hour}{NBSP}h{minutes}"


def day_fr(day: date, *, year: bool = True) -> str:
    """« 1er mai 2027 », or « 1er mai »."""
    return day_words_fr(day.day, day.month, day.year if year else None)


def day_words_fr(day: int, month: int, year: int | None = None) -> str:
    """The same of figures, whether or not a calendar has that day: « 31 février 1990 »."""
    number = "1er" if day == 1 else str(day)
    return f"{number}{NBSP}{MONTHS[month - 1]}" + (f" {year}" if year else "")


def near_day_fr(day: date, today: date) -> str:
    """The day as one says it today: « aujourd’hui », « demain », « lundi », « lundi 3 août »."""
    if day == today:
        return "aujourd’hui"
    if day == today + timedelta(days=1):
        return "demain"
    if today < day < today + timedelta(days=7):
        return weekday_fr(day)
    return f"{weekday_fr(day)} {day_fr(day, year=day.year != today.year)}"


def days_range_fr(first: date, last: date) -> str:
    """« le 24 décembre 2026 », « du 24 au 26 décembre 2026 », « du 24 décembre 2026 au 2 … »."""
    if first == last:
        return f"le {weekday_fr(first)} {day_fr(first)}"
    if (first.year, first.month) == (last.year, last.month):
        start = "1er" if first.day == 1 else str(first.day)
        return f"du {start} au {day_fr(last)}"
    return f"du {day_fr(first, year=first.year != last.year)} au {day_fr(last)}"


def seconds_fr(count: float) -> str:
    """How long a machine took: « 1,2 s »."""
    return f"{count:.1f}".replace(".", ",") + f"{NBSP}s"


def duration_fr(length: timedelta) -> str:
    """« 1 minute », « 3 heures », « 12 jours »: its largest unit, rounded down."""
    minutes = max(length // timedelta(minutes=1), 0)
    for size, unit in ((24 * 60, "jour"), (60, "heure"), (1, "minute")):
        if count := minutes // size:
            return f"{count}{NBSP}{unit}{plural(count)}"
    return f"moins d’une{NBSP}minute"
