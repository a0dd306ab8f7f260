"""The pieces of a dossier: send files, say what becomes of each, take a file back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from demarches.ratelimit import rate_limited
from demarches.rules.enums import PieceStatus
from demarches.uploads import UploadRefused
from demarches.views.downloads import serve_private_file
from pacs.access import readable_files
from pacs.actions.pieces import add_file, answer_piece, remove_file
from pacs.actions.refusals import ActionRefused
from pacs.forms.pieces import PieceForm
from pacs.models import Partenaire
from pacs.models.piece import IDENTITY_RULE
from pacs.tracking import PieceRow, piece_rows, plan_of
from pacs.views.viewer import for_partenaire


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def dossier_pieces(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """The list: what is missing first."""
    now = timezone.now()
    rows = piece_rows(partenaire, at=now)
    context = {
        "dossier": partenaire.dossier,
        "partenaire": partenaire,
        "todo": [row for row in rows if row.needs_answer],
        "done": [row for row in rows if not row.needs_answer],
        "plan": plan_of(partenaire, at=now),
    }
    return render(request, "pacs/dossier_pieces.html", context)


@rate_limited("upload")
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
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
    if form.is_valid() and _save(request, partenaire, row, form):
        return redirect("pacs:dossier-pieces", partenaire.dossier.reference)
    # Files that were fine are kept already: the list of the page shows them.
    return _piece_page(request, partenaire, _row(partenaire, key), form, status=422)


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


def _save(request: HttpRequest, partenaire: Partenaire, row: PieceRow, form: PieceForm) -> bool:
    """Keep what was given; each refused file is told by itself, and the others stay."""
    data, now = form.cleaned_data, timezone.now()
    sends = data["choice"] == "send"
    try:
        answer_piece(
            row.piece,
            declared=None if sends else PieceStatus(data["choice"]),
            note=data["note"],
            issued_on=data.get("issued_on"),
            expires_on=data.get("expires_on"),
            is_french_adult_card=data.get("is_french_adult_card", False),
            at=now,
        )
        kept = 0
        for file in data.get("documents", []) if sends else []:
            try:
                stored, clean = add_file(row.piece, file, file.name, partenaire=partenaire, at=now)
            except UploadRefused as refused:
                form.add_error("documents", str(refused))
            else:
                kept += 1
                for warning in clean.warning_messages():
                    messages.warning(request, f"« {stored.display_name} » : {warning}")
    except ActionRefused as refused:
        form.add_error(None, refused)
        return False
    if sends and not kept and not row.files and "documents" not in form.errors:
        form.add_error("documents", "Choisissez au moins un fichier, ou l’une des autres réponses.")
    if form.errors:
        return False
    messages.success(request, f"« {row.wording.label} » : c’est enregistré.")
    return True


def _piece_page(
    request: HttpRequest,
    partenaire: Partenaire,
    row: PieceRow,
    form: PieceForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
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


@require_POST
@for_partenaire
def piece_file_remove(request: HttpRequest, partenaire: Partenaire, pk: int) -> HttpResponse:
    """Take a file back."""
    stored = get_object_or_404(readable_files(partenaire).select_related("piece"), pk=pk)
    reference, key = partenaire.dossier.reference, stored.piece.key
    try:
        remove_file(stored, at=timezone.now())
    except ActionRefused as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, f"« {stored.display_name} » est retiré.")
    return redirect("pacs:dossier-piece", reference, key)
