"""Who a partenaire is: one short page for each group of questions.

Names are kept as the birth record writes them: several prénoms, particles, accents,
apostrophes, hyphens, a single name. Nothing here corrects or capitalises them.
"""

import re
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django_countries import countries

from demarches.forms import StepForm, refuse_private_numbers
from pacs.models import Partenaire
from pacs.models.completeness import asks_coutume, has_foreign_record
from pacs.rules.countries import FRANCE, FRENCH_TERRITORIES
from pacs.rules.situation import Measure, Protection, Situation, YesNo

#: What no name holds: digits, signs of code, line breaks. Letters of any script are welcome.
NOT_A_NAME = re.compile(r"[0-9<>{}\[\]\\|@#$%^*_=+\"\x00-\x1f\x7f]")
OLDEST_YEAR = 1900
LATEST_YEAR = 2100


def check_name(value: str) -> None:
    """Refuse what cannot be a name, and say which sign is the trouble."""
    if found := NOT_A_NAME.search(value):
        raise ValidationError(
            f"Le signe « {found.group()} » ne peut pas figurer dans un nom."
            " Recopiez le nom comme sur l’acte de naissance."
        )


def french_postcode(value: str) -> str:
    """Five figures, without the spaces that people put in."""
    figures = re.sub(r"\s", "", value)
    if not re.fullmatch(r"\d{5}", figures):
        raise ValidationError("Un code postal français a 5 chiffres, par exemple 30700.")
    return figures


class OwnForm(StepForm[Partenaire]):
    """A page of one's own part."""

    #: Columns in which names are typed.
    names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, partial: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, partial=partial, **kwargs)
        self.partial = partial
        for name in self.names:
            self.fields[name].validators.append(check_name)

    def require(self, name: str, message: str) -> None:
        """Add the message when the field is empty and nothing else is wrong with it."""
        if not self.partial and not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, message)


def radio(
    label: str, choices: list[tuple[str, str]], required: str, help_text: str = ""
) -> forms.ChoiceField:
    """One choice among a few, with its own words when nothing is chosen."""
    return forms.ChoiceField(
        label=label,
        choices=choices,
        widget=forms.RadioSelect,
        help_text=help_text,
        error_messages={
            "required": required,
            "invalid_choice": "Choisissez l’une des réponses proposées.",
        },
    )


class FrenchRecordForm(OwnForm):
    page_heading = "Avez-vous un acte de naissance français ?"
    page_hint = (
        "Les Français nés à l’étranger ont en général un acte au service central d’état civil, à"
        " Nantes. C’est le cas après une transcription au consulat ou une naturalisation."
    )
    has_french_record = radio(
        "Acte de naissance français", YesNo.choices(), "Choisissez oui, non ou « je ne sais pas »."
    )

    class Meta:
        model = Partenaire
        fields = ["has_french_record"]


