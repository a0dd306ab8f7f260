"""How an e-mail address is kept: in its one form, which the database checks as well."""

from typing import Any, override

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from demarches.models import lookups as lookups
from demarches.models.fields import GuardedEmailField
from demarches.rules.addresses import AddressRefused, read_address
from demarches.typed import address_field


def check_canonical(value: str) -> None:
    """Refuse what is no address, or not in the form that is compared."""
    try:
        is_canonical = read_address(value) == value
    except AddressRefused as refused:
        raise ValidationError(refused.reason, code="invalid") from None
    if not is_canonical:
        raise ValidationError("Cette adresse n’est pas écrite comme elle est gardée.")


class AddressField(GuardedEmailField):
    """A column of addresses; its forms use the one form field.

    Each goes with a `canonical_check` of its model, which an architecture test asks for.
    """

    default_validators = [check_canonical]

    @override
    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, f"{__name__}.{type(self).__name__}", args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": address_field.AddressField, **kwargs})


def canonical_check(field: str, name: str, *, may_be_empty: bool = True) -> models.CheckConstraint:
    """The database keeps lower-case ASCII addresses only, or none."""
    is_canonical = Q((f"{field}__form", "canonical_address"))
    return models.CheckConstraint(
        condition=Q((field, "")) | is_canonical if may_be_empty else is_canonical,
        name=name,
        violation_error_message="Une adresse e-mail est gardée en minuscules, sans accent.",
    )
