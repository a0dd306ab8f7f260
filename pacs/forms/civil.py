"""Who a partenaire is: one page, copied from the birth record, and one more for those whom
two words do not describe.

Names are kept as the birth record writes them: several prénoms, particles, accents,
apostrophes, hyphens, a single name. Nothing here corrects or capitalises them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout
from django import forms
from django.utils.timezone import localdate
from django_countries import countries

from demarches.agenda.day_field import DayInput
from demarches.rules.communes import Commune
from demarches.rules.typed_days import UnreadableDay, read_month_or_year, read_typed_day
from demarches.typed.communes import communes
from demarches.web.asked_once import AskedOnceInput
from pacs.forms.births import ask_about_age
from pacs.forms.identity import OwnForm, radio
from pacs.models import Partenaire, Sex
from pacs.rules.birthplace import communes_of_birth, place_of_birth
from pacs.rules.births import birth_problems, unlikely_age, zeros_explained
from pacs.rules.countries import FRANCE
from pacs.rules.nationalities import NATIONALITIES, as_nationality, is_stateless
from pacs.rules.situation import Protection


def parent_problems(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, message) for each parent both named and said to be unknown."""
    for number in ("1", "2"):
        named = data.get(f"parent{number}_name") or data.get(f"parent{number}_first_names")
        if named and data.get(f"parent{number}_unknown"):
            yield (
                f"parent{number}_unknown",
                "Un nom est indiqué, et « inconnu » est coché : gardez l’un des deux.",
            )


