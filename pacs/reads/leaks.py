"""What a text would tell one partenaire of the other: asked of whatever an agent writes.

Agents read both parts and write to one or to both; a piece or a word that belongs to one
person's private situation must not reach the other that way.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demarches.rules.texts import plain_text
from pacs.models import Dossier, Partenaire, PieceWording
from pacs.reads.access import readable_columns
from pacs.rules.privacy import SECRET_TEXTS, SECRET_WORDS, SHORTEST_SECRET

#: A label up to its first detail: « Certificat de non-Pacs », « Preuve du divorce ».
_DETAIL = re.compile(r",|:|\(")


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that this text would tell a reader of somebody else."""

    words: str
    reader: str
    holder: str

    @property
    def sentence(self) -> str:
        return f"« {self.words} » ne concerne que {self.holder} ; {self.reader} ne doit pas le lire"


def told_by(text: str, *, dossier: Dossier, readers: Iterable[Partenaire]) -> list[Told]:
    """Everything private of one that this text would tell another of its readers."""
    plain = plain_text(_spoken(text))
    wordings = PieceWording.objects.by_rule()
    own = {one.pk: _phrases(one, dossier, wordings) for one in dossier.people}
    found = []
    for reader in readers:
        for holder in dossier.people:
            if holder.pk == reader.pk:
                continue
            readable = readable_columns(holder, reader=reader)
            for phrase, (words, column) in own[holder.pk].items():
                known = any(phrase in theirs for theirs in own[reader.pk])
                if column not in readable and not known and _says(phrase, plain):
                    found.append(Told(words, reader.display_name, holder.display_name))
    return found


def _spoken(text: str) -> str:
    """The text as it is read aloud: without signs that nobody sees, nor punctuation inside."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return re.sub(r"[^\w'’@.+-]+", " ", seen)


def _says(phrase: str, plain: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?:s|e|es)?(?!\w)", plain) is not None


def _phrases(
    person: Partenaire, dossier: Dossier, wordings: Mapping[str, PieceWording]
) -> dict[str, tuple[str, str]]:
    """Plain phrase -> the words as people write them, and the column that holds it.

    A piece stands for no column: the other never reads it.
    """
    found: dict[str, tuple[str, str]] = {}
    for column, by_value in SECRET_WORDS.items():
        for words in by_value.get(str(getattr(person, column)), ()):
            found[plain_text(words)] = (words, column)
    shared = {plain_text(str(getattr(dossier, name))) for name in ("street", "street_more")}
    for column in SECRET_TEXTS:
        words = str(getattr(person, column))
        phrase = plain_text(_spoken(words))
        if len(phrase) >= SHORTEST_SECRET and phrase not in shared:
            found[phrase] = (words, column)
    for piece in person.pieces.all():
        wording = wordings.get(piece.rule_id)
        for label in (wording.label, wording.neutral_label) if wording else ():
            words = _DETAIL.split(label)[0].strip()
            if words:
                found[plain_text(_spoken(words))] = (words, "")
    return found
