"""What an agent sends with one button of the desk."""

from datetime import date

from django import forms
from django.http import QueryDict

from demarches.agenda.day_field import DayField
from demarches.rules.numbers import read_number


class DayForm(forms.Form):
    """A date read on a document; empty when there is none."""

    day = DayField(label="Date lue sur la pièce", required=False)


def day_of(data: QueryDict) -> date | None:
    """The date sent with a button; raises `ValidationError` with the words when it is none."""
    form = DayForm(data)
    if not form.is_valid():
        raise forms.ValidationError(list(form.errors["day"]))
    day: date | None = form.cleaned_data["day"]
    return day


def number_of(data: QueryDict, name: str) -> int:
    """A number sent with a button; 0, which no row has, for anything else."""
    return read_number(data.get(name, "")) or 0
