"""The answers both partenaires share: one short page each."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Row
from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext

from demarches.models import Mairie
from demarches.steps.forms import StepForm
from pacs.forms.identity import address_of_mairie, french_postcode, radio
from pacs.forms.wished_day import wished_day_field
from pacs.models import Dossier
from pacs.rules.competence import address_is_elsewhere
from pacs.rules.situation import Convention, Impediment, Kinship, Residence


def commune_of_mairie() -> str:
    """The commune of this mairie; empty when its row is not written yet."""
    mairie = Mairie.objects.current()
    return mairie.commune if mairie else ""


def elsewhere_refusal(
    *, residence: str | None, impediment: str | None, city: str, commune: str
) -> str:
    """Why this address cannot stand beside the answer about the commune, and what to do."""
    if impediment == Impediment.NO_COMMON_RESIDENCE:
        return (
            f"Sans adresse commune, écrivez ici l’adresse de celui de vous deux qui habite à"
            f" {commune} : « {city} » est une autre commune. Si aucun de vous n’habite à"
            f" {commune}, adressez-vous à la mairie de la commune où habite l’un de vous."
        )
    if residence == Residence.HERE:
        said = f"La réponse « À {commune} » a été donnée"
    else:
        said = f"Cette mairie enregistre le Pacs quand l’adresse commune est à {commune}"
    return (
        f"{said}, mais cette adresse est dans une autre commune : « {city} ». Corrigez l’adresse,"
        " ou choisissez « Dans une autre commune de France » à la question « Où habiterez-vous"
        " ensemble ? »."
    )


#: Two answers of which one is wrong.
HOME_WITHOUT_ADDRESS = (
    "Il est répondu à la fois que vous ne pouvez pas avoir d’adresse commune, et que vous y habitez"
    " déjà tous les deux : changez l’une des deux réponses."
)


class CommonForm(StepForm[Dossier]):
    """A page of shared answers: any change asks both to confirm and attest again."""


#: « Where will you live together? », in the words of people: where, and what prevents it.
WHERE: dict[str, tuple[Residence, Impediment]] = {
    "ici_ensemble": (Residence.HERE, Impediment.NONE),
    "ici": (Residence.HERE, Impediment.NONE),
    "ici_deplacement": (Residence.HERE, Impediment.OFFICER_TRAVELS),
    "sans_adresse": (Residence.UNKNOWN, Impediment.NO_COMMON_RESIDENCE),
    "autre_commune": (Residence.ELSEWHERE, Impediment.NONE),
    "etranger": (Residence.ABROAD, Impediment.NONE),
    "inconnu": (Residence.UNKNOWN, Impediment.NONE),
}
#: Two of these answers say too whether both live there already; a third leaves what was said.
ALREADY_HOME = {"ici_ensemble": True, "ici": False}
SAYS_NOTHING_OF_TODAY = "ici_deplacement"
#: Those after which an address can be typed: the others are registered elsewhere.
WITH_ADDRESS = frozenset({*ALREADY_HOME, SAYS_NOTHING_OF_TODAY, "sans_adresse"})


def where_choices(commune: str) -> list[tuple[str, str]]:
    """The six answers, the first two naming the commune of the mairie."""
    named = {"commune": commune}
    labels = {
        "ici": gettext("À %(commune)s") % named if commune else "Dans la commune de cette mairie",
        "ici_deplacement": gettext(
            "À %(commune)s, mais l’un de nous ne pourra pas venir à la mairie"
        )
        % named
        if commune
        else "Dans la commune de cette mairie, mais l’un de nous ne pourra pas y venir",
        "sans_adresse": "Un empêchement grave nous empêche d’avoir une adresse commune",
        "autre_commune": "Dans une autre commune de France",
        "etranger": "À l’étranger",
        "inconnu": "Nous ne savons pas encore",
    }
    return list(labels.items())


def home_choices(commune: str) -> list[tuple[str, str]]:
    """The same; the first is two answers, which also say whether both live there already."""
    here = f"À {commune}" if commune else "Dans la commune de cette mairie"
    return [
        ("ici_ensemble", f"{here}, où nous habitons déjà tous les deux"),
        ("ici", f"{here}, où nous n’habitons pas encore tous les deux"),
        *where_choices(commune)[1:],
    ]


class AddressForm(CommonForm):
    page_heading = "Où habiterez-vous ensemble ?"
    page_hint = (
        "L’adresse principale où vous habiterez tous les deux le jour du Pacs. Aucun justificatif"
        " n’est demandé."
    )
    required_in_clean = ("where", "street", "postcode", "city")
    #: Their own addresses are to be said: they do not live at the common one yet.
    leaves_home = False
    tells = ("residence", "impediment", "already_home")
    where = radio(
        "Votre adresse commune, ce jour-là",
        home_choices(""),
        "Choisissez l’une des réponses.",
        "Empêchement grave : hospitalisation, maladie, détention…",
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
        help_texts = {
            "street": "Sans adresse commune possible : l’adresse de l’un de vous deux, dans la"
            " commune de la mairie.",
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
        self.fields["where"].choices = home_choices(self.commune)  # type: ignore[attr-defined]
        # Said in the simulator, it stands until it is made precise here.
        self.fields["where"].required = not (self.partial or self.instance.residence)
        self.initial.setdefault("where", self._where())
        if self.commune and self.instance.residence and not self.initial["where"]:
            already = f"Déjà répondu : à {self.commune}."
            self.fields["where"].help_text = f"{already} Précisez si vous y habitez tous les deux."
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
        if said == (Residence.HERE.value, Impediment.NONE.value):
            return next((k for k, home in ALREADY_HOME.items() if home is one.already_home), "")
        for key, (residence, impediment) in WHERE.items():
            if said == (residence.value, impediment.value):
                return key
        # Of a simulator that asked them apart: an impediment beside another residence. No
        # common one stands for itself; an officer travels only within the commune.
        if one.impediment == Impediment.NO_COMMON_RESIDENCE.value:
            return "sans_adresse"
        return next(key for key, (place, _) in WHERE.items() if place.value == one.residence)

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout("where", "street", "street_more", Row("postcode", "city"))
        return helper

    def shown(self) -> dict[str, Any]:
        """The answer and the columns, whatever the page fills in."""
        names = (*self.Meta.fields, "already_home")
        columns = {name: getattr(self.instance, name) for name in names}
        return {"where": self._where(), **columns}

    def clean_postcode(self) -> str:
        value = str(self.cleaned_data["postcode"])
        return french_postcode(value) if value else value

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        where = data.get("where", "")
        residence = WHERE[where][0] if where else self.instance.residence
        if residence == Residence.HERE:
            for name, value in address_of_mairie().items():
                if not data.get(name) and name not in self.errors:
                    data[name] = value
        city = data.get("city") or ""
        if address_is_elsewhere(residence=residence, city=city, commune=self.commune):
            refusal = elsewhere_refusal(
                residence=residence,
                impediment=WHERE[where][1] if where else self.instance.impediment,
                city=city,
                commune=self.commune,
            )
            self.add_error("city", refusal)
        is_asked = where in WITH_ADDRESS or (not where and residence == Residence.HERE)
        if is_asked and not self.partial:
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
        if (where := data.get("where")) and where != self._where():
            residence, impediment = WHERE[where]
            values: dict[str, str | bool | None] = {
                "residence": residence.value,
                "impediment": impediment.value,
            }
            if where != SAYS_NOTHING_OF_TODAY:
                values["already_home"] = ALREADY_HOME.get(where)
            for name, value in values.items():
                if getattr(one, name) != value:
                    changed.append(name)
                    setattr(one, name, value)
        self.leaves_home = "already_home" in changed and not one.already_home
        return changed

    @cached_property
    def changed_data(self) -> list[str]:
        """Also the postcode and the commune that « à Uzès » fills in."""
        changed = super().changed_data
        filled = [name for name in ("postcode", "city") if not self.initial.get(name)]
        return [*changed, *(name for name in filled if name not in changed)]


class ProjectForm(CommonForm):
    page_heading = "Votre projet"
    page_hint = "Deux questions sur vous deux."
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

    class Meta:
        model = Dossier
        fields = ["kinship", "convention"]


class WishedDayForm(CommonForm):
    """Any day of the three years to come; the page offers those on which the mairie receives."""

    submit_label = "Choisir ce jour"
    mark_optional = False
    wished_date = wished_day_field("Jour souhaité", "Par exemple 6/6/2027.")

    class Meta:
        model = Dossier
        fields = ["wished_date"]
