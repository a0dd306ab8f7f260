"""A mail server on this machine, so that tests read what really arrives."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """An SMTP server on this machine, which refuses what it is told to refuse."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.answers: list[str] = []

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address.startswith("inconnu@"):
            return "550 5.1.1 no such user"
        if address.startswith("plein@"):
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        return "250 OK"


@contextmanager
def open_mailbox(settings: Any) -> Iterator[Mailbox]:
    """A server that takes the mails of this process, for a while."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    use_server(settings, port)
    yield box
    controller.stop()


def text_of(received: EmailMessage) -> str:
    """The text part of a mail that arrived."""
    part = received.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html_of(received: EmailMessage) -> str:
    """The HTML part of a mail that arrived."""
    part = received.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def use_server(settings: Any, port: int) -> None:
    settings.MAILERS = {
        "default": {"BACKEND": "post_office.EmailBackend"},
        "smtp": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5},
        },
    }
