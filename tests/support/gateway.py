"""A gateway of SMS on this machine, which answers as it is told to, over a real socket."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

#: What one request gets: a status; or silence, a closed door, headers or a body without end.
OK, HANG, CLOSE, TRICKLE, HUGE, TAKE_AND_CLOSE = "200", "hang", "close", "trickle", "huge", "take"


class Gateway:
    """What it was asked, and what it took: each `id` once, as its contract says."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.taken: dict[str, dict[str, str]] = {}
        self.answers: list[str] = []
        #: Set: it speaks TLS.
        self.context: ssl.SSLContext | None = None
        self.is_over = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}/sms?v=1"

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            self._read(connection)

    def _read(self, connection: socket.socket) -> None:
        with connection:
            file = connection.makefile("rb")
            line = file.readline().decode()
            assert line.startswith("POST /sms?v=1 "), line
            headers = {}
            while (header := file.readline().decode().strip()) != "":
                name, _, value = header.partition(": ")
                headers[name.lower()] = value
            asked = json.loads(file.read(int(headers["content-length"])))
            self.asked.append(asked)
            self.headers.append(headers)
            self._answer(connection, asked, self.answers.pop(0) if self.answers else OK)

    def _answer(self, connection: socket.socket, asked: dict[str, str], answer: str) -> None:
        if answer in (OK, HUGE, TAKE_AND_CLOSE):
            self.taken.setdefault(asked["id"], asked)
        if answer in (CLOSE, TAKE_AND_CLOSE):
            return
        if answer == HANG:
            self.is_over.wait(60)
        elif answer == TRICKLE:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not self.is_over.wait(0.1):
                connection.sendall(b"X-Wait: 1\r\n")
        elif answer == HUGE:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
            for _ in range(100_000):
                connection.sendall(b"x" * 65536)
        else:
            extra = b"Location: https://example.org/\r\n" if answer.startswith("3") else b""
            connection.sendall(
                f"HTTP/1.1 {answer} Said\r\n".encode() + extra + b"Content-Length: 2\r\n\r\n{}"
            )


@contextmanager
def open_gateway(settings: Any) -> Iterator[Gateway]:
    """A gateway that takes the SMS of this process, for a while."""
    gateway = Gateway()
    threading.Thread(target=gateway.run, daemon=True).start()
    settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_TOKEN = gateway.url, "jeton"
    settings.SMS_SENDER = "MAIRIE"
    yield gateway
    gateway.is_over.set()
    gateway.server.close()
