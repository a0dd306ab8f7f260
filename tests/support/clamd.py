"""A daemon that speaks the INSTREAM of ClamAV, and says what a test wants."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress


def serve(answer: Callable[[bytes], bytes], times: int) -> tuple[str, list[bytes]]:
    """Answer so many files on a free port; the address, and what was received."""
    server = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def run() -> None:
        with server:
            for _ in range(times):
                with server.accept()[0] as client, client.makefile("rb") as stream:
                    assert stream.read(10) == b"zINSTREAM\0"
                    content = b""
                    while length := struct.unpack("!L", stream.read(4))[0]:
                        content += stream.read(length)
                    received.append(content)
                    with suppress(OSError):
                        client.sendall(answer(content))

    threading.Thread(target=run, daemon=True).start()
    return f"127.0.0.1:{server.getsockname()[1]}", received


def serve_one(answer: Callable[[bytes], bytes]) -> tuple[str, list[bytes]]:
    """The same, for one file."""
    return serve(answer, 1)
