"""The link of a mail by which one appointment is moved or cancelled without a sign-in.

It holds no address and no name: links are kept by proxies, histories and mail programs. It dies
with the appointment: moved (another row, another moment), cancelled, past.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing

from demarches.models import Appointment
from demarches.rules.enums import AppointmentStatus
from demarches.rules.texts import begins_like
from pacs.models import Partenaire

SALT = "pacs.appointment_change"
SESSION_KEY = "pacs_appointment_link"
#: How long the page stays open to whoever gave the letters.
PASS_LIFE = timedelta(minutes=30)


def change_token(appointment: Appointment, reader: Partenaire) -> str:
    """The signed part of the address, for the mail of this reader."""
    return signing.dumps([appointment.pk, _moment(appointment), reader.pk], salt=SALT)


def link_key(token: str) -> str:
    """What counts as one link: the appointment and its reader, whichever mail it came in.

    A token that we did not sign counts as itself.
    """
    try:
        pk, _, reader_pk = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return token
    return f"{pk}:{reader_pk}"


def reader_of_token(token: str, *, at: datetime) -> Partenaire | None:
    """Whose link this is, their dossier at hand; None once the appointment is not this one."""
    try:
        pk, moment, reader_pk = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    reader = (
        Partenaire.objects.select_related("dossier__appointment__agenda", "user")
        .prefetch_related("dossier__partenaires")
        .filter(pk=reader_pk, dossier__appointment=pk)
        .first()
    )
    appointment = reader.dossier.appointment if reader is not None else None
    if appointment is None or appointment.status != AppointmentStatus.BOOKED.value:
        return None
    is_same = _moment(appointment) == moment and at < appointment.starts_at
    return reader if is_same else None


def reader_by_letters(token: str, typed: str, *, at: datetime) -> Partenaire | None:
    """The same, for whoever knows how that person's name of birth begins.

    Somebody whose record bears a single name has it among the given names.
    """
    reader = reader_of_token(token, at=at)
    # Compared all the same: a link that is dead takes no less time than a wrong name.
    name = "x" if reader is None else reader.birth_name or reader.first_names
    knows = begins_like(typed, name)
    return reader if knows else None


def link_pass(reader: Partenaire, *, at: datetime) -> dict[str, Any]:
    """What the session keeps once the letters were given: this appointment, for a while."""
    return {
        "appointment": reader.dossier.appointment_id,
        "reader": reader.pk,
        "until": (at + PASS_LIFE).timestamp(),
    }


def reader_with_pass(
    token: str, kept: Mapping[str, Any] | None, *, at: datetime
) -> Partenaire | None:
    """Who acts by this link in this session; None without the letters, or too long after."""
    if not kept or not kept.get("until", 0) > at.timestamp():
        return None
    reader = reader_of_token(token, at=at)
    if reader is None:
        return None
    is_theirs = (kept.get("appointment"), kept.get("reader")) == (
        reader.dossier.appointment_id,
        reader.pk,
    )
    return reader if is_theirs else None


def _moment(appointment: Appointment) -> str:
    return appointment.starts_at.astimezone(UTC).isoformat()
