"""Many rows from one, for counting what a page asks: past the actions, in a few statements."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Field, Model

from demarches.models import Appointment
from pacs.models import Avis, Dossier, LaterAct, Partenaire, Piece, RegisteredPerson, Registration
from vitale.models import Demande

#: Places that no other row of a test takes.
SEATS = 100


def copies[M: Model](row: M, many: int, **changed: Sequence[Any] | Any) -> list[M]:
    """`many` rows like this one; each has texts of its own where a column holds a value once.

    `changed`: column -> its value in each copy (a list), or in all of them.
    """
    model = type(row)
    made = []
    for rank in range(many):
        values = {
            field.attname: _own(field, getattr(row, field.attname), rank)
            for field in model._meta.concrete_fields
            if not (field.primary_key and field.get_internal_type().endswith("AutoField"))
        }
        for name, value in changed.items():
            values[name] = value[rank] if isinstance(value, list) else value
        made.append(model(**values))
    return model._base_manager.bulk_create(made)


def _own(field: Field[Any, Any], value: Any, rank: int) -> Any:
    if not field.unique or value is None:
        return value
    if not isinstance(value, str):
        return None
    # An address stays one.
    return f"{rank}{value}"[: field.max_length]


def more_appointments(row: Appointment, many: int, holders: list[str]) -> list[Appointment]:
    """At the same hour, each in a place of its own."""
    first = SEATS * Appointment.objects.count()
    places = [first + rank for rank in range(many)]
    return copies(row, many, seat=places, capacity=30_000, holder=holders)


def more_dossiers(row: Dossier, many: int) -> list[Dossier]:
    """Whole dossiers in the state of this one: both people, the pieces, the appointment."""
    references = [f"COPIE-{row.pk}-{rank}" for rank in range(many)]
    meetings: list[Any] = [None] * many
    if row.appointment is not None:
        made = more_appointments(row.appointment, many, references)
        meetings = [one.pk for one in made]
    dossiers = copies(row, many, reference=references, appointment_id=meetings, form_key=None)
    keys = [one.pk for one in dossiers]
    whose: dict[int | None, list[Any]] = {None: [None] * many}
    for person in Partenaire.objects.filter(dossier=row):
        own = copies(person, many, dossier_id=keys)
        whose[person.pk] = [one.pk for one in own]
    for piece in Piece.objects.filter(dossier=row):
        copies(piece, many, dossier_id=keys, partenaire_id=whose[piece.partenaire_id])
    return dossiers


def more_registrations(row: Registration, many: int) -> list[Registration]:
    """Lines of the register, with their people and their avis; of no dossier."""
    lines = copies(
        row,
        many,
        dossier_id=None,
        number=[f"COPIE-{rank}" for rank in range(many)],
        sequence=[9000 + rank for rank in range(many)],
        gap_reason="copie",
        follows_id=None,
    )
    keys = [one.pk for one in lines]
    for person in RegisteredPerson.objects.filter(registration=row):
        people = copies(person, many, registration_id=keys)
        for avis in Avis.objects.filter(person=person, act=None):
            copies(avis, many, registration_id=keys, person_id=[one.pk for one in people])
    return lines


def more_demandes(row: Demande, many: int) -> list[Demande]:
    """Requests for help, each with an appointment when this one has one."""
    references = [f"COPIE-A{rank}" for rank in range(many)]
    meetings: list[Any] = [None] * many
    if row.appointment is not None:
        made = more_appointments(row.appointment, many, references)
        meetings = [one.pk for one in made]
    return copies(row, many, reference=references, appointment_id=meetings, form_key=None)


def more_acts(row: LaterAct, many: int) -> list[LaterAct]:
    """Later acts of the same line."""
    return copies(row, many, reference=[f"COPIE-{rank}" for rank in range(many)])
