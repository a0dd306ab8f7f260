"""The one column, and the one field, in which a telephone number is typed or kept."""

from typing import TYPE_CHECKING, Any, override

from django import forms
from django.core.exceptions import ValidationError
from phonenumber_field import modelfields
from phonenumber_field.phonenumber import PhoneNumber, to_python

from demarches.rules.phones import LENGTH, PhoneRefused, read_phone, spoken_phone


class SpokenNumber(PhoneNumber):  # type: ignore[misc]
    """A number that reads as one dials it from France, wherever it is shown."""

    @override
    def __str__(self) -> str:
        return spoken_phone(self) if self.is_valid() else str(self.raw_input)


def as_number(value: Any) -> Any:
    """The number that was written or kept; what cannot be read stays as the library gives it."""
    if isinstance(value, str) and value:
        try:
            found: Any = read_phone(value)
        except PhoneRefused:
            found = to_python(value)
    else:
        found = to_python(value)
    if not found:
        return found
    number = SpokenNumber(raw_input=getattr(found, "raw_input", None) or str(value))
    number.merge_from(found)
    return number


class PhoneField(forms.CharField):
    """Gives a `SpokenNumber`, or "" when nothing was typed; what is wrong is said in words."""

    def __init__(self, *, region: str | None = None, **kwargs: Any) -> None:
        # The column may hold less than what people type around the figures.
        super().__init__(**kwargs | {"max_length": LENGTH})
        self.widget.attrs = {"autocomplete": "tel", "inputmode": "tel"} | self.widget.attrs

    @override
    def clean(self, value: Any) -> Any:
        """Lengths first, then the number."""
        typed = super().clean(value)
        if not typed:
            return ""
        try:
            read_phone(typed)
        except PhoneRefused as refused:
            raise ValidationError(refused.reason, code="invalid") from None
        return as_number(typed)

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Written otherwise, a number is the same."""
        return bool(as_number(initial or "") != as_number(data or ""))


class _Descriptor(modelfields.PhoneNumberDescriptor):  # type: ignore[misc]
    @override
    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.name] = as_number(value)


class PhoneColumn(modelfields.PhoneNumberField):  # type: ignore[misc]
    """In migrations, the field of the library, which the database cannot tell from this one."""

    descriptor_class = _Descriptor

    if TYPE_CHECKING:
        # What `_Descriptor` does.
        def __get__(self, instance: Any, owner: Any = None) -> Any: ...
        def __set__(self, instance: Any, value: Any) -> None: ...

    @override
    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "phonenumber_field.modelfields.PhoneNumberField", args, kwargs

    @override
    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": PhoneField, "error_messages": {}} | kwargs)
