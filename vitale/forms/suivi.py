"""The short forms of an aide-mémoire: a date, a way, an address. Nothing else is ever asked."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils.timezone import localdate

from demarches.agenda.day_field import DayField
from demarches.rules.dates_fr import NBSP
from demarches.rules.deadlines import add_months
from demarches.steps.forms import NoPrivateNumbersMixin, PageFormMixin
from demarches.typed.address_field import AddressField, AddressInput
from vitale.models import Suivi, SuiviTick
from vitale.rules.situations import CHANNEL_HEADING, Channel, Regime
from vitale.rules.suivi import Step

#: The carte Vitale exists since then.
OLDEST_NOTE = date(1998, 1, 1)


def day_field(label: str, *, required: bool = True, help_text: str = "") -> DayField:
    return DayField(
        label=label,
        required=required,
        help_text=f"{help_text} Par exemple 6/6/2027.".strip(),
        error_messages={"required": "Indiquez le jour."},
        # The steps have their own bounds (`vitale.rules.suivi`); these stop a mistyped year.
        first=OLDEST_NOTE,
        last=lambda: add_months(localdate(), 120),
    )


class TickForm(PageFormMixin, forms.Form):
    """The day a step was done; for an answer, what was said, in a closed list."""

    submit_label = "Noter cette étape"

    def __init__(self, step: Step, tick: SuiviTick | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.page_heading = step.label  # type: ignore[misc]  # one class, many steps
        self.fields["done_on"] = day_field(
            f"Quel jour{NBSP}?", help_text="Le jour même, ou à peu près."
        )
        if step.choices:
            self.fields["choice"] = forms.ChoiceField(
                label=f"Que faut-il faire{NBSP}?",
                choices=step.choices,
                widget=forms.RadioSelect,
                error_messages=dict.fromkeys(
                    ("required", "invalid_choice"), "Choisissez une des réponses."
                ),
            )
        if tick is not None:
            self.initial = {"done_on": tick.done_on, "choice": tick.choice}


class RouteForm(PageFormMixin, forms.Form):
    """Another caisse, another way."""

    page_heading = "Changer de voie"
    page_hint = (
        "Les dates attendues repartent de vos nouvelles dates. Ce que vous aviez noté reste"
        " dans l’historique."
    )
    submit_label = "Changer de voie"
    mark_optional: ClassVar[bool] = False

    regime = forms.ChoiceField(
        label=f"Votre caisse{NBSP}",
        choices=Regime.choices(),
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez votre caisse."},
    )
    channel = forms.ChoiceField(
        label=CHANNEL_HEADING,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choisissez une des réponses."},
    )

    def __init__(self, offered: Sequence[Channel], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offered:
            choices = [(one.value, one.label) for one in offered]
            self.fields["channel"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["channel"]


class RemindersForm(NoPrivateNumbersMixin, PageFormMixin, forms.Form):
    """An address to be reminded at; none stops the reminders."""

    page_heading = "Vos rappels par mail"
    page_hint = (
        "Un mail par étape, au plus. Il ne dit rien de votre situation. Cette adresse pourra aussi"
        " rouvrir l’aide-mémoire sans ses codes : mettez la vôtre. Laissez vide pour ne plus en"
        " recevoir."
    )
    submit_label = "Enregistrer"
    mark_optional: ClassVar[bool] = False

    email = AddressField(
        label="Adresse e-mail",
        required=False,
        widget=AddressInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, suivi: Suivi, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"email": suivi.reminder_email, "on": suivi.reminder_on}
        if suivi.may_choose_reminder:
            self.fields["on"] = day_field(
                "Le jour où vous voulez y penser",
                required=False,
                help_text="À vous de le choisir : nous ne demandons aucune date de naissance.",
            )


class WaysInForm(PageFormMixin, forms.Form):
    """The address that said yes to the reminders of an aide-mémoire."""

    page_heading = "Retrouver un aide-mémoire par mon adresse"
    page_hint = "L’adresse qui reçoit ses rappels. Un lien y arrive, qui sert pendant une heure."
    submit_label = "Recevoir le lien"

    email = AddressField(
        label="Adresse e-mail", widget=AddressInput(attrs={"autocomplete": "email"})
    )


class CodesForm(NoPrivateNumbersMixin, PageFormMixin, forms.Form):
    """The reference and the secret of a paper sheet."""

    page_heading = "Retrouver un suivi"
    page_hint = "Avec les deux codes de votre feuille. Majuscules et tirets sont sans importance."
    submit_label = "Ouvrir"
    emptied_fields = ("reference", "secret")

    reference = forms.CharField(
        label="Référence",
        max_length=40,
        help_text="Elle commence par CV ou par AIDE.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "Recopiez la référence de votre feuille."},
    )
    secret = forms.CharField(
        label="Code secret",
        max_length=60,
        help_text="Seize lettres et chiffres, par groupes de quatre.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={"required": "Recopiez le code secret de votre feuille."},
    )
