"""What the officer ticks on the day, and what agents type of older PACS and later acts."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.timezone import localdate, localtime, make_aware
from django_countries.fields import CountryField

from demarches.agenda.day_field import FARTHEST, DayField
from demarches.models import Officer
from demarches.rules.dates_fr import day_fr
from pacs.actions.registration import Ceremony, originals_of
from pacs.forms.births import BirthYearInput, ask_about_age
from pacs.models import Dossier, LaterAct, Piece, RegisteredPerson, Registration
from pacs.models.piece import IDENTITY_RULE
from pacs.models.registration import ORIGINS
from pacs.rules.births import birth_problems
from pacs.rules.registration import ACT_RULES, PACS_SINCE, act_rule


def past_day_field(label: str, *, required: bool = True) -> DayField:
    """A day since the PACS exists, today included."""
    return DayField(
        label=label,
        required=required,
        help_text="Par exemple 4/5/2025.",
        first=PACS_SINCE,
        last=localdate,
        too_early="Le Pacs existe depuis le 15 novembre 1999 : vérifiez la date.",
        too_late="Cette date est à venir : vérifiez-la.",
    )


class CeremonyForm(forms.Form):
    """One screen: identities, originals, convention, officer, hour, number."""

    convention_visa = forms.BooleanField(label="Convention visée et datée", required=False)
    convention_returned = forms.BooleanField(
        label="Convention rendue aux partenaires (aucune copie)", required=False
    )
    paper_complete = forms.BooleanField(
        label="Le dossier papier est complet : effacer les fichiers envoyés", required=False
    )
    day = past_day_field("Date")
    hour = forms.TimeField(label="Heure", widget=forms.TimeInput(attrs={"type": "time"}))
    sequence = forms.IntegerField(
        label="Autre rang (si le registre a continué ailleurs)",
        required=False,
        min_value=1,
        max_value=999_999,
    )
    gap_reason = forms.CharField(label="Motif du saut", required=False, max_length=200)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, dossier: Dossier, at: datetime
    ) -> None:
        now, booked = localtime(at), dossier.appointment
        # A registration noted days later is of the day of its appointment, and so is its number.
        met = localtime(booked.starts_at) if booked else now
        shown = met if met.date() < now.date() else now
        super().__init__(data, initial={"day": shown.date(), "hour": shown.strftime("%H:%M")})
        boxes = forms.CheckboxSelectMultiple
        self.fields["identified"] = forms.TypedMultipleChoiceField(
            label="Identité vérifiée",
            coerce=int,
            required=False,
            widget=boxes,
            choices=[
                (one.position, f"{one.full_name}, {_identity_hint(one)}") for one in dossier.people
            ],
        )
        self.fields["originals"] = forms.MultipleChoiceField(
            label="Originaux vus",
            required=False,
            widget=boxes,
            choices=[
                (piece.key, _original_label(piece, wording, now.date()))
                for piece, wording in originals_of(dossier)
            ],
        )
        for piece, label in undated_originals(dossier):
            is_end = piece.rule_id == IDENTITY_RULE
            self.fields[f"date-{piece.key}"] = DayField(
                label=label,
                required=False,
                last=FARTHEST if is_end else localdate,
                too_late="Cette date est à venir : vérifiez-la.",
            )
        # Whoever signed: a registration may be noted days later.
        officers = Officer.objects.in_force(localdate(booked.starts_at) if booked else now.date())
        self.has_officers = officers.exists()
        self.fields["officer"] = forms.ModelChoiceField(
            officers,
            label="Officier d’état civil",
            empty_label="Choisir",
            error_messages={"required": "Choisissez l’officier qui enregistre."},
        )

    @property
    def registered_day(self) -> date:
        """The day whose year gives the number: as it was typed, else as it is proposed."""
        typed = self.cleaned_data.get("day") if self.is_bound else None
        day: date = typed or self.initial["day"]
        return day

    @property
    def date_fields(self) -> list[forms.BoundField]:
        """The dates to read on the originals, for the page."""
        return [self[name] for name in self.fields if name.startswith("date-")]

    @property
    def ceremony(self) -> Ceremony:
        """What was ticked, for the action; only after `is_valid()`."""
        data = self.cleaned_data
        return Ceremony(
            officer=data["officer"],
            registered_at=make_aware(datetime.combine(data["day"], data["hour"])),
            identified=data["identified"],
            originals=data["originals"],
            dates={
                name.removeprefix("date-"): day
                for name, day in data.items()
                if name.startswith("date-") and day
            },
            convention_visa=data["convention_visa"],
            convention_returned=data["convention_returned"],
            paper_complete=data["paper_complete"],
            sequence=data["sequence"],
            gap_reason=data["gap_reason"],
        )


def undated_originals(dossier: Dossier) -> list[tuple[Piece, str]]:
    """The pieces whose age counts and whose date nobody has written yet, with the question."""
    found = []
    for piece, wording in originals_of(dossier):
        if piece.ages(wording.max_age) and piece.last_day(wording.max_age) is None:
            asked = "valable jusqu’au" if piece.rule_id == IDENTITY_RULE else "délivrée le"
            whose = f" ({piece.partenaire.display_name})" if piece.partenaire else ""
            found.append((piece, f"{wording.label}{whose}, {asked}"))
    return found


def _identity_hint(one: Any) -> str:
    birth = one.birth_date
    born = f"naissance en {birth.year}" if birth else "naissance non renseignée"
    return f"{born} à {one.birth_city}" if one.birth_city else born


def _original_label(piece: Any, wording: Any, day: date) -> str:
    label = str(wording.to_bring)
    if piece.partenaire:
        label += f" ({piece.partenaire.display_name})"
    last = piece.last_day(wording.max_age)
    if last is not None:
        label += f", sert jusqu’au {day_fr(last)}"
        if last == day:
            label += " : dernier jour"
    return label


class OldRegistrationForm(forms.Form):
    """A PACS registered before the portal, entered by its number."""

    number = forms.CharField(label="Numéro d’enregistrement", max_length=60)
    registered_on = past_day_field("Enregistré le")
    origin = forms.ChoiceField(label="Origine", choices=ORIGINS[1:])
    place = forms.CharField(label="Lieu d’enregistrement", max_length=160)
    homonym_reason = forms.CharField(
        label="Si le registre a déjà une ligne à ce nom : pourquoi c’est quelqu’un d’autre",
        required=False,
        max_length=200,
    )


class OldPersonForm(forms.ModelForm[RegisteredPerson]):
    """One of the two, as the record has them."""

    birth_country = CountryField().formfield(label="Pays de naissance", initial="FR")

    class Meta:
        model = RegisteredPerson
        fields = (
            "birth_name",
            "first_names",
            "sex",
            "birth_day",
            "birth_month",
            "birth_year",
            "birth_city",
            "birth_department",
            "birth_country",
        )
        widgets = {"birth_year": BirthYearInput}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, problem in birth_problems(data, today=localdate()):
            if name not in self.errors:
                self.add_error(name, problem)
        if (year := data.get("birth_year")) and "birth_year" not in self.errors:
            ask_about_age(self, "birth_year", year=year, today=localdate())
        return data


class RectifiedLineForm(forms.Form):
    """What a line says of its registration, and why it is mended."""

    place = forms.CharField(label="Lieu d’enregistrement", max_length=160)
    reason = forms.CharField(
        label="Motif",
        help_text="Ce qui était faux, et la pièce qui le montre. Le motif reste avec la ligne.",
        error_messages={
            "required": "Écrivez le motif : ce qui était faux, et la pièce qui le montre."
        },
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, row: Registration) -> None:
        super().__init__(data, initial={"place": row.place})
        if row.signer is not None:
            self.fields["officer"] = forms.ModelChoiceField(
                Officer.objects.in_force(row.registered_on),
                label="Officier qui a signé",
                required=False,
                empty_label=f"Sans changement : {row.signer}",
            )
        self.order_fields(["place", "officer", "reason"])


def rectified_person_form(
    person: RegisteredPerson, data: Mapping[str, Any] | None = None
) -> OldPersonForm:
    """One of the two, as the line has them."""
    names = OldPersonForm.Meta.fields
    initial = {name: getattr(person, name) for name in names}
    return OldPersonForm(data, initial=initial, prefix=f"p{person.position}")


def as_typed(form: OldPersonForm) -> dict[str, Any]:
    """The columns of a person: what was changed in the form, and the rest as the line has it."""
    return {
        name: form.cleaned_data[name] if name in form.changed_data else form.initial[name]
        for name in OldPersonForm.Meta.fields
    }


class ActForm(forms.Form):
    """Open a modification or a dissolution."""

    kind = forms.ChoiceField(
        label="Nature", choices=[(rule.kind.value, rule.label) for rule in ACT_RULES]
    )
    received_on = past_day_field("Reçu le")
    by_post = forms.BooleanField(label="Par courrier (lettre recommandée)", required=False)


class ActPiecesForm(forms.Form):
    """What is in hand for one act."""

    received_on = past_day_field("Reçu le", required=False)
    event_on = past_day_field("Date du mariage ou du décès", required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, act: LaterAct) -> None:
        names = ("pieces", "received_on", "event_on", "deceased")
        super().__init__(data, initial={name: getattr(act, name) for name in names})
        rule = act_rule(act.kind)
        self.fields["pieces"] = forms.MultipleChoiceField(
            label="Pièces en main",
            required=False,
            widget=forms.CheckboxSelectMultiple,
            choices=rule.pieces,
        )
        if not rule.takes_effect_on_event:
            del self.fields["event_on"]
        if act.is_death:
            self.fields["deceased"] = forms.TypedChoiceField(
                label="Qui est décédé ?",
                required=False,
                coerce=int,
                empty_value=None,
                widget=forms.RadioSelect,
                choices=[(one.position, one.name) for one in act.registration.people],
            )
