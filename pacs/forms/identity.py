"""Who a partenaire is: one short page for each group of questions."""

import re
from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.core.exceptions import ValidationError
from django_countries import countries

from demarches.models import Entrance
from demarches.steps.forms import StepForm, refuse_private_numbers
from demarches.typed.address_field import AddressInput
from pacs.forms.texts import AGREED, TextsAgreedField, asks_texts, settle_texts
from pacs.models import Partenaire
from pacs.models.completeness import asks_coutume, has_foreign_record
from pacs.reads.access import name_for
from pacs.rules.competence import commune_of_city
from pacs.rules.countries import FRANCE, FRENCH_TERRITORIES
from pacs.rules.home import Address
from pacs.rules.situation import Measure, Protection, Situation, YesNo


def french_postcode(value: str) -> str:
    """Five figures, without the spaces that people put in."""
    figures = re.sub(r"\s", "", value)
    if not re.fullmatch(r"\d{5}", figures):
        raise ValidationError("Un code postal français a 5 chiffres, par exemple 30700.")
    return figures


def address_of_mairie() -> dict[str, str]:
    """The postcode of the mairie's first door, and its commune."""
    door = Entrance.objects.select_related("mairie").order_by("mairie_id", "position").first()
    return {"postcode": door.postal_code, "city": door.mairie.commune} if door else {}


class OwnForm(StepForm[Partenaire]):
    """A page of one's own part."""

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
    page_heading = "L’Ofpra vous protège-t-il ?"
    page_hint = (
        "Statut de réfugié ou protection subsidiaire. Personne d’autre que vous et la mairie ne"
        " voit cette réponse : elle vous évite un document de votre consulat. Apatride ? Dites-le"
        " à la question « Votre nationalité »."
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
    page_hint = "Ces réponses disent quels documents fournir, et s’il faut les faire traduire."
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
        for name in ("country_issues_coutume", "country_updates_records"):
            self.fields[name].required = False
        if not asks_coutume(self.instance):
            del self.fields["coutume_in_french"], self.fields["country_issues_coutume"]
        if not has_foreign_record(self.instance):
            del self.fields["birth_record_in_french"], self.fields["country_updates_records"]


class FormerMarriageForm(OwnForm):
    page_heading = "La fin de votre mariage"
    page_hint = "Un document n’est demandé que si votre acte de naissance ne le dit pas déjà."
    required_in_clean = ("union_record_country",)
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


class ProtectorForm(OwnForm):
    """Of those alone whom a curateur or a tuteur assists (`asks_protector`)."""

    page_heading = "Est-ce votre partenaire qui vous assiste, pour cette curatelle ou tutelle ?"
    page_hint = (
        "La personne avec qui vous concluez le Pacs ne peut pas vous assister pour signer votre"
        " convention : quelqu’un d’autre le fera."
    )
    protector_is_partenaire = forms.TypedChoiceField(
        label="C’est votre partenaire qui vous assiste",
        choices=[("True", YesNo.YES.label), ("False", YesNo.NO.label)],
        coerce=lambda value: value == "True",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Répondez oui ou non.",
            "invalid_choice": "Choisissez l’une des réponses proposées.",
        },
    )

    class Meta:
        model = Partenaire
        fields = ["protector_is_partenaire"]


class CommonHome(Fieldset):  # type: ignore[misc]
    """« Votre adresse : celle du couple », who said so, and a way to put another."""

    template = "pacs/_common_home.html"

    def __init__(self, form: "SituationForm", *fields: str) -> None:
        super().__init__("", *fields)
        self.home = form.home
        self.dossier = form.instance.dossier
        self.is_mine = form.instance.is_first
        self.said_by = name_for(form.instance, self.dossier.people[0])
        self.is_open = any(name in form.errors or form[name].value() for name in fields[:-1])


