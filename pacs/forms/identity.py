"""Who a partenaire is: one short page for each group of questions.

Names are kept as the birth record writes them: several prénoms, particles, accents,
apostrophes, hyphens, a single name. Nothing here corrects or capitalises them.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Row
from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localdate
from django_countries import countries

from demarches.communes import communes
from demarches.forms import StepForm, refuse_private_numbers
from demarches.rules.typed_days import read_month
from pacs.models import Partenaire, Sex
from pacs.models.completeness import asks_coutume, has_foreign_record
from pacs.rules.birthplace import communes_of_birth
from pacs.rules.countries import FRANCE, FRENCH_OVERSEAS, FRENCH_TERRITORIES
from pacs.rules.nationalities import NATIONALITIES, as_nationality, is_stateless
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


class NameForm(OwnForm):
    page_heading = "Votre nom et vos prénoms"
    page_hint = (
        "Recopiez-les comme sur votre acte de naissance, avec les accents et les traits d’union."
    )
    names = ("birth_name", "first_names", "usage_name")
    required_in_clean = ("birth_name", "first_names")

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
            "usage_name": "Si vous en utilisez un autre que votre nom de naissance.",
        }
        widgets = {
            "birth_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "first_names": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "usage_name": forms.TextInput(attrs={"autocomplete": "off"}),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("single_name"):
            if not data.get("first_names"):
                self.require("birth_name", "Indiquez le nom ou le prénom que porte votre acte.")
            return data
        way_out = (
            " Si votre acte n’en porte pas, cochez « Mon acte ne porte qu’un nom, ou que des"
            " prénoms »."
        )
        self.require("birth_name", f"Indiquez votre nom de naissance.{way_out}")
        self.require("first_names", f"Indiquez vos prénoms.{way_out}")
        return data


class SexForm(OwnForm):
    page_heading = "Quel sexe votre acte de naissance porte-t-il ?"
    page_hint = (
        "La mairie en a besoin pour retrouver votre acte et pour le registre. Elle ne demande"
        " pas « Madame » ou « Monsieur »."
    )
    sex = radio(
        "Sexe sur l’acte", Sex.choices(), "Choisissez le sexe que porte votre acte de naissance."
    )

    class Meta:
        model = Partenaire
        fields = ["sex"]


class MonthField(forms.IntegerField):
    """A month as a number, also read by its name."""

    def to_python(self, value: Any) -> int | None:
        number = read_month(value) if isinstance(value, str) else None
        return super().to_python(value if number is None else number)


def birth_problems(data: Mapping[str, Any], *, today: date) -> Iterator[tuple[str, str]]:
    """What is wrong with a date of birth given in three parts: field and words.

    Asked by everybody who takes one, citizens and agents.
    """
    year, month, day = (data.get(f"birth_{part}") for part in ("year", "month", "day"))
    if year and not OLDEST_YEAR <= year <= LATEST_YEAR:
        yield "birth_year", "Écrivez l’année en quatre chiffres, par exemple 1990."
        return
    if day and not month:
        yield "birth_month", "Indiquez aussi le mois, ou laissez le jour vide."
    elif year and month:
        try:
            born = date(year, month, day or 1)
        except ValueError:
            yield "birth_day", "Cette date n’existe pas : vérifiez le jour et le mois."
        else:
            if born > today:
                yield "birth_year", "Cette date est dans le futur : vérifiez l’année."
    elif year and year > today.year:
        yield "birth_year", "Cette date est dans le futur : vérifiez l’année."


class BirthForm(OwnForm):
    page_heading = "Votre naissance"
    page_hint = "Si votre acte ne donne pas le jour ou le mois, laissez-les vides."
    required_in_clean = ("birth_day", "birth_month")
    birth_day = forms.IntegerField(
        label="Jour",
        min_value=1,
        max_value=31,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            "Le jour va de 1 à 31. Inconnu : laissez vide.",
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-day"}),
    )
    birth_month = MonthField(
        label="Mois",
        min_value=1,
        max_value=12,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            "Écrivez le mois en chiffres : 5 pour mai. Inconnu : laissez vide.",
        ),
        widget=forms.TextInput(attrs={"autocomplete": "bday-month"}),
    )
    birth_year = forms.IntegerField(
        label="Année",
        min_value=OLDEST_YEAR,
        max_value=LATEST_YEAR,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-year"}),
        error_messages={
            "required": "Indiquez au moins l’année de votre naissance.",
            "invalid": "Écrivez l’année en quatre chiffres, par exemple 1990.",
            "min_value": "Écrivez l’année en quatre chiffres, par exemple 1990.",
            "max_value": "Cette date est dans le futur : vérifiez l’année.",
        },
    )
    birth_country = forms.ChoiceField(
        label="Pays de naissance",
        help_text="Le pays d’aujourd’hui pour cette commune. Né outre-mer ? Choisissez « France »"
        " ou le nom du territoire, c’est pareil.",
        error_messages={"required": "Choisissez votre pays de naissance."},
    )

    class Meta:
        model = Partenaire
        fields = [
            "birth_day",
            "birth_month",
            "birth_year",
            "birth_country",
            "birth_city",
            "birth_department",
        ]
        labels = {
            "birth_city": "Commune ou ville de naissance",
            "birth_department": "Département",
        }
        help_texts = {
            "birth_city": "Comme sur l’acte. À Paris, Lyon ou Marseille, avec l’arrondissement :"
            " « Lyon 3 ».",
            "birth_department": "Celui de la commune à votre naissance. Exemple : Gard.",
        }
        error_messages = {"birth_city": {"required": "Indiquez votre commune de naissance."}}

    #: The answer of who finds their commune in none of those that bear its name.
    OTHER = "autre"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["birth_country"].choices = [("", "Choisissez un pays"), *countries]  # type: ignore[attr-defined]
        self.fields["birth_city"].required = not self.partial
        self.communes = communes_of_birth(
            communes(), country=self._given("birth_country"), city=self._given("birth_city")
        )
        if len(self.communes) > 1:
            self.fields["birth_commune"] = self._which_commune()
        if not self._asks_department():
            del self.fields["birth_department"]

    def _given(self, name: str) -> str:
        """What was typed, or else what stands there."""
        if self.is_bound:
            return str(self.data.get(self.add_prefix(name), ""))
        return str(self.get_initial_for_field(self.fields[name], name) or "")

    def _which_commune(self) -> forms.ChoiceField:
        """Several communes bear this name: those, and a way out."""
        field = radio(
            "De quelle commune s’agit-il ?",
            [
                *((one.code, str(one)) for one in self.communes),
                (self.OTHER, "Une autre commune du même nom"),
            ],
            "Choisissez votre commune de naissance.",
        )
        field.required = not self.partial
        one = self.instance
        if one.birth_city and one.birth_city == self._given("birth_city"):
            field.initial = one.birth_insee or (self.OTHER if one.birth_department else "")
        return field

    def _asks_department(self) -> bool:
        """Only when neither the commune nor the name of an overseas place tells it."""
        if not self._given("birth_city") or self._given("birth_country") != FRANCE:
            return False
        if "birth_commune" not in self.fields:
            return not self.communes
        field = self.fields["birth_commune"]
        chosen = self.data.get(self.add_prefix("birth_commune")) if self.is_bound else field.initial
        return bool(chosen == self.OTHER)

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        day = Row("birth_day", "birth_month", "birth_year")
        place = ("birth_country", "birth_city", "birth_commune", "birth_department")
        helper.layout = Layout(day, *(name for name in place if name in self.fields))
        return helper

    def shown(self) -> dict[str, Any]:
        """The columns, whichever fields today's answers ask for."""
        names = (*self.Meta.fields, "birth_insee")
        return {name: getattr(self.instance, name) for name in names}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, problem in birth_problems(data, today=localdate()):
            if name not in self.errors:
                self.add_error(name, problem)
        if "birth_department" in self.fields and not self.partial:
            self._check_department(data)
        return data

    def _check_department(self, data: dict[str, Any]) -> None:
        """Asked for once the name is not found; what is then typed is kept as it is."""
        if data.get("birth_department") or "birth_city" in self.errors:
            return
        city = data.get("birth_city", "")
        if self.communes:
            problem = "Indiquez le département de votre commune de naissance."
        else:
            problem = (
                f"Nous ne trouvons pas « {city} » parmi les communes d’aujourd’hui. Vérifiez"
                " l’orthographe. Si elle est juste, indiquez ici le département : le nom reste"
                " comme vous l’avez écrit."
            )
        self.add_error("birth_department", problem)

    def apply(self) -> list[str]:
        """The typed columns, and the département and Insee code that the commune gives."""
        one = self.instance
        was = {"birth_department": self.initial["birth_department"], "birth_insee": one.birth_insee}
        given = dict(zip(was, self._place(self.cleaned_data), strict=True))
        for name, value in given.items():
            setattr(one, name, value)
        typed = [name for name in super().apply() if name not in given]
        return [*typed, *(name for name, value in given.items() if value != was[name])]

    def _place(self, data: Mapping[str, Any]) -> tuple[str, str]:
        chosen = data.get("birth_commune", "")
        found = [one for one in self.communes if chosen in ("", one.code)]
        if len(found) == 1:
            return found[0].department, found[0].code
        if overseas := FRENCH_OVERSEAS.get(data.get("birth_country", "")):
            return overseas.removesuffix(" (France)"), ""
        return data.get("birth_department", ""), ""