class ProtectionForm(OwnForm):
    page_heading = "Êtes-vous protégé par l’Ofpra ?"
    page_hint = (
        "Réfugié ou bénéficiaire de la protection subsidiaire. Seuls vous et la mairie voyez cette"
        " réponse : elle vous évite un document de votre consulat. Apatride ? Dites-le à la"
        " question « Votre nationalité »."
    )
    protection = radio(
        "Protection internationale", Protection.choices(), "Choisissez l’une des réponses."
    )

    class Meta:
        model = Partenaire
        fields = ["protection"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Without a nationality: that is answered where the nationality is.
        self.fields["protection"].choices = [  # type: ignore[attr-defined]
            choice for choice in Protection.choices() if choice[0] != Protection.STATELESS.value
        ]


class ForeignPapersForm(OwnForm):
    page_heading = "Vos documents étrangers"
    page_hint = "Ces réponses disent s’il faut une traduction, et quels documents vous remplacez."
    birth_record_in_french = radio(
        "Votre acte de naissance est-il en français, ou sur un extrait plurilingue ?",
        YesNo.choices(),
        "Répondez oui, non ou « je ne sais pas ».",
    )
    coutume_in_french = radio(
        "Votre certificat de coutume sera-t-il en français ?",
        YesNo.choices(),
        "Répondez oui, non ou « je ne sais pas ».",
        "Beaucoup de consulats en France le délivrent en français.",
    )
    country_issues_coutume = radio(
        "Votre pays délivre-t-il des certificats de coutume ?",
        YesNo.choices(),
        "Répondez oui, non ou « je ne sais pas ».",
    )
    country_updates_records = radio(
        "Votre pays met-il à jour les actes de naissance (mariage, divorce…) ?",
        YesNo.choices(),
        "Répondez oui, non ou « je ne sais pas ».",
    )

    class Meta:
        model = Partenaire
        fields = [
            "birth_record_in_french",
            "coutume_in_french",
            "country_issues_coutume",
            "country_updates_records",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_coutume(self.instance):
            del self.fields["coutume_in_french"], self.fields["country_issues_coutume"]
        if not has_foreign_record(self.instance):
            del self.fields["birth_record_in_french"], self.fields["country_updates_records"]


class FormerMarriageForm(OwnForm):
    page_heading = "La fin de votre mariage"
    page_hint = "Un document n’est demandé que si votre acte de naissance ne le dit pas déjà."
    divorce_mentioned = radio(
        "Votre divorce est-il écrit dans la marge de votre acte de naissance ?",
        YesNo.choices(),
        "Répondez oui, non ou « je ne sais pas ».",
    )
    union_record_country = forms.ChoiceField(
        label="Dans quel pays le document a-t-il été établi ?",
        help_text="Le livret de famille, l’acte de mariage ou l’acte de décès.",
        error_messages={"required": "Choisissez un pays."},
    )
    union_record_in_french = radio(
        "Ce document est-il en français ?",
        YesNo.choices(),
        "Répondez oui, non ou « je ne sais pas ».",
    )

    class Meta:
        model = Partenaire
        fields = ["divorce_mentioned", "union_record_country", "union_record_in_french"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["union_record_country"].choices = [("", "Choisissez un pays"), *countries]  # type: ignore[attr-defined]
        self.fields["union_record_country"].required = False
        self.fields["union_record_in_french"].required = False
        if self.instance.situation != Situation.DIVORCED:
            del self.fields["divorce_mentioned"]

    def clean(self) -> dict[str, Any]:
        """The document is described when one is to be shown."""
        data = super().clean() or {}
        if self.instance.situation != Situation.DIVORCED or (
            data.get("divorce_mentioned") not in ("", None, YesNo.YES)
        ):
            self.require("union_record_country", "Choisissez le pays de ce document.")
        return data


class SituationForm(OwnForm):
    page_heading = "Votre situation aujourd’hui"
    page_hint = "Seuls vous et la mairie voyez ces réponses."
    #: What is asked when their address is not known to be the couple's.
    ADDRESS: ClassVar[tuple[str, ...]] = ("street", "street_more", "postcode", "city", "country")

    situation = radio(
        "Avez-vous déjà été marié ou pacsé ?", Situation.choices(), "Choisissez votre situation."
    )
    measure = radio(
        "Êtes-vous sous une mesure de protection ?",
        Measure.choices(),
        "Choisissez l’une des réponses.",
        "Curatelle, tutelle ou autre. L’accord du juge n’est pas demandé pour un Pacs.",
    )
    country = forms.ChoiceField(
        label="Pays", error_messages={"required": "Choisissez le pays de votre adresse."}
    )

    class Meta:
        model = Partenaire
        fields = [
            "situation",
            "measure",
            "protector_is_partenaire",
            "street",
            "street_more",
            "postcode",
            "city",
            "country",
            "phone",
            "needs",
        ]
        labels = {
            "protector_is_partenaire": "Mon curateur ou tuteur est mon futur partenaire",
            "street": "Numéro et voie",
            "street_more": "Complément d’adresse",
            "postcode": "Code postal",
            "city": "Commune",
            "phone": "Téléphone",
            "needs": "Ce qui vous aiderait le jour du rendez-vous",
        }
        help_texts = {
            "street": "Votre adresse d’aujourd’hui. Votre partenaire ne la voit pas.",
            "phone": "Pour vous joindre si un mail n’arrive pas.",
            "needs": "Par exemple : accès en fauteuil, interprète, langue des signes.",
        }
        widgets = {
            "protector_is_partenaire": forms.CheckboxInput,
            "street": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "street_more": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
        }
        error_messages = {
            "street": {"required": "Indiquez le numéro et la voie."},
            "postcode": {"required": "Indiquez le code postal."},
            "city": {"required": "Indiquez la commune."},
            "phone": {"invalid": "Ce numéro n’est pas complet. Exemple : 06 12 34 56 78."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["needs"].validators.append(refuse_private_numbers)
        if self._lives_at_common_address():
            for name in self.ADDRESS:
                del self.fields[name]
            return
        self.fields["country"].choices = list(countries)  # type: ignore[attr-defined]
        for name in ("street", "postcode", "city"):
            self.fields[name].required = not self.partial

    def _lives_at_common_address(self) -> bool:
        """« Nous y habitons déjà » was said, and this person has not said otherwise."""
        one, dossier = self.instance, self.instance.dossier
        own = (one.street, one.postcode, one.city)
        theirs = (dossier.street, dossier.postcode, dossier.city)
        is_said = bool(dossier.already_home) and all(theirs) and own in (("", "", ""), theirs)
        return is_said and not (self.is_bound and self.add_prefix("street") in self.data)

    def shown(self) -> dict[str, Any]:
        """Every column of the page, whether or not its field is asked."""
        return {name: getattr(self.instance, name) for name in self.Meta.fields}

    def clean(self) -> dict[str, Any]:
        """A French postcode has five figures; those of other countries are left as typed."""
        data = super().clean() or {}
        if data.get("country") in FRENCH_TERRITORIES and data.get("postcode"):
            try:
                data["postcode"] = french_postcode(str(data["postcode"]))
            except ValidationError as refused:
                self.add_error("postcode", refused)
        return data

    def apply(self) -> list[str]:
        """The typed columns; the couple's address where it is theirs already."""
        changed = super().apply()
        if "street" in self.fields or self.partial:
            return changed
        one, dossier = self.instance, self.instance.dossier
        home = {name: getattr(dossier, name) for name in self.ADDRESS[:4]} | {"country": FRANCE}
        for name, value in home.items():
            if getattr(one, name) != value:
                setattr(one, name, value)
                changed.append(name)
        return changed
