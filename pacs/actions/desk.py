"""What the agents do with a dossier: judge each piece, ask, declare complete, refuse, write.

Every action takes the agent (`by`) and the moment (`at`), owns its transaction and refuses with
reasons in French. Those that decide also take the `version` of the dossier the agent was
looking at: when somebody changed it since, `StaleDossier` is raised and nothing is written.
"""

from datetime import date, datetime

from django.db import transaction

from demarches.models import User
from demarches.rules.enums import PieceStatus, Status
from demarches.rules.nir import REFUSAL as NIR_REFUSAL
from demarches.rules.nir import contains_nir
from pacs import emails
from pacs.actions.dossiers import attestation_of
from pacs.actions.pieces import sync_pieces
from pacs.actions.refusals import ActionRefused
from pacs.models import Door, Dossier, Message, Note, Partenaire, Piece, Reading
from pacs.rules.requests import forbidden_requests


class StaleDossier(ActionRefused):
    """Somebody changed the dossier since the agent opened the page."""


def _current(dossier: Dossier, version: int | None) -> Dossier:
    """The dossier, locked and checked against the version the agent saw."""
    locked = Dossier.objects.locked().get(pk=dossier.pk)
    if version is not None and locked.version != version:
        raise StaleDossier("Ce dossier a changé depuis que vous avez ouvert cette page.")
    return locked


def check_request(text: str) -> None:
    """Refuse a text that asks for what the law does not let the mairie ask for."""
    if found := forbidden_requests(text):
        raise ActionRefused(
            [f"Ce texte demande {one.what}. On ne peut pas : {one.basis}." for one in found]
        )
    check_no_nir(text)


def check_no_nir(text: str) -> None:
    """Refuse to keep a numéro de sécurité sociale, also in an agent's words."""
    if contains_nir(text):
        raise ActionRefused(NIR_REFUSAL)


def note_reading(dossier: Dossier, agent: User, what: str, *, at: datetime) -> None:
    """Write down that an agent looked (page, file or paper)."""
    Reading.objects.create(dossier=dossier, agent=agent, what=what, at=at)


def accept_piece(piece: Piece, *, by: User, at: datetime, version: int | None) -> None:
    """Accept one piece, as it was sent or announced."""
    _decide(piece, PieceStatus.ACCEPTED, by=by, at=at, version=version)


def refuse_piece(
    piece: Piece, *, code: str, text: str, by: User, at: datetime, version: int | None
) -> None:
    """Refuse one piece, with the reason its holder will read.

    The couple is told once, when the agent asks for the missing pieces.
    """
    if not text.strip():
        raise ActionRefused("Expliquez au partenaire ce qui ne va pas et quoi faire.")
    check_request(text)
    _decide(piece, PieceStatus.REFUSED, code=code, text=text, by=by, at=at, version=version)


def reconsider_piece(piece: Piece, *, by: User, at: datetime, version: int | None) -> None:
    """Take a decision on a piece back: it is to be checked again."""
    status = PieceStatus.PROVIDED if piece.files.exists() else PieceStatus.TO_BRING
    _decide(piece, status, by=by, at=at, version=version)


def _decide(
    piece: Piece,
    status: PieceStatus,
    *,
    by: User,
    at: datetime,
    version: int | None,
    code: str = "",
    text: str = "",
) -> None:
    with transaction.atomic():
        dossier = _current(piece.dossier, version)
        if dossier.current_status not in {
            Status.SUBMITTED,
            Status.UNDER_REVIEW,
            Status.PIECES_REQUESTED,
        }:
            raise ActionRefused(
                "Les pièces ne se décident que pendant la vérification. Reprenez-la d’abord."
            )
        if dossier.current_status is Status.SUBMITTED:
            dossier.start_review(by=by, at=at)
        row = Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
        row.status, row.refusal_code, row.refusal_text = status.value, code, text
        row.decided_by, row.decided_at = by, at
        row.save(
            update_fields=["status", "refusal_code", "refusal_text", "decided_by", "decided_at"]
        )
        dossier.touch(at=at)
        dossier.record(kind=f"piece_{status.value}", by=by, at=at, reason=row.rule_id)


def request_pieces(
    dossier: Dossier, *, text: str, by: User, at: datetime, version: int | None
) -> None:
    """Hand the dossier back with one message that says everything that is missing.

    Law: CRPA, art. L114-5. Effects: status, journal, one mail to each partenaire.
    """
    if not text.strip():
        raise ActionRefused("Dites aux partenaires ce qui manque.")
    check_request(text)
    with transaction.atomic():
        locked = _current(dossier, version)
        locked.request_pieces(by=by, at=at, reason=text)
        emails.pieces_requested(locked, at=at, reason=text)


def declare_complete(dossier: Dossier, *, by: User, at: datetime, version: int | None) -> None:
    """Declare the dossier complete; refuses while a piece is unsettled. Mails both."""
    with transaction.atomic():
        locked = _current(dossier, version)
        locked.accept(by=by, at=at)
        emails.dossier_complete(locked, at=at)


