"""Forms about taking part: the doors, the code of a shared device, confirming, attesting."""

from typing import Any

from django import forms

from demarches.steps.forms import (
    NoPrivateNumbersMixin,
    PageFormMixin,
    refuse_other_scripts,
    refuse_private_numbers,
)
from demarches.typed.address_field import AddressField, AddressInput
from pacs.forms.identity import radio
from pacs.rules.enums import Door


class DoorForm(PageFormMixin, forms.Form):
    """How the second partenaire takes part.

    `is_theirs`: they have begun, or were invited; another way then needs their code, or an
    empty part. `has_code`: a code of theirs can be typed.
    """

    page_heading = "Comment participe votre partenaire ?"
    page_hint = (
        "Chacun remplit sa propre partie. Vous ne voyez pas ses réponses privées, ni lui les"
        " vôtres."
    )
    required_in_clean = ("email",)
    door = radio("Participation", Door.choices(), "Choisissez l’une des trois façons.")
    email = AddressField(
        label="Son adresse e-mail",
        required=False,
        help_text="Seulement pour l’invitation par e-mail. Ce n’est pas la vôtre.",
        widget=AddressInput(attrs={"autocomplete": "off"}),
    )
    code = forms.CharField(
        label="Le code que votre partenaire a choisi",
        required=False,
        max_length=64,
        help_text="Pour garder sa partie : à votre partenaire de le taper ici. Cinq essais.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    from_empty = forms.BooleanField(
        label="Recommencer avec une partie vide",
        required=False,
        help_text="Tout ce qui est dans sa partie est effacé et ne revient pas : ses réponses, ses"
        " fichiers, ce qui est dit de ses pièces, son accord sur les réponses communes et son"
        " attestation. Ses messages privés restent lus par la mairie seule.",
    )

    def __init__(
        self, *args: Any, is_theirs: bool = False, has_code: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if not is_theirs:
            del self.fields["from_empty"]
        if not has_code:
            del self.fields["code"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        needs_address = data.get("door") == Door.OWN and "email" not in self.errors
        if needs_address and not data.get("email"):
            self.add_error("email", "Indiquez son adresse e-mail, ou choisissez une autre façon.")
        # An address that stood there already is not an answer of today.
        is_other_way = data.get("door") and data["door"] != Door.OWN
        if is_other_way and data.get("email") and "email" in self.changed_data:
            self.add_error(
                "email",
                "Vous avez indiqué une adresse et choisi une autre façon : choisissez"
                f" « {Door.OWN.label} », ou effacez l’adresse.",
            )
        return data


class SeenDoorForm(forms.Form):
    """An agent who has seen the second partenaire changes how they take part."""

    reference = forms.CharField(
        label="Référence du dossier",
        max_length=40,
        error_messages={"required": "Tapez la référence que la personne vous donne."},
    )
    door = forms.ChoiceField(
        label="Participation",
        choices=[
            (Door.OWN.value, "Sur son propre appareil : une invitation part par courriel"),
            (Door.PAPER.value, "Sur papier : un agent saisit sa partie"),
            (Door.SAME_DEVICE.value, "Sur l’appareil de l’autre, avec le code qu’elle a choisi"),
        ],
    )
    email = AddressField(
        label="Son adresse e-mail",
        required=False,
        help_text="Pour l’invitation par e-mail : l’adresse que la personne vous dit elle-même.",
    )
    seen = forms.BooleanField(
        label="J’ai vu cette personne et son identité",
        error_messages={"required": "Cette façon de faire demande d’avoir vu la personne."},
    )


class PrivateCodeForm(PageFormMixin, forms.Form):
    """Choose the code that locks one's pages on a shared device."""

    page_heading = "Choisissez un code pour vos pages"
    page_hint = (
        "Votre partenaire ne pourra pas rouvrir vos pages sans ce code. Au moins 6 chiffres ou"
        " lettres : retenez-le, il n’est écrit nulle part. Pour revenir un autre jour, votre"
        " partenaire ouvre le dossier et vous repasse l’appareil ; vous tapez ce code."
    )
    submit_label = "Ouvrir mes pages"
    code = forms.CharField(
        label="Votre code",
        min_length=6,
        max_length=64,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Choisissez un code.",
            "min_length": "Ce code est trop court : au moins 6 chiffres ou lettres.",
        },
    )


class UnlockForm(PageFormMixin, forms.Form):
    """Type the code again to reopen one's pages."""

    page_heading = "Votre code"
    page_hint = "Le code que vous avez choisi en remplissant votre partie sur cet appareil."
    submit_label = "Rouvrir mes pages"
    code = forms.CharField(
        label="Code",
        max_length=64,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Tapez votre code."},
    )


class HelperForm(PageFormMixin, NoPrivateNumbersMixin, forms.Form):
    """Invite somebody to help to fill in."""

    name = forms.CharField(
        label="Son prénom et son nom, ou le nom du service",
        max_length=80,
        validators=[refuse_other_scripts],
        help_text="Vous le verrez sur vos pages tant que cette personne vous aide.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Indiquez qui vous aide.",
            "max_length": "Ce nom est trop long : 80 lettres au plus.",
        },
    )
    email = AddressField(
        label="Son adresse e-mail",
        widget=AddressInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Indiquez son adresse e-mail."},
    )


class ConfirmCommonForm(PageFormMixin, forms.Form):
    """Agree with the shared answers, or propose a change."""

    submit_label = "Envoyer ma réponse"
    required_in_clean = ("comment",)
    agrees = radio(
        "Êtes-vous d’accord avec ces réponses ?",
        [("oui", "Oui, elles sont exactes"), ("non", "Non, je propose un changement")],
        "Répondez oui ou non.",
    )
    comment = forms.CharField(
        label="Le changement que vous proposez",
        required=False,
        max_length=1000,
        validators=[refuse_private_numbers],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Votre partenaire lira cette remarque et pourra corriger la réponse.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("agrees") == "non" and not data.get("comment"):
            self.add_error("comment", "Dites quelle réponse changer, et comment.")
        if data.get("agrees") == "oui" and data.get("comment"):
            if "comment" in self.changed_data:
                self.add_error(
                    "comment",
                    "Vous avez répondu oui et proposé un changement : répondez non, ou effacez ce"
                    " texte.",
                )
            # What was proposed before is settled by a yes.
            data["comment"] = ""
        return data


class AttestForm(PageFormMixin, forms.Form):
    """Attest on one's honour."""

    submit_label = "J’atteste"
    attest = forms.BooleanField(
        label="J’ai lu ces phrases et j’atteste qu’elles sont exactes",
        error_messages={"required": "Cochez la case pour attester, ou corrigez vos réponses."},
    )


class MessageForm(PageFormMixin, forms.Form):
    """Write to the mairie."""

    submit_label = "Envoyer le message"
    body = forms.CharField(
        label="Votre message",
        max_length=4000,
        validators=[refuse_private_numbers],
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": "Écrivez votre message.",
            "max_length": "Votre message dépasse 4 000 signes : raccourcissez-le ou envoyez-le en"
            " deux fois.",
        },
    )
    private = forms.BooleanField(
        label="Ce message reste entre moi et la mairie",
        required=False,
        help_text="Votre partenaire ne le verra pas.",
    )
    form_key = forms.CharField(widget=forms.HiddenInput, max_length=40)
