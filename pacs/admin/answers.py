"""Answers typed in by an agent: from a paper part, or for people at the counter."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.timezone import localdate
from django_countries import countries

from demarches.rules.read import Shown, imprint, is_among
from demarches.rules.texts import letters_of
from demarches.steps.forms import NoPrivateNumbersMixin
from pacs.forms.births import BirthYearInput, ask_about_age
from pacs.forms.civil import parent_problems
from pacs.forms.common import HOME_WITHOUT_ADDRESS, commune_of_mairie, elsewhere_refusal
from pacs.forms.identity import french_postcode
from pacs.forms.texts import AGREED, TextsAgreedField, asks_texts, settle_texts
from pacs.forms.wished_day import wished_day_field
from pacs.models import Dossier, Partenaire
from pacs.pages.tracking import answer_words
from pacs.reads.shown import COMMON_ANSWERS, OWN_ANSWERS, place_shown
from pacs.rules.births import BIRTH_PARTS, birth_problems
from pacs.rules.competence import address_is_elsewhere
from pacs.rules.countries import FRANCE, FRENCH_TERRITORIES
from pacs.rules.nationalities import NATIONALITIES, as_nationality
from pacs.rules.situation import Impediment, Protection

CODE_LENGTH = 2
#: Granted by the Ofpra to people without the nationality of France.
PROTECTED = {Protection.REFUGEE, Protection.STATELESS, Protection.SUBSIDIARY}


class AnswersForm(NoPrivateNumbersMixin, forms.ModelForm):  # type: ignore[type-arg]
    """Every answer of one row, on one screen: an agent types from a paper."""

    #: An agent types what they have: no answer is more optional than another.
    mark_optional = False
    #: Field -> column, where they are not called the same.
    columns: dict[str, str] = {}

    def shown(self) -> Shown:
        """What stands in this part of the page before anything is typed."""
        names = (self.columns.get(name, name) for name in self.fields)
        return {f"{self.prefix}.{name}": getattr(self.instance, name) for name in names}

    def typed(self) -> dict[str, Any]:
        """What stands in it now, by column; a field that did not come says nothing."""
        return {
            self.columns.get(name, name): self.cleaned_data[name]
            for name in self.fields
            if self._came(name)
        }

    def _check_postcode(self, data: dict[str, Any]) -> None:
        """A postcode of France has five figures, as the couple's pages ask."""
        if not data.get("postcode"):
            return
        try:
            data["postcode"] = french_postcode(str(data["postcode"]))
        except forms.ValidationError as refused:
            self.add_error("postcode", refused)

    def _came(self, name: str) -> bool:
        """Whether the browser sent this field at all."""
        widget = self.fields[name].widget
        return not widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))


