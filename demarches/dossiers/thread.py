"""Everything that was said about a dossier, in one thread, whatever the procedure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from demarches.dossiers.exchange import SentMailBase
from demarches.mail.emails import is_text
from demarches.models import User


@dataclass(frozen=True, slots=True)
class Said:
    """One line: who, to whom, by what, the text, and what became of it."""

    kind: str
    at: datetime
    who: str
    #: Empty: nobody but agents reads it.
    to: str
    text: str = ""
    fate: str = ""
    #: The mail that did not leave, to send again; 0 when there is none.
    failed_mail: int = 0
    #: Nobody could be written to: whom to call, and where.
    to_call: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a mail is to, as agents call them, and their telephone as it is read.

    `key`: tells apart those of one dossier, whose names may be the same.
    """

    name: str
    phone: str = ""
    key: int | None = None


class Note(Protocol):
    """What a note of any procedure has."""

    author: User
    at: datetime
    body: str


def in_order(*lines: Iterable[Said]) -> Sequence[Said]:
    """One thread, the oldest first; at the same moment, in the order given."""
    return sorted((one for group in lines for one in group), key=lambda one: one.at)


def notes_said(notes: Iterable[Note]) -> Iterator[Said]:
    """The internal notes; read with their author."""
    for one in notes:
        yield Said("Note", one.at, str(one.author), "", one.body)


def mails_said[M: SentMailBase](
    mails: Iterable[M], reader_of: Callable[[M], Reader], *, may_go_again: bool
) -> Iterator[Said]:
    """The mails of one dossier, read with their `email` and its logs.

    `may_go_again`: the dossier still goes on. Only the latest about one thing to one reader is
    sent again: a later one says as much, or made it untrue.
    """
    rows = [(one, reader_of(one)) for one in sorted(mails, key=lambda one: one.pk)]
    latest = {(reader.key, one.topic): one.pk for one, reader in rows}
    for one, reader in rows:
        is_latest = latest[reader.key, one.topic] == one.pk
        yield Said(
            "SMS" if one.email is not None and is_text(one.email) else "Mail",
            one.at,
            "Le portail",
            reader.name,
            one.kind_label,
            one.fate,
            failed_mail=one.pk if one.has_failed and is_latest and may_go_again else 0,
            to_call=reader.phone if one.email is None or one.has_failed else "",
        )
