"""Dates in the other languages of the public pages; French is `demarches.rules.dates_fr`.

Each language writes them as its readers do: « Saturday 1 May 2027 » (British order, as nothing
else can be misread), « sabato 1º maggio 2027 », « sábado 1 de mayo de 2027 »,
« sábado, 1 de maio de 2027 ».
"""

from collections.abc import Callable, Mapping
from datetime import date

from demarches.rules import dates_fr
from demarches.rules.dates_fr import NBSP, day_fr

MONTHS: Mapping[str, tuple[str, ...]] = {
    "fr": dates_fr.MONTHS,
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "it": (
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ),
    "es": (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    "pt": (
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ),
}
WEEKDAYS: Mapping[str, tuple[str, ...]] = {
    "fr": dates_fr.WEEKDAYS,
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "pt": (
        "segunda-feira",
        "terça-feira",
        "quarta-feira",
        "quinta-feira",
        "sexta-feira",
        "sábado",
        "domingo",
    ),
}


def day_en(day: date) -> str:
    """« 1 May 2027 »."""
    return f"{day.day}{NBSP}{MONTHS['en'][day.month - 1]} {day.year}"


def day_it(day: date) -> str:
    """« 1º maggio 2027 », « 2 maggio 2027 »."""
    number = "1º" if day.day == 1 else str(day.day)
    return f"{number}{NBSP}{MONTHS['it'][day.month - 1]} {day.year}"


def day_es(day: date) -> str:
    """« 1 de mayo de 2027 »."""
    return f"{day.day}{NBSP}de{NBSP}{MONTHS['es'][day.month - 1]} de {day.year}"


def day_pt(day: date) -> str:
    """« 1 de maio de 2027 »."""
    return f"{day.day}{NBSP}de{NBSP}{MONTHS['pt'][day.month - 1]} de {day.year}"


DAYS: Mapping[str, Callable[[date], str]] = {
    "fr": day_fr,
    "en": day_en,
    "it": day_it,
    "es": day_es,
    "pt": day_pt,
}


def day_in(language: str, day: date) -> str:
    """The day in a language; raises KeyError for one that is not spoken here."""
    return DAYS[language](day)


def weekday_day_in(language: str, day: date) -> str:
    """The day with its weekday; raises KeyError for a language that is not spoken here."""
    comma = "," if language == "pt" else ""
    return f"{WEEKDAYS[language][day.weekday()]}{comma} {day_in(language, day)}"


def month_in(language: str, day: date) -> str:
    """« mai 2027 », « maggio 2027 », « mayo de 2027 »; raises KeyError as `day_in`."""
    of = "de " if language in ("es", "pt") else ""
    return f"{MONTHS[language][day.month - 1]} {of}{day.year}"


def weekdays_in(language: str) -> list[tuple[str, str]]:
    """« lun » and « lundi », Monday to Sunday; raises KeyError as `day_in`."""
    return [(name[:3], name) for name in WEEKDAYS[language]]
