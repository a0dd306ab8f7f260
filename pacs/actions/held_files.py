"""Files that wait for the antivirus: looked at again, then freed or thrown away."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from demarches.files import antivirus, storage
from demarches.files.uploads import REFUSALS
from demarches.rules.enums import PieceStatus
from pacs import emails
from pacs.models import Dossier, Message, Piece, PieceFile, PieceWording


@dataclass
class Looked:
    """What became of those that waited."""

    freed: int = 0
    thrown_away: int = 0
    waiting: int = 0


def check_held(*, at: datetime) -> Looked:
    """Ask the antivirus about each file that waits, the oldest first.

    While it is away, all of them go on waiting. What it knows is deleted, and whoever may read the
    piece is told by a message of the mairie; a piece left without a file is to be provided again.
    """
    done = Looked()
    is_away = False
    for stored in PieceFile.objects.exclude(held_since=None).order_by("held_since", "pk"):
        try:
            infected = None if is_away else antivirus.is_infected(storage.read(stored.storage_name))
        except (antivirus.Unavailable, storage.FileDamaged) as error:
            is_away = isinstance(error, antivirus.Silent)
            infected = None
        if infected is None:
            done.waiting += 1
        elif infected:
            done.thrown_away += _throw_away(stored, at=at)
        else:
            done.freed += PieceFile.objects.filter(pk=stored.pk).update(held_since=None)
    return done


def _throw_away(stored: PieceFile, *, at: datetime) -> bool:
    """Delete it under the lock of its dossier; False when it has gone meanwhile."""
    with transaction.atomic():
        dossier = Dossier.objects.locked().get(pk=stored.piece.dossier_id)
        if not PieceFile.objects.filter(pk=stored.pk).delete()[0]:
            return False
        storage.delete_after_commit(stored.storage_name)
        piece = Piece.objects.select_related("partenaire").get(pk=stored.piece_id)
        if piece.status == PieceStatus.PROVIDED.value and not piece.files.exists():
            piece.status = PieceStatus.MISSING.value
            piece.save(update_fields=["status"])
        message = Message.objects.create(
            dossier=dossier,
            private_to=piece.partenaire,
            body=REFUSALS["infected"].format(name=stored.display_name)
            + _what_to_do(dossier, piece),
            at=at,
        )
        dossier.touch(at=at)
        emails.message_from_mairie(message, at=at)
    return True


def _what_to_do(dossier: Dossier, piece: Piece) -> str:
    """The next step, for whoever is left without a file of this piece."""
    if piece.current_status is not PieceStatus.MISSING:
        return ""
    label = PieceWording.objects.by_rule()[piece.rule_id].label
    stays = "" if dossier.is_draft else " Votre dossier reste envoyé."
    return (
        f"{stays} La pièce « {label} » est de nouveau à fournir : sur la page du dossier, envoyez"
        " cette photo, ou dites que vous apporterez l’original."
    )
