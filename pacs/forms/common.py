"""The answers both partenaires share: one short page each."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property

from demarches.forms import StepForm
from demarches.models import Entrance, Mairie
from pacs.forms.identity import french_postcode, radio
from pacs.forms.wished_day import wished_day_field
from pacs.models import Dossier
from pacs.rules.competence import address_is_elsewhere
from pacs.rules.situation import Convention, Impediment, Kinship, Residence


def commune_of_mairie() -> str:
    """The commune of this mairie; empty when its row is not written yet."""
    mairie = Mairie.objects.order_by("pk").first()
    return mairie.commune if mairie else ""


def _address_of_mairie() -> dict[str, str]:
    """The postcode of the mairie's first door, and its commune."""
    door = Entrance.objects.select_related("mairie").order_by("mairie_id", "position").first()
    return {"postcode": door.postal_code, "city": door.mairie.commune} if door else {}


def here_label(commune: str) -> str:
    """The answer « here », which names the commune wherever it is offered."""
    return f"Dans la commune de la mairie ({commune})"


def elsewhere_refusal(*, residence: str | None, city: str, commune: str) -> str:
    """Why this address cannot stand beside the answer about the commune, and what to do."""
    if residence == Residence.HERE:
        said = f"La réponse « {here_label(commune)} » a été donnée"
    else:
        said = f"Cette mairie enregistre le Pacs quand l’adresse commune est à {commune}"
    return (
        f"{said}, mais cette adresse est dans une autre commune : « {city} ». Corrigez l’adresse,"
        " ou choisissez « Dans une autre commune de France » à la question « Où sera votre"
        " adresse commune ? »."
    )


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
        if commune := commune_of_mairie():
            here = (Residence.HERE.value, here_label(commune))
            others = [c for c in Residence.choices() if c[0] != Residence.HERE.value]
            self.fields["residence"].choices = [here, *others]  # type: ignore[attr-defined]
        if not self.instance.impediment:
            self.initial["impediment"] = Impediment.NONE.value

    def clean_residence(self) -> str:
        """« Here » cannot stand beside an address that is elsewhere."""
        value = str(self.cleaned_data["residence"])
        commune = commune_of_mairie()
        if value and address_is_elsewhere(
            residence=value, city=self.instance.city, commune=commune
        ):
            raise ValidationError(
                f"L’adresse commune que vous avez donnée est dans une autre commune :"
                f" « {self.instance.city} ». Corrigez d’abord la page « Votre adresse commune »,"
                " ou choisissez « Dans une autre commune de France »."
            )
        return value


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
        one = self.instance
        #: They said « à Uzès » and wrote no address yet: the commune is not asked again.
        begins_here = one.residence == Residence.HERE.value and not (one.postcode or one.city)
        self.filled_in = _address_of_mairie() if begins_here else {}
        self.initial.update(self.filled_in)

    @cached_property
    def changed_data(self) -> list[str]:
        """What was filled in for them is kept too, although they left it as it was shown."""
        changed = super().changed_data
        return [
            name
            for name in self.fields
            if name in changed or (name in self.filled_in and self.data.get(self.add_prefix(name)))
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        residence, city = self.instance.residence, data.get("city") or ""
        commune = commune_of_mairie()
        if address_is_elsewhere(residence=residence, city=city, commune=commune):
            refusal = elsewhere_refusal(residence=residence, city=city, commune=commune)
            self.add_error("city", refusal)
        return data

    def clean_postcode(self) -> str:
        value = str(self.cleaned_data["postcode"])
        return french_postcode(value) if value else value


class WishedDateForm(CommonForm):
    page_heading = "Avez-vous une date en tête ?"
    page_hint = (
        "L’âge des documents se compte ce jour-là. Cette date ne réserve rien : le rendez-vous se"
        " prend quand le dossier est complet."
    )
    wished_date = wished_day_field(
        "Date souhaitée", "Par exemple 6/6/2027. Laissez vide si vous ne savez pas encore."
    )

    class Meta:
        model = Dossier
        fields = ["wished_date"]
