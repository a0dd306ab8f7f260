"""The pieces of a dossier: send files, say what becomes of each, take a file back."""

from collections.abc import Sequence
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.actions import ChangedSince
from demarches.ratelimit import rate_limited
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus
from demarches.rules.read import imprint, is_as_read
from demarches.uploads import Checks, UploadRefused
from demarches.views.downloads import serve_private_file
from pacs.access import readable_files
from pacs.actions.pieces import add_file, answer_piece, bring_pieces, remove_file
from pacs.actions.refusals import ActionRefused
from pacs.forms.pieces import PieceForm
from pacs.models import Partenaire
from pacs.models.piece import IDENTITY_RULE
from pacs.shown import piece_shown
from pacs.tracking import PieceRow, next_task, piece_rows, plan_of
from pacs.views.read import beside, read_of
from pacs.views.viewer import for_partenaire, while_going_on, who_acts


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
@while_going_on
def dossier_pieces(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The list: what is missing first.

    POST says of every missing piece shown (`piece`: its key) that it will be brought.
    """
    now = timezone.now()
    rows = piece_rows(partenaire, at=now)
    if request.method == "POST":
        shown = request.POST.getlist("piece")
        try:
            bring_pieces([row.piece for row in rows if row.piece.key in shown], at=now)
        except ActionRefused as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect("pacs:dossier-pieces", partenaire.dossier.reference)
        messages.success(
            request, "C’est noté : vous apporterez les originaux le jour du rendez-vous."
        )
        return redirect(next_task(partenaire, at=now).address)
    context = {
        "dossier": partenaire.dossier,
        "partenaire": partenaire,
        "todo": [row for row in rows if row.needs_answer],
        "to_bring": [
            row.piece.key for row in rows if row.status is PieceStatus.MISSING and row.is_open
        ],
        "done": [row for row in rows if not row.needs_answer],
        "plan": plan_of(partenaire, at=now),
    }
    return render(request, "pacs/dossier_pieces.html", context)


@rate_limited("upload", reads=False)
@rate_limited("upload_account", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
@while_going_on
def dossier_piece(request: HttpRequest, partenaire: Partenaire, key: str) -> HttpResponse:
    """One piece: send it, bring it, or say what blocks; with its date where age counts."""
    row = _row(partenaire, key)
    piece = row.piece
    form = PieceForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        initial=_initial(row),
        is_dated=row.wording.max_age is not None,
        is_identity=piece.rule_id == IDENTITY_RULE,
        may_upload=row.wording.may_upload,
    )
    if request.method != "POST":
        return _piece_page(request, partenaire, row, form)
    read = read_of(request)
    # What this form itself changes (a file kept) is no news to whoever sent it.
    lu = "" if is_as_read(read, piece_shown(piece)) else read
    status = 422
    try:
        if not form.is_valid():
            # Files that were fine are kept, whatever else has to be said again.
            _keep_files(request, partenaire, row, form, is_asked_again=True)
        elif _save(request, partenaire, row, form, read=read):
            return redirect("pacs:dossier-pieces", partenaire.dossier.reference)
    except ChangedSince as changed:
        _keep_files(request, partenaire, row, form, is_asked_again=True)
        _tell_clashes(form, _row(partenaire, key), changed.names)
        lu, status = "", 409
    return _piece_page(request, partenaire, _row(partenaire, key), form, lu=lu, status=status)


def _row(partenaire: Partenaire, key: str) -> PieceRow:
    rows = piece_rows(partenaire, at=timezone.now())
    row = next((row for row in rows if row.piece.key == key), None)
    if row is None or row.by_mairie:
        raise Http404
    return row


def _initial(row: PieceRow) -> dict[str, object]:
    piece = row.piece
    declared = piece.status in {PieceStatus.TO_BRING, PieceStatus.BLOCKED}
    return {
        "choice": piece.status if declared else "send" if row.wording.may_upload else "",
        "issued_on": piece.issued_on,
        "expires_on": piece.expires_on,
        "is_french_adult_card": piece.is_french_adult_card,
        "note": piece.citizen_note,
    }


def _save(
    request: HttpRequest, partenaire: Partenaire, row: PieceRow, form: PieceForm, *, read: str
) -> bool:
    """Keep what was given; each refused file is told by itself, and the others stay."""
    data = form.cleaned_data
    sends = data["choice"] == "send"
    try:
        answer_piece(
            row.piece,
            declared=None if sends else PieceStatus(data["choice"]),
            note=data["note"],
            issued_on=data.get("issued_on"),
            expires_on=data.get("expires_on"),
            is_french_adult_card=data.get("is_french_adult_card", False),
            at=timezone.now(),
            read=read,
        )
    except ActionRefused as refused:
        form.add_error(None, refused)
        return False
    kept = _keep_files(request, partenaire, row, form)
    if sends and not kept and not row.files and not form.errors:
        form.add_error("documents", "Choisissez au moins un fichier, ou l’une des autres réponses.")
    if form.errors:
        return False
    messages.success(request, f"« {row.wording.label} » : c’est enregistré.")
    return True


def _keep_files(
    request: HttpRequest,
    partenaire: Partenaire,
    row: PieceRow,
    form: PieceForm,
    *,
    is_asked_again: bool = False,
) -> int:
    """Store the files chosen; how many are kept. Each refused one is told by itself."""
    kept = 0
    with Checks() as checks:
        for file in form.cleaned_data.get("documents", []):
            try:
                stored, clean = add_file(
                    row.piece,
                    file,
                    file.name,
                    partenaire=partenaire,
                    at=timezone.now(),
                    is_asked_again=is_asked_again,
                    checks=checks,
                )
            except UploadRefused as refused:
                form.add_error("documents", str(refused))
            except ActionRefused as refused:
                form.add_error(None, refused)
                break
            else:
                kept += 1
                if is_asked_again:
                    messages.info(request, f"« {stored.display_name} » est gardé.")
                for warning in clean.warning_messages():
                    messages.warning(request, f"« {stored.display_name} » : {warning}")
    return kept


def _tell_clashes(form: PieceForm, row: PieceRow, names: Sequence[str]) -> None:
    """Put beside each answer the one that somebody else gave meanwhile."""
    now = _initial(row)
    words = {
        "choice": row.status.label,
        "is_french_adult_card": "oui" if now["is_french_adult_card"] else "non",
        "note": str(now["note"]),
        **{
            name: day_fr(value)
            for name in ("issued_on", "expires_on")
            if isinstance(value := now[name], date)
        },
    }
    for name in names:
        form.add_error(name if name in form.fields else None, beside(words.get(name, "")))


def _piece_page(
    request: HttpRequest,
    partenaire: Partenaire,
    row: PieceRow,
    form: PieceForm,
    *,
    lu: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "lu": lu or imprint(piece_shown(row.piece)),
        "dossier": partenaire.dossier,
        "partenaire": partenaire,
        "row": row,
        "form": form,
    }
    return render(request, "pacs/dossier_piece.html", context, status=status)


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def piece_file(request: HttpRequest, partenaire: Partenaire, pk: int) -> HttpResponse:
    """Download a file one may read."""
    stored = get_object_or_404(readable_files(partenaire), pk=pk)
    return serve_private_file(
        stored.storage_name, content_type=stored.content_type, display_name=stored.display_name
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def piece_file_remove(request: HttpRequest, partenaire: Partenaire, pk: int) -> HttpResponse:
    """Take a file back, after a question: what is deleted cannot be found again."""
    stored = get_object_or_404(readable_files(partenaire).select_related("piece"), pk=pk)
    reference, key = partenaire.dossier.reference, stored.piece.key
    if request.method != "POST":
        context = {"dossier": partenaire.dossier, "file": stored, "row": _row(partenaire, key)}
        return render(request, "pacs/piece_file_remove.html", context)
    try:
        remove_file(stored, at=timezone.now())
    except ActionRefused as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, f"« {stored.display_name} » est retiré.")
    return redirect("pacs:dossier-piece", reference, key)
