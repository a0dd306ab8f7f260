"""What a joint modification or dissolution states: the PACS, and the two people of its record."""

from datetime import date
from typing import Any

from django import forms
from django.utils.timezone import localdate

from demarches.agenda.day_field import DayField
from demarches.steps.forms import PageFormMixin, refuse_other_scripts, refuse_private_numbers
from pacs.rules.registration import PACS_SINCE


def _text(label: str, missing: str, *, size: int = 150, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=size,
        help_text=help_text,
        validators=[refuse_private_numbers, refuse_other_scripts],
        error_messages={"required": missing},
    )


def _day(label: str, missing: str, help_text: str = "") -> DayField:
    return DayField(
        label=label,
        help_text=help_text,
        error_messages={"required": missing},
        last=localdate,
        too_late="Cette date est à venir : vérifiez-la.",
    )


class AfterForm(PageFormMixin, forms.Form):
    """The facts both papers restate; nothing of it is kept."""

    submit_label = "Préparer les documents (PDF)"
    number = _text(
        "Numéro d’enregistrement du Pacs",
        "Donnez le numéro : il est sur le récépissé.",
        size=60,
        help_text="Sur le récépissé, ou sur l’attestation.",
    )
    registered_on = _day(
        "Date d’enregistrement", "Donnez la date d’enregistrement.", "Par exemple 04/05/2018."
    )
    place = _text("Lieu d’enregistrement", "Donnez le lieu : la mairie, ou le tribunal.", size=160)
    birth_name_1 = _text("Premier partenaire : nom de naissance", "Donnez ce nom.")
    first_names_1 = _text("Premier partenaire : prénoms", "Donnez ces prénoms.", size=200)
    born_on_1 = _day("Premier partenaire : date de naissance", "Donnez cette date.")
    born_in_1 = _text("Premier partenaire : lieu de naissance", "Donnez ce lieu.")
    birth_name_2 = _text("Second partenaire : nom de naissance", "Donnez ce nom.")
    first_names_2 = _text("Second partenaire : prénoms", "Donnez ces prénoms.", size=200)
    born_on_2 = _day("Second partenaire : date de naissance", "Donnez cette date.")
    born_in_2 = _text("Second partenaire : lieu de naissance", "Donnez ce lieu.")

    def clean_registered_on(self) -> date:
        day: date = self.cleaned_data["registered_on"]
        if day < PACS_SINCE:
            raise forms.ValidationError("Le Pacs existe depuis novembre 1999. Vérifiez la date.")
        return day

    @property
    def people(self) -> list[dict[str, Any]]:
        """The two people of a valid form."""
        names = ("birth_name", "first_names", "born_on", "born_in")
        return [{name: self.cleaned_data[f"{name}_{rank}"] for name in names} for rank in (1, 2)]
