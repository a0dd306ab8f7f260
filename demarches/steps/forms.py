"""Forms shared by the procedures: one question a page, saved as it goes."""

import secrets
import string
from typing import Any, ClassVar, Self

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import QueryDict

from demarches.rules.latin import NOT_LATIN, other_script
from demarches.rules.read import changed_names
from demarches.typed.guard import LONGEST_TEXT, TextRefused, check_text


def new_form_key() -> str:
    """A one-time key: the same form sent twice does one thing.

    Letters only: figures drawn at random look like a card number, now and then.
    """
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(32))


def refuse_private_numbers(value: str) -> None:
    """Refuse a free text with a social security, account or card number, before it is kept.

    A text longer than any column is not read: the field refuses its length.
    """
    if len(value) <= LONGEST_TEXT:
        check_text(value)


def refuse_other_scripts(value: str) -> None:
    """Refuse a text that is printed on an official paper and is not in Latin letters."""
    if word := other_script(value[:LONGEST_TEXT]):
        raise ValidationError(NOT_LATIN % word, code="other_script")


class NoPrivateNumbersMixin(forms.BaseForm):
    """A form none of whose texts may hold a NIR, an IBAN or the number of a bank card.

    What was typed is looked at as it came, before any field reads it, its length first. It stays
    in its box, with the place told; a box that holds nothing but a secret is emptied.
    """

    #: Fields not shown again with a number in them.
    emptied_fields: ClassVar[tuple[str, ...]] = ()

    def full_clean(self) -> None:
        refused: dict[str, TextRefused] = {}
        if self.is_bound:
            data = self.data.copy() if isinstance(self.data, QueryDict) else dict(self.data)
            for name, field in self.fields.items():
                typed = data.get(self.add_prefix(name), "")
                if not isinstance(typed, str):
                    continue
                longest = getattr(field, "max_length", None)
                try:
                    check_text(typed.strip(), longest=longest)
                except TextRefused as refusal:
                    # The field says itself how long it may be, where it knows.
                    if refusal.code == "max_length" and longest is not None:
                        continue
                    refused[name] = refusal
                    if name in self.emptied_fields:
                        data[self.add_prefix(name)] = ""
            self.data = data
        super().full_clean()
        for name, words in refused.items():
            # Its own words, instead of those of the field.
            self.errors.pop(name, None)
            self.add_error(name, words)


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

    #: Columns that this page answers in other words, beside those of its fields.
    tells: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, partial: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partial = partial
        if partial:
            for field in self.fields.values():
                field.required = False

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Everything this page answers."""
        return (*cls.tells, *(cls._meta.fields or ()))

    def apply(self) -> list[str]:
        """Put the answers on the instance, unsaved; returns the columns they change."""
        return [name for name in self._meta.fields or () if name in self.changed_data]

    def shown(self) -> dict[str, Any]:
        """What this page shows before anything is typed, field by field."""
        return {
            name: self.get_initial_for_field(field, name) for name, field in self.fields.items()
        }

    def again(self) -> Self:
        """The same form, with what was typed, over the row as it is in the database now."""
        row = type(self.instance)._default_manager.get(pk=self.instance.pk)
        return type(self)(self.data if self.is_bound else None, instance=row)

    def clashes(self, read: str) -> list[str]:
        """Fields that changed since they were read, and for which something else was typed."""
        now = self.again()
        moved = changed_names(read, now.shown())
        return [name for name in moved if name in now.changed_data]

    def save(self, commit: bool = True) -> M:
        fields = self.apply()
        if commit and fields:
            self.instance.save(update_fields=fields)
        return self.instance
