"""Until when a dossier is kept, and when its people are told (domain reference 8.4).

Nothing is deleted in silence: both are told two weeks before, by mail and on the page, and what
they do meanwhile keeps the dossier.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from demarches.rules.deadlines import DELETION_WARNING
from demarches.rules.enums import Status

#: Nothing is due while the mairie must act, nor before the day of an appointment.
SILENT = frozenset({Status.PIECES_REQUESTED, Status.COMPLETE})
OVER = frozenset({Status.WITHDRAWN, Status.CLOSED, Status.INADMISSIBLE})


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each kind is kept: the mairie's settings."""

    draft: timedelta
    inactive: timedelta
    registered: timedelta


def kept_until(
    status: Status,
    *,
    last_activity_at: datetime,
    ended_at: datetime | None,
    appointment_ends_at: datetime | None,
    figures: Retention,
) -> datetime | None:
    """The end of retention; None for a dossier that goes on.

    An appointment of which nobody noted the end does not keep a dossier for ever: its silence
    counts from that day.
    """
    if status is Status.DRAFT:
        return last_activity_at + figures.draft
    if status is Status.SCHEDULED and appointment_ends_at is not None:
        return max(last_activity_at, appointment_ends_at) + figures.inactive
    if status in SILENT:
        return last_activity_at + figures.inactive
    if ended_at is None:
        return None
    if status in OVER:
        return ended_at + figures.inactive
    return ended_at + figures.registered if status is Status.REGISTERED else None


def deleted_at(kept: datetime | None, *, warned_at: datetime | None) -> datetime | None:
    """When it goes: after its retention, and two weeks after its people were told."""
    if kept is None or warned_at is None:
        return None
    return max(kept, warned_at + DELETION_WARNING)
