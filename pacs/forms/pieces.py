"""Forms about one piece: send a file, say what becomes of it, date it."""

from datetime import date
from typing import Any

from django import forms
from django.utils.timezone import localdate

from demarches.day_field import DayField
from demarches.forms import PageFormMixin, refuse_private_numbers
from demarches.rules.deadlines import add_months
from demarches.rules.enums import PieceStatus
from demarches.uploads import ACCEPT
from pacs.forms.identity import radio

#: No paper of a living person was issued before: a year was mistyped.
OLDEST_PAPER = date(1950, 1, 1)
CHOICES = [
    ("send", "Je l’envoie maintenant"),
    (PieceStatus.TO_BRING.value, "Je l’apporterai le jour du rendez-vous"),
    (PieceStatus.BLOCKED.value, "Je n’arrive pas à l’obtenir"),
]


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
    """One piece: every field is optional, what is filled in is done."""

    submit_label = "Enregistrer"
    required_in_clean = ("documents", "note")
    choice = radio("Cette pièce", CHOICES, "Choisissez l’une des réponses.")
    documents = MultipleFileField(
        label="Fichiers",
        required=False,
        help_text="PDF, JPEG, PNG ou HEIC (photo de téléphone), 10 Mo au plus chacun. Toutes les"
        " pages, bien lisibles ; plusieurs fichiers sont possibles.",
        widget=MultipleFileInput(attrs={"accept": ACCEPT}),
    )
    issued_on = DayField(
        label="Date de délivrance",
        required=False,
        help_text="Celle qui est écrite sur le document, par exemple 6/6/2026. Elle sert"
        " à savoir s’il sera encore valable le jour du Pacs.",
        first=OLDEST_PAPER,
        last=localdate,
        too_early="Cette date est trop ancienne : recopiez celle du document.",
        too_late="Cette date est dans le futur : recopiez celle du document.",
    )
    expires_on = DayField(
        label="Valable jusqu’au",
        required=False,
        help_text="La date de fin imprimée sur le document, par exemple 6/6/2030.",
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
        label="Ce qui vous empêche de l’obtenir",
        required=False,
        max_length=1000,
        validators=[refuse_private_numbers],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Seulement si vous n’arrivez pas à l’obtenir : la mairie cherchera avec vous.",
    )

    def __init__(self, *args: Any, is_dated: bool, is_identity: bool, may_upload: bool, **kw: Any):
        super().__init__(*args, **kw)
        if not is_dated:
            del self.fields["issued_on"]
        if not is_identity:
            del self.fields["expires_on"], self.fields["is_french_adult_card"]
        if not may_upload:
            del self.fields["documents"]
            self.fields["choice"].choices = CHOICES[1:]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        choice = data.get("choice")
        if choice == PieceStatus.BLOCKED.value and not data.get("note"):
            self.add_error("note", "Dites en quelques mots ce qui bloque.")
        self._refuse_two_answers(choice, data)
        return data

    def _refuse_two_answers(self, choice: str | None, data: dict[str, Any]) -> None:
        """Ask, when a form says two things at once, rather than drop one of them."""
        if choice is None:
            return
        answer = dict(CHOICES)[choice]
        if choice != "send" and data.get("documents"):
            self.add_error(
                "choice",
                f"Vous avez choisi un fichier, et répondu « {answer} ». Dites ce qui est juste,"
                " puis enregistrez.",
            )
        # What was written before, and is still there, was another day's answer.
        if choice != PieceStatus.BLOCKED.value and data.get("note") and "note" in self.changed_data:
            self.add_error(
                "note",
                f"Vous avez expliqué ce qui bloque, et répondu « {answer} ». Choisissez"
                f" « {CHOICES[2][1]} », ou effacez ce texte.",
            )
        for name in ("issued_on", "expires_on"):
            if choice == PieceStatus.BLOCKED.value and data.get(name) and name in self.changed_data:
                self.add_error(
                    name,
                    f"Vous avez indiqué une date, et répondu « {answer} ». Effacez la date, ou"
                    " choisissez une autre réponse.",
                )
