"""Every component on one page, to look at while drawing; routed in DEBUG only."""

from typing import Any

from crispy_forms.layout import Fieldset, Layout, Row
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from demarches.rules.enums import PieceStatus, Status
from demarches.steps.forms import PageFormMixin


class DayWidget(forms.MultiWidget):
    """Three boxes, for a composed field."""

    def decompress(self, value: Any) -> list[Any]:
        return [None, None, None]


class DayField(forms.MultiValueField):
    """A day in three parts."""

    def __init__(self, **kwargs: Any) -> None:
        number = forms.TextInput(attrs={"inputmode": "numeric"})
        parts = [forms.CharField(label=label) for label in ("Jour", "Mois", "Année")]
        super().__init__(parts, widget=DayWidget([number] * 3), **kwargs)

    def compress(self, data_list: list[Any]) -> str:
        return "-".join(data_list)


class SampleForm(PageFormMixin, forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="Nom de naissance", help_text="Comme sur votre acte.")
    usage = forms.CharField(label="Nom d’usage", required=False)
    day = forms.CharField(label="Jour", widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    month = forms.CharField(label="Mois", widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    year = forms.CharField(label="Année", widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    issued = DayField(label="Date de l’acte", help_text="Elle est en bas du document.")
    country = forms.ChoiceField(label="Pays", choices=[("", "Choisissez"), ("FR", "France")])
    situation = forms.ChoiceField(
        label="Avez-vous déjà été marié ?",
        choices=[("no", "Non"), ("yes", "Oui"), ("unknown", "Je ne sais pas")],
        widget=forms.RadioSelect,
        help_text="Même si le divorce est ancien.",
    )
    several = forms.MultipleChoiceField(
        label="Documents que vous avez",
        choices=[("id", "Carte d’identité"), ("passport", "Passeport")],
        widget=forms.CheckboxSelectMultiple,
    )
    agree = forms.BooleanField(label="Je certifie que ces réponses sont exactes")
    text = forms.CharField(label="Votre message", widget=forms.Textarea, required=False)
    scan = forms.FileField(label="Copie de l’acte", help_text="PDF ou photo, 10 Mo au plus.")

    @property
    def helper(self) -> Any:
        helper = super().helper
        helper.layout = Layout(
            "name",
            "usage",
            Fieldset("Votre naissance", Row("day", "month", "year"), "country"),
            "issued",
            "situation",
            "several",
            "agree",
            "text",
            "scan",
        )
        return helper


@login_not_required
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """The page; `?erreurs=1` shows the form refused."""
    now = timezone.now()
    context = {
        "form": SampleForm({} if "erreurs" in request.GET else None),
        "statuses": [status.value for status in (*Status, *PieceStatus)],
        "tones": ["info", "success", "warning", "error"],
        "tasks": [
            {"title": "Vos noms", "url": "#", "label": "Fait", "tone": "done"},
            {
                "title": "Votre naissance",
                "url": "#",
                "hint": "Il manque la commune.",
                "label": "À finir",
                "tone": "action",
            },
            {"title": "Vérifier et envoyer", "label": "Pas encore possible", "tone": "ended"},
        ],
        "rows": [
            {"label": "Nom de naissance", "value": "Martin-Dupré", "url": "#"},
            {"label": "Nom d’usage", "value": "", "url": "#"},
        ],
        "moments": [
            {"title": "Dossier envoyé", "state": "done", "at": now},
            {"title": "La mairie vérifie", "state": "now", "text": "Vous n’avez rien à faire."},
            {"title": "Vous choisissez la date", "state": "next"},
        ],
        "now": now,
    }
    return render(request, "styleguide.html", context)
