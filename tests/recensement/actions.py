"""Every change: under the lock of the dossier, in one transaction, with its mail."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.db.models import Sum

from demarches.dossiers.refusals import locked_as_read
from demarches.dossiers.retention import delete_each
from demarches.files import storage
from demarches.files.uploads import check_quota, process_upload, store_upload
from demarches.mail.emails import queue_mail
from demarches.models import Mairie, User, next_reference
from demarches.steps.forms import StepForm
from demarches.typed import guard
from demarches.web.as_read import check_read
from tests.recensement.models import Piece, Reading, Recensement


def open_dossier(user: User, *, at: datetime) -> Recensement:
    """The draft of this account, or a new one."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        draft = Recensement.objects.drafts().filter(owner=user).first()
        return draft or Recensement.objects.create(
            reference=next_reference(Recensement.REFERENCE_PREFIX, at),
            owner=user,
            created_at=at,
            last_activity_at=at,
        )


def _editable(dossier: Recensement) -> Recensement:
    locked = Recensement.objects.locked().get(pk=dossier.pk)
    if not locked.is_editable:
        raise ValidationError("La mairie vérifie votre dossier : il ne change plus.")
    return locked


def record_answers(form: StepForm[Recensement], *, read: str, at: datetime) -> None:
    """Keep one page of answers; raises `ChangedSince` when the page is not as it was read."""
    with transaction.atomic():
        locked = _editable(form.instance)
        check_read(read, form.again().shown())
        form.save()
        locked.touch(at=at)


def add_piece(dossier: Recensement, kind: str, file: File[bytes], *, at: datetime) -> None:
    """Check, rewrite, encrypt and keep one file in place of the former one."""
    clean = process_upload(file)
    with transaction.atomic():
        locked = _editable(dossier)
        others = locked.pieces.exclude(kind=kind).aggregate(total=Sum("size"))["total"] or 0
        check_quota(files_in_piece=0, bytes_in_dossier=others + clean.size)
        for former in locked.pieces.filter(kind=kind):
            storage.delete_after_commit(former.storage_name)
            former.delete()
        Piece.objects.create(
            dossier=locked,
            kind=kind,
            storage_name=store_upload(clean),
            display_name=clean.display_name,
            content_type=clean.content_type,
            size=clean.size,
            sha256=clean.sha256,
        )
        locked.touch(at=at)


def send(dossier: Recensement, *, by: User, at: datetime) -> None:
    """Send, or send again what was asked for."""
    with transaction.atomic():
        locked = Recensement.objects.locked().get(pk=dossier.pk)
        (locked.submit if locked.is_draft else locked.resubmit)(by=by, at=at)
        _tell("received", locked, at=at)


def accept(dossier: Recensement, *, by: User, at: datetime, version: int) -> None:
    """Declare it complete: the attestation can be printed."""
    with transaction.atomic():
        locked = locked_as_read(Recensement.objects.all(), dossier.pk, version)
        locked.accept(by=by, at=at)
        _tell("decided", locked, at=at)


def ask_again(dossier: Recensement, *, reason: str, by: User, at: datetime, version: int) -> None:
    """Hand it back with what is missing."""
    if not reason.strip():
        raise ValidationError("Écrivez ce qui manque : la personne le lira.")
    guard.check_text(reason)
    with transaction.atomic():
        locked = locked_as_read(Recensement.objects.all(), dossier.pk, version)
        locked.request_pieces(by=by, at=at, reason=reason.strip())
        _tell("decided", locked, at=at)


def _tell(kind: str, dossier: Recensement, *, at: datetime) -> None:
    queue_mail(
        to=dossier.owner.email,
        template=f"recensement/emails/{kind}",
        context={
            "dossier": dossier,
            "mairie": Mairie.objects.current(),
            "url": f"{settings.SITE_URL}{dossier.get_absolute_url()}",
        },
        key=f"{kind}:{dossier.pk}:{at.isoformat()}",
    )


def note_reading(agent: User, what: str, *dossiers: Recensement, at: datetime) -> None:
    """Write down that an agent saw these."""
    Reading.objects.bulk_create(
        [Reading(agent=agent, what=what, at=at, dossier=one) for one in dossiers]
    )


def purge(*, at: datetime) -> int:
    """Delete what is kept no longer, with its files."""
    return delete_each(Recensement.objects.forgotten(at=at), _delete)


def _delete(dossier: Recensement) -> None:
    storage.delete_after_commit(*dossier.pieces.values_list("storage_name", flat=True))
    dossier.delete()
