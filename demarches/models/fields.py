"""Columns for what people type: the guard stands where every path to the database passes.

A form, the admin, an action, `bulk_create`, `update()`: all of them ask the column for the value
to write. The column refuses there (`TextRefused`, a `ValidationError`) what a form would have
refused before, so that a path without a form keeps the rule. In migrations they are the fields of
Django, which the database cannot tell from these.
"""

from typing import Any, override

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from demarches.rules.latin import NOT_LATIN, other_script
from demarches.typed.guard import LONGEST_TEXT, TextRefused, check_text, check_texts_in


class Guarded[S, G](models.Field[S, G]):
    """What the guarded columns share."""

    #: The field that migrations name.
    plain: str

    @override
    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, f"django.db.models.{self.plain}", args, kwargs

    def guard(self, value: Any) -> None:
        """Raise `TextRefused` for a value that the column may not hold."""
        if isinstance(value, str):
            check_text(value, longest=self.max_length)

    @override
    def run_validators(self, value: Any) -> None:
        # Before the others: none of them reads a text that is too long.
        self.guard(value)
        super().run_validators(value)

    @override
    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        self.guard(value)
        return super().get_db_prep_save(value, connection)


class GuardedCharField(Guarded[str, str], models.CharField[str, str]):
    plain = "CharField"


class LatinCharField(GuardedCharField):
    """A text that our documents print: validated in Latin letters, whatever form it comes by.

    Rows typed before this rule stay as they are; a document that would lose a letter of theirs is
    refused (`demarches.papers.documents`).
    """

    not_latin = NOT_LATIN

    @override
    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        if isinstance(value, str) and (word := other_script(value)):
            raise ValidationError(self.not_latin % word, code="other_script")


class GuardedTextField(Guarded[str, str], models.TextField[str, str]):
    """Its `max_length` (`LONGEST_TEXT` without one) holds on every path, not only in forms."""

    plain = "TextField"

    @override
    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"max_length": self.max_length or LONGEST_TEXT, **kwargs})


class Printed(Guarded[str, str]):
    """A text that an act writes once, for an official paper to print: drawn, or not written.

    After the act it would be too late: the paper could not be made any more.
    """

    @override
    def guard(self, value: Any) -> None:
        super().guard(value)
        if isinstance(value, str) and (word := other_script(value)):
            raise TextRefused(NOT_LATIN % word, code="other_script")


class PrintedCharField(Printed, GuardedCharField):
    pass


class PrintedTextField(Printed, GuardedTextField):
    pass


def unprintable(row: models.Model) -> list[tuple[str, str]]:
    """The columns of this row that a paper prints and could not: label, and the word.

    Rows typed before the columns had their rule; asked before an act that makes papers.
    """
    return [
        (str(field.verbose_name), word)
        for field in row._meta.concrete_fields
        if isinstance(field, LatinCharField)
        and (word := other_script(str(getattr(row, field.attname))))
    ]


class BoundedIntegerField(models.PositiveSmallIntegerField[int, int]):
    """A figure of the mairie with an end, on every path: a form, a file, `update()`.

    `lowest` and `highest` count; in migrations it is the field of Django.
    """

    def __init__(self, *args: Any, lowest: int = 0, highest: int = 32767, **kwargs: Any) -> None:
        self.lowest, self.highest = lowest, highest
        super().__init__(*args, **kwargs)

    @override
    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.PositiveSmallIntegerField", args, kwargs

    def bound(self, value: Any) -> None:
        """Raise `ValidationError` for a figure outside of its bounds."""
        if isinstance(value, int) and not self.lowest <= value <= self.highest:
            raise ValidationError(
                f"« {self.verbose_name} » : écrivez un nombre de {self.lowest} à {self.highest}.",
                code="out_of_bounds",
            )

    @override
    def run_validators(self, value: Any) -> None:
        self.bound(value)
        super().run_validators(value)

    @override
    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        self.bound(value)
        return super().get_db_prep_save(value, connection)

    @override
    def formfield(self, **kwargs: Any) -> forms.Field | None:
        return super().formfield(**{"min_value": self.lowest, "max_value": self.highest, **kwargs})


class GuardedEmailField(Guarded[str, str], models.EmailField[str, str]):
    plain = "EmailField"


class GuardedSlugField(Guarded[str, str], models.SlugField[str, str]):
    plain = "SlugField"


class GuardedJSONField(Guarded[Any, Any], models.JSONField[Any, Any]):
    """Every text in it is looked at."""

    plain = "JSONField"

    @override
    def guard(self, value: Any) -> None:
        check_texts_in(value)
