"""The acts of an agent that end a dossier: read first, motivated, and undone for a while.

The status changes at once, so that nobody goes on with an ended dossier; the mails leave, and
the seat of the appointment comes back to others, when the time to undo is over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from demarches.agenda.seats import take_back
from demarches.dossiers.exchange import unsend
from demarches.models import UNDO_TIME, User
from demarches.rules.enums import Status, Transition
from pacs import emails
from pacs.actions.appointments import release_appointment
from pacs.actions.guards import check_request, locked_at_version
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, Ending
from pacs.reads.leaks import told_by


@dataclass(frozen=True)
class EndingKind:
    """One way to end: what it is called, and which mail tells both."""

    transition: Transition
    title: str
    #: What happens to whom, one sentence a line, before the agent confirms.
    consequences: tuple[str, ...]
    reason_label: str
    tell: Callable[..., None]
    for_officers: bool = False


class NamesOne(ActionRefused):
    """The motive would tell one of the two what is private of the other: to confirm first."""


#: Address of the button -> what it does.
ENDINGS: Mapping[str, EndingKind] = {
    "retirer": EndingKind(
        Transition.WITHDRAW,
        "Arrêter la démarche à leur demande",
        ("Les deux partenaires lisent que la démarche est arrêtée, sans le motif.",),
        "Qui l’a demandé, et comment (pour le journal)",
        emails.dossier_stopped,
    ),
    "clore": EndingKind(
        Transition.CLOSE,
        "Clore le dossier sans décision",
        ("Les deux partenaires lisent que la démarche est arrêtée, sans le motif.",),
        "Motif (dossier en double, silence…), pour le journal",
        emails.dossier_stopped,
    ),
    "irrecevable": EndingKind(
        Transition.DECLARE_INADMISSIBLE,
        "Décider l’irrecevabilité",
        (
            "Les deux partenaires lisent la décision et son motif, avec le recours devant le"
            " président du tribunal judiciaire.",
            "Un dossier incomplet se complète : il n’est jamais irrecevable pour cela.",
        ),
        "Motif de la décision, que les deux partenaires lisent",
        emails.dossier_inadmissible,
        for_officers=True,
    ),
}


def end_dossier(
    dossier: Dossier,
    slug: str,
    *,
    reason: str,
    by: User,
    at: datetime,
    version: int | None,
    names_one: bool = False,
) -> Ending:
    """End the dossier; `slug` is a key of `ENDINGS`.

    `names_one`: the agent was told that both will read what is private of one, and the decision
    cannot be motivated without it; else that raises `NamesOne`. Raises `ActionRefused` without
    a reason, `StaleDossier` when the dossier changed since it was read, `TransitionRefused` when
    it cannot end so. Effects: status, journal, the appointment given back, mails that leave
    after `UNDO_TIME`.
    """
    kind, reason = ENDINGS[slug], reason.strip()
    if not reason:
        raise ActionRefused("Dites pourquoi : le motif reste au journal.")
    check_request(reason)
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        ending = Ending(
            dossier=locked,
            transition=kind.transition.value,
            reason=reason,
            by=by,
            at=at,
            from_status=locked.status,
            waiting_since=locked.waiting_since,
            earlier_wanted_since=locked.earlier_wanted_since,
            appointment=locked.appointment,
        )
        if kind.transition is Transition.DECLARE_INADMISSIBLE:
            told = told_by(reason, dossier=locked, readers=locked.people)
            if told and not names_one:
                raise NamesOne([f"{one.sentence}." for one in told])
            locked.inadmissible_ground = reason
            locked.save(update_fields=["inadmissible_ground"])
            locked.declare_inadmissible(by=by, at=at, reason=reason)
        elif kind.transition is Transition.WITHDRAW:
            locked.withdraw(by=by, at=at, reason=reason)
        else:
            locked.close(by=by, at=at, reason=reason)
        given_up = release_appointment(locked, at=at, not_before=at + UNDO_TIME)
        ending.save()
        kind.tell(locked, at=at, leaves_at=at + UNDO_TIME, given_up=given_up)
    return ending


def undo_ending(ending: Ending, *, by: User, at: datetime) -> Dossier:
    """Take an ending back, while its own agent still may: as if it had not been.

    Effects: the former status, the appointment with its seat, no mail. Raises `ActionRefused`
    when it is too late, or somebody else's.
    """
    with transaction.atomic():
        locked = Dossier.objects.locked().get(pk=ending.dossier_id)
        row = Ending.objects.get(pk=ending.pk)
        if not row.is_undoable(by=by, at=at) or not locked.is_ended:
            raise ActionRefused(
                "Il est trop tard pour annuler : les mails sont partis. Ouvrez un nouveau dossier"
                " si le couple le souhaite."
            )
        _unsend(row)
        if row.appointment is not None:
            take_back(row.appointment, at=at)
            locked.appointment = row.appointment
            locked.earlier_wanted_since = row.earlier_wanted_since
            locked.save(update_fields=["appointment", "earlier_wanted_since"])
        locked.restore(Status(row.from_status), waiting_since=row.waiting_since, by=by, at=at)
        locked.inadmissible_ground = ""
        locked.save(update_fields=["inadmissible_ground"])
        row.undone_at = at
        row.save(update_fields=["undone_at"])
    return locked


def _unsend(ending: Ending) -> None:
    """Take the mails about this ending out of the outbox; one already left is a refusal."""
    kinds = ["dossier_stopped", "dossier_inadmissible"]
    told = ending.dossier.mails.filter(at=ending.at, kind__in=kinds)
    unsend(told, too_late="Un mail est déjà parti : cette fin ne s’annule plus.")
