"""The mailbox where mails come back: read by IMAP, its reports believed of one thing alone.

Configured by `BOUNCES_*`; without it, only what the first server refuses is known (ADR 0090).
"""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings

from demarches.mail.emails import note_return
from demarches.rules.bounces import read_bounce

#: Mails of one round, and bytes read of each: a report is a few thousand, whatever it brings back.
MOST_MAILS, MOST_BYTES = 200, 131_072
TIMEOUT = 20


class MailboxUnreachable(Exception):
    """The mailbox cannot be read now; the text names the kind of error, never what was in it."""


@dataclass(frozen=True, slots=True)
class Returns:
    """What one round found: mails read, and mails of ours that came back."""

    read: int = 0
    returned: int = 0


def read_returns() -> Returns:
    """Read what is new in the mailbox, and note each mail of ours that came back.

    A report is deleted once it is noted: it holds somebody's address. Anything else stays, marked
    as read. Raises `MailboxUnreachable`; what was noted before stays noted.
    """
    read = returned = 0
    try:
        with _mailbox() as box:
            for uid in _new(box)[:MOST_MAILS]:
                bounce = read_bounce(_start_of(box, uid))
                read += 1
                if bounce is not None and note_return(bounce):
                    returned += 1
                box.uid("STORE", uid, "+FLAGS", r"(\Deleted)" if bounce else r"(\Seen)")
            box.expunge()
    except (imaplib.IMAP4.error, OSError) as error:
        raise MailboxUnreachable(type(error).__name__) from error
    return Returns(read, returned)


@contextmanager
def _mailbox() -> Iterator[imaplib.IMAP4]:
    host, port = settings.BOUNCES_HOST, settings.BOUNCES_PORT
    box = (
        imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT)
        if settings.BOUNCES_USE_TLS
        else imaplib.IMAP4(host, port, timeout=TIMEOUT)
    )
    with box:
        box.login(settings.BOUNCES_USER, settings.BOUNCES_PASSWORD)
        answer, _ = box.select(settings.BOUNCES_FOLDER)
        if answer != "OK":
            raise MailboxUnreachable("folder")
        yield box


def _new(box: imaplib.IMAP4) -> list[str]:
    _, found = box.uid("SEARCH", "UNSEEN")
    return [uid.decode("ascii", "ignore") for uid in (found[0] or b"").split()]


def _start_of(box: imaplib.IMAP4, uid: str) -> bytes:
    """The first bytes of a mail; nothing for one that is gone meanwhile."""
    _, answer = box.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
    for line in answer:
        if isinstance(line, tuple) and isinstance(line[1], bytes):
            return line[1][:MOST_BYTES]
    return b""
