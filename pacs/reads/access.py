"""Who may see or change what in a PACS dossier: the one place that decides.

Two doors lead in: an account that is one of the two partenaires, or a pass in the session of
a device that was handed over (« same device »). Whoever helps one of them to fill in comes in by
a third, and opens the pages of `pacs.rules.helping` alone (`find_reader`). Everything else is a
stranger. What each then reads, column by column, is the table of `pacs.rules.privacy`; the
functions here apply it to a row and its reader. A reader of None is the mairie.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import CharField, Exists, Expression, Model, OuterRef, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from demarches.models import User
from demarches.rules.enums import Status
from demarches.rules.reference import parse_reference
from demarches.web.request_memory import already_read
from demarches.web.statements import Statement, set_rows
from pacs.models import (
    Correction,
    Door,
    Dossier,
    Helper,
    InformationRequest,
    Message,
    OutcomeDecision,
    Partenaire,
    Piece,
    PieceFile,
)
from pacs.models.consent import has_attested
from pacs.models.gate import whole_pieces
from pacs.models.piece import PieceQuerySet
from pacs.models.registration import registration_of
from pacs.rules import helping, privacy
from pacs.rules.enums import PENDING
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


class NotForHelpers(Exception):
    """A helper asked for what only the person they help may open or do."""

    def __init__(self, partenaire: Partenaire) -> None:
        super().__init__("not for helpers")
        self.partenaire = partenaire


def find_reader(
    reference: str,
    *,
    user: User | None,
    guest: Mapping[str, Any] | None,
    at: datetime,
    page: str,
    method: str,
) -> Partenaire | None:
    """The partenaire as whom this visitor opens this page of this dossier; None for a stranger.

    `page`: the name of its address. Read by a helper, the row says so (`Partenaire.helper`);
    raises `NotForHelpers` when the page or the method is not theirs (`pacs.rules.helping`).
    """
    found = find_partenaire(reference, user=user, guest=guest, at=at)
    if found is not None or user is None:
        return found
    helped = _find_helped(reference, user)
    if helped is not None and method not in helping.PAGES.get(page, ()):
        raise NotForHelpers(helped)
    return helped


def find_partenaire(
    reference: str, *, user: User | None, guest: Mapping[str, Any] | None, at: datetime
) -> Partenaire | None:
    """The partenaire that this visitor is in this dossier; None for anybody else."""
    couple = _couple(reference)
    if user is not None:
        found = next((one for one in couple if one.user_id == user.pk), None)
        if found is not None:
            found.user = user
        return found
    if guest is not None and guest.get("until", 0) > at.timestamp():
        key, door = guest.get("partenaire", 0), Door.SAME_DEVICE.value
        found = next((one for one in couple if one.pk == key and one.door == door), None)
        # The pass opens nothing any more once that person has their own account.
        if found is None or found.user_id is not None:
            return None
        if constant_time_compare(str(guest.get("code", "")), _code_mark(found)):
            return found
    return None


def _rows_of_dossier(reference: Expression) -> QuerySet[Partenaire]:
    rows = Partenaire.objects.filter(dossier__reference=reference).order_by("position")
    here = OuterRef("dossier")
    return rows.select_related("user", "dossier__appointment__agenda").annotate(
        any_decision=Exists(OutcomeDecision.objects.filter(dossier=here)),
        any_correction=Exists(Correction.objects.filter(dossier=here, status__in=PENDING)),
        any_message=Exists(Message.objects.filter(dossier=here)),
        any_helper=Exists(Helper.objects.filter(partenaire=OuterRef("pk"))),
    )


_PEOPLE = Statement(_rows_of_dossier, reference=CharField())


def _couple(reference: str) -> list[Partenaire]:
    """The two people of this dossier, each with all that their pages read of it.

    Most dossiers have no decision, correction, message or helper: that comes with the people.
    """
    canonical = parse_reference(reference)
    people: list[Any] = _PEOPLE(reference=canonical) if canonical else []
    if not people:
        return []
    dossier, first = people[0].dossier, people[0]
    for one in people:
        one.dossier = dossier
    # Rows of their own: a form writes what was typed on the reader's, before it is accepted.
    set_rows(dossier, "partenaires", [copy(one) for one in people])
    if not first.any_decision:
        already_read(("decisions", dossier.pk), [])
    if not first.any_correction:
        already_read(("corrections", dossier.pk), [])
    if not first.any_message:
        for one in people:
            already_read(("messages", one.pk), [])
    for one in people:
        if not one.any_helper:
            already_read(("helped by", one.pk), "")
    return people


def _find_helped(reference: str, user: User) -> Partenaire | None:
    """The person whom this account helps to fill in; None once the help has ended."""
    canonical = parse_reference(reference)
    helps = Helper.objects.live().filter(user=user, partenaire__dossier__reference=canonical)
    helper = helps.order_by("pk").first() if canonical else None
    if helper is None:
        return None
    helped = next(one for one in _couple(reference) if one.pk == helper.partenaire_id)
    helped.helper = helper
    return helped


def may_still_fill(user: User | None, partenaire: Partenaire) -> bool:
    """Whether this account may fill this part in now; `partenaire` was read under the lock.

    A helper may not once the dossier is sent or the help is over, whatever page they had open.
    None: the guest of a handed-over device, whose pass was read.
    """
    if user is None or user.is_staff or partenaire.user_id == user.pk:
        return True
    return Helper.objects.live().filter(partenaire=partenaire, user=user).exists()


def is_still_theirs(user: User | None, read: Partenaire, *, now: Partenaire | None = None) -> bool:
    """The same of a row that was read before the lock: ask it under the dossier's lock.

    `now`: the row as it stands, for whoever has read it already.

    Whoever has left a part acts no more in the place of who came after; nor does a guest whose
    pass was made anew, or ended with another way in.
    """
    if now is None:
        now = Partenaire.objects.only("user_id", "private_code", "door").get(pk=read.pk)
    if user is None:
        ways = [(one.user_id, one.private_code, one.door) for one in (now, read)]
        return ways[0] == ways[1]
    return may_still_fill(user, now)


def may_edit_common(partenaire: Partenaire) -> bool:
    """The first partenaire fills the shared answers in; the second reads them and comments.

    Once the dossier is sent, what they fill in is a correction (`pacs.actions.corrections`).
    """
    return partenaire.is_first and not partenaire.dossier.is_ended


def may_edit_own(partenaire: Partenaire) -> bool:
    """Each fills in their own part, and corrects it, until the dossier ends."""
    return not partenaire.dossier.is_ended


def holders_of(partenaire: Partenaire) -> tuple[int, ...]:
    """Whose answers this person corrects: their own, and the shared ones for the first."""
    return (0, 1) if partenaire.is_first else (2,)


def owner_of(row: Model) -> Partenaire | None:
    """Whose row it is; None for what belongs to both, or to the mairie."""
    match row:
        case Partenaire():
            return row
        case PieceFile():
            return row.piece.partenaire
        case Piece() | InformationRequest():
            return row.partenaire
        case Helper():
            return row.partenaire
        case Message():
            return row.private_to
        case Correction(holder=holder) if holder:
            return row.dossier.people[holder - 1]
    return None


def readers_of(row: Model, dossier: Dossier) -> Sequence[Partenaire]:
    """Which of the two read this row whole, on the pages and in what they take away.

    A text that an agent writes in it must be for them all.
    """
    owner = owner_of(row)
    return dossier.people if owner is None else [owner]


#: Columns of a dossier that tell a decision.
DECISION = frozenset({"status", "ended_at", "inadmissible_ground"})


def readable_columns(row: Model, *, reader: Partenaire | None) -> frozenset[str]:
    """The columns of this row that this reader may see: the one answer to that question."""
    table = privacy.COLUMNS[type(row).__name__]
    if reader is None:
        return frozenset(name for name, line in table.items() if line.agents is not Right.NOBODY)
    if isinstance(row, Dossier) and row.is_undecided():
        table = {name: line for name, line in table.items() if name not in DECISION}
    owner = owner_of(row)
    is_own = owner is None or owner.pk == reader.pk
    if reader.helper is not None:
        return frozenset(name for name, line in table.items() if is_own and line.helper)
    if owner is None or is_own:
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
    is_named = person.first_names or person.usage_name or person.birth_name
    if is_named and reads(reader, person, "first_names", "birth_name", "usage_name"):
        return person.display_name
    return "votre partenaire"


def readable_pieces(dossier: Dossier, reader: Partenaire | None) -> PieceQuerySet:
    """A partenaire's own pieces and the couple's, never the other's; the mairie reads all."""
    pieces: PieceQuerySet = Piece.objects.filter(dossier=dossier)
    if reader is None:
        return pieces
    return pieces.filter(Q(partenaire=reader) | Q(partenaire__isnull=True))


