"""Who may see or change what in a PACS dossier: the one place that decides.

Two doors lead in: an account that is one of the two partenaires, or a pass in the session of
a device that was handed over (« same device »). Everything else is a stranger. What each then
reads, column by column, is the table of `pacs.rules.privacy`; the functions here apply it to a
row and its reader. A reader of None is the mairie.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from demarches.models import User
from demarches.rules.enums import Status
from demarches.rules.reference import parse_reference
from pacs.models import (
    Correction,
    Door,
    Dossier,
    InformationRequest,
    Message,
    Partenaire,
    Piece,
    PieceFile,
)
from pacs.models.consent import has_attested
from pacs.models.piece import PieceQuerySet
from pacs.models.registration import registration_of
from pacs.rules import privacy
from pacs.rules.privacy import Line, Right, When

GUEST_SESSION_KEY = "pacs_guest"
GUEST_PASS_LIFE = timedelta(hours=2)


def guest_pass(partenaire: Partenaire, *, at: datetime) -> dict[str, Any]:
    """What the session of a handed-over device keeps; dies after two hours, or with the code."""
    return {
        "partenaire": partenaire.pk,
        "until": (at + GUEST_PASS_LIFE).timestamp(),
        "code": _code_mark(partenaire),
    }


def _code_mark(partenaire: Partenaire) -> str:
    """Tells one private code from the next: a part begun anew opens to no former pass."""
    return salted_hmac("pacs.guest_pass", partenaire.private_code, algorithm="sha256").hexdigest()


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
        found = mine.filter(
            pk=guest.get("partenaire", 0), user__isnull=True, door=Door.SAME_DEVICE.value
        ).first()
        if found and constant_time_compare(str(guest.get("code", "")), _code_mark(found)):
            return found
    return None


def may_edit_common(partenaire: Partenaire) -> bool:
    """The first partenaire fills the shared answers in; the second reads them and comments.

    Once the dossier is sent, what they fill in is a correction (`pacs.actions.corrections`).
    """
    return partenaire.is_first and not partenaire.dossier.is_ended


def may_edit_own(partenaire: Partenaire) -> bool:
    """Each fills in their own part, and corrects it, until the dossier ends."""
    return not partenaire.dossier.is_ended


def owner_of(row: Model) -> Partenaire | None:
    """Whose row it is; None for what belongs to both, or to the mairie."""
    match row:
        case Partenaire():
            return row
        case PieceFile():
            return row.piece.partenaire
        case Piece() | InformationRequest():
            return row.partenaire
        case Message():
            return row.private_to
        case Correction(holder=holder) if holder:
            return row.dossier.people[holder - 1]
    return None


def readable_columns(row: Model, *, reader: Partenaire | None) -> frozenset[str]:
    """The columns of this row that this reader may see: the one answer to that question."""
    table = privacy.COLUMNS[type(row).__name__]
    if reader is None:
        return frozenset(name for name, line in table.items() if line.agents is not Right.NOBODY)
    owner = owner_of(row)
    if owner is None or owner.pk == reader.pk:
        return frozenset(name for name, line in table.items() if line.oneself)
    shown = {When.ALWAYS}
    if has_attested(owner, owner.dossier):
        shown.add(When.ATTESTED)
    return frozenset(name for name, line in table.items() if line.other in shown)


def reads(reader: Partenaire | None, row: Model, *columns: str) -> bool:
    """Whether this reader may see all these columns of this row."""
    return readable_columns(row, reader=reader).issuperset(columns)


def name_for(reader: Partenaire | None, person: Partenaire) -> str:
    """How this person is called in front of this reader; a neutral word if not by name."""
    if reads(reader, person, "first_names", "birth_name", "usage_name"):
        return person.display_name
    return "votre partenaire"


def readable_pieces(dossier: Dossier, reader: Partenaire | None) -> PieceQuerySet:
    """A partenaire's own pieces and the couple's, never the other's; the mairie reads all."""
    pieces: PieceQuerySet = Piece.objects.filter(dossier=dossier)
    if reader is None:
        return pieces
    return pieces.filter(Q(partenaire=reader) | Q(partenaire__isnull=True))


def readable_files(partenaire: Partenaire) -> QuerySet[PieceFile]:
    """Files of the pieces this partenaire may read."""
    return PieceFile.objects.filter(piece__in=readable_pieces(partenaire.dossier, partenaire))


def readable_messages(partenaire: Partenaire) -> QuerySet[Message]:
    """The exchanges of the couple, and those reserved to this partenaire.

    A sealed one was said to somebody else, who had this place before: agents alone read it.
    """
    everybody = Message.objects.filter(dossier=partenaire.dossier, sealed_at__isnull=True)
    return everybody.filter(private_to__isnull=True) | everybody.filter(private_to=partenaire)


def readable_requests(partenaire: Partenaire) -> QuerySet[InformationRequest]:
    """What the mairie asks this person now; what it asked before, or the other, never."""
    return InformationRequest.objects.filter(partenaire=partenaire, closed_at__isnull=True)


def _holds(user: User, right: Right) -> bool:
    """Whether this account is an agent with this right."""
    permission = {
        Right.VIEW: "pacs.view_dossier",
        Right.REVIEW: "pacs.review_dossier",
        Right.DECIDE: "pacs.register_dossier",
    }.get(right)
    return permission is not None and (
        user.is_active and user.is_staff and user.has_perm(permission)
    )


def agent_reads(user: User, line: Line) -> bool:
    """Whether this agent may read what this line of the table is about."""
    return _holds(user, line.agents)


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
    return _holds(user, Right.REVIEW)


def may_serve_counter(user: User) -> bool:
    """Agents who receive people: they deposit what they have typed, note arrivals, and write notes.

    What a couple has sent, they read; only those who check dossiers change it.
    """
    return may_review(user) or (may_read_as_staff(user) and user.has_perm("pacs.add_dossier"))


def may_decide(user: User) -> bool:
    """Those who may refuse to register a PACS: officiers."""
    return _holds(user, Right.DECIDE)


def may_type_answers(user: User, dossier: Dossier) -> bool:
    """Agents who may change answers; at the counter, whoever opens dossiers fills a draft in."""
    if not may_read_as_staff(user):
        return False
    may_fill_draft = dossier.is_draft and user.has_perm("pacs.add_dossier")
    return may_fill_draft or user.has_perm("pacs.change_dossier") or may_review(user)


def may_read_as_staff(user: User) -> bool:
    """Agents who may open a dossier."""
    return _holds(user, Right.VIEW)


def may_invite_into(dossier: Dossier, user: User) -> bool:
    """This account was invited as the second partenaire and has not come in yet."""
    return Dossier.objects.inviting(user).filter(pk=dossier.pk).exists()