def reopen(dossier: Dossier, *, reason: str, by: User, at: datetime, version: int | None) -> None:
    """Take a complete dossier back under review, with a reason for the journal."""
    if not reason.strip():
        raise ActionRefused("Dites pourquoi la vérification reprend.")
    with transaction.atomic():
        _current(dossier, version).reopen(by=by, at=at, reason=reason)


def declare_inadmissible(
    dossier: Dossier, *, ground: str, by: User, at: datetime, version: int | None
) -> None:
    """End with a motivated decision (décret 2006-1806, art. 1); mails both.

    An incomplete dossier is never inadmissible: it is completed.
    """
    check_request(ground)
    with transaction.atomic():
        locked = _current(dossier, version)
        locked.inadmissible_ground = ground.strip()
        locked.save(update_fields=["inadmissible_ground"])
        locked.declare_inadmissible(by=by, at=at, reason=ground.strip())
        emails.dossier_inadmissible(locked, at=at)


def deposit_for(dossier: Dossier, *, by: User, at: datetime, version: int | None) -> None:
    """Deposit a dossier typed in for people at the counter; the acknowledgement is queued.

    Whoever has no address gets it on paper.
    """
    with transaction.atomic():
        locked = _current(dossier, version)
        locked.submit(by=by, at=at)
        emails.acknowledgement(locked, at=at)


def note_paper_attestation(
    partenaire: Partenaire, *, by: User, at: datetime, version: int | None
) -> None:
    """Write down that this person signed their attestation on paper, with its text.

    Refuses for somebody who takes part online: they attest by themselves.
    """
    with transaction.atomic():
        dossier = _current(partenaire.dossier, version)
        if partenaire.door != Door.PAPER:
            raise ActionRefused("Cette personne participe en ligne : elle atteste elle-même.")
        partenaire.attested_text = attestation_of(partenaire)
        partenaire.attested_at = at
        partenaire.save(update_fields=["attested_text", "attested_at"])
        dossier.touch(at=at)
        dossier.record(kind="attested_on_paper", by=by, at=at, partenaire=partenaire)


def withdraw_for(dossier: Dossier, *, by: User, at: datetime, version: int | None) -> None:
    """Stop the procedure at the wish of one of the people, said at the counter or by phone."""
    with transaction.atomic():
        locked = _current(dossier, version)
        locked.withdraw(by=by, at=at)
        emails.dossier_stopped(locked, at=at)


def close(dossier: Dossier, *, reason: str, by: User, at: datetime, version: int | None) -> None:
    """End without a decision (double dossier, silence), with a reason for the journal."""
    if not reason.strip():
        raise ActionRefused("Dites pourquoi le dossier est clos.")
    with transaction.atomic():
        locked = _current(dossier, version)
        locked.close(by=by, at=at, reason=reason)
        emails.dossier_stopped(locked, at=at)


def assign(dossier: Dossier, *, to: User | None, by: User, at: datetime) -> None:
    """Say who follows the dossier."""
    with transaction.atomic():
        locked = _current(dossier, None)
        locked.assigned_to = to
        locked.save(update_fields=["assigned_to"])
        locked.record(kind="assigned", by=by, at=at, reason=str(to or ""))


def write_to_couple(
    dossier: Dossier, *, body: str, private_to: Partenaire | None, by: User, at: datetime
) -> Message:
    """Write to both, or to one alone; a mail says that a message waits. Answers the wait."""
    if not body.strip():
        raise ActionRefused("Écrivez un message.")
    check_request(body)
    with transaction.atomic():
        locked = _current(dossier, None)
        message = Message.objects.create(
            dossier=locked, agent=by, private_to=private_to, body=body, at=at
        )
        locked.touch(at=at, waiting=False)
        emails.message_from_mairie(message, at=at)
    return message


def add_note(dossier: Dossier, *, body: str, by: User, at: datetime) -> Note:
    """Keep an internal note: agents only, no mail, no version change."""
    if not body.strip():
        raise ActionRefused("Écrivez une note.")
    check_no_nir(body)
    return Note.objects.create(dossier=dossier, author=by, body=body, at=at)


def date_piece(
    piece: Piece,
    *,
    issued_on: date | None,
    expires_on: date | None,
    by: User,
    at: datetime,
    version: int | None,
) -> None:
    """Correct the dates of a piece, read on the document."""
    with transaction.atomic():
        dossier = _current(piece.dossier, version)
        Piece.objects.filter(pk=piece.pk).update(issued_on=issued_on, expires_on=expires_on)
        dossier.touch(at=at)
        dossier.record(kind="piece_dated", by=by, at=at, reason=piece.rule_id)


def record_answers_for(
    dossier: Dossier, *, changed: list[str], by: User, at: datetime, version: int | None
) -> None:
    """What follows from answers an agent typed in: journal (which fields, not what), pieces.

    Call it inside the transaction that saves them, before saving.
    """
    locked = _current(dossier, version)
    locked.touch(at=at)
    locked.record(kind="answers_by_agent", by=by, at=at, reason=", ".join(changed))
    sync_pieces(locked)