def pieces_read_by(reader: Partenaire | None, dossier: Dossier) -> list[Piece]:
    """The pieces asked of the couple that this person may read, with their files, in order.

    The rule of `readable_pieces`, on rows that were read for both: their dates count for the day.
    """
    if reader is None:
        return whole_pieces(dossier)
    theirs = (None, reader.pk)
    return [piece for piece in whole_pieces(dossier) if piece.partenaire_id in theirs]


def readable_files(partenaire: Partenaire) -> QuerySet[PieceFile]:
    """Files of the pieces this partenaire may read."""
    return PieceFile.objects.filter(piece__in=readable_pieces(partenaire.dossier, partenaire))


def readable_corrections(partenaire: Partenaire) -> QuerySet[Correction]:
    """Their own, and those of the shared answers, which are of both: as `owner_of` says."""
    own = Q(_since_here(partenaire, "changed_at"), holder=partenaire.position)
    return Correction.objects.filter(Q(holder=0) | own, dossier=partenaire.dossier_id)


def readable_messages(partenaire: Partenaire) -> QuerySet[Message]:
    """The exchanges of the couple, and those reserved to this partenaire.

    A sealed one was said to somebody else, who had this place before: agents alone read it. Of
    the couple's, the second reads none of before their part began (`Partenaire.was_here`).
    """
    everybody = Message.objects.filter(dossier=partenaire.dossier, sealed_at__isnull=True)
    shared = Q(_since_here(partenaire, "at"), private_to__isnull=True)
    return everybody.filter(shared | Q(private_to=partenaire))


