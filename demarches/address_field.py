"""The one field in which an e-mail address is typed, by citizens and by agents."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString

from demarches.rules.addresses import (
    LENGTH,
    AddressRefused,
    canonical_address,
    read_address,
    suggested_address,
)


class TypedAddress(str):
    """What was typed; `is_kept` once the person has been asked, and typed the same again."""

    is_kept: bool = False


class AddressInput(forms.EmailInput):
    """A text box for an address; beside a doubtful one, the memory that it was asked about.

    The page that asks « Vouliez-vous dire… ? » holds what was typed in a hidden field: sent
    again unchanged, it is what the person means. Nothing is kept in the session.
    """

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"spellcheck": "false", "autocapitalize": "none", **(attrs or {})})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        box = super().render(name, value, attrs, renderer)
        address = canonical_address(value)
        if address is None or not suggested_address(address):
            return box
        return box + forms.HiddenInput().render(_asked(name), address, None, renderer)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = data.get(name)
        if typed is None:
            return None
        value = TypedAddress(typed)
        value.is_kept = data.get(_asked(name), "") == canonical_address(typed)
        return value


def _asked(name: str) -> str:
    return f"{name}-asked"


class AddressField(forms.EmailField):
    """An address in its one form (`demarches.rules.addresses`); what is wrong is said in words.

    A likely slip is asked about once, and never refused: the same address sent again is kept.
    """

    widget = AddressInput
    default_error_messages = {"required": "Écrivez une adresse e-mail."}
    # `read_address` says more than Django's own pattern does.
    default_validators = []

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LENGTH)
        super().__init__(**kwargs)
        # A text far too long is refused by `read_address`, in its words.
        self.validators = []

    def clean(self, value: Any) -> str:
        """The canonical form, or "" when nothing is typed in a field that may stay empty."""
        if not (isinstance(value, str) and value.strip()):
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return ""
        try:
            address = read_address(value)
        except AddressRefused as refused:
            raise ValidationError(refused.reason, code="invalid") from None
        meant = suggested_address(address)
        if meant and not getattr(value, "is_kept", False):
            raise ValidationError(
                f"Vouliez-vous dire {meant} ? Si oui, corrigez l’adresse. Sinon, envoyez encore :"
                " nous gardons ce que vous avez tapé.",
                code="slip",
            )
        return address

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (canonical_address(initial) or "") != (canonical_address(data) or data or "")
