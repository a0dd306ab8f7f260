"""What a dossier's attestations and confirmations are worth today, read from its rows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django_countries.fields import Country

from pacs.rules.consent import (
    ATTESTED_OWN,
    CONFIRMED,
    LEGACY,
    Value,
    digest_of,
    facts_attested,
    facts_confirmed,
)

if TYPE_CHECKING:
    from pacs.models.dossier import Dossier
    from pacs.models.partenaire import Partenaire


def _columns(row: "Dossier | Partenaire", names: Iterable[str]) -> dict[str, Value]:
    """These columns as plain values."""
    found: dict[str, Value] = {}
    for name in names:
        value = getattr(row, name)
        found[name] = (value.code or "") if isinstance(value, Country) else value
    return found


def attested_facts(partenaire: "Partenaire", dossier: "Dossier") -> dict[str, Value]:
    """The facts this person vouches for, as they are in `dossier` and its people now."""
    own = next(one for one in dossier.people if one.pk == partenaire.pk)
    other = next(one for one in dossier.people if one.pk != partenaire.pk)
    return facts_attested(
        _columns(own, ATTESTED_OWN), _columns(other, ATTESTED_OWN), _columns(dossier, CONFIRMED)
    )


def confirmed_facts(dossier: "Dossier") -> dict[str, Value]:
    """The shared answers that the second partenaire agrees with, as they are now."""
    return facts_confirmed(_columns(dossier, CONFIRMED))


def has_attested(partenaire: "Partenaire", dossier: "Dossier") -> bool:
    """Their attestation is in force: made, and for the facts of today."""
    if partenaire.attested_at is None:
        return False
    if partenaire.attested_digest == LEGACY:
        return True
    return partenaire.attested_digest == digest_of(attested_facts(partenaire, dossier))


def has_confirmed(partenaire: "Partenaire", dossier: "Dossier") -> bool:
    """Their agreement with the shared answers is in force."""
    if partenaire.common_confirmed_at is None:
        return False
    if partenaire.common_confirmed_digest == LEGACY:
        return True
    return partenaire.common_confirmed_digest == digest_of(confirmed_facts(dossier))