class NationalityForm(OwnForm):
    page_heading = "Votre nationalité"
    page_hint = "Si vous en avez plusieurs, indiquez-les toutes : la liste des pièces en dépend."
    first = forms.ChoiceField(
        label="Nationalité",
        error_messages={"required": "Choisissez votre nationalité, ou « apatride »."},
    )
    second = forms.ChoiceField(label="Autre nationalité", required=False)
    third = forms.ChoiceField(label="Autre nationalité encore", required=False)

    STATELESS: ClassVar[str] = "XX"

    class Meta:
        model = Partenaire
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [*dict.fromkeys(map(as_nationality, self.instance.nationalities)), "", "", ""]
        states = [one for one in countries if one[0] in NATIONALITIES or one[0] in known]
        first = [("", "Choisissez un pays"), *states, (self.STATELESS, "Apatride (aucune)")]
        for position, name in enumerate(("first", "second", "third")):
            field = self.fields[name]
            field.choices = first if position == 0 else [("", "Aucune autre"), *states]  # type: ignore[attr-defined]
            field.initial = known[position]
        if is_stateless(self.instance.nationalities, self.instance.protection):
            self.fields["first"].initial = self.STATELESS

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") == self.STATELESS and (data.get("second") or data.get("third")):
            self.add_error(
                "first",
                "Vous avez choisi « Apatride » et une nationalité : gardez l’un des deux.",
            )
        return data

    def apply(self) -> list[str]:
        chosen = [self.cleaned_data.get(name) for name in ("first", "second", "third")]
        one = self.instance
        if self.STATELESS in chosen:
            one.nationalities, one.protection = [], Protection.STATELESS.value
        else:
            one.nationalities = list(dict.fromkeys(code for code in chosen if code))
            if one.protection == Protection.STATELESS or FRANCE in one.nationalities:
                one.protection = ""
        return ["nationalities", "protection"]


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


