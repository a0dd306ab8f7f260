"""What the counter asks beside the couple's own pages: an address to write to, an original seen."""

from typing import Any

from django import forms

from demarches.rules.enums import PieceStatus
from demarches.typed.address_field import AddressInput
from pacs.forms.identity import OwnForm
from pacs.forms.pieces import PieceForm
from pacs.models import Partenaire

PRESENTED = PieceStatus.PROVIDED.value
#: What people say of a piece at the counter.
COUNTER_CHOICES = (
    (PRESENTED, "Présentée ce jour, original vu"),
    (PieceStatus.TO_BRING.value, "Sera apportée"),
    (PieceStatus.BLOCKED.value, "N’arrive pas à l’obtenir"),
)


class ContactForm(OwnForm):
    """Where to write to this person; without an address, the mairie calls."""

    class Meta:
        model = Partenaire
        fields = ["contact_email"]
        labels = {"contact_email": "Adresse e-mail"}
        help_texts = {"contact_email": "Vide : la mairie appelle, et remet les papiers."}
        widgets = {"contact_email": AddressInput(attrs={"autocomplete": "off"})}


class CounterPieceForm(PieceForm):
    """One piece at the counter: the citizens' form, and « présentée ce jour »."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["choice"] = forms.ChoiceField(
            label="Cette pièce",
            required=False,
            choices=COUNTER_CHOICES,
            widget=forms.RadioSelect,
            error_messages={"invalid_choice": "Choisissez l’une des réponses proposées."},
        )
        labels = {
            "documents": "Scanner ou photo",
            "is_french_adult_card": "Carte française, délivrée à une personne majeure",
        }
        for name, label in labels.items():
            if name in self.fields:
                self.fields[name].label = label

    def clean(self) -> dict[str, Any]:
        """An original that was seen bears a date, and it was read."""
        data = super().clean()
        for name, what in (("issued_on", "délivrance"), ("expires_on", "fin de validité")):
            is_asked = name in self.fields and name not in self.errors and not data.get(name)
            if data.get("choice") == PRESENTED and is_asked:
                self.add_error(
                    name, f"Recopiez la date de {what} : l’âge de cette pièce compte le jour dit."
                )
        return data