class PlaceForm(OwnForm):
    """A page with a commune of birth: its département and Insee code are never asked for.

    A name that several communes bear offers them; one that today's table does not hold is kept
    as typed, with its département.
    """

    #: The answer of who finds their commune in none of those that bear its name.
    OTHER: ClassVar[str] = "autre"
    #: Columns that follow from others, for `apply`.
    derived: ClassVar[tuple[str, ...]] = ("birth_city", "birth_department", "birth_insee")

    #: Fields that say where it is.
    asks_place: ClassVar[frozenset[str]] = frozenset(
        {"origin", "birth_country", "birth_city", "birth_commune", "birth_department"}
    )

    communes: list[Commune]

    def country(self) -> str:
        """The country of birth that this page says, as an ISO code; empty when it says none."""
        raise NotImplementedError

    def given(self, name: str) -> str:
        """What was typed, or else what stands there."""
        if self.is_bound:
            return str(self.data.get(self.add_prefix(name), ""))
        return str(self.get_initial_for_field(self.fields[name], name) or "")

    def ask_place(self) -> None:
        """Add or take away the questions that the name of the commune leaves open."""
        self.communes = communes_of_birth(
            communes(), country=self.country(), city=self.given("birth_city")
        )
        if len(self.communes) > 1:
            self.fields["birth_commune"] = self._which_commune()
        if not self._asks_department():
            del self.fields["birth_department"]

    def _which_commune(self) -> forms.ChoiceField:
        """Several communes bear this name: those, and a way out."""
        known = [(one.code, str(one)) for one in self.communes]
        field = radio(
            "De quelle commune s’agit-il ?",
            [*known, (self.OTHER, "Une autre commune du même nom")],
            "Choisissez votre commune de naissance.",
        )
        field.required = not self.partial
        one = self.instance
        if one.birth_city and one.birth_city == self.given("birth_city"):
            field.initial = one.birth_insee or (self.OTHER if one.birth_department else "")
        return field

    def _asks_department(self) -> bool:
        """Only when neither the commune nor the name of an overseas place tells it."""
        if not self.given("birth_city") or self.country() != FRANCE:
            return False
        if "birth_commune" not in self.fields:
            return not self.communes
        field = self.fields["birth_commune"]
        chosen = self.data.get(self.add_prefix("birth_commune")) if self.is_bound else field.initial
        return bool(chosen == self.OTHER)

    def place_fields(self) -> list[str]:
        """Those of the place, in the order of the page."""
        names = ("birth_city", "birth_commune", "birth_department")
        return [name for name in names if name in self.fields]

    def check_department(self, data: Mapping[str, Any]) -> None:
        """Asked for once the name is not found; what is then typed is kept as it is."""
        if "birth_department" not in self.fields or self.partial:
            return
        if data.get("birth_department") or "birth_city" in self.errors:
            return
        problem = "Indiquez le département de votre commune de naissance."
        if not self.communes:
            problem = (
                f"Nous ne trouvons pas « {data.get('birth_city', '')} » parmi les communes"
                " d’aujourd’hui. Vérifiez l’orthographe. Si elle est juste, indiquez ici le"
                " département : le nom reste comme vous l’avez écrit."
            )
        self.add_error("birth_department", problem)

    def place(self) -> tuple[str, str, str]:
        """The commune, its département and Insee code; its official name where it is known."""
        data = self.cleaned_data
        return place_of_birth(
            communes(),
            country=self.country(),
            city=data.get("birth_city", ""),
            department=data.get("birth_department", ""),
            code=data.get("birth_commune", ""),
        )

    def derived_place(self) -> dict[str, Any]:
        """The columns that follow from the place, once something of it was answered."""
        if not self.asks_place.intersection(self.changed_data):
            return {}
        return dict(zip(self.derived, self.place(), strict=True))

    def shown(self) -> dict[str, Any]:
        """The columns, whichever fields today's answers ask for."""
        names = (*(self._meta.fields or ()), "birth_insee")
        columns = {name: getattr(self.instance, name) for name in names}
        # The commune chosen among its namesakes is kept as a code. Read with the rest before
        # its question comes: that it came is no change of somebody else's.
        return {**columns, "birth_commune": self.instance.birth_insee}

    def put(self, values: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
        """Write these columns on the instance; returns those that differ from `before`."""
        for name, value in values.items():
            setattr(self.instance, name, value)
        return [name for name, value in values.items() if value != before[name]]


class BirthInput(AskedOnceInput, DayInput):
    """The box of a date of birth; an age above a hundred is asked about once."""

    def canonical(self, value: Any) -> str:
        year = _year_typed(str(value or ""))
        return "" if year is None else str(year)

    def is_doubtful(self, canonical: str) -> bool:
        year = _year_typed(canonical)
        return year is not None and unlikely_age(year, today=localdate()) is not None


def _year_typed(text: str) -> int | None:
    """The year of what was typed: a whole date, a month and a year, or a year alone."""
    try:
        return read_typed_day(text).year
    except UnreadableDay:
        pass
    try:
        return read_month_or_year(text)[0]
    except UnreadableDay:
        return None


PARENT_NAMES = ("parent1_name", "parent1_first_names", "parent2_name", "parent2_first_names")


class CivilForm(PlaceForm):
    page_heading = "Vous, comme sur votre acte de naissance"
    page_hint = "Recopiez chaque ligne de votre acte, avec les accents et les traits d’union."
    required_in_clean = (
        "birth_name",
        "first_names",
        "birth_date",
        "parent1_name",
        "parent1_first_names",
        "parent2_name",
        "parent2_first_names",
        "birth_department",
    )
    #: The three columns that the one box of the date fills.
    BIRTH: ClassVar[tuple[str, ...]] = ("birth_day", "birth_month", "birth_year")
    tells = ("birth_country", "nationalities", *BIRTH)
    field_order = (
        "birth_name",
        "first_names",
        "single_name",
        "usage_name",
        "sex",
        "birth_date",
        "birth_partial",
        "origin",
        "birth_city",
    )
    #: The answer of most people: born in France, and French alone.
    FRENCH: ClassVar[str] = "fr"
    ELSE: ClassVar[str] = "autre"

    sex = radio(
        "Sexe sur l’acte",
        Sex.choices(),
        "Choisissez le sexe que porte votre acte de naissance.",
        "Pour retrouver votre acte, et pour le registre.",
    )
    birth_date = forms.CharField(
        label="Date de naissance",
        required=False,
        max_length=40,
        help_text="Par exemple 29/2/1988 ou 29 février 1988.",
        widget=BirthInput(attrs={"autocomplete": "bday"}),
    )
    birth_partial = forms.BooleanField(
        label="Mon acte ne donne pas le jour, ou ni le jour ni le mois", required=False
    )
    origin = radio(
        "Pays de naissance et nationalité",
        [
            (FRENCH, "En France (outre-mer compris), nationalité française"),
            (ELSE, "Un autre pays, ou une autre nationalité"),
        ],
        "Pays de naissance et nationalité : choisissez l’une des deux réponses.",
        "Avec une autre nationalité en plus de la française, choisissez la seconde réponse.",
    )

    class Meta:
        model = Partenaire
        fields = [
            "birth_name",
            "first_names",
            "single_name",
            "usage_name",
            "sex",
            "birth_city",
            "birth_department",
            "parent1_name",
            "parent1_first_names",
            "parent1_unknown",
            "parent2_name",
            "parent2_first_names",
            "parent2_unknown",
        ]
        labels = {
            "birth_name": "Nom de naissance",
            "first_names": "Tous vos prénoms, dans l’ordre",
            "single_name": "Mon acte ne porte qu’un nom, ou que des prénoms",
            "usage_name": "Nom d’usage",
            "birth_city": "Commune ou ville de naissance",
            "birth_department": "Département",
            "parent1_name": "Nom de naissance du premier parent",
            "parent1_first_names": "Prénoms du premier parent",
            "parent1_unknown": "Ce parent est inconnu ou ne figure pas sur l’acte",
            "parent2_name": "Nom de naissance du second parent",
            "parent2_first_names": "Prénoms du second parent",
            "parent2_unknown": "Ce second parent est inconnu ou ne figure pas sur l’acte",
        }
        help_texts = {
            "first_names": "Séparez-les par un espace. Un prénom composé garde son trait d’union.",
            "usage_name": "Si vous en utilisez un autre que votre nom de naissance.",
            "birth_city": "À Paris, Lyon ou Marseille, avec l’arrondissement : « Lyon 3 ».",
            "birth_department": "Celui de la commune à votre naissance. Exemple : Gard.",
        }
        widgets = {
            "birth_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
            "first_names": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "usage_name": forms.TextInput(attrs={"autocomplete": "off"}),
        }
        error_messages = {"birth_city": {"required": "Indiquez votre commune de naissance."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in PARENT_NAMES:
            self.fields[name].widget.attrs["autocomplete"] = "off"
        self.fields["birth_city"].required = not self.partial
        self.initial.setdefault("origin", self._origin())
        self.initial = {**self._birth_shown(), **self.initial}
        self.ask_place()

    def _origin(self) -> str:
        one = self.instance
        if not one.birth_country and not one.nationalities:
            # « Another » alone is not kept: the next page asks it in full.
            return ""
        is_french = one.birth_country == FRANCE and one.nationalities == [FRANCE]
        return self.FRENCH if is_french else self.ELSE

    def country(self) -> str:
        """France, or what the next page said; this one asks no more than « another »."""
        if self.given("origin") == self.FRENCH:
            return FRANCE
        return str(self.instance.birth_country or "") if self._origin() == self.ELSE else ""

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout(
            *("birth_name", "first_names", "single_name", "usage_name", "sex"),
            *("birth_date", "birth_partial"),
            *("origin", *self.place_fields()),
            Fieldset("Vos parents", *(n for n in self.Meta.fields if n.startswith("parent"))),
        )
        return helper

    def shown(self) -> dict[str, Any]:
        return {**super().shown(), **self._birth_shown(), "origin": self._origin()}

    def _birth_shown(self) -> dict[str, Any]:
        """The date as it is typed: « 29/2/1988 », « 2/1988 », « 1988 »."""
        parts = [part for name in self.BIRTH if (part := getattr(self.instance, name))]
        return {
            "birth_date": "/".join(map(str, parts)),
            "birth_partial": 0 < len(parts) < len(self.BIRTH),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._check_names(data)
        self._read_birth(data)
        self.check_department(data)
        self._check_parents(data)
        return data

    def _read_birth(self, data: dict[str, Any]) -> None:
        """The date in its three parts. A part that is not given is one the record does not give."""
        typed = data.get("birth_date", "")
        if not typed:
            self.require("birth_date", "Indiquez votre date de naissance.")
            data.update(dict.fromkeys(self.BIRTH))
            return
        try:
            if data.get("birth_partial"):
                year, month = read_month_or_year(typed)
                day = None
            else:
                born = read_typed_day(typed)
                day, month, year = born.day, born.month, born.year
        except UnreadableDay as unreadable:
            self.add_error("birth_date", self._unreadable(typed, str(unreadable)))
            return
        parts = dict(zip(self.BIRTH, (day, month, year), strict=True))
        for _, problem in birth_problems(parts, today=localdate()):
            self.add_error("birth_date", problem)
            return
        data.update(parts)
        if not self.partial:
            ask_about_age(self, "birth_date", year=year, today=localdate())

    def _unreadable(self, typed: str, words: str) -> str:
        """What to write; who typed a year or a month alone may have read no more on the record."""
        if zeros := zeros_explained(typed):
            is_ticked = self.cleaned_data.get("birth_partial")
            return zeros if is_ticked else f"{zeros} Puis cochez la case ci-dessous."
        if self.cleaned_data.get("birth_partial"):
            return f"{words} Date complète sur votre acte ? Décochez la case ci-dessous."
        # Nobody is born on the day that plans are made for.
        words = words.replace("6/6/2027", "29/2/1988").replace("2026", "1988")
        try:
            read_month_or_year(typed)
        except UnreadableDay:
            return words
        return f"{words} Si votre acte n’en dit pas plus, cochez la case ci-dessous."

    def _check_names(self, data: Mapping[str, Any]) -> None:
        if data.get("single_name"):
            if not data.get("first_names"):
                self.require("birth_name", "Indiquez le nom ou le prénom que porte votre acte.")
            return
        way_out = (
            " Si votre acte n’en porte pas, cochez « Mon acte ne porte qu’un nom, ou que des"
            " prénoms »."
        )
        self.require("birth_name", f"Indiquez votre nom de naissance.{way_out}")
        self.require("first_names", f"Indiquez vos prénoms.{way_out}")

    def _check_parents(self, data: Mapping[str, Any]) -> None:
        for name, problem in parent_problems(data):
            self.add_error(name, problem)
        for number, which in (("1", "premier"), ("2", "second")):
            named = data.get(f"parent{number}_name") or data.get(f"parent{number}_first_names")
            if not named and not data.get(f"parent{number}_unknown"):
                self.require(
                    f"parent{number}_name",
                    f"Indiquez le nom du {which} parent, ou cochez qu’il est inconnu.",
                )

    def apply(self) -> list[str]:
        """What was copied, and what « en France, française » and the commune say."""
        before = self._before()
        values = self.derived_place()
        if "birth_year" in self.cleaned_data:
            values |= {name: self.cleaned_data[name] for name in self.BIRTH}
        origin = self.cleaned_data.get("origin", "")
        if origin == self.FRENCH:
            values |= {"birth_country": FRANCE, "nationalities": [FRANCE], "protection": ""}
        elif origin == self.ELSE and self._origin() == self.FRENCH:
            values |= {"birth_country": "", "nationalities": []}
        typed = [name for name in super().apply() if name not in values]
        return [*typed, *self.put(values, before)]

    def _before(self) -> dict[str, Any]:
        """The columns that follow from others, as they stood before this page."""
        one = self.instance
        return {
            "birth_city": self.initial["birth_city"],
            "birth_department": self.initial["birth_department"],
            "birth_insee": one.birth_insee,
            "birth_country": str(one.birth_country or ""),
            "nationalities": one.nationalities,
            "protection": one.protection,
            **{name: getattr(one, name) for name in self.BIRTH},
        }


class OriginForm(PlaceForm):
    page_heading = "Votre pays de naissance et votre nationalité"
    page_hint = "Si vous avez plusieurs nationalités, indiquez-les toutes : la liste en dépend."
    required_in_clean = ("birth_department",)
    tells = ("nationalities",)
    STATELESS: ClassVar[str] = "XX"

    birth_country = forms.ChoiceField(
        label="Pays de naissance",
        help_text="Le pays d’aujourd’hui pour cette commune. Né outre-mer ? Choisissez « France »"
        " ou le nom du territoire, c’est pareil.",
        error_messages={"required": "Choisissez votre pays de naissance."},
    )
    first = forms.ChoiceField(
        label="Nationalité",
        error_messages={"required": "Choisissez votre nationalité, ou « apatride »."},
    )
    second = forms.ChoiceField(label="Autre nationalité", required=False)
    third = forms.ChoiceField(label="Autre nationalité encore", required=False)

    class Meta:
        model = Partenaire
        fields = ["birth_country", "birth_city", "birth_department"]
        labels = {
            "birth_city": "Commune ou ville de naissance",
            "birth_department": "Département",
        }
        help_texts = {"birth_department": "Celui de la commune à votre naissance. Exemple : Gard."}
        error_messages = {"birth_city": {"required": "Indiquez votre commune de naissance."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["birth_country"].choices = [("", "Choisissez un pays"), *countries]  # type: ignore[attr-defined]
        self.fields["birth_city"].required = not self.partial
        known = [*dict.fromkeys(map(as_nationality, self.instance.nationalities)), "", "", ""]
        states = [one for one in countries if one[0] in NATIONALITIES or one[0] in known]
        first = [("", "Choisissez un pays"), *states, (self.STATELESS, "Apatride (aucune)")]
        for position, name in enumerate(("first", "second", "third")):
            field = self.fields[name]
            field.choices = first if position == 0 else [("", "Aucune autre"), *states]  # type: ignore[attr-defined]
            field.initial = known[position]
        if is_stateless(self.instance.nationalities, self.instance.protection):
            self.fields["first"].initial = self.STATELESS
        self.ask_place()

    def country(self) -> str:
        return self.given("birth_country")

    @property
    def helper(self) -> FormHelper:
        helper = super().helper
        helper.layout = Layout("birth_country", *self.place_fields(), *("first", "second", "third"))
        return helper

    def shown(self) -> dict[str, Any]:
        nationalities = {name: self.fields[name].initial for name in ("first", "second", "third")}
        return {**super().shown(), **nationalities}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") == self.STATELESS and (data.get("second") or data.get("third")):
            self.add_error(
                "first",
                "Vous avez choisi « Apatride » et une nationalité : gardez l’un des deux.",
            )
        self.check_department(data)
        return data

    def apply(self) -> list[str]:
        """The place, the nationalities in the order given, and the protection that goes along."""
        one = self.instance
        before = {
            **{name: self.initial[name] for name in self.Meta.fields},
            "birth_insee": one.birth_insee,
            "nationalities": one.nationalities,
            "protection": one.protection,
        }
        typed = [name for name in super().apply() if name not in self.derived]
        chosen = [self.cleaned_data.get(name) for name in ("first", "second", "third")]
        values = self.derived_place()
        if self.STATELESS in chosen:
            values |= {"nationalities": [], "protection": Protection.STATELESS.value}
        elif any(chosen) or not self.partial:
            values["nationalities"] = list(dict.fromkeys(code for code in chosen if code))
            if one.protection == Protection.STATELESS or FRANCE in values["nationalities"]:
                values["protection"] = ""
        return [*typed, *self.put(values, before)]