class ParentsForm(OwnForm):
    page_heading = "Vos parents, comme sur votre acte"
    page_hint = (
        "La mairie en a besoin pour vérifier votre acte de naissance. Un parent inconnu n’est pas"
        " un obstacle."
    )
    names = ("parent1_name", "parent1_first_names", "parent2_name", "parent2_first_names")
    required_in_clean = ("parent1_name", "parent2_name")

    class Meta:
        model = Partenaire
        fields = [
            "parent1_name",
            "parent1_first_names",
            "parent1_unknown",
            "parent2_name",
            "parent2_first_names",
            "parent2_unknown",
        ]
        labels = {
            "parent1_name": "Nom de naissance du premier parent",
            "parent1_first_names": "Prénoms du premier parent",
            "parent1_unknown": "Ce parent est inconnu ou ne figure pas sur l’acte",
            "parent2_name": "Nom de naissance du second parent",
            "parent2_first_names": "Prénoms du second parent",
            "parent2_unknown": "Ce second parent est inconnu ou ne figure pas sur l’acte",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.names:
            self.fields[name].widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for number in ("1", "2"):
            named = data.get(f"parent{number}_name") or data.get(f"parent{number}_first_names")
            if data.get(f"parent{number}_unknown"):
                if named:
                    self.add_error(
                        f"parent{number}_unknown",
                        "Vous avez indiqué un nom et coché « inconnu » : gardez l’un des deux.",
                    )
            elif not named:
                self.require(
                    f"parent{number}_name",
                    "Indiquez le nom de ce parent, ou cochez qu’il est inconnu.",
                )
        return data


class SituationForm(OwnForm):
    page_heading = "Avez-vous déjà été marié ou pacsé ?"
    page_hint = "Choisissez ce qui décrit votre situation aujourd’hui."
    situation = radio("Votre situation", Situation.choices(), "Choisissez votre situation.")

    class Meta:
        model = Partenaire
        fields = ["situation"]


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


class MeasureForm(OwnForm):
    page_heading = "Êtes-vous sous une mesure de protection ?"
    page_hint = (
        "Curatelle, tutelle ou autre. Seuls vous et la mairie voyez cette réponse. L’accord du"
        " juge n’est pas demandé pour un Pacs."
    )
    measure = radio("Mesure de protection", Measure.choices(), "Choisissez l’une des réponses.")

    class Meta:
        model = Partenaire
        fields = ["measure", "protector_is_partenaire"]
        labels = {"protector_is_partenaire": "Mon curateur ou tuteur est mon futur partenaire"}
        widgets = {"protector_is_partenaire": forms.CheckboxInput}


class ContactForm(OwnForm):
    page_heading = "Vos coordonnées"
    page_hint = (
        "Votre adresse d’aujourd’hui, même si elle n’est pas encore commune. Votre partenaire ne"
        " la voit pas."
    )
    country = forms.ChoiceField(
        label="Pays", error_messages={"required": "Choisissez le pays de votre adresse."}
    )

    class Meta:
        model = Partenaire
        fields = ["street", "street_more", "postcode", "city", "country", "phone", "needs"]
        labels = {
            "street": "Numéro et voie",
            "street_more": "Complément d’adresse",
            "postcode": "Code postal",
            "city": "Commune",
            "phone": "Téléphone",
            "needs": "Ce qui vous aiderait le jour du rendez-vous",
        }
        help_texts = {
            "phone": "Pour vous joindre si un mail n’arrive pas.",
            "needs": "Par exemple : accès en fauteuil, interprète, langue des signes.",
        }
        widgets = {
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
        self.fields["country"].choices = list(countries)  # type: ignore[attr-defined]
        for name in ("street", "postcode", "city"):
            self.fields[name].required = not self.partial
        self.fields["needs"].validators.append(refuse_private_numbers)

    def clean(self) -> dict[str, Any]:
        """A French postcode has five figures; those of other countries are left as typed."""
        data = super().clean() or {}
        if data.get("country") in FRENCH_TERRITORIES and data.get("postcode"):
            try:
                data["postcode"] = french_postcode(str(data["postcode"]))
            except ValidationError as refused:
                self.add_error("postcode", refused)
        return data
