"""Hand one SMS to the gateway of `SMS_GATEWAY_URL`: one POST, one status, nothing else read.

The gateway is asked in JSON: `to` (E.164), `from`, `text`, and `id`. The same event has the same
`id` at every try, so that a gateway which took it already sends nothing twice. Without an address
the channel is off (ADR 0097).
"""

import json
import socket
import ssl
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from demarches.rules.sms import LOOPBACK

#: Without a word from the gateway, and for the whole exchange.
SILENCE_SECONDS, MOST_SECONDS = 5, 10
#: Refusals about us (a token, an address), or about now: tried again once somebody has mended it.
PASSING = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class TextNotTaken(Exception):
    """The gateway did not take it now; the message is a kind of error, never a number."""


class TextRefused(TextNotTaken):
    """The gateway refuses this text or this number for good."""


def is_on() -> bool:
    """Whether the mairie has a gateway."""
    return bool(settings.SMS_GATEWAY_URL)


def post_text(*, to: str, text: str, key: str) -> None:
    """Hand one text over; `key` names its event. Raises `TextNotTaken`, `TextRefused`.

    The body of the answer is not read, however long it is; no redirection is followed.
    """
    url = urlsplit(settings.SMS_GATEWAY_URL)
    body = json.dumps({"to": to, "from": settings.SMS_SENDER, "text": text, "id": key})
    headers = {"Content-Type": "application/json", "User-Agent": "uzes-portal"}
    if settings.SMS_GATEWAY_TOKEN:
        headers["Authorization"] = f"Bearer {settings.SMS_GATEWAY_TOKEN}"
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    try:
        status = _status(url, target, body.encode(), headers)
    except (OSError, HTTPException, ValueError) as error:
        raise TextNotTaken(type(error).__name__) from error
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    is_final = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    kind = TextRefused if is_final and status not in PASSING else TextNotTaken
    raise kind(f"HTTP {status}")


def _status(url: SplitResult, target: str, body: bytes, headers: dict[str, str]) -> int:
    end = time.monotonic() + MOST_SECONDS
    connection = _connection(url)
    cut: threading.Timer | None = None
    is_cut = threading.Event()
    try:
        connection.connect()
        # Headers may trickle for years without a silence: only closing from outside ends that.
        cut = threading.Timer(max(0, end - time.monotonic()), _close, [connection.sock, is_cut])
        cut.daemon = True
        cut.start()
        connection.request("POST", target, body, headers)
        status = connection.getresponse().status
        if is_cut.is_set():
            raise TimeoutError  # headers that were cut are not believed
        return status
    finally:
        if cut is not None:
            cut.cancel()
        connection.close()


def _connection(url: SplitResult) -> HTTPConnection:
    host, port = url.hostname or "", url.port
    if url.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(host, port, timeout=SILENCE_SECONDS, context=context)
    if url.scheme == "http" and host in LOOPBACK:
        return HTTPConnection(host, port, timeout=SILENCE_SECONDS)
    raise ValueError("not https")


def _close(connected: socket.socket, is_cut: threading.Event) -> None:
    # First of all: what is closed here must not look like the end of the answer.
    is_cut.set()
    with suppress(OSError):
        # Of the plain socket: that of TLS would first forget what is being read.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
