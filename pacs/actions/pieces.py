"""Keep a dossier's pieces in step with its answers, and take what people send or say of them.

The owner of each action owns the transaction; files are stored inside it, so that a failure
leaves no row (an orphan file is swept later).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.core.files.base import File
from django.db import transaction
from django.utils.timezone import localdate

from demarches.files import storage
from demarches.files.uploads import Checks, CleanUpload, check_quota, process_upload, store_upload
from demarches.models import User
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus
from demarches.rules.read import changed_names
from demarches.web.as_read import ChangedSince
from pacs.actions.guards import check_may_type
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, PacsSettings, Partenaire, Piece, PieceFile, PieceWording
from pacs.models.consent import label_of
from pacs.models.piece import IDENTITY_RULE
from pacs.reads.access import is_still_theirs, may_still_fill
from pacs.reads.booking import pieces_too_old
from pacs.reads.shown import piece_shown
from pacs.rules.pieces import TOLD_ONLY, VERIFIED_BY_MAIRIE, required_pieces
from pacs.rules.situation import derive_inputs

#: What people say of a piece that they do not send.
DECLARED = {PieceStatus.TO_BRING, PieceStatus.BLOCKED}
UNDECLARED = {PieceStatus.MISSING.value, PieceStatus.PROVIDED.value}


def sync_pieces(dossier: Dossier) -> None:
    """Compute the list anew from the answers in the database; call it under the dossier's lock.

    A row that is no longer asked for stays when somebody sent or said something of it, and comes
    back if the answer does.
    """
    settings = PacsSettings.current()
    asked = {
        piece.key: piece
        for piece in required_pieces(derive_inputs(dossier.answers, settings.dematerialisation))
        if piece.rule_id not in TOLD_ONLY
    }
    known = {piece.key: piece for piece in dossier.pieces.all()}
    people: dict[int, Partenaire | None] = {one.position: one for one in dossier.people}
    people[0] = None
    for position, (key, wanted) in enumerate(asked.items()):
        status = PieceStatus.PROVIDED if wanted.rule_id in VERIFIED_BY_MAIRIE else None
        if key not in known:
            Piece.objects.create(
                dossier=dossier,
                partenaire=people[wanted.holder],
                key=key,
                rule_id=wanted.rule_id,
                about=wanted.about,
                position=position,
                is_uncertain=wanted.uncertain,
                status=status or PieceStatus.MISSING.value,
            )
            continue
        row = known[key]
        before = (row.is_required, row.is_uncertain, row.position)
        row.is_required, row.is_uncertain, row.position = True, wanted.uncertain, position
        if before != (row.is_required, row.is_uncertain, row.position):
            row.save(update_fields=["is_required", "is_uncertain", "position"])
    for key, row in known.items():
        if key in asked or not row.is_required:
            continue
        if row.is_untouched and not row.files.exists():
            row.delete()
        else:
            row.is_required = False
            row.save(update_fields=["is_required"])


@dataclass(frozen=True)
class _Held:
    """A dossier under its lock, with what each of its pieces is judged by."""

    dossier: Dossier
    people: tuple[Partenaire, Partenaire]
    #: The day the ages are counted at.
    day: date
    wordings: dict[str, PieceWording]


def _held(dossier_id: int, *, at: datetime) -> _Held:
    """Lock a dossier for what is said of its pieces."""
    dossier = Dossier.objects.locked().get(pk=dossier_id)
    day = dossier.registration_date(at=at)
    return _Held(dossier, dossier.people, day, PieceWording.objects.by_rule())


def _editable(held: _Held, piece: Piece, *, by: User | None, reader: Partenaire | None) -> Piece:
    """The piece, locked too; refuses when it is no longer in the people's hands.

    `by`: the account that acts, None for a guest. `reader`: as whom, read before the lock; None for
    an agent. Refuses a helper whose help has ended meanwhile, and a guest whose pass has.
    """
    dossier = held.dossier
    owners = [one for one in held.people if piece.partenaire_id in (None, one.pk)]
    if reader is None:
        is_theirs = any(may_still_fill(by, one) for one in owners)
    else:
        is_theirs = is_still_theirs(by, reader, now=held.people[reader.position - 1])
    if not is_theirs:
        raise ActionRefused(
            "Votre aide ou votre participation est terminée : rien n’est enregistré, et aucun"
            " fichier n’est gardé."
        )
    if by is not None and by.is_staff and all(one.user_id != by.pk for one in owners):
        check_may_type(by, dossier)
    locked = Piece.objects.select_for_update(of=("self",)).filter(pk=piece.pk).first()
    if locked is None:
        raise ActionRefused("Cette pièce n’est plus demandée : rien n’est enregistré.")
    locked.dossier = dossier
    wording = held.wordings.get(locked.rule_id)
    status = locked.status_on(held.day, wording.max_age if wording else None)
    if dossier.is_renewable(status):
        return locked
    if not dossier.is_editable:
        raise ActionRefused(
            "La mairie vérifie le dossier : les pièces ne peuvent plus changer pour le moment."
            " Écrivez-lui un message si vous voyez une erreur."
        )
    if locked.status == PieceStatus.ACCEPTED.value:
        raise ActionRefused("La mairie a déjà accepté cette pièce : il n’y a rien à changer.")
    return locked


def bring_pieces(
    pieces: Iterable[Piece],
    *,
    by: User | None = None,
    reader: Partenaire | None = None,
    at: datetime,
) -> int:
    """Say of pieces of one dossier that their originals come; returns how many were said.

    Only those of which nobody has said or sent anything since: a file that arrived meanwhile, or
    a refusal of the mairie, is an answer or a question of its own.
    """
    said = 0
    with transaction.atomic():
        held: _Held | None = None
        for piece in pieces:
            held = held or _held(piece.dossier_id, at=at)
            row = _editable(held, piece, by=by, reader=reader)
            if row.status == PieceStatus.MISSING.value and not row.files.exists():
                row.status = PieceStatus.TO_BRING.value
                row.save(update_fields=["status"])
                _begin(row, at=at)
                said += 1
        if held is not None and said:
            held.dossier.touch(at=at)
    return said


def _begin(piece: Piece, *, at: datetime) -> None:
    """Whoever says something of a piece of their own has begun their part."""
    if piece.partenaire is not None:
        piece.partenaire.begin_part(at=at)


def add_file(
    piece: Piece,
    file: File[bytes],
    name: str,
    *,
    partenaire: Partenaire | None,
    by: User | None = None,
    at: datetime,
    is_asked_again: bool = False,
    checks: Checks | None = None,
) -> tuple[PieceFile, CleanUpload]:
    """Check, clean, encrypt and keep one file; a file already there is not kept twice.

    `is_asked_again`: the form said something else too, and its question is still open; the file
    is kept, and « to bring » or « blocked » stays what it was. `checks` are those of the request.
    Raises `UploadRefused` (the file) or `ActionRefused` (the dossier); then nothing changed.
    """
    is_identity = piece.rule_id == "P03_identite"
    purpose = f"Copie pour la mairie, dossier {piece.dossier.reference}" if is_identity else ""
    clean = process_upload(file, name, watermark=purpose, checks=checks)
    with transaction.atomic():
        row = _editable(_held(piece.dossier_id, at=at), piece, by=by, reader=partenaire)
        existing = row.files.filter(sha256=clean.sha256).first()
        if existing is not None:
            return existing, clean
        sizes = PieceFile.objects.filter(piece__dossier=row.dossier).values_list("size", flat=True)
        check_quota(files_in_piece=row.files.count(), bytes_in_dossier=sum(sizes) + clean.size)
        stored = PieceFile.objects.create(
            piece=row,
            storage_name=store_upload(clean),
            display_name=clean.display_name,
            content_type=clean.content_type,
            size=clean.size,
            pages=clean.pages,
            sha256=clean.sha256,
            warnings=list(clean.warnings),
            uploaded_at=at,
            uploaded_by=partenaire,
            held_since=at if clean.is_held else None,
        )
        # What was said of the piece stands until the question asked again is answered.
        if not (is_asked_again and row.current_status in DECLARED):
            row.status = PieceStatus.PROVIDED.value
            row.citizen_note = ""
            row.save(update_fields=["status", "citizen_note"])
        _begin(row, at=at)
        row.dossier.touch(at=at)
    return stored, clean


def remove_file(
    stored: PieceFile,
    *,
    by: User | None = None,
    reader: Partenaire | None = None,
    at: datetime,
) -> None:
    """Take a file back; the bytes go once the deletion is certain."""
    with transaction.atomic():
        row = _editable(_held(stored.piece.dossier_id, at=at), stored.piece, by=by, reader=reader)
        storage.delete_after_commit(stored.storage_name)
        stored.delete()
        if not row.files.exists() and row.status == PieceStatus.PROVIDED.value:
            row.status = PieceStatus.MISSING.value
            row.save(update_fields=["status"])
        row.dossier.touch(at=at)


def answer_piece(
    piece: Piece,
    *,
    declared: PieceStatus | None,
    note: str = "",
    issued_on: date | None = None,
    expires_on: date | None = None,
    is_french_adult_card: bool = False,
    by: User | None = None,
    reader: Partenaire | None = None,
    at: datetime,
    read: str | None = None,
) -> Piece:
    """Keep what is said of a piece: to bring, blocked, or neither (`None`), and its dates.

    A piece to be brought keeps the files already sent. Raises `ChangedSince` with what somebody
    else has said of it since the page was opened, where that is not what is said now.
    """
    with transaction.atomic():
        row = _editable(_held(piece.dossier_id, at=at), piece, by=by, reader=reader)
        if read is not None:
            now = piece_shown(row)
            # Whether there is a file is no answer: it comes and goes by itself.
            undeclared = row.status if row.status in UNDECLARED else PieceStatus.PROVIDED.value
            said = {
                "choice": declared.value if declared else undeclared,
                "issued_on": issued_on,
                "expires_on": expires_on,
                "is_french_adult_card": is_french_adult_card,
                "note": note if declared is PieceStatus.BLOCKED else "",
            }
            moved = changed_names(read, now)
            if clashing := tuple(
                name for name in said if name in moved and said[name] != now[name]
            ):
                raise ChangedSince(clashing)
        if declared is not None:
            row.status = declared.value
        elif row.status in {PieceStatus.TO_BRING, PieceStatus.BLOCKED, PieceStatus.ACCEPTED}:
            # An accepted piece that is replaced (too old for the appointment) is checked again.
            has_file = row.files.exists()
            row.status = (PieceStatus.PROVIDED if has_file else PieceStatus.MISSING).value
        row.citizen_note = note if declared is PieceStatus.BLOCKED else ""
        row.issued_on, row.expires_on = issued_on, expires_on
        row.is_french_adult_card = is_french_adult_card
        row.save(
            update_fields=[
                "status",
                "citizen_note",
                "issued_on",
                "expires_on",
                "is_french_adult_card",
            ]
        )
        _begin(row, at=at)
        row.dossier.touch(at=at, waiting=True if row.dossier.is_settled else None)
    return row


def renew_for(dossier: Dossier, day: date, *, by: User | None, at: datetime) -> list[Piece]:
    """Make each piece that is too old on `day` one to bring anew; call it under the lock.

    Its date goes with it: the next one has another. Returns the pieces, for whoever tells.
    """
    renewed = []
    for piece, _, _ in pieces_too_old(dossier, day):
        piece.status = PieceStatus.TO_BRING.value
        piece.issued_on = piece.expires_on = None
        piece.is_french_adult_card = False
        piece.save(update_fields=["status", "issued_on", "expires_on", "is_french_adult_card"])
        dossier.record(
            kind="piece_to_renew", by=by, at=at, partenaire=piece.partenaire, reason=piece.key
        )
        renewed.append(piece)
    return renewed


def set_day(piece: Piece, day: date | None, *, by: User, at: datetime) -> None:
    """Write the date an agent read on a piece: of issue, or of end for an identity document.

    Under the dossier's lock. Refuses a day of issue to come; in the journal, old and new.
    """
    column = "expires_on" if piece.rule_id == IDENTITY_RULE else "issued_on"
    old = getattr(piece, column)
    if old == day:
        return
    if column == "issued_on" and day is not None and day > localdate(at):
        raise ActionRefused("Une pièce n’a pas été délivrée dans le futur : vérifiez la date.")
    setattr(piece, column, day)
    piece.save(update_fields=[column])
    piece.dossier.record(
        kind="piece_dated",
        by=by,
        at=at,
        partenaire=piece.partenaire,
        reason=PieceWording.objects.by_rule()[piece.rule_id].label,
        changes=[{"label": label_of(piece, column), "old": _day(old), "new": _day(day)}],
    )


def _day(day: date | None) -> str:
    return day_fr(day) if day else ""
