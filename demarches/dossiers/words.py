"""A column of a row as people read it: the one place where values become words."""

from datetime import date, datetime
from typing import Any

from django.db.models import Model
from django.utils.timezone import localtime
from django_countries import countries
from django_countries.fields import Country

from demarches.rules.dates_fr import NBSP, day_fr, hour_fr


def value_in_words(row: Model, name: str, *, hours: bool = False) -> str:
    """A column as people read it; empty when it is not answered.

    A list holds countries. `hours`: a moment is told with its hour, as clocks show it here.
    """
    value: Any = getattr(row, name)
    if value in ("", None, []):
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, Country):
        return str(value.name)
    if isinstance(value, list):
        return ", ".join(str(countries.name(code)) for code in value)
    if isinstance(value, datetime):
        local = localtime(value)
        at = f" à{NBSP}{hour_fr(local)}" if hours else ""
        return f"{day_fr(local.date())}{at}"
    if isinstance(value, date):
        return day_fr(value)
    display = getattr(row, f"get_{name}_display", None)
    return str(display() if display else value)
