"""What a mail server says when it brings a mail back (RFC 3464); everything else says nothing.

Anybody may write to the address that mails come from: a report is believed of one thing alone,
that a mail did not arrive, and only when it names the mail by its own number.
"""

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser, HeaderParser

#: Parts of a report that are looked at; a report has three.
MOST_PARTS = 20
MESSAGE_ID = re.compile(r"<[0-9a-f]{40}@[^<>\s]{1,255}>")
PERMANENT = re.compile(r"5\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that did not arrive, for good: its Message-ID, and the server's code, « 5.1.1 ».

    `recipient`: the address that refused it, in lower case; empty when the report names none.
    """

    message_id: str
    code: str
    recipient: str = ""


def read_bounce(raw: bytes) -> Bounce | None:
    """The permanent failure that this mail reports; None for any other mail, whatever is in it.

    A delay is no failure: its mail may still arrive.
    """
    try:
        report = BytesParser().parsebytes(raw)
        if report.get_content_type() != "multipart/report":
            return None
        return _read(report)
    # Parts nested by the thousand; headers that break the parser of the standard library.
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _read(report: Message) -> Bounce | None:
    failure, message_id = None, ""
    for rank, part in enumerate(report.walk()):
        if rank == MOST_PARTS:
            break
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            failure = failure or _failure(part)
        elif kind == "message/rfc822" and not message_id:
            message_id = _message_id(part.get_payload(0))
        elif kind == "text/rfc822-headers" and not message_id:
            headers = part.get_payload(decode=True)
            if isinstance(headers, bytes):
                message_id = _message_id(HeaderParser().parsestr(headers.decode("latin-1")))
    if failure is None or not message_id:
        return None
    code, recipient = failure
    return Bounce(message_id, code, recipient)


def _failure(part: Message) -> tuple[str, str] | None:
    """The code and the address of the first recipient that was refused for good."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if not isinstance(block, Message):
            continue
        action, code = _header(block, "Action").lower(), _header(block, "Status")
        found = PERMANENT.match(code)
        if action == "failed" and found:
            _, _, address = _header(block, "Final-Recipient").partition(";")
            return found[0], address.strip().lower()
    return None


def _message_id(brought: object) -> str:
    """The number of the mail that was brought back; empty when it is none of our shape."""
    written = _header(brought, "Message-ID") if isinstance(brought, Message) else ""
    found = MESSAGE_ID.search(written)
    return found[0] if found else ""


def _header(message: Message, name: str) -> str:
    return str(message.get(name, ""))[:1000].strip()
