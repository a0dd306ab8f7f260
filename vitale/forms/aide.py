"""A request for help: a reason among a list, a caisse, one way of answering."""

from typing import Any

from django import forms

from demarches.rules.dates_fr import NBSP
from demarches.steps.forms import NoPrivateNumbersMixin, PageFormMixin
from demarches.typed.address_field import AddressField, AddressInput
from demarches.typed.phone_field import PhoneField
from vitale.models import Reason
from vitale.rules.situations import Regime


class AideForm(NoPrivateNumbersMixin, PageFormMixin, forms.Form):
    """No free words: the answer is prepared from the reason, and asked for when it must be."""

    page_heading = "Demander de l’aide à la mairie"
    page_hint = (
        "La mairie ne délivre pas la carte Vitale et ne voit pas votre demande. Elle vous explique,"
        " ou vous oriente vers qui peut vous aider."
    )
    submit_label = "Envoyer ma demande"
    required_in_clean = ("email", "phone")

    reason = forms.ModelChoiceField(
        label=f"De quoi avez-vous besoin{NBSP}?",
        queryset=Reason.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), "Choisissez ce qui vous ressemble le plus."
        ),
    )
    regime = forms.ChoiceField(
        label=f"Quelle est votre caisse{NBSP}?",
        choices=Regime.choices(),
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), "Choisissez votre caisse, ou « Je ne sais pas »."
        ),
    )
    name = forms.CharField(
        label="Votre nom",
        required=False,
        max_length=100,
        help_text="Pour savoir qui demander au téléphone.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = AddressField(
        label="Adresse e-mail",
        required=False,
        help_text="La réponse y arrive. Sinon, donnez un téléphone.",
        widget=AddressInput(attrs={"autocomplete": "email"}),
    )
    phone = PhoneField(label="Téléphone", required=False, help_text="Un seul des deux suffit.")
    form_key = forms.CharField(widget=forms.HiddenInput, min_length=32, max_length=40)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].queryset = Reason.objects.all()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        email, phone = cleaned.get("email"), cleaned.get("phone")
        if not {"email", "phone"} & set(self.errors):
            if not email and not phone:
                self.add_error("email", "Donnez une adresse e-mail, ou un téléphone plus bas.")
            elif email and phone:
                self.add_error("phone", "Un seul moyen suffit : effacez l’adresse ou le téléphone.")
        return cleaned
