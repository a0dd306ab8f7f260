"""The one field in which an e-mail address is typed, by citizens and by agents."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from demarches.rules.addresses import (
    LENGTH,
    AddressRefused,
    canonical_address,
    read_address,
    suggested_address,
)
from demarches.web.asked_once import AskedOnceInput


class AddressInput(AskedOnceInput):
    """A text box for an address; « Vouliez-vous dire… ? » is asked once."""

    input_type = "email"
    trusts_stored = True

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"spellcheck": "false", "autocapitalize": "none", **(attrs or {})})

    def canonical(self, value: Any) -> str:
        return canonical_address(value) or ""

    def is_doubtful(self, canonical: str) -> bool:
        return bool(suggested_address(canonical))


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
            self.widget.asks = True
            raise ValidationError(
                f"Vouliez-vous dire {meant} ? Si oui, corrigez l’adresse. Sinon, envoyez encore :"
                " nous gardons ce que vous avez tapé.",
                code="slip",
            )
        return address

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (canonical_address(initial) or "") != (canonical_address(data) or data or "")