class CoupleForm(AnswersForm):
    class Meta:
        model = Dossier
        fields = COMMON_ANSWERS
        help_texts = {
            "already_home": "« Oui » : l’adresse commune est l’adresse de chacun aujourd’hui, sauf"
            " une autre, écrite pour le second.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = str(self.fields["wished_date"].label)
        wished = wished_day_field(label, "Par exemple 6/6/2027. Vide : pas encore de date.")
        # A day that has passed since it was wished stays until somebody changes it.
        if self.instance.wished_date is not None:
            wished.first = min(localdate(), self.instance.wished_date)
        self.fields["wished_date"] = wished

    def clean(self) -> dict[str, Any]:
        """The address attested is in the commune that the answer names (CC, art. 515-3)."""
        data = super().clean() or {}
        self._check_postcode(data)
        residence, city = data.get("residence"), data.get("city") or ""
        commune = commune_of_mairie()
        if address_is_elsewhere(residence=residence, city=city, commune=commune):
            refusal = elsewhere_refusal(
                residence=residence,
                impediment=data.get("impediment"),
                city=city,
                commune=commune,
            )
            self.add_error("city", refusal)
        has_none = data.get("impediment") == Impediment.NO_COMMON_RESIDENCE
        if has_none and data.get("already_home"):
            self.add_error("already_home", HOME_WITHOUT_ADDRESS)
        return data


class PersonForm(AnswersForm):
    columns = {"nationality_codes": "nationalities"}

    nationality_codes = forms.CharField(
        label="Nationalités",
        required=False,
        max_length=200,
        help_text="Noms de pays, séparés par des virgules : « France, Maroc ». Apatride : laissez"
        " vide, et choisissez « apatride » à la protection internationale.",
    )

    texts_agreed_at = TextsAgreedField(
        label="SMS acceptés au sujet du rendez-vous, sur ce mobile",
        help_text="Seulement si la personne l’a dit ou coché elle-même.",
    )

    class Meta:
        model = Partenaire
        fields = tuple(name for name in OWN_ANSWERS if name != "nationalities")
        widgets = {"birth_year": BirthYearInput}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nationality_codes"].initial = ", ".join(
            str(countries.name(code)) for code in self.instance.nationalities
        )
        if not asks_texts(self.instance):
            del self.fields[AGREED]

    def clean_nationality_codes(self) -> list[str]:
        """By name, whatever its accents; two letters alone are a code."""
        text = str(self.cleaned_data["nationality_codes"])
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if all(len(word) == CODE_LENGTH for word in text.replace(",", " ").split()):
            parts = text.replace(",", " ").upper().split()
        by_name = {letters_of(str(name)): code for code, name in countries}
        found = {part: as_nationality(by_name.get(letters_of(part), part)) for part in parts}
        if wrong := [part for part, code in found.items() if code not in NATIONALITIES]:
            raise forms.ValidationError(
                f"Pas de nationalité sous ce nom : {', '.join(wrong)}. Écrivez le nom du pays en"
                " français, et une virgule entre deux pays."
            )
        return list(dict.fromkeys(found.values()))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("nationality_codes") and data.get("protection") == Protection.STATELESS:
            self.add_error(
                "nationality_codes",
                "« Apatride » et une nationalité : gardez l’un des deux.",
            )
        if FRANCE in (data.get("nationality_codes") or ()) and data.get("protection") in PROTECTED:
            self.add_error(
                "protection",
                "L’Ofpra ne protège pas une personne française : laissez vide, ou corrigez les"
                " nationalités.",
            )
        settle_texts(self, data)
        for name, problem in parent_problems(data):
            self.add_error(name, problem)
        if data.get("country") in FRENCH_TERRITORIES:
            self._check_postcode(data)
        # A part that did not come stays as it is: the whole date is what is judged.
        standing = {name: getattr(self.instance, name) for name in BIRTH_PARTS}
        typed = {name: data[name] for name in BIRTH_PARTS if name in data and self._came(name)}
        for name, problem in birth_problems(standing | typed, today=localdate()):
            if name not in self.errors:
                self.add_error(name, problem)
        year = typed.get("birth_year")
        if year and year != self.instance.birth_year and "birth_year" not in self.errors:
            ask_about_age(self, "birth_year", year=year, today=localdate())
        return data


def answer_forms(dossier: Dossier, posted: QueryDict | None) -> list[AnswersForm]:
    """The three parts of the page: the couple, then each of the two."""
    first, second = dossier.people
    return [
        CoupleForm(posted, instance=dossier, prefix="couple"),
        PersonForm(posted, instance=first, prefix="p1"),
        PersonForm(posted, instance=second, prefix="p2"),
    ]


def answers_key(parts: Sequence[AnswersForm]) -> str:
    """What the whole page shows and of whom, to be carried by its form."""
    shown = {name: value for part in parts for name, value in part.shown().items()}
    couple = next(part.instance for part in parts if isinstance(part.instance, Dossier))
    return imprint({**shown, **place_shown(couple)})


def with_both_values(
    dossier: Dossier, posted: QueryDict, *, read: str, clashing: Sequence[str]
) -> list[AnswersForm]:
    """The page after a clash: what this agent typed, and beside it what another one saved.

    Fields that this agent had left alone show what stands there now. `dossier` is read again.
    """
    typed = answer_forms(dossier, posted)
    merged = posted.copy()
    for part, now in zip(typed, answer_forms(dossier, None), strict=True):
        part.is_valid()
        for name in part.fields:
            key = f"{part.prefix}.{part.columns.get(name, name)}"
            if name in part.cleaned_data and is_among(read, key, part.cleaned_data[name]):
                _put(merged, now, name)
    parts = answer_forms(dossier, merged)
    for part in parts:
        row = type(part.instance)._default_manager.get(pk=part.instance.pk)
        for name in part.fields:
            column = part.columns.get(name, name)
            if f"{part.prefix}.{column}" in clashing:
                there = answer_words(row, column).value
                part.add_error(
                    name,
                    f"Un autre agent a enregistré entre-temps : « {there or 'rien'} ». Ce que vous"
                    " avez tapé est dans la case : gardez-le, ou recopiez l’autre.",
                )
    return parts


def _put(data: QueryDict, form: AnswersForm, name: str) -> None:
    """Write into a form what stands in the row, as a browser would send it."""
    value = form[name].value()
    key = form.add_prefix(name)
    widget = form.fields[name].widget
    if isinstance(widget, forms.CheckboxInput):
        data.pop(key, None)
        if value:
            data[key] = "on"
    elif isinstance(widget, forms.NullBooleanSelect):
        data[key] = {True: "true", False: "false"}.get(value, "unknown")
    elif isinstance(value, date):
        data[key] = value.isoformat()
    else:
        data[key] = "" if value is None else str(value)
