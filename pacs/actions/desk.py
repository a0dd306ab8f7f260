"""What the agents do with a dossier: judge each piece, ask, declare complete, refuse, write.

Every action takes the agent (`by`) and the moment (`at`), owns its transaction and refuses with
reasons in French. Those that decide also take the `version` of the dossier the agent was
looking at: when somebody changed it since, `StaleDossier` is raised and nothing is written.
"""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from demarches.actions import ChangedSince
from demarches.models import User
from demarches.rules.enums import PieceStatus, Status
from demarches.rules.read import is_among, is_same
from pacs import emails
from pacs.actions.appointments import release_appointment
from pacs.actions.dossiers import keep_attestation
from pacs.actions.guards import check_no_private_number, check_request, locked_at_version
from pacs.actions.pieces import sync_pieces
from pacs.actions.refusals import ActionRefused
from pacs.models import Door, Dossier, Message, Note, Partenaire, Piece, Reading
from pacs.rules.pieces import VERIFIED_BY_MAIRIE


def note_reading(dossier: Dossier, agent: User, what: str, *, at: datetime) -> None:
    """Write down that an agent looked (page, file or paper)."""
    Reading.objects.create(dossier=dossier, agent=agent, what=what, at=at)


def accept_piece(piece: Piece, *, by: User, at: datetime, version: int | None) -> None:
    """Accept one piece, as it was sent or announced."""
    _decide(piece, PieceStatus.ACCEPTED, by=by, at=at, version=version)


def verify_birth(piece: Piece, *, by: User, at: datetime) -> None:
    """Note that the mairie verified this birth record by itself today (CC, art. 101-1).

    Also again, when the first verification would be too old on the day of the appointment.
    """
    with transaction.atomic():
        dossier = locked_at_version(piece.dossier, None)
        if piece.rule_id not in VERIFIED_BY_MAIRIE or dossier.is_ended:
            raise ActionRefused("Cette pièce ne se vérifie pas par la mairie.")
        if dossier.current_status is Status.SUBMITTED:
            dossier.start_review(by=by, at=at)
        Piece.objects.filter(pk=piece.pk).update(
            status=PieceStatus.ACCEPTED.value, decided_by=by, decided_at=at
        )
        dossier.touch(at=at)
        dossier.record(kind="birth_verified", by=by, at=at, partenaire=piece.partenaire)


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
        dossier = locked_at_version(piece.dossier, version)
        row = Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
        # A piece renewed for the appointment is judged without taking the dossier back.
        renewed = dossier.is_settled and row.current_status is not PieceStatus.ACCEPTED
        in_review = {Status.SUBMITTED, Status.UNDER_REVIEW, Status.PIECES_REQUESTED}
        if dossier.current_status not in in_review and not renewed:
            raise ActionRefused(
                "Les pièces ne se décident que pendant la vérification. Reprenez-la d’abord."
            )
        if dossier.current_status is Status.SUBMITTED:
            dossier.start_review(by=by, at=at)
        row.status, row.refusal_code, row.refusal_text = status.value, code, text
        row.decided_by, row.decided_at = by, at
        row.save(
            update_fields=["status", "refusal_code", "refusal_text", "decided_by", "decided_at"]
        )
        dossier.touch(at=at, waiting=False if renewed else None)
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
        locked = locked_at_version(dossier, version)
        locked.request_pieces(by=by, at=at, reason=text)
        emails.pieces_requested(locked, at=at, reason=text)


def declare_complete(dossier: Dossier, *, by: User, at: datetime, version: int | None) -> None:
    """Declare the dossier complete; refuses while a piece is unsettled. Mails both."""
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        locked.accept(by=by, at=at)
        emails.dossier_complete(locked, at=at)


def reopen(dossier: Dossier, *, reason: str, by: User, at: datetime, version: int | None) -> None:
    """Take a complete dossier back under review, with a reason for the journal."""
    if not reason.strip():
        raise ActionRefused("Dites pourquoi la vérification reprend.")
    with transaction.atomic():
        locked_at_version(dossier, version).reopen(by=by, at=at, reason=reason)


def declare_inadmissible(
    dossier: Dossier, *, ground: str, by: User, at: datetime, version: int | None
) -> None:
    """End with a motivated decision (décret 2006-1806, art. 1); mails both.

    An incomplete dossier is never inadmissible: it is completed.
    """
    check_request(ground)
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        locked.inadmissible_ground = ground.strip()
        locked.save(update_fields=["inadmissible_ground"])
        locked.declare_inadmissible(by=by, at=at, reason=ground.strip())
        release_appointment(locked, at=at)
        emails.dossier_inadmissible(locked, at=at)


