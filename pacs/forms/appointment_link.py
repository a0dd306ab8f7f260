"""What is asked from whoever follows the link of a mail to their appointment."""

from django import forms

from demarches.rules.texts import letters_of
from demarches.steps.forms import PageFormMixin

#: Nobody's whole name is longer; more is not read.
LONGEST = 150


class LettersForm(PageFormMixin, forms.Form):
    """The beginning of a name, which the mail does not hold."""

    page_heading = "Déplacer ou annuler votre rendez-vous"
    submit_label = "Continuer"
    letters = forms.CharField(
        label="Les trois premières lettres de votre nom de naissance",
        max_length=LONGEST,
        help_text="Majuscules, accents, traits d’union et apostrophes ne comptent pas. Un nom plus"
        " court s’écrit en entier ; si votre acte n’en porte qu’un, c’est celui-là.",
        error_messages={"required": "Écrivez les premières lettres de votre nom de naissance."},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def clean_letters(self) -> str:
        """At least one letter, so that a slip is not counted as a name."""
        typed: str = self.cleaned_data["letters"]
        if not letters_of(typed):
            raise forms.ValidationError("Écrivez des lettres, par exemple « mar » pour Martin.")
        return typed
