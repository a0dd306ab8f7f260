"""Answers typed in by an agent: from a paper part, or for people at the counter."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction

from demarches.models import User
from pacs.actions.desk import record_answers_for
from pacs.forms.common import commune_of_mairie, elsewhere_refusal
from pacs.models import Dossier, Partenaire
from pacs.rules.competence import address_is_elsewhere
from pacs.rules.nationalities import NATIONALITIES, as_nationality
from pacs.rules.situation import Protection

COUPLE_FIELDS = (
    "residence",
    "impediment",
    "kinship",
    "convention",
    "wished_date",
    "street",
    "street_more",
    "postcode",
    "city",
)
PERSON_FIELDS = (
    "birth_name",
    "first_names",
    "single_name",
    "usage_name",
    "sex",
    "birth_day",
    "birth_month",
    "birth_year",
    "birth_country",
    "birth_city",
    "birth_department",
    "birth_insee",
    "has_french_record",
    "protection",
    "birth_record_in_french",
    "coutume_in_french",
    "country_issues_coutume",
    "country_updates_records",
    "parent1_name",
    "parent1_first_names",
    "parent1_unknown",
    "parent2_name",
    "parent2_first_names",
    "parent2_unknown",
    "situation",
    "divorce_mentioned",
    "union_record_country",
    "union_record_in_french",
    "measure",
    "protector_is_partenaire",
    "civil_status_changed",
    "street",
    "street_more",
    "postcode",
    "city",
    "country",
    "phone",
    "contact_email",
    "needs",
)


class CoupleForm(forms.ModelForm[Dossier]):
    class Meta:
        model = Dossier
        fields = COUPLE_FIELDS

    def clean(self) -> dict[str, Any]:
        """The address attested is in the commune that the answer names (CC, art. 515-3)."""
        data = super().clean() or {}
        residence, city = data.get("residence"), data.get("city") or ""
        commune = commune_of_mairie()
        if address_is_elsewhere(residence=residence, city=city, commune=commune):
            refusal = elsewhere_refusal(residence=residence, city=city, commune=commune)
            self.add_error("city", refusal)
        return data


class PersonForm(forms.ModelForm[Partenaire]):
    """Everything one person says, on one screen: an agent types from a paper."""

    nationality_codes = forms.CharField(
        label="nationalités",
        required=False,
        max_length=20,
        help_text="Codes de pays à deux lettres, séparés par des espaces : « FR », « IT MA »."
        " Apatride : laissez vide, et choisissez « apatride » à la protection internationale.",
    )

    class Meta:
        model = Partenaire
        fields = PERSON_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nationality_codes"].initial = " ".join(self.instance.nationalities)

    def clean_nationality_codes(self) -> list[str]:
        codes = str(self.cleaned_data["nationality_codes"]).upper().split()
        states = list(dict.fromkeys(as_nationality(code) for code in codes))
        if wrong := [code for code in states if code not in NATIONALITIES]:
            raise forms.ValidationError(f"Pas de nationalité sous ce code : {', '.join(wrong)}.")
        return states

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("nationality_codes") and data.get("protection") == Protection.STATELESS:
            self.add_error(
                "nationality_codes",
                "« Apatride » et une nationalité : gardez l’un des deux.",
            )
        self.instance.nationalities = data.get("nationality_codes", self.instance.nationalities)
        return data


def save_answers(
    dossier: Dossier,
    answer_forms: "list[CoupleForm | PersonForm]",
    *,
    by: User,
    at: datetime,
    version: int,
) -> None:
    """Save the changed columns of the three rows, and journal which ones (never what).

    Raises `StaleDossier` when the dossier changed since the page was opened.
    """
    changed = [f"{form.prefix}.{name}" for form in answer_forms for name in form.changed_data]
    if not changed:
        return
    with transaction.atomic():
        for form in answer_forms:
            columns = [
                "nationalities" if name == "nationality_codes" else name
                for name in form.changed_data
            ]
            if columns:
                form.instance.save(update_fields=columns)
        record_answers_for(dossier, changed=changed, by=by, at=at, version=version)
