"""Download one large file over HTTP, with conditions; or change nothing and say why.

What was received goes on from where it stopped, as long as the server still has the same file.
The answer must come from the host that was named: no redirection is followed.
"""

import re
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPMessage,
    HTTPResponse,
    HTTPSConnection,
)
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

MAX_BYTES = 200_000_000
#: For the whole of it, whatever the number of tries.
MAX_SECONDS = 600
#: Without a word from the server.
SILENCE_SECONDS = 30
TRIES = 4
BLOCK = 1 << 16
KINDS = frozenset(
    {
        "application/zip",
        "application/x-zip-compressed",
        "application/octet-stream",
        "binary/octet-stream",
    }
)
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CONTENT_RANGE = re.compile(r"^bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)$")


class DownloadRefused(ValueError):
    """Nothing was downloaded; the message says why, in French."""


class _Interrupted(Exception):
    """The answer stopped before its end."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the server calls this version of the file, for the next time."""

    etag: str = ""
    last_modified: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.etag or self.last_modified)

    @property
    def strong(self) -> str:
        """The one that allows to go on: a weak tag does not promise the same bytes (RFC 9110)."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified

    @property
    def day(self) -> float | None:
        """The date of the file, as a timestamp."""
        try:
            return parsedate_to_datetime(self.last_modified).timestamp()
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much, how long, how often."""

    max_bytes: int = MAX_BYTES
    max_seconds: float = MAX_SECONDS
    silence_seconds: float = SILENCE_SECONDS
    tries: int = TRIES


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        host = urlsplit(newurl).hostname or "inconnue"
        raise DownloadRefused(
            f"Le serveur renvoie vers une autre adresse ({host})."
            " Vérifiez-la, puis changez COMARQUAGE_URL."
        )


type Opened = Callable[[socket.socket], None]


def _telling(kind: type[HTTPConnection], opened: Opened) -> type[HTTPConnection]:
    """Connections of this kind that tell their socket once it is there."""

    class Telling(kind):  # type: ignore[valid-type, misc]
        def connect(self) -> None:
            super().connect()
            opened(self.sock)

    return Telling


class _Http(urllib.request.HTTPHandler):
    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self.connection = _telling(HTTPConnection, opened)

    def http_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(self.connection, req)


class _Https(urllib.request.HTTPSHandler):
    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self.connection = _telling(HTTPSConnection, opened)

    def https_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(self.connection, req)


