"""Forms shared by the procedures: one question a page, saved as it goes."""

from typing import Any, ClassVar

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model

from demarches.rules.private_numbers import refusal_of


def refuse_private_numbers(value: str) -> None:
    """Refuse a free text with a social security, account or card number, before it is kept."""
    if refusal := refusal_of(value):
        raise ValidationError(refusal, code="private_number")


class PageFormMixin:
    """A form that fills a page: its heading is the question, its button says what happens."""

    page_heading: ClassVar[str] = ""
    page_hint: ClassVar[str] = ""
    submit_label: ClassVar[str] = "Enregistrer et continuer"
    #: Say « (facultatif) » beside what may stay empty; False where all of it may.
    mark_optional: ClassVar[bool] = True
    #: Not required by themselves, but asked for by `clean` in some cases: never « facultatif ».
    required_in_clean: ClassVar[tuple[str, ...]] = ()

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper


class StepForm[M: Model](PageFormMixin, forms.ModelForm[M]):
    """A few fields of one row; saves those and nothing else.

    Two tabs, or the two partenaires at once, therefore never overwrite each other's answers.
    `partial=True` keeps whatever was typed and asks for nothing: « finir plus tard ».
    """

    #: What was attested names these facts: a change asks for a new attestation.
    affects_attestation = True

    def __init__(self, *args: Any, partial: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if partial:
            for field in self.fields.values():
                field.required = False

    def save(self, commit: bool = True) -> M:
        fields = [name for name in self._meta.fields or () if name in self.changed_data]
        if commit and fields:
            self.instance.save(update_fields=fields)
        return self.instance
