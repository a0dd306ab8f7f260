"""What a dossier's attestations and confirmations are worth today, read from its rows."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Field, Model
from django.utils.timezone import localdate
from django_countries.fields import Country

from pacs.rules.consent import (
    ATTESTED_OTHER,
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


type Reading = Callable[[Model, str], Value]


def plain_value(row: Model, name: str) -> Value:
    """A column as a plain value, the same as JSON keeps it."""
    value: Any = getattr(row, name)
    return (value.code or "") if isinstance(value, Country) else value


def label_of(row: Model, name: str) -> str:
    """The words for a column."""
    column = row._meta.get_field(name)
    return str(column.verbose_name) if isinstance(column, Field) else name


def _columns(row: Model, names: Iterable[str], read: Reading) -> dict[str, Value]:
    return {name: read(row, name) for name in names}


def attested_facts(
    partenaire: "Partenaire", dossier: "Dossier", read: Reading = plain_value
) -> dict[str, Value]:
    """The facts this person vouches for, as they are in `dossier` and its people now."""
    first, second = dossier.people
    own, other = (first, second) if first.pk == partenaire.pk else (second, first)
    return facts_attested(
        _columns(own, ATTESTED_OWN, read),
        _columns(other, ATTESTED_OTHER, read),
        _columns(dossier, CONFIRMED, read),
    )


def vouchable_facts(partenaire: "Partenaire", dossier: "Dossier") -> dict[str, Value]:
    """What an attestation made now vouches for.

    Not the other's name while it is not known: the sentence then says « la personne avec qui je
    conclus ce Pacs », and a name that comes later changes nothing of it.
    """
    unknown = set(ATTESTED_OTHER.values())
    facts = attested_facts(partenaire, dossier)
    return {label: value for label, value in facts.items() if value or label not in unknown}


def vouched_facts(
    partenaire: "Partenaire", dossier: "Dossier", read: Reading = plain_value
) -> dict[str, Value]:
    """The facts of their attestation, as they are now."""
    facts, kept = attested_facts(partenaire, dossier, read), partenaire.attested_facts
    return {label: value for label, value in facts.items() if not kept or label in kept}


def confirmed_facts(dossier: "Dossier", read: Reading = plain_value) -> dict[str, Value]:
    """The shared answers that the second partenaire agrees with, as they are now."""
    return facts_confirmed(_columns(dossier, CONFIRMED, read))


def has_attested(partenaire: "Partenaire", dossier: "Dossier") -> bool:
    """Their attestation is in force: made, and for the facts of today."""
    if partenaire.attested_at is None:
        return False
    if partenaire.attested_digest == LEGACY:
        return True
    return partenaire.attested_digest == digest_of(vouched_facts(partenaire, dossier))


def attested_on(partenaire: "Partenaire") -> date | None:
    """The day of their attestation: the one on the paper, when it was signed by hand."""
    if partenaire.attested_at is None:
        return None
    return partenaire.attested_on_paper or localdate(partenaire.attested_at)


def has_confirmed(partenaire: "Partenaire", dossier: "Dossier") -> bool:
    """Their agreement with the shared answers is in force."""
    if partenaire.common_confirmed_at is None:
        return False
    if partenaire.common_confirmed_digest == LEGACY:
        return True
    return partenaire.common_confirmed_digest == digest_of(confirmed_facts(dossier))
