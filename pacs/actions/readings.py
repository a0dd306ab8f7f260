"""Every look of an agent at somebody's data is a line: the one place that writes them."""

from collections.abc import Iterable
from datetime import datetime

from demarches.models import User
from pacs.models import Dossier, Reading, Registration


def note_readings(
    agent: User | None,
    what: str,
    *,
    at: datetime,
    dossiers: Iterable[Dossier | int] = (),
    registrations: Iterable[Registration | int] = (),
) -> None:
    """Write down that an agent saw these dossiers and lines of the register, each once.

    One statement, however many. Agent None: a command of the mairie's machine.
    """
    Reading.objects.bulk_create(
        [
            *(Reading(agent=agent, what=what, at=at, dossier_id=pk) for pk in _keys(dossiers)),
            *(
                Reading(agent=agent, what=what, at=at, registration_id=pk)
                for pk in _keys(registrations)
            ),
        ]
    )


def _keys(rows: Iterable[Dossier | Registration | int]) -> list[int]:
    return list(dict.fromkeys(row if isinstance(row, int) else row.pk for row in rows))
