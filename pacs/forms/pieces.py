"""The form of one piece on the page of all: send a file, say what becomes of it, date it."""

from datetime import date
from typing import Any

from django import forms
from django.utils.timezone import localdate

from demarches.agenda.day_field import DayField
from demarches.files.uploads import ACCEPT
from demarches.rules.deadlines import add_months
from demarches.rules.enums import PieceStatus
from demarches.rules.read import is_among
from demarches.rules.typed_days import UnreadableDay, read_typed_day
from demarches.steps.forms import PageFormMixin, refuse_private_numbers
from pacs.forms.identity import radio
from pacs.rules.validity import may_be_extended_card

#: No paper of a living person was issued before: a year was mistyped.
OLDEST_PAPER = date(1950, 1, 1)
BRING = "Nous l’apporterons le jour même"
SIGN = "Nous la signerons le jour même"
BLOCKED = "Je n’arrive pas à l’obtenir"
#: What people say of a piece that they do not send.
DECLARED = (PieceStatus.TO_BRING.value, PieceStatus.BLOCKED.value)


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class MultipleFileField(forms.FileField):
    """Several files at once; each is judged by itself afterwards."""

    widget = MultipleFileInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data]
        # An empty file is refused later, in the words of the upload machinery.
        return [file for file in files if file]


class PieceForm(PageFormMixin, forms.Form):
    """One piece, under its own key (`prefix`): what is filled in is done, nothing is required.

    A chosen file answers for the piece: its original comes anyway. Something else newly said at
    the same time is asked about.
    """

    mark_optional = False
    choice = radio("Sinon", [], "Choisissez l’une des réponses.")
    documents = MultipleFileField(
        label="Photo ou fichier",
        required=False,
        widget=MultipleFileInput(attrs={"accept": ACCEPT}),
    )
    issued_on = DayField(
        label="Délivré le (ex. 6/6/2026)",
        help_text="",
        required=False,
        first=OLDEST_PAPER,
        last=localdate,
        too_early="Cette date est trop ancienne : recopiez celle du document.",
        too_late="Cette date est dans le futur : recopiez celle du document.",
    )
    expires_on = DayField(
        label="Valable jusqu’au (ex. 6/6/2030)",
        help_text="",
        required=False,
        first=lambda: add_months(localdate(), -12 * 25),
        last=lambda: add_months(localdate(), 12 * 20),
        too_early="Cette date est trop ancienne : recopiez la date de fin du document.",
        too_late="Cette date est trop lointaine : recopiez la date de fin du document.",
    )
    is_french_adult_card = forms.BooleanField(
        label="C’est une carte d’identité française, délivrée quand j’étais majeur",
        required=False,
        help_text="Celles de 2004 à 2013 sont valables cinq ans de plus que la date imprimée.",
    )
    note = forms.CharField(
        label="Ce qui bloque",
        required=False,
        max_length=1000,
        validators=[refuse_private_numbers],
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="La mairie cherche avec vous.",
    )

    def __init__(
        self,
        *args: Any,
        is_dated: bool,
        is_identity: bool,
        may_upload: bool,
        is_signed_there: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["choice"].required = False
        if is_signed_there:
            self.fields["choice"].label = "Cette déclaration"
        elif not may_upload:
            self.fields["choice"].label = "Cette pièce"
        ways = [SIGN if is_signed_there else BRING, BLOCKED]
        self.fields["choice"].choices = list(zip(DECLARED, ways, strict=True))  # type: ignore[attr-defined]
        if not is_dated:
            del self.fields["issued_on"]
        if not is_identity:
            del self.fields["expires_on"]
        if not is_identity or not self._asks_about_card():
            del self.fields["is_french_adult_card"]
        if not may_upload:
            del self.fields["documents"]

    def _asks_about_card(self) -> bool:
        """Only a card that ends in those years may be valid for longer than it says."""
        if not self.is_bound:
            ends = self.initial.get("expires_on")
        else:
            try:
                ends = read_typed_day(self.data.get(self.add_prefix("expires_on"), ""))
            except UnreadableDay:
                ends = None
        return ends is not None and may_be_extended_card(ends)

    def says_what_was_read(self, read: str) -> bool:
        """Nothing is said of the piece but what the page showed of it: leave it alone."""
        if self.errors or self.cleaned_data.get("documents"):
            return False
        data = self.cleaned_data
        said = [data["choice"]] if data["choice"] else set(PieceStatus) - set(DECLARED)
        others = {"issued_on", "expires_on", "is_french_adult_card", "note"}.intersection(data)
        return any(is_among(read, "choice", str(one)) for one in said) and all(
            is_among(read, name, data[name]) for name in others
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        files, note, choice = data.get("documents"), data.get("note"), data.get("choice", "")
        is_new_note = bool(note) and "note" in self.changed_data
        is_new_choice = bool(choice) and "choice" in self.changed_data
        blocked = PieceStatus.BLOCKED.value
        if files and (is_new_note or (is_new_choice and choice == blocked)):
            self.add_error(
                "choice",
                f"Vous avez choisi un fichier, et répondu « {BLOCKED} ». Dites ce qui est juste,"
                " puis enregistrez.",
            )
        elif is_new_note and choice == PieceStatus.TO_BRING.value:
            self.add_error(
                "note",
                f"Vous avez expliqué ce qui bloque, et répondu « {BRING} ». Choisissez"
                f" « {BLOCKED} », ou effacez ce texte.",
            )
        elif is_new_note:
            data["choice"] = choice = blocked
        if choice == blocked and not files:
            if not note and "note" not in self.errors:
                self.add_error("note", "Dites en quelques mots ce qui bloque.")
            self._refuse_dates(data)
        return data

    def _refuse_dates(self, data: dict[str, Any]) -> None:
        """Ask, when a piece that cannot be had is dated, rather than drop one of the two."""
        for name in ("issued_on", "expires_on"):
            if data.get(name) and name in self.changed_data:
                self.add_error(
                    name,
                    f"Vous avez indiqué une date, et répondu « {BLOCKED} ». Effacez la date, ou"
                    " choisissez une autre réponse.",
                )
