"""The pieces of a dossier on one page: send files, say what becomes of each, take a file back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.files.uploads import ACCEPT, Checks, UploadRefused, french_size
from demarches.models import User
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus
from demarches.rules.read import FIELD, imprint, is_as_read
from demarches.serving.ratelimit import rate_limited
from demarches.templatetags.portal import first_control_id
from demarches.views.downloads import serve_private_file
from demarches.web.as_read import ChangedSince
from pacs.actions.pieces import DECLARED, add_file, answer_piece, bring_pieces, remove_file
from pacs.actions.refusals import ActionRefused
from pacs.forms.pieces import PieceForm
from pacs.models import Partenaire
from pacs.pages.steps import OWN_STEPS
from pacs.pages.tracking import PieceRow, next_task, piece_rows, plan_of
from pacs.reads.access import may_edit_own, readable_files
from pacs.reads.shown import piece_shown
from pacs.rules.days import Days
from pacs.rules.pieces import FOREIGN_DOCUMENTS, TRANSLATION_ID
from pacs.views.read import beside
from pacs.views.viewer import account_of, for_partenaire, while_going_on, who_acts

#: The questions whose answer changes what is asked, beside the piece that raises them.
QUESTIONS = {
    "P14_naissance_etranger": "Mon pays ne met pas ses actes à jour",
    "P30_coutume": "Mon pays n’en délivre pas",
    TRANSLATION_ID: "Il est en français ou plurilingue",
}


@dataclass
class Problem:
    """One line of the summary: the piece, what is wrong, and where it is put right."""

    title: str
    text: str
    target: str


@dataclass
class Card:
    """One piece on the page: what is known of it, and its form while people may answer."""

    row: PieceRow
    form: PieceForm | None
    #: What the page shows of the piece, for the form that comes back.
    read: str = ""
    question: str = ""
    question_url: str = ""
    #: What was said of it by this very request, for a reader who stays on the page.
    told: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_clash: bool = False

    @property
    def is_wrong(self) -> bool:
        return bool(self.form and self.form.errors)

    @property
    def is_settled(self) -> bool:
        """Something else is to be said of it, or was: « the rest » is not about it."""
        return self.is_wrong or bool(self.form and self.form.cleaned_data["choice"])

    @property
    def is_unfolded(self) -> bool:
        """What is folded holds something to put right, or to finish saying."""
        if self.form is None:
            return False
        folded = ("choice", "note") if self.is_awaited else self.form.fields
        return any(self.form.errors.get(name) for name in folded)

    @property
    def is_awaited(self) -> bool:
        """Something is to be sent or said of it: its file and its date are at hand."""
        return self.row.needs_answer and not self.row.is_declaration

    def problems(self) -> list[Problem]:
        if self.form is None:
            return []
        title = self.row.title
        found = [
            Problem(title, str(message), self.row.anchor)
            for message in self.form.non_field_errors()
        ]
        for bound in self.form.visible_fields():
            found += [
                Problem(title, str(message), first_control_id(bound)) for message in bound.errors
            ]
        return found


@rate_limited("upload", reads=False)
@rate_limited("upload_account", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
@while_going_on
def dossier_pieces(request: HttpRequest, partenaire: Partenaire) -> HttpResponse:
    """Every piece of this person, each with its files, its dates and what else is said of it.

    POST carries the fields of each piece under its key, and what was read of it; `piece`: the
    keys of those still missing; with `apporter`, what is left of them will be brought.
    """
    if request.method != "POST":
        days = partenaire.dossier.days(at=timezone.now())
        rows = piece_rows(partenaire, at=timezone.now(), days=days)
        cards = [_card(row, partenaire) for row in rows]
        return _page(request, partenaire, cards, days=days)
    rows = piece_rows(partenaire, at=timezone.now())
    answered = dict[str, Card]()
    with Checks() as checks:
        for row in rows:
            if (card := _answer(request, partenaire, row, checks)) is not None:
                answered[row.piece.key] = card
    brought = 0
    if "apporter" in request.POST:
        settled = {key for key, card in answered.items() if card.is_settled}
        shown = set(request.POST.getlist("piece")) - settled
        try:
            brought = bring_pieces(
                [row.piece for row in rows if row.piece.key in shown],
                by=account_of(request),
                reader=partenaire,
                at=timezone.now(),
            )
        except ActionRefused as refused:
            messages.error(request, " ".join(refused.messages))
    for card in answered.values():
        for text in card.told:
            messages.success(request, f"{card.row.title} : {text}")
        for text in card.warnings:
            messages.warning(request, f"{card.row.title} : {text}")
    not_kept = _files_of_no_piece(request, rows)
    if not_kept:
        messages.warning(request, not_kept)
    if brought:
        messages.success(
            request, "C’est noté : vous apporterez les originaux le jour du rendez-vous."
        )
    fresh = piece_rows(partenaire, at=timezone.now())
    cards = [_again(row, answered.get(row.piece.key), partenaire) for row in fresh]
    if any(card.is_wrong for card in cards):
        is_clash = any(card.is_clash for card in answered.values())
        return _page(request, partenaire, cards, status=409 if is_clash else 422)
    if answered and not brought:
        messages.success(request, "C’est enregistré.")
    is_left = any(row.needs_answer for row in fresh)
    return redirect(_following(request, partenaire, is_left=is_left))


def _files_of_no_piece(request: HttpRequest, rows: Iterable[PieceRow]) -> str:
    """Which files came for pieces that are not asked any more, and why they are not kept."""
    fields = {f"{row.piece.key}-documents" for row in rows}
    names = [
        f"« {file.name} »"
        for field, files in request.FILES.lists()
        if field not in fields
        for file in files
    ]
    if not names:
        return ""
    return (
        f"Pas gardé : {', '.join(names)}. Une réponse a changé entre-temps, et cette pièce n’est"
        " plus demandée. Relisez la liste des pièces ; si celle-ci manque, corrigez la réponse,"
        " puis envoyez le fichier à nouveau."
    )


def _following(request: HttpRequest, partenaire: Partenaire, *, is_left: bool) -> str:
    """Where to go once the pieces are saved: on, or nowhere while something is left to say."""
    dossier = partenaire.dossier
    if "apporter" not in request.POST and (is_left or not dossier.is_draft):
        return reverse("pacs:dossier-pieces", args=[dossier.reference])
    if dossier.is_draft:
        return next_task(partenaire, at=timezone.now()).address
    return dossier.get_absolute_url()


@rate_limited("upload", reads=False)
@rate_limited("upload_account", reads=False, by=who_acts)
@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
@while_going_on
def dossier_piece(request: HttpRequest, partenaire: Partenaire, key: str) -> HttpResponse:
    """One piece: GET leads to its place on the page; POST saves it alone, as soon as said.

    A POST answers with the piece as it is then, for the script that sent it.
    """
    row = _row(partenaire, key)
    if request.method != "POST" or f"{key}-{FIELD}" not in request.POST:
        return redirect(row.url)
    with Checks() as checks:
        answered = _answer(request, partenaire, row, checks)
    card = _again(_row(partenaire, key), answered, partenaire)
    if answered is not None:
        card.told, card.warnings = answered.told, answered.warnings
    status = 409 if card.is_clash else 422 if card.is_wrong else 200
    context = {"card": card, "dossier": partenaire.dossier}
    return render(request, "pacs/_piece_card.html", context, status=status)


def _row(partenaire: Partenaire, key: str) -> PieceRow:
    rows = piece_rows(partenaire, at=timezone.now())
    row = next((row for row in rows if row.piece.key == key), None)
    if row is None or row.by_mairie:
        raise Http404
    return row


def _initial(row: PieceRow) -> dict[str, object]:
    piece = row.piece
    return {
        "choice": piece.status if piece.status in DECLARED else "",
        "issued_on": piece.issued_on,
        "expires_on": piece.expires_on,
        "is_french_adult_card": piece.is_french_adult_card,
        "note": piece.citizen_note,
    }


def _form(row: PieceRow, request: HttpRequest | None = None) -> PieceForm:
    initial = _initial(row)
    if request is None and row.is_declaration and row.status is PieceStatus.MISSING:
        # The portal prints it: there is nothing to send, and one thing to say.
        initial["choice"] = PieceStatus.TO_BRING.value
    return PieceForm(
        request.POST if request else None,
        request.FILES if request else None,
        prefix=row.piece.key,
        initial=initial,
        is_dated=row.wording.max_age is not None,
        is_identity=row.is_identity,
        may_upload=row.wording.may_upload,
        is_signed_there=row.is_declaration,
    )


def _card(row: PieceRow, partenaire: Partenaire) -> Card:
    """A piece as it is; its form when somebody may answer."""
    card = Card(row, _form(row) if row.is_editable else None, imprint(piece_shown(row.piece)))
    if label := QUESTIONS.get(row.piece.rule_id):
        dossier = partenaire.dossier
        unions = {one.rule_id for one in FOREIGN_DOCUMENTS if one.rule_id.startswith("P4")}
        slug = "ancien-mariage" if row.piece.about in unions else "documents-etrangers"
        is_asked = OWN_STEPS.get(slug, partenaire) is not None
        if is_asked and dossier.is_draft and may_edit_own(partenaire):
            card.question = label
            card.question_url = reverse("pacs:own-step", args=[dossier.reference, slug])
    return card


def _again(row: PieceRow, answered: Card | None, partenaire: Partenaire) -> Card:
    """A piece after its form: what was typed stays where something has to be said again."""
    card = _card(row, partenaire)
    if answered is None:
        return card
    if card.form is None or not answered.is_wrong:
        if card.form is not None and row.problem and answered.form is not None:
            # Kept, and told: it will not serve on that day.
            name = "expires_on" if row.is_identity else "issued_on"
            card.form.errors[name] = card.form.error_class([row.problem])
        return card
    card.form, card.is_clash = answered.form, answered.is_clash
    if answered.read:
        card.read = answered.read
    return card


def _answer(
    request: HttpRequest, partenaire: Partenaire, row: PieceRow, checks: Checks
) -> Card | None:
    """Keep what was said of one piece; None when nothing was, and the piece is left alone."""
    read = request.POST.get(f"{row.piece.key}-{FIELD}")
    if read is None or row.by_mairie:
        return None
    form = _form(row, request)
    card = Card(row, form)
    if not row.is_editable:
        if request.FILES.getlist(f"{row.piece.key}-documents"):
            card.warnings.append("la mairie a répondu entre-temps. Votre fichier n’est pas gardé.")
        return card if card.warnings else None
    by = account_of(request)
    is_valid = form.is_valid()
    if is_valid and form.says_what_was_read(read):
        return None
    # What this form itself changes (a file kept) is no news to whoever sent it.
    card.read = "" if is_as_read(read, piece_shown(row.piece)) else read
    if not is_valid:
        # Files that were fine are kept, whatever else has to be said again.
        _keep_files(partenaire, card, form, checks, by=by, is_asked_again=True)
        return card
    data, piece = form.cleaned_data, row.piece
    files = data.get("documents", [])
    # A file that is kept answers in the place of what was declared; one that is not leaves it.
    says = piece.status if files and piece.status in DECLARED else "" if files else data["choice"]
    try:
        answer_piece(
            piece,
            declared=PieceStatus(says) if says else None,
            note=piece.citizen_note if files else data["note"],
            issued_on=data.get("issued_on"),
            expires_on=data.get("expires_on"),
            is_french_adult_card=data.get("is_french_adult_card", False),
            by=by,
            reader=partenaire,
            at=timezone.now(),
            read=read,
        )
    except ActionRefused as refused:
        form.add_error(None, refused)
    except ChangedSince as changed:
        card.is_clash, card.read = True, ""
        if "choice" in changed.names and piece.status == PieceStatus.REFUSED.value:
            form.add_error(
                None,
                "La mairie a répondu entre-temps : lisez ce qu’elle demande. Rien n’est changé ;"
                " si votre fichier convient, choisissez-le à nouveau.",
            )
            return card
        _keep_files(partenaire, card, form, checks, by=by, is_asked_again=True)
        _tell_clashes(form, row, changed.names)
    else:
        _keep_files(partenaire, card, form, checks, by=by)
    return card


def _keep_files(
    partenaire: Partenaire,
    card: Card,
    form: PieceForm,
    checks: Checks,
    *,
    by: User | None,
    is_asked_again: bool = False,
) -> None:
    """Store the files chosen; each kept one and each refused one is told by itself."""
    for file in form.cleaned_data.get("documents", []):
        try:
            stored, clean = add_file(
                card.row.piece,
                file,
                file.name,
                partenaire=partenaire,
                by=by,
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
            card.told.append(f"« {stored.display_name} » est envoyé. L’original vient avec vous.")
            card.warnings += [
                f"« {stored.display_name} » : {warning}" for warning in clean.warning_messages()
            ]


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


def _beside_their_documents(cards: Iterable[Card]) -> list[Card]:
    """In the order of the list, a translation after the document that it translates."""
    cards = list(cards)
    at = {
        (one.row.piece.partenaire_id, one.row.piece.rule_id): one.row.piece.position
        for one in cards
    }

    def place(card: Card) -> tuple[int, bool, int]:
        piece = card.row.piece
        its = at.get((piece.partenaire_id, piece.about), piece.position)
        return its, bool(piece.about), piece.position

    return sorted(cards, key=place)


def _page(
    request: HttpRequest,
    partenaire: Partenaire,
    cards: Sequence[Card],
    *,
    days: Days | None = None,
    status: int = 200,
) -> HttpResponse:
    cards = _beside_their_documents(cards)
    rows = [card.row for card in cards]
    context = {
        "dossier": partenaire.dossier,
        "partenaire": partenaire,
        "cards": cards,
        # The heads of the page tell of errors by the form they are in.
        "form": {"errors": [one for card in cards for one in card.problems()]},
        "to_bring": [
            row.piece.key for row in rows if row.status is PieceStatus.MISSING and row.is_editable
        ],
        "left": sum(row.needs_answer for row in rows),
        "is_open": any(card.form for card in cards),
        "plan": plan_of(partenaire, at=timezone.now(), days=days),
        "accept": ACCEPT,
        "file_limit": french_size(settings.UPLOAD_MAX_BYTES),
    }
    return render(request, "pacs/dossier_pieces.html", context, status=status)


@require_http_methods(["GET", "HEAD"])
@for_partenaire
def piece_file(request: HttpRequest, partenaire: Partenaire, pk: int) -> HttpResponse:
    """Download a file one may read."""
    stored = get_object_or_404(readable_files(partenaire), pk=pk, held_since=None)
    return serve_private_file(
        stored.storage_name, content_type=stored.content_type, display_name=stored.display_name
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_partenaire
def piece_file_remove(request: HttpRequest, partenaire: Partenaire, pk: int) -> HttpResponse:
    """Take a file back, after a question: what is deleted cannot be found again."""
    stored = get_object_or_404(readable_files(partenaire).select_related("piece"), pk=pk)
    if request.method != "POST":
        row = _row(partenaire, stored.piece.key)
        context = {"dossier": partenaire.dossier, "file": stored, "row": row}
        return render(request, "pacs/piece_file_remove.html", context)
    try:
        remove_file(stored, by=account_of(request), reader=partenaire, at=timezone.now())
    except ActionRefused as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, f"« {stored.display_name} » est retiré.")
    return redirect("pacs:dossier-piece", partenaire.dossier.reference, stored.piece.key)
