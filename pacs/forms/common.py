"""The answers both partenaires share: one short page each."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Row
from django import forms
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
        said = f"La réponse « À {commune} » a été donnée"
    else:
        said = f"Cette mairie enregistre le Pacs quand l’adresse commune est à {commune}"
    return (
        f"{said}, mais cette adresse est dans une autre commune : « {city} ». Corrigez l’adresse,"
        " ou choisissez « Dans une autre commune de France » à la question « Où habiterez-vous"
        " ensemble ? »."
    )


class CommonForm(StepForm[Dossier]):
    """A page of shared answers: any change asks both to confirm and attest again."""

    def __init__(self, *args: Any, partial: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, partial=partial, **kwargs)
        self.partial = partial


#: « Where will you live together? », in the words of people: where, and what prevents it.
WHERE: dict[str, tuple[Residence, Impediment]] = {
    "ici": (Residence.HERE, Impediment.NONE),
    "ici_deplacement": (Residence.HERE, Impediment.OFFICER_TRAVELS),
    "sans_adresse": (Residence.UNKNOWN, Impediment.NO_COMMON_RESIDENCE),
    "autre_commune": (Residence.ELSEWHERE, Impediment.NONE),
    "etranger": (Residence.ABROAD, Impediment.NONE),
    "inconnu": (Residence.UNKNOWN, Impediment.NONE),
}
#: Those after which an address can be typed: the others are registered elsewhere.
WITH_ADDRESS = frozenset({"ici", "ici_deplacement", "sans_adresse"})


def where_choices(commune: str) -> list[tuple[str, str]]:
    """The six answers, the first two naming the commune of the mairie."""
    here = commune or "la commune de cette mairie"
    labels = {
        "ici": f"À {here}" if commune else "Dans la commune de cette mairie",
        "ici_deplacement": f"À {here}, mais l’un de nous ne pourra pas venir à la mairie"
        if commune
        else "Dans la commune de cette mairie, mais l’un de nous ne pourra pas y venir",
        "sans_adresse": "Un empêchement grave nous empêche d’avoir une adresse commune",
        "autre_commune": "Dans une autre commune de France",
        "etranger": "À l’étranger",
        "inconnu": "Nous ne savons pas encore",
    }
    return list(labels.items())


class AddressForm(CommonForm):
    page_heading = "Où habiterez-vous ensemble ?"
    page_hint = (
        "L’adresse principale où vous habiterez tous les deux le jour du Pacs. Aucun justificatif"
        " n’est demandé."
    )
    required_in_clean = ("street", "postcode", "city")
    tells = ("residence", "impediment")
    where = radio(
        "Votre adresse commune, ce jour-là",
        where_choices(""),
        "Choisissez l’une des réponses.",
        "Empêchement grave : hospitalisation, maladie, détention…",
    )
    already_home = forms.TypedChoiceField(
        label="Y habitez-vous déjà ?",
        choices=[("True", "Nous y habitons déjà tous les deux"), ("False", "Pas encore")],
        widget=forms.RadioSelect,
        required=False,
        coerce=lambda value: value == "True",
        empty_value=None,
    )

    class Meta:
        model = Dossier
        fields = ["street", "street_more", "postcode", "city", "already_home"]
        labels = {
            "street": "Numéro et voie",
            "street_more": "Complément d’adresse",
            "postcode": "Code postal",
            "city": "Commune",
        }
        widgets = {
            "street": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "street_more": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
            "city": forms.TextInput(attrs={"autocomplete": "off"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commune = commune_of_mairie()
        self.fields["where"].choices = where_choices(self.commune)  # type: ignore[attr-defined]
        self.fields["where"].required = not self.partial
        self.initial["where"] = self._where()
        if self.commune:
            # « À Uzès » says both already.
            for name in ("postcode", "city"):
                self.fields[name].help_text = f"Laissez vide si c’est à {self.commune}."

    def _where(self) -> str:
        """The answer that the columns of today stand for; none while nothing was answered."""
        one = self.instance
        if not one.residence:
            return ""
        said = (one.residence, one.impediment or Impediment.NONE.value)
        for key, (residence, impediment) in WHERE.items():
            if said == (residence.value, impediment.value):
                return key
        # An impediment beside another residence, of the simulator: the impediment decides.
        is_without = one.impediment == Impediment.NO_COMMON_RESIDENCE.value
        return "sans_adresse" if is_without else "inconnu"

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(
            "where", "street", "street_more", Row("postcode", "city"), "already_home"
        )
        return helper

    def shown(self) -> dict[str, Any]:
        """The answer and the columns, whatever the page fills in."""
        columns = {name: getattr(self.instance, name) for name in self.Meta.fields}
        return {"where": self._where(), **columns}

    def clean_postcode(self) -> str:
        value = str(self.cleaned_data["postcode"])
        return french_postcode(value) if value else value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        where = data.get("where", "")
        residence = WHERE[where][0] if where else None
        if residence is Residence.HERE:
            for name, value in _address_of_mairie().items():
                if not data.get(name) and name not in self.errors:
                    data[name] = value
        city = data.get("city") or ""
        if address_is_elsewhere(residence=residence, city=city, commune=self.commune):
            refusal = elsewhere_refusal(residence=residence, city=city, commune=self.commune)
            self.add_error("city", refusal)
        if where in WITH_ADDRESS and not self.partial:
            self._require_address(data)
        return data

    def _require_address(self, data: dict[str, Any]) -> None:
        missing = {
            "street": "Indiquez le numéro et la voie.",
            "postcode": "Indiquez le code postal.",
            "city": "Indiquez la commune.",
        }
        for name, words in missing.items():
            if not data.get(name) and name not in self.errors:
                self.add_error(name, words)

    def apply(self) -> list[str]:
        """The address, and what « where » stands for."""
        one, data = self.instance, self.cleaned_data
        changed = [name for name in self.Meta.fields if data.get(name) != self.initial.get(name)]
        if where := data.get("where"):
            values = zip(("residence", "impediment"), WHERE[where], strict=True)
            for name, value in values:
                if getattr(one, name) != value.value:
                    changed.append(name)
                    setattr(one, name, value.value)
        return changed

    @cached_property
    def changed_data(self) -> list[str]:
        """Also the postcode and the commune that « à Uzès » fills in."""
        changed = super().changed_data
        filled = [name for name in ("postcode", "city") if not self.initial.get(name)]
        return [*changed, *(name for name in filled if name not in changed)]


class ProjectForm(CommonForm):
    page_heading = "Votre projet"
    page_hint = "Trois questions sur vous deux."
    kinship = radio(
        "Avez-vous un lien de famille ?",
        Kinship.choices(),
        "Choisissez l’une des réponses.",
        "La loi interdit le Pacs entre proches parents (article 515-2 du Code civil). Les cousins"
        " germains peuvent se pacser.",
    )
    convention = radio(
        "Qui écrit votre convention ?",
        Convention.choices(),
        "Choisissez l’une des réponses. Vous pourrez en changer.",
        "La convention dit comment vous partagez les dépenses et les biens. Si elle n’en dit rien,"
        " la loi prévoit une aide à proportion des ressources de chacun, et des biens séparés.",
    )
    wished_date = wished_day_field(
        "Date souhaitée",
        "Par exemple 6/6/2027. Laissez vide si vous ne savez pas encore. Cette date ne réserve"
        " rien : le rendez-vous se prend quand le dossier est complet.",
    )

    class Meta:
        model = Dossier
        fields = ["kinship", "convention", "wished_date"]
