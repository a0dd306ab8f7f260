"""Ask a ClamAV daemon about a file, when the town runs one (`CLAMD_ADDRESS`).

Only the INSTREAM command is used: the bytes go through the socket, so that the daemon needs
no right on our files. What was not looked at is opened by nobody: a daemon that is silent is
`Silent`, and the file may wait for it; one that answers no verdict is `Unavailable`, a refusal.
"""

import socket
import struct

from django.conf import settings

TIMEOUT_SECONDS = 20
#: To say whether it lives.
LIFE_SECONDS = 3
CHUNK = 64 * 1024


class Unavailable(Exception):
    """The daemon is configured and gave no verdict."""


class Silent(Unavailable):
    """The daemon is away: later it may look at the file."""


def is_infected(content: bytes) -> bool:
    """Tell whether the daemon knows something bad; False when none is configured."""
    if not settings.CLAMD_ADDRESS:
        return False
    try:
        answer = ask(content)
    except OSError as error:
        raise Silent from error
    if answer.endswith(b"FOUND"):
        return True
    if answer.endswith(b"OK"):
        return False
    raise (Unavailable if answer else Silent)(answer[:200])


def ask(content: bytes) -> bytes:
    """Stream the content in chunks, each after its length, closed by an empty chunk."""
    with connect() as daemon:
        daemon.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK):
            chunk = content[start : start + CHUNK]
            daemon.sendall(struct.pack("!L", len(chunk)) + chunk)
        daemon.sendall(struct.pack("!L", 0))
        answer = b""
        while part := daemon.recv(4096):
            answer += part
    return answer.strip(b"\0\r\n ")


def answers() -> bool:
    """Whether the daemon says that it lives; raises `OSError` when it cannot be reached."""
    with connect(LIFE_SECONDS) as daemon:
        daemon.sendall(b"zPING\0")
        return daemon.recv(64).startswith(b"PONG")


def connect(seconds: float = TIMEOUT_SECONDS) -> socket.socket:
    """Open `host:port`, or the Unix socket at a path; each wait lasts so many seconds."""
    address: str = settings.CLAMD_ADDRESS
    if address.startswith("/"):
        daemon = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        daemon.settimeout(seconds)
        try:
            daemon.connect(address)
        except OSError:
            daemon.close()
            raise
        return daemon
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=seconds)
