"""One page of questions, and one file."""

from django import forms
from django.utils.timezone import localdate

from demarches.agenda.day_field import DayField
from demarches.files.uploads import ACCEPT
from demarches.steps.forms import NoPrivateNumbersMixin, PageFormMixin, StepForm
from demarches.steps.lists import Step, StepList
from tests.recensement.models import Recensement


class IdentityForm(NoPrivateNumbersMixin, StepForm[Recensement]):
    page_heading = "Qui se fait recenser ?"
    birth_date = DayField(
        label="Date de naissance",
        last=localdate,
        too_late="Cette date est dans l’avenir : vérifiez l’année.",
    )

    class Meta:
        model = Recensement
        fields = ("first_names", "birth_name", "birth_date")


class FileForm(PageFormMixin, forms.Form):
    document = forms.FileField(
        label="Photo ou fichier", widget=forms.ClearableFileInput(attrs={"accept": ACCEPT})
    )


def _untold(dossier: Recensement) -> list[str]:
    names = ("first_names", "birth_name", "birth_date")
    return [name for name in names if not getattr(dossier, name)]


STEPS = StepList([Step("identite", "Identité", IdentityForm, _untold)])
