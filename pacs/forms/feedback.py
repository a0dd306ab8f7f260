"""The two questions at the end, for those who want to answer."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms

from demarches.rules.feedback import CLEAR, HARD, QUESTIONS


class FeedbackForm(forms.Form):
    """One answer is enough."""

    clear = forms.ChoiceField(
        label=QUESTIONS[CLEAR][0],
        choices=list(QUESTIONS[CLEAR][1].items()),
        widget=forms.RadioSelect,
        required=False,
    )
    hard = forms.MultipleChoiceField(
        label=QUESTIONS[HARD][0],
        choices=list(QUESTIONS[HARD][1].items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    mark_optional = False

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("clear") and not data.get("hard"):
            raise forms.ValidationError("Cochez au moins une réponse, ou laissez ces questions.")
        return data
