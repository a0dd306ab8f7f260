"""What whoever receives a couple at the counter does with their draft, the people being there."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from demarches.models import User
from demarches.rules.enums import PieceStatus
from pacs.actions.desk import deposit_for, note_paper_attestation
from pacs.actions.guards import locked_at_version
from pacs.actions.pieces import answer_piece
from pacs.models import Dossier, Piece


def present_piece(
    piece: Piece,
    *,
    issued_on: date | None,
    expires_on: date | None,
    is_french_adult_card: bool,
    by: User,
    at: datetime,
    read: str | None,
) -> None:
    """Write down that the original of a piece was seen at the counter; twice is once.

    It settles nothing: whoever checks the dossier accepts the piece. Raises as `answer_piece`.
    Effects: the piece is provided, its dates; journal.
    """
    with transaction.atomic():
        # Two clerks at once see it once; one that is gone is refused by `answer_piece`.
        Dossier.objects.locked().get(pk=piece.dossier_id)
        was = Piece.objects.filter(pk=piece.pk).values_list("status", flat=True).first()
        row = answer_piece(
            piece,
            declared=PieceStatus.PROVIDED,
            issued_on=issued_on,
            expires_on=expires_on,
            is_french_adult_card=is_french_adult_card,
            by=by,
            at=at,
            read=read,
        )
        if was != row.status:
            row.dossier.record(
                kind="piece_presented", by=by, at=at, partenaire=row.partenaire, reason=row.key
            )


def deposit_at_counter(
    dossier: Dossier, *, signed_by: Collection[int], by: User, at: datetime, version: int | None
) -> None:
    """Note the attestations signed before the agent today, then deposit; all of it, or nothing.

    `signed_by`: places of the partenaires. Raises as `note_paper_attestation` and `deposit_for`.
    """
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        for person in locked.people:
            if person.position in signed_by:
                note_paper_attestation(person, signed_on=localdate(at), by=by, at=at, version=None)
        deposit_for(locked, by=by, at=at, version=None)