def download(
    url: str,
    target: Path,
    *,
    known: Stamp | None = None,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Stamp | None:
    """Write the file at `target`; None when the server still has the version `known`.

    Raises `DownloadRefused`: the address, the server, the type, the size or the time is wrong.
    """
    limits = limits or Limits()
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise DownloadRefused(f"L’adresse est illisible : vérifiez-la ({error}).") from error
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise DownloadRefused("L’adresse doit commencer par https://.")
    return _Transfer(url, target, known or Stamp(), limits, clock).run()


class _Transfer:
    """One download, over as many answers as it takes."""

    def __init__(
        self, url: str, target: Path, known: Stamp, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self.url, self.target, self.known, self.limits = url, target, known, limits
        self.clock = clock
        self.deadline = clock() + limits.max_seconds
        self.stamp = Stamp()
        #: How long the whole file is, once a server has told; a later part may leave it out.
        self.total: int | None = None
        self.socket: socket.socket | None = None
        self.is_over = False
        self.opener = urllib.request.build_opener(
            _NoRedirect, _Http(self._opened), _Https(self._opened)
        )

    def run(self) -> Stamp | None:
        self.target.write_bytes(b"")
        # Headers may trickle for years without a silence: only closing from outside ends that.
        end = threading.Timer(self._left(), self._close)
        end.daemon = True
        end.start()
        try:
            return self._run()
        finally:
            end.cancel()

    def _opened(self, connected: socket.socket) -> None:
        self.socket = connected

    def _close(self) -> None:
        # First of all: what is closed here must not look like the end of the file.
        self.is_over = True
        if self.socket is not None:
            with suppress(OSError):
                # Of the plain socket: that of TLS would first forget what is being read.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def _run(self) -> Stamp | None:
        reason = ""
        for _ in range(self.limits.tries):
            try:
                return self._try()
            except urllib.error.HTTPError as error:
                if error.code == HTTPStatus.NOT_MODIFIED and not self.known.is_empty:
                    return None
                if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    self.target.write_bytes(b"")
                reason = f"le serveur répond {error.code}"
                if error.code < HTTPStatus.INTERNAL_SERVER_ERROR and self._received:
                    continue
                if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                    break
            except _Interrupted as error:
                reason = str(error)
            except DownloadRefused:
                raise
            except (OSError, HTTPException, ValueError) as error:
                # Of an address that is none, its own or the one it sends to: `ValueError`.
                reason = f"le serveur ne répond pas ({type(error).__name__})"
        raise DownloadRefused(f"Le guide n’a pas pu être téléchargé : {reason}.")

    @property
    def _received(self) -> int:
        return self.target.stat().st_size

    def _left(self) -> float:
        left = self.deadline - self.clock()
        if left <= 0 or self.is_over:
            raise DownloadRefused(
                f"Le téléchargement a duré plus de {self.limits.max_seconds:.0f} secondes."
            )
        return left

    def _try(self) -> Stamp:
        start = self._received if self.stamp.strong else 0
        headers = {"Accept-Encoding": "identity", "User-Agent": "uzes-portal"}
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": self.stamp.strong}
        elif not self.known.is_empty:
            if self.known.etag:
                headers["If-None-Match"] = self.known.etag
            if self.known.last_modified:
                headers["If-Modified-Since"] = self.known.last_modified
        request = urllib.request.Request(self.url, headers=headers)  # noqa: S310 -- scheme checked
        timeout = min(self.limits.silence_seconds, self._left())
        with self.opener.open(request, timeout=timeout) as answer:
            return self._read(answer, start)

    def _read(self, answer: HTTPResponse, start: int) -> Stamp:
        self._left()  # headers that were cut are not believed
        kind = answer.headers.get_content_type()
        if kind not in KINDS:
            raise DownloadRefused(f"Le serveur envoie « {kind[:60]} », et non une archive zip.")
        stamp = Stamp(answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))
        total = self._total(answer, start, stamp)
        if answer.status != HTTPStatus.PARTIAL_CONTENT:
            start = 0
        self.stamp, self.total = stamp, total
        with self.target.open("r+b") as file:
            file.seek(start)
            file.truncate()
            size = start
            while block := answer.read1(BLOCK):
                size += len(block)
                if size > self.limits.max_bytes:
                    raise DownloadRefused(self._too_big())
                file.write(block)
                self._left()
        self._left()
        if total is not None and size != total:
            raise _Interrupted(f"la réponse s’arrête à {size} octets sur {total}")
        return stamp

    def _total(self, answer: HTTPResponse, start: int, stamp: Stamp) -> int | None:
        """How long the whole file is, when the server tells."""
        total: int | None = None
        if answer.status == HTTPStatus.PARTIAL_CONTENT:
            told = CONTENT_RANGE.match(answer.headers.get("Content-Range", ""))
            if not start or told is None or int(told[1]) != start or stamp != self.stamp:
                # Another version, or another part: nothing of it may follow what we have.
                self.target.write_bytes(b"")
                raise _Interrupted("le fichier a changé pendant le téléchargement")
            # « * »: a part that is shorter than it says, or than what is left, is not the end.
            last = self.total or int(told[2]) + 1
            total = last if told[3] == "*" else int(told[3])
        elif (length := answer.headers.get("Content-Length", "")[:16]).isdecimal():
            total = int(length)
        if total is not None and total > self.limits.max_bytes:
            raise DownloadRefused(self._too_big())
        return total

    def _too_big(self) -> str:
        return f"Le fichier dépasse {self.limits.max_bytes // 1_000_000} Mo."
