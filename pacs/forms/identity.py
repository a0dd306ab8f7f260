"""Who a partenaire is: one short page for each group of questions.

Names are kept as the birth record writes them: several prénoms, particles, accents,
apostrophes, hyphens, a single name. Nothing here corrects or capitalises them.
"""

import re
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from demarches.forms import StepForm
from pacs.models import Partenaire

#: What no name holds: digits, signs of code, line breaks. Letters of any script are welcome.
NOT_A_NAME = re.compile(r"[0-9<>{}\[\]\\|@#$%^*_=+\"\n\r\t]")


def check_name(value: str) -> None:
    """Refuse what cannot be a name, and say which sign is the trouble."""
    if found := NOT_A_NAME.search(value):
        raise ValidationError(
            f"Le signe « {found.group()} » ne peut pas figurer dans un nom."
            " Recopiez le nom comme sur l’acte de naissance."
        )


class NameForm(StepForm[Partenaire]):
    """Name and prénoms."""

    page_heading: ClassVar[str] = "Votre nom et vos prénoms"
    page_hint: ClassVar[str] = (
        "Recopiez-les comme sur votre acte de naissance, avec les accents et les traits d’union."
    )
    affects_attestation: ClassVar[bool] = True

    class Meta:
        model = Partenaire
        fields = ["birth_name", "first_names", "single_name", "usage_name"]
        labels = {
            "birth_name": "Nom de naissance",
            "first_names": "Tous vos prénoms, dans l’ordre",
            "single_name": "Mon acte ne porte qu’un nom, ou que des prénoms",
            "usage_name": "Nom d’usage",
        }
        help_texts = {
            "first_names": "Séparez-les par un espace. Un prénom composé garde son trait d’union.",
            "usage_name": "Par exemple le nom de l’autre parent, ou d’un ancien époux.",
        }
        widgets = {
            "birth_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "first_names": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "usage_name": forms.TextInput(attrs={"autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("birth_name", "first_names", "usage_name"):
            self.fields[name].validators.append(check_name)
        self.asks_everything = not kwargs.get("partial", False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.asks_everything:
            return data
        name, first_names = data.get("birth_name"), data.get("first_names")
        if data.get("single_name"):
            if not name and not first_names and not self.errors:
                self.add_error("birth_name", "Indiquez le nom ou le prénom que porte votre acte.")
            return data
        if not name and "birth_name" not in self.errors:
            self.add_error(
                "birth_name",
                "Indiquez votre nom de naissance. Si votre acte n’en porte pas, cochez la case"
                " « un nom, ou que des prénoms ».",
            )
        if not first_names and "first_names" not in self.errors:
            self.add_error(
                "first_names",
                "Indiquez vos prénoms. Si votre acte n’en porte pas, cochez la case"
                " « un nom, ou que des prénoms ».",
            )
        return data
