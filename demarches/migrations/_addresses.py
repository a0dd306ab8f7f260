"""Addresses as they were written, put in the form the columns take from now on (frozen)."""

import re
from typing import Any

KEPT = re.compile(r"\A[!#-'*+./0-9=?^-~-]+@[a-z0-9.-]+\Z")
DOMAIN_LETTERS = re.compile(r"[a-z0-9.\-àáâãäåæçèéêëìíîïñòóôõöùúûüýÿœ]+")


def canonical(text: str) -> str:
    """The address in small letters, its domain encoded; "" for what cannot be one."""
    local, _, domain = text.strip().rpartition("@")
    if local.isascii() and DOMAIN_LETTERS.fullmatch(domain.lower()):
        try:
            address = f"{local.lower()}@{domain.lower().encode('idna').decode('ascii')}"
        except UnicodeError:
            return ""
        return address if KEPT.match(address) else ""
    return ""


def unreadable(row: Any) -> str:
    """An address nobody has (RFC 2606), for a row that must keep one."""
    return f"illisible-{row.pk}@adresse.invalid"


def canonicalise(model: Any, field: str, *, instead: Any = None) -> None:
    """Rewrite the column. What no address can be is emptied, or becomes `instead(row)`.

    A mail sent to a look-alike went to somebody else: no such address is worth keeping.
    """
    for row in model.objects.exclude(**{field: ""}).order_by("pk").iterator():
        before = getattr(row, field)
        after = canonical(before) or (instead(row) if instead else "")
        if after == before:
            continue
        is_unique = model._meta.get_field(field).unique
        if is_unique and model.objects.filter(**{field: after}).exists():
            after = instead(row)
        model.objects.filter(pk=row.pk).update(**{field: after})
