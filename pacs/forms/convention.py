"""The convention workshop: two questions, nothing chosen in advance, nothing kept."""

from typing import Any

from django import forms

from demarches.steps.forms import PageFormMixin
from pacs.forms.identity import radio
from pacs.rules.convention import ConventionChoices, MaterialAid, PropertyRegime

HIGHEST_SUM = 100_000


class ConventionChoicesForm(PageFormMixin, forms.Form):
    """The aide matérielle and the régime des biens."""

    submit_label = "Préparer la convention (PDF)"
    aid = radio(
        "L’aide matérielle entre vous",
        MaterialAid.choices(),
        "Choisissez comment vous vous aidez.",
        "Si la convention n’en dit rien, la loi prévoit : chacun selon ses moyens.",
    )
    first_sum = forms.IntegerField(
        label="Somme versée par le premier partenaire, en euros par mois",
        required=False,
        min_value=0,
        max_value=HIGHEST_SUM,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="Seulement pour une somme fixée d’avance. Vide : à écrire à la main.",
        error_messages={"invalid": "Écrivez un nombre entier d’euros, par exemple 400."},
    )
    second_sum = forms.IntegerField(
        label="Somme versée par le second partenaire, en euros par mois",
        required=False,
        min_value=0,
        max_value=HIGHEST_SUM,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"invalid": "Écrivez un nombre entier d’euros, par exemple 400."},
    )
    regime = radio(
        "Vos biens",
        PropertyRegime.choices(),
        "Choisissez à qui appartient ce que vous achetez.",
        "Si la convention n’en dit rien, la loi prévoit : des biens séparés.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        sums = data.get("first_sum"), data.get("second_sum")
        if data.get("aid") == MaterialAid.PROPORTIONAL and sums != (None, None):
            self.add_error(
                "first_sum",
                "Une somme ne va qu’avec « une somme fixée d’avance » : videz ces cases.",
            )
        return data

    @property
    def choices(self) -> ConventionChoices:
        """The choices of a valid form."""
        data = self.cleaned_data
        return ConventionChoices(
            MaterialAid(data["aid"]),
            PropertyRegime(data["regime"]),
            (data["first_sum"], data["second_sum"]),
        )