class SituationForm(OwnForm):
    page_heading = "Votre situation aujourd’hui"
    page_hint = "Personne d’autre que vous et la mairie ne voit ces réponses."
    #: Their own address; folded while they are said to live at the couple's.
    ADDRESS: ClassVar[tuple[str, ...]] = ("street", "street_more", "postcode", "city", "country")
    required_in_clean = ("street", "postcode", "city")

    situation = radio(
        "Avez-vous déjà conclu un mariage ou un Pacs ?",
        Situation.choices(),
        "Choisissez votre situation.",
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
    texts_agreed_at = TextsAgreedField()

    class Meta:
        model = Partenaire
        fields = [
            "situation",
            "measure",
            "street",
            "street_more",
            "postcode",
            "city",
            "country",
            "phone",
            "texts_agreed_at",
            "contact_email",
            "needs",
        ]
        labels = {
            "street": "Numéro et voie",
            "street_more": "Complément d’adresse",
            "postcode": "Code postal",
            "city": "Commune",
            "phone": "Téléphone",
            "contact_email": "Adresse e-mail",
            "needs": "Ce qui vous aiderait le jour du rendez-vous",
        }
        help_texts = {
            "street": "Votre adresse d’aujourd’hui. Votre partenaire ne la voit pas.",
            "phone": "Pour vous joindre si un mail n’arrive pas.",
            "contact_email": "La vôtre, pas celle de votre partenaire : pour recevoir l’accusé de"
            " réception et le rendez-vous. Sans adresse, aucun mail ne vous arrive.",
            "needs": "Par exemple : accès en fauteuil, interprète, langue des signes.",
        }
        widgets = {
            "street": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "street_more": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "postcode": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            # The device is the other's: it would propose their address.
            "contact_email": AddressInput(attrs={"autocomplete": "off"}),
        }
        error_messages = {
            "street": {"required": "Indiquez le numéro et la voie."},
            "postcode": {"required": "Indiquez le code postal."},
            "city": {"required": "Indiquez la commune."},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["needs"].validators.append(refuse_private_numbers)
        if not self.instance.is_on_lent_device:
            del self.fields["contact_email"]
        if not asks_texts(self.instance):
            del self.fields[AGREED]
        # Read before `full_clean` too: a yes is for the number of then.
        self.texts_agreed_at_before = self.instance.texts_agreed_at
        self.shared_home = self.instance.dossier.shared_home
        # Read before `full_clean` puts what is typed on the instance.
        self.home = self.instance.home
        if self.shared_home and self.instance.is_first:
            for name in self.ADDRESS:
                del self.fields[name]
            return
        self.fields["country"].choices = list(countries)  # type: ignore[attr-defined]
        for name in ("street", "city", "country"):
            self.fields[name].required = not (self.shared_home or self.partial)
        if here := address_of_mairie():
            self.fields["postcode"].help_text = f"Laissez vide si c’est à {here['city']}."

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        address: list[Any] = [name for name in self.ADDRESS if name in self.fields]
        if self.shared_home:
            address = [CommonHome(self, *address)]
        around = [
            name for name in self.Meta.fields if name not in self.ADDRESS and name in self.fields
        ]
        helper.layout = Layout(*around[:2], *address, *around[2:])
        return helper

    def shown(self) -> dict[str, Any]:
        """Every column of the page, whether or not its field is asked."""
        return {name: getattr(self.instance, name) for name in self.Meta.fields}

    def clean_contact_email(self) -> str:
        """Not the other's address: they would read what the mairie writes to this person alone."""
        address = str(self.cleaned_data["contact_email"])
        if address in self.instance.dossier.people[2 - self.instance.position].addresses:
            raise ValidationError(
                "C’est l’adresse de votre partenaire, qui lirait vos mails. Indiquez la vôtre, ou"
                " laissez vide."
            )
        return address

    def clean(self) -> dict[str, Any]:
        """A French postcode has five figures; those of other countries are left as typed."""
        data = super().clean() or {}
        self._fill_postcode(data)
        settle_texts(self, data)
        if self.shared_home and "street" in self.fields:
            self._check_own_address(data)
        elif "street" in self.fields:
            self.require("postcode", "Indiquez le code postal.")
        if data.get("country") in FRENCH_TERRITORIES and data.get("postcode"):
            try:
                data["postcode"] = french_postcode(str(data["postcode"]))
            except ValidationError as refused:
                self.add_error("postcode", refused)
        return data

    def _fill_postcode(self, data: dict[str, Any]) -> None:
        """The commune of the mairie has one: its name, typed, says it."""
        if data.get("postcode") or "postcode" in self.errors:
            return
        here, typed = address_of_mairie(), commune_of_city(str(data.get("city") or ""))
        is_in_france = data.get("country", FRANCE) == FRANCE
        if here and is_in_france and typed == commune_of_city(here["city"]):
            data["postcode"] = here["postcode"]

    def apply(self) -> list[str]:
        """Also the postcode that the name of the commune says."""
        changed = super().apply()
        is_filled = "postcode" in self.fields and "postcode" not in changed
        if is_filled and self.instance.postcode != self.initial["postcode"]:
            changed.append("postcode")
        if AGREED not in self.fields and "phone" in changed:
            self.instance.texts_agreed_at = None
        if self.instance.texts_agreed_at != self.texts_agreed_at_before:
            changed = [name for name in changed if name != AGREED] + [AGREED]
        return changed

    def _check_own_address(self, data: dict[str, Any]) -> None:
        """Another than the couple's: typed whole, and not the couple's once more."""
        data["country"] = data.get("country") or FRANCE
        typed = Address(*(str(data.get(name) or "") for name in self.ADDRESS[:4]))
        if typed == self.shared_home and data["country"] == FRANCE:
            data.update(dict.fromkeys(self.ADDRESS[:4], ""))
        elif typed.is_begun:
            way_out = "Ou videz toutes ces cases : l’adresse commune est alors la vôtre."
            self.require("street", f"Indiquez le numéro et la voie. {way_out}")
            self.require("postcode", f"Indiquez le code postal. {way_out}")
            self.require("city", f"Indiquez la commune. {way_out}")
