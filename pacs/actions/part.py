"""The second partenaire's own part: when it has begun, which door leads in, how it is emptied.

The first one says how the second takes part, and must not come in that way: once the second
has said anything, another door needs their code or an agent who has seen them, or opens on an
empty part. Everything here runs under the dossier's lock, but for the try of a code, which
must be counted even when the rest is refused.
"""

from datetime import datetime

from django.utils.crypto import constant_time_compare

from demarches.files import storage
from demarches.models import User
from demarches.rules.addresses import same_address
from demarches.rules.enums import Status
from pacs import emails
from pacs.actions.consent import watching_facts
from pacs.actions.guards import check_contacts
from pacs.actions.helping import end_helps
from pacs.actions.pieces import sync_pieces
from pacs.actions.refusals import ActionRefused
from pacs.models import Correction, CorrectionStatus, Door, Dossier, Partenaire, PieceFile
from pacs.rules.enums import PENDING

#: What stays of a partenaire whose part is emptied: the place, and the way in.
KEPT = frozenset(
    {
        "id",
        "dossier",
        "position",
        "user",
        "door",
        "reminders_sent",
        "search_text",
    }
)
#: In these states the dossier is in the couple's hands.
WITH_THE_COUPLE = frozenset({Status.DRAFT, Status.PIECES_REQUESTED})


#: What whoever was invited says to the invitation, or to their part: nobody waits at that address.
UNSAID = ("declined", "left")


class WrongCode(ActionRefused):
    """The code typed to change a door is not the second's; the try was counted."""


class PartIsTheirs(ActionRefused):
    """The second has begun their part, or was invited: another door needs more than a click."""


def has_begun(partenaire: Partenaire) -> bool:
    """They, or an agent for them, have said something of their own."""
    if partenaire.part_begun_at is not None or partenaire.private_code:
        return True
    return partenaire.private_messages.filter(sealed_at__isnull=True).exists()


def is_same_way(second: Partenaire, door: Door, email: str) -> bool:
    """The door and the address they already have: nothing turns to anybody else."""
    return second.door == door and (
        door is not Door.OWN or same_address(second.invited_email, email)
    )


def needs_proof(second: Partenaire, door: Door, email: str) -> bool:
    """Whether this door needs the second's code, an agent, or an empty part."""
    if is_same_way(second, door, email):
        return False
    if has_begun(second):
        return True
    # Another door in between does not unsay an invitation that has left; whoever got it does.
    said = second.dossier.events.filter(kind__in=["door_own", *UNSAID]).last()
    return door is Door.OWN and said is not None and said.kind == "door_own"


def try_code(second: Partenaire, code: str) -> str:
    """Count a try of the second's code; the lock it opened, to compare under the dossier's lock.

    Outside any transaction: a refusal that follows must not give the try back.
    """
    if not second.private_code or not second.check_private_code(code):
        left = second.code_tries_left if second.private_code else 0
        raise WrongCode(
            f"Ce n’est pas le code de votre partenaire. Essais restants\u00a0: {left}."
            if left
            else "Ce code est bloqué après trop d’essais. Votre partenaire peut venir à la mairie :"
            " un agent change la façon de participer, et rien de sa partie n’est perdu."
        )
    return second.private_code


def check_way(
    second: Partenaire,
    dossier: Dossier,
    door: Door,
    email: str,
    *,
    opened: str,
    from_empty: bool,
    by: User,
    at: datetime,
) -> None:
    """Refuse a door to a part that is not the first's to open; empty it when that was chosen."""
    if not needs_proof(second, door, email):
        return
    if opened and constant_time_compare(opened, second.private_code):
        return
    if not from_empty:
        raise PartIsTheirs(
            "Votre partenaire a commencé sa partie. Pour changer de façon : son code, un agent de"
            " la mairie qui l’a vu, ou une partie vide."
            if has_begun(second)
            else "Une invitation est déjà partie à une autre adresse. Pour en changer, cochez"
            " « Recommencer avec une partie vide »."
        )
    if dossier.current_status not in WITH_THE_COUPLE:
        raise PartIsTheirs(
            "La mairie a déjà reçu cette partie : elle ne peut plus être vidée d’ici. Votre"
            " partenaire peut venir à la mairie, qui change la façon de participer."
        )
    empty_part(second, dossier, by=by, at=at)


def set_door(
    first: Partenaire,
    second: Partenaire,
    door: Door,
    email: str,
    *,
    by: User,
    at: datetime,
    kind: str = "",
) -> None:
    """Write the door down, in the journal too; by mail, invite them (again).

    Refuses an address to which the mairie writes for the first.
    """
    second.door = door.value
    second.invited_email = email if door is Door.OWN else ""
    check_contacts(first, second)
    second.last_invited_at = at if door is Door.OWN else None
    second.reminders_sent = 0
    second.save(update_fields=["door", "invited_email", "last_invited_at", "reminders_sent"])
    second.dossier.touch(at=at)
    second.dossier.record(kind=kind or f"door_{door.value}", by=by, at=at)
    if door is Door.OWN:
        emails.invitation(second, at=at)


def empty_part(second: Partenaire, dossier: Dossier, *, by: User | None, at: datetime) -> None:
    """Make the second's part what it was before anybody said anything in it.

    Effects: every own column, the attestation and the confirmation, the private pieces and
    their files; private messages and requests are sealed (agents alone read them), corrections
    dropped, requests closed, a help ended; journal. The first's attestation ends when it named
    the second.
    """
    with watching_facts(dossier, by=by, at=at):
        for field in Partenaire._meta.concrete_fields:
            if field.name not in KEPT:
                setattr(second, field.name, field.get_default())
        second.save()
    emails.texts_unwanted(second)
    files = PieceFile.objects.filter(piece__partenaire=second)
    storage.delete_after_commit(*files.values_list("storage_name", flat=True))
    second.pieces.all().delete()
    second.private_messages.filter(sealed_at__isnull=True).update(sealed_at=at)
    # Those decided hold the answers that are taken away; the journal keeps what was done.
    corrections = Correction.objects.filter(dossier=dossier, holder=second.position)
    corrections.exclude(status__in=PENDING).delete()
    corrections.update(status=CorrectionStatus.DROPPED.value, values={})
    second.requests.filter(closed_at__isnull=True).update(closed_at=at)
    second.requests.filter(sealed_at__isnull=True).update(sealed_at=at)
    end_helps(dossier, of=second, at=at)
    sync_pieces(Dossier.objects.get(pk=dossier.pk))
    dossier.record(kind="part_emptied", by=by, at=at, partenaire=second)


def begin_for(partenaire: Partenaire, *, by: User, at: datetime) -> None:
    """An agent wrote something down for this person: their part has begun.

    An invitation nobody has answered yet is withdrawn: whoever typed its address would
    otherwise come in and read what was said at the counter.
    """
    partenaire.begin_part(at=at)
    if partenaire.said_by_other:
        # Said at the counter or on paper: the agent has read it with them.
        partenaire.said_by_other = []
        partenaire.save(update_fields=["said_by_other"])
    if partenaire.user_id is None and partenaire.invited_email:
        partenaire.door = Door.PAPER.value
        partenaire.invited_email, partenaire.last_invited_at = "", None
        partenaire.save(update_fields=["door", "invited_email", "last_invited_at"])
        partenaire.dossier.record(kind="door_paper", by=by, at=at)
