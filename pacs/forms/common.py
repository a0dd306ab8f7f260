"""The answers both partenaires share: one short page each."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from demarches.forms import StepForm
from demarches.models import Mairie
from pacs.forms.identity import radio
from pacs.forms.wished_day import wished_day_field
from pacs.models import Dossier
from pacs.rules.situation import Convention, Impediment, Kinship, Residence


class CommonForm(StepForm[Dossier]):
    """A page of shared answers: any change asks both to confirm and attest again."""

    def __init__(self, *args: Any, partial: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, partial=partial, **kwargs)
        self.partial = partial


class ResidenceForm(CommonForm):
    page_heading = "Où sera votre adresse commune ?"
    page_hint = (
        "L’adresse principale où vous habiterez tous les deux le jour du Pacs. Vous n’avez pas"
        " besoin d’y habiter déjà, et aucun justificatif n’est demandé."
    )
    residence = radio("Adresse commune", Residence.choices(), "Choisissez l’une des réponses.")
    impediment = radio(
        "Un empêchement grave change-t-il quelque chose ?",
        Impediment.choices(),
        "Choisissez l’une des réponses.",
        "Hospitalisation, maladie, détention… Sinon, choisissez « Non ».",
    )

    class Meta:
        model = Dossier
        fields = ["residence", "impediment"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mairie = Mairie.objects.first()
        if mairie is not None:
            here = (Residence.HERE.value, f"Dans la commune de la mairie ({mairie.name})")
            others = [c for c in Residence.choices() if c[0] != Residence.HERE.value]
            self.fields["residence"].choices = [here, *others]  # type: ignore[attr-defined]
        if not self.instance.impediment:
            self.initial["impediment"] = Impediment.NONE.value


class KinshipForm(CommonForm):
    page_heading = "Avez-vous un lien de famille ?"
    page_hint = (
        "La loi interdit le Pacs entre proches parents (article 515-2 du Code civil). Les cousins"
        " germains peuvent se pacser."
    )
    kinship = radio("Lien entre vous", Kinship.choices(), "Choisissez l’une des réponses.")

    class Meta:
        model = Dossier
        fields = ["kinship"]


class ConventionForm(CommonForm):
    page_heading = "Votre convention"
    page_hint = (
        "La convention dit comment vous partagez les dépenses et les biens. Si elle n’en dit rien,"
        " la loi prévoit : une aide à proportion des ressources de chacun, et des biens séparés."
    )
    convention = radio(
        "Qui écrit la convention ?",
        Convention.choices(),
        "Choisissez l’une des réponses. Vous pourrez en changer.",
    )

    class Meta:
        model = Dossier
        fields = ["convention"]


class AddressForm(CommonForm):
    page_heading = "Votre adresse commune"
    page_hint = (
        "L’adresse complète où vous habiterez tous les deux. Elle figure sur la déclaration."
    )

    class Meta:
        model = Dossier
        fields = ["street", "street_more", "postcode", "city"]
        labels = {
            "street": "Numéro et voie",
            "street_more": "Complément d’adresse",
            "postcode": "Code postal",
            "city": "Commune",
        }
        widgets = {
            "street": forms.TextInput(attrs={"autocomplete": "off"}),
            "street_more": forms.TextInput(attrs={"autocomplete": "off"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
            "city": forms.TextInput(attrs={"autocomplete": "off"}),
        }
        error_messages = {
            "street": {"required": "Indiquez le numéro et la voie."},
            "postcode": {"required": "Indiquez le code postal."},
            "city": {"required": "Indiquez la commune."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("street", "postcode", "city"):
            self.fields[name].required = not self.partial

    def clean_postcode(self) -> str:
        value = str(self.cleaned_data["postcode"]).replace(" ", "")
        if value and not re.fullmatch(r"\d{5}", value):
            raise ValidationError("Un code postal français a 5 chiffres, par exemple 30700.")
        return value


class WishedDateForm(CommonForm):
    page_heading = "Avez-vous une date en tête ?"
    page_hint = (
        "L’âge des documents se compte ce jour-là. Cette date ne réserve rien : le rendez-vous se"
        " prend quand le dossier est complet."
    )
    affects_attestation = False
    wished_date = wished_day_field(
        "Date souhaitée", "Par exemple 6/6/2027. Laissez vide si vous ne savez pas encore."
    )

    class Meta:
        model = Dossier
        fields = ["wished_date"]
