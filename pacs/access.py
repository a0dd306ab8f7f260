"""Who may see or change what in a PACS dossier: the one place that decides.

Two doors lead in: an account that is one of the two partenaires, or a pass in the session of
a device that was handed over (« same device »). Everything else is a stranger.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from demarches.models import User
from demarches.rules.enums import Status
from demarches.rules.reference import parse_reference
from pacs.models import Door, Dossier, Message, Partenaire, Piece, PieceFile
from pacs.models.piece import PieceQuerySet
from pacs.models.registration import registration_of

GUEST_SESSION_KEY = "pacs_guest"
GUEST_PASS_LIFE = timedelta(hours=2)


def guest_pass(partenaire: Partenaire, *, at: datetime) -> dict[str, Any]:
    """What the session of a handed-over device keeps; dies after two hours."""
    return {"partenaire": partenaire.pk, "until": (at + GUEST_PASS_LIFE).timestamp()}


def find_partenaire(
    reference: str, *, user: User | None, guest: Mapping[str, Any] | None, at: datetime
) -> Partenaire | None:
    """The partenaire as whom this visitor reads this dossier; None for a stranger."""
    canonical = parse_reference(reference)
    if canonical is None:
        return None
    mine = Partenaire.objects.filter(dossier__reference=canonical)
    mine = mine.select_related("dossier__appointment__agenda", "user").prefetch_related(
        "dossier__partenaires"
    )
    if user is not None:
        return mine.filter(user=user).first()
    if guest is not None and guest.get("until", 0) > at.timestamp():
        # The pass opens nothing any more once that person has their own account.
        return mine.filter(
            pk=guest.get("partenaire", 0), user__isnull=True, door=Door.SAME_DEVICE.value
        ).first()
    return None


def may_edit_common(partenaire: Partenaire) -> bool:
    """The first partenaire fills the shared answers in; the second reads them and comments."""
    return partenaire.is_first and partenaire.dossier.is_editable


def may_edit_own(partenaire: Partenaire) -> bool:
    """Each fills in their own part, while the dossier is in their hands."""
    return partenaire.dossier.is_editable


def readable_pieces(partenaire: Partenaire) -> PieceQuerySet:
    """Their own pieces and the couple's; never the other's."""
    pieces: PieceQuerySet = Piece.objects.filter(dossier=partenaire.dossier)
    return pieces.readable_by(partenaire)


def readable_files(partenaire: Partenaire) -> QuerySet[PieceFile]:
    """Files of the pieces this partenaire may read."""
    return PieceFile.objects.filter(piece__in=readable_pieces(partenaire))


def readable_messages(partenaire: Partenaire) -> QuerySet[Message]:
    """The exchanges of the couple, and those reserved to this partenaire."""
    everybody = Message.objects.filter(dossier=partenaire.dossier)
    return everybody.filter(private_to__isnull=True) | everybody.filter(private_to=partenaire)


#: Papers of a dossier (slugs of addresses), by what it has become. What prepared a declaration
#: serves nobody once the dossier has ended; what was received and decided is kept in hand.
PREPARED = frozenset({"pieces", "declaration", "convocation"})


def readable_papers(partenaire: Partenaire) -> frozenset[str]:
    """The papers this partenaire may ask for, as things stand."""
    dossier = partenaire.dossier
    kept = frozenset({"accuse"} if dossier.submitted_at else ())
    if dossier.current_status is Status.INADMISSIBLE:
        return kept | {"decision"}
    if dossier.current_status is Status.REGISTERED:
        return kept | {"attestation"}
    if dossier.is_ended:
        # Closed after the registration: the PACS is still registered.
        return kept | ({"attestation"} if registration_of(dossier) else frozenset())
    own = {"partie-papier"} if partenaire.is_first and dossier.is_draft else frozenset()
    return kept | PREPARED | own


def may_review(user: User) -> bool:
    """Agents who check pieces and decide."""
    return user.is_active and user.is_staff and user.has_perm("pacs.review_dossier")


def may_decide(user: User) -> bool:
    """Those who may refuse to register a PACS: officiers."""
    return user.is_active and user.is_staff and user.has_perm("pacs.register_dossier")


def may_read_as_staff(user: User) -> bool:
    """Agents who may open a dossier."""
    return user.is_active and user.is_staff and user.has_perm("pacs.view_dossier")


def may_invite_into(dossier: Dossier, user: User) -> bool:
    """This account was invited as the second partenaire and has not come in yet."""
    return Dossier.objects.inviting(user).filter(pk=dossier.pk).exists()
