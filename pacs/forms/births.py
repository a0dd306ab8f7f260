"""An age above a hundred is asked about once, wherever a birth is typed: couple, counter, desk."""

from datetime import date
from typing import Any

from django import forms
from django.utils.timezone import localdate

from demarches.rules.numbers import read_number
from demarches.web.asked_once import AskedOnceInput
from pacs.rules.births import unlikely_age


class BirthYearInput(AskedOnceInput):
    """The box of a year of birth, where the three parts are typed apart."""

    input_type = "number"

    def canonical(self, value: Any) -> str:
        year = read_number(str("" if value is None else value).strip())
        return "" if year is None else str(year)

    def is_doubtful(self, canonical: str) -> bool:
        year = read_number(canonical)
        return year is not None and unlikely_age(year, today=localdate()) is not None


def ask_about_age(form: forms.BaseForm, name: str, *, year: int, today: date) -> None:
    """Add the question to the box `name`, an `AskedOnceInput`, unless it was answered already."""
    age = unlikely_age(year, today=today)
    if age is None or getattr(form[name].data, "is_kept", False):
        return
    form.fields[name].widget.asks = True
    form.add_error(
        name,
        f"Cela ferait {age} ans cette année. Est-ce exact ? Si non, corrigez l’année. Si"
        " oui, envoyez encore : ce qui est tapé sera gardé.",
    )