def _since_here(partenaire: Partenaire, moment: str) -> Q:
    """`Partenaire.was_here` of rows that bear this moment, for the database."""
    if partenaire.is_first:
        return Q()
    begun = partenaire.part_begun_at
    return Q(**{f"{moment}__gte": begun}) if begun else Q(pk=None)


def requests_made_to(partenaire: Partenaire) -> QuerySet[InformationRequest]:
    """What the mairie asked this person, answered or not.

    A sealed one was asked of somebody else, who had this place before: agents alone read it.
    """
    return InformationRequest.objects.filter(partenaire=partenaire, sealed_at__isnull=True)


def readable_requests(partenaire: Partenaire) -> QuerySet[InformationRequest]:
    """What the mairie asks this person now; what it asked before, or the other, never."""
    return requests_made_to(partenaire).filter(closed_at__isnull=True)


def requests_awaited(dossier: Dossier) -> QuerySet[InformationRequest]:
    """What the mairie asked and nobody has answered yet, of those who answer by themselves.

    Whoever takes part on paper answers at the counter: the other then sends the dossier back.
    """
    waiting = InformationRequest.objects.filter(dossier=dossier, closed_at__isnull=True)
    return waiting.exclude(partenaire__door=Door.PAPER.value)


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
    if partenaire.helper is not None:
        return frozenset(name for name, paper in privacy.PAPERS.items() if paper.line.helper)
    dossier = partenaire.dossier
    kept = frozenset({"accuse"} if dossier.submitted_at else ())
    if dossier.is_undecided():
        return kept
    if dossier.current_status is Status.INADMISSIBLE:
        return kept | {"decision"}
    if dossier.current_status is Status.REGISTERED:
        return kept | {"attestation"}
    if dossier.is_ended:
        # Closed after the registration: the PACS is still registered.
        return kept | ({"attestation"} if registration_of(dossier) else frozenset())
    if not dossier.is_draft:
        return kept | PREPARED
    own = {"partie-papier"} if partenaire.is_first else set()
    if dossier.people[1].door in (Door.SAME_DEVICE.value, Door.PAPER.value):
        # For whoever has no account to come back to by themselves.
        own |= {"revenir"}
    return kept | PREPARED | own


def may_review(user: User) -> bool:
    """Agents who check pieces and decide."""
    return _holds(user, Right.REVIEW)


def reviewers() -> QuerySet[User]:
    """The agents who may check dossiers, by name: those one can be confided to."""
    found: QuerySet[User] = ModelBackend().with_perm("pacs.review_dossier")
    return found.filter(is_staff=True).order_by("full_name")


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


def may_help_in(dossier: Dossier, user: User) -> Helper | None:
    """The invitation to help somebody in this dossier that waits for this account, if any."""
    waiting = Helper.objects.waiting_for(user).filter(partenaire__dossier=dossier)
    return waiting.select_related("partenaire__dossier").order_by("pk").first()