def deposit_for(dossier: Dossier, *, by: User, at: datetime, version: int | None) -> None:
    """Deposit a dossier typed in for people at the counter; the acknowledgement is queued.

    Whoever has no address gets it on paper.
    """
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        locked.submit(by=by, at=at)
        emails.acknowledgement(locked, at=at)


def note_paper_attestation(
    partenaire: Partenaire, *, by: User, at: datetime, version: int | None
) -> None:
    """Write down that this person signed their attestation on paper, with its text.

    Refuses for somebody who takes part online: they attest by themselves.
    """
    with transaction.atomic():
        dossier = locked_at_version(partenaire.dossier, version)
        if partenaire.door != Door.PAPER:
            raise ActionRefused("Cette personne participe en ligne : elle atteste elle-même.")
        keep_attestation(partenaire, dossier, at=at, on_paper=localdate(at))
        dossier.touch(at=at)
        dossier.record(kind="attested_on_paper", by=by, at=at, partenaire=partenaire)


def withdraw_for(dossier: Dossier, *, by: User, at: datetime, version: int | None) -> None:
    """Stop the procedure at the wish of one of the people, said at the counter or by phone."""
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        locked.withdraw(by=by, at=at)
        release_appointment(locked, at=at)
        emails.dossier_stopped(locked, at=at)


def close(dossier: Dossier, *, reason: str, by: User, at: datetime, version: int | None) -> None:
    """End without a decision (double dossier, silence), with a reason for the journal."""
    if not reason.strip():
        raise ActionRefused("Dites pourquoi le dossier est clos.")
    with transaction.atomic():
        locked = locked_at_version(dossier, version)
        locked.close(by=by, at=at, reason=reason)
        release_appointment(locked, at=at)
        emails.dossier_stopped(locked, at=at)


def assign(dossier: Dossier, *, to: User | None, by: User, at: datetime) -> None:
    """Say who follows the dossier."""
    with transaction.atomic():
        locked = locked_at_version(dossier, None)
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
        locked = locked_at_version(dossier, None)
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
    check_no_private_number(body)
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
        dossier = locked_at_version(piece.dossier, version)
        if dossier.is_ended:
            raise ActionRefused("Ce dossier est terminé : ses pièces ne changent plus.")
        Piece.objects.filter(pk=piece.pk).update(issued_on=issued_on, expires_on=expires_on)
        dossier.touch(at=at)
        dossier.record(kind="piece_dated", by=by, at=at, reason=piece.rule_id)


def save_answers_for(
    dossier: Dossier,
    typed: Mapping[str, Mapping[str, object]],
    *,
    read: str,
    by: User,
    at: datetime,
) -> None:
    """Save the answers that this agent changed, and leave every other as it is by now.

    `typed`: what stands in the form, for « couple », « p1 » and « p2 »; `read`: what stood there
    when the page was opened. Raises `ChangedSince` with the answers that somebody else has
    changed to something else meanwhile, `ActionRefused` once the dossier has ended; then nothing
    is saved.
    """
    with transaction.atomic():
        locked = locked_at_version(dossier, None)
        if locked.is_ended:
            raise ActionRefused("Ce dossier est terminé : ses réponses ne changent plus.")
        first, second = locked.people
        rows: dict[str, Dossier | Partenaire] = {"couple": locked, "p1": first, "p2": second}
        changes: dict[str, tuple[object, object]] = {}
        clashing = []
        for whose, values in typed.items():
            for name, value in values.items():
                key, now = f"{whose}.{name}", getattr(rows[whose], name)
                if is_among(read, key, value) or is_same(value, now):
                    continue
                if not is_among(read, key, now):
                    clashing.append(key)
                changes[key] = (now, value)
        if clashing:
            raise ChangedSince(tuple(clashing))
        for whose, row in rows.items():
            columns = [key.partition(".")[2] for key in changes if key.startswith(f"{whose}.")]
            for name in columns:
                setattr(row, name, typed[whose][name])
            if columns:
                row.save(update_fields=columns)
        if changes:
            after_answers_changed(locked, changes, by=by, at=at)


def after_answers_changed(
    locked: Dossier, changes: Mapping[str, tuple[object, object]], *, by: User, at: datetime
) -> None:
    """What follows from answers an agent changed: journal (which, not what), list of pieces.

    `changes`: « p1.birth_name » -> what it was and what it is; the dossier is locked and saved.
    """
    locked.touch(at=at)
    locked.record(kind="answers_by_agent", by=by, at=at, reason=", ".join(changes))
    sync_pieces(locked)
