"""Every look of an agent or a helper at somebody's data is a line: the one place that writes."""

from collections.abc import Iterable
from datetime import datetime

from demarches.models import User
from pacs.models import Dossier, Partenaire, Reading, Registration


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


def note_help(partenaire: Partenaire, page: str, *, is_filling: bool, at: datetime) -> None:
    """Write down that whoever helps this person opened a page of theirs, or sent its form.

    Before it is done, so that nothing is done without it; what is sent stands in the journal too.
    """
    if partenaire.helper is not None:
        if is_filling:
            partenaire.dossier.record(
                kind="helper_filled",
                by=partenaire.helper.user,
                at=at,
                partenaire=partenaire,
                reason=page,
            )
        what = f"{Reading.HELP} {partenaire.position} {page}"
        Reading.objects.create(
            agent_id=partenaire.helper.user_id, what=what, at=at, dossier_id=partenaire.dossier_id
        )


def _keys(rows: Iterable[Dossier | Registration | int]) -> list[int]:
    return list(dict.fromkeys(row if isinstance(row, int) else row.pk for row in rows))
