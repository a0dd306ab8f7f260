"""What to prepare and to bring, as its reader may know of it: for papers, pages and mails."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from demarches.rules.dates_fr import day_fr
from pacs.models import Dossier, Partenaire, Piece, PieceWording
from pacs.reads.access import readable_pieces
from pacs.rules.validity import last_usable_day


@dataclass(frozen=True)
class ChecklistItem:
    """One box to tick, and what helps to tick it."""

    text: str
    note: str = ""
    #: Where to ask for it, on the list of what is to be prepared.
    where: str = ""
    #: When to ask for it: « dès maintenant », « entre le … et le … ».
    when: str = ""


@dataclass(frozen=True)
class ChecklistGroup:
    """The boxes of one holder: the couple, or one partenaire."""

    holder: str
    items: tuple[ChecklistItem, ...]


def things_to_bring(dossier: Dossier, *, reader: Partenaire | None) -> list[str]:
    """What to have in hand on the day, as this reader may know of it."""
    wordings = PieceWording.objects.by_rule()
    readable = list(readable_pieces(dossier, reader).required().select_related("partenaire"))
    groups = boxes(readable, wordings, lambda wording: wording.to_bring)
    return [
        f"{item.text} ({group.holder})" if reader is None else item.text
        for group in groups
        for item in group.items
    ]


def boxes(
    pieces: Iterable[Piece],
    wordings: Mapping[str, PieceWording],
    text_of: Callable[[PieceWording], str],
    *,
    when_of: Callable[[Piece, PieceWording], str] | None = None,
) -> list[ChecklistGroup]:
    """Boxes by holder, in the order of the list; pieces without that text have no box.

    `when_of`: of what is to be prepared, the words that say when to ask; where is said too.
    """
    groups: dict[str, list[ChecklistItem]] = {}
    for piece in pieces:
        wording = wordings[piece.rule_id]
        text = text_of(wording)
        if not text:
            continue
        if piece.about:
            text += f" ({wordings[piece.about].short_label.lower()})"
        holder = piece.partenaire.display_name if piece.partenaire else "Ensemble"
        note = _age_note(piece, wording)
        where = when = ""
        if when_of is not None:
            where, when = wording.where_to_get, when_of(piece, wording)
        item = ChecklistItem(text, note, where, when)
        groups.setdefault(holder, []).append(item)
    return [ChecklistGroup(holder, tuple(items)) for holder, items in groups.items()]


def _age_note(piece: Piece, wording: PieceWording) -> str:
    """« délivré le 3 septembre 2026, utilisable jusqu’au 2 décembre 2026 », or the rule alone."""
    if wording.max_age is None or not wording.is_dated:
        return ""
    if piece.issued_on is None:
        return f"{wording.max_age_label} le jour du rendez-vous"
    last = last_usable_day(piece.issued_on, wording.max_age)
    return f"délivré le {day_fr(piece.issued_on)}, utilisable jusqu’au {day_fr(last)}"
