"""A mailbox read by IMAP: as much of the protocol as our reader asks, over a real socket."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Mailbox:
    """What the server holds: the mails by their number, and the flags of each."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    port: int = 0
    password: str = "secret"

    def receive(self, raw: bytes) -> int:
        number = max(self.mails, default=0) + 1
        self.mails[number], self.flags[number] = raw, set()
        return number


class _Talk(socketserver.StreamRequestHandler):
    server: Any

    def handle(self) -> None:
        box: Mailbox = self.server.box
        self.say(b"* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.strip().decode().partition(" ")
            verb = rest.upper()
            if verb.startswith("CAPABILITY"):
                self.say(b"* CAPABILITY IMAP4rev1")
            elif verb.startswith("LOGIN") and box.password not in rest:
                self.say(f"{tag} NO wrong password".encode())
                continue
            elif verb.startswith("SELECT"):
                self.say(f"* {len(box.mails)} EXISTS".encode())
            elif verb.startswith("UID SEARCH"):
                new = [n for n in box.mails if not box.flags[n] & {"\\Seen", "\\Deleted"}]
                self.say(b"* SEARCH " + " ".join(map(str, new)).encode())
            elif verb.startswith("UID FETCH"):
                self.fetch(box, rest)
            elif found := re.match(r"UID STORE (\d+) \+FLAGS \((\S+)\)", rest, re.IGNORECASE):
                box.flags[int(found[1])].add(found[2])
            elif verb.startswith("EXPUNGE"):
                for number in [n for n, flags in box.flags.items() if "\\Deleted" in flags]:
                    del box.mails[number], box.flags[number]
            self.say(f"{tag} OK done".encode())
            if verb.startswith("LOGOUT"):
                return

    def fetch(self, box: Mailbox, rest: str) -> None:
        found = re.search(r"FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest, re.IGNORECASE)
        if found is None:
            raise AssertionError(rest)
        number = int(found[1])
        part = box.mails[number][: int(found[2])]
        head = f"* {number} FETCH (UID {number} BODY[]<0> {{{len(part)}}}\r\n".encode()
        self.wfile.write(head + part + b")\r\n")

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """An empty mailbox that answers on `port`, until the end of the block."""
    box = Mailbox()
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.box = box  # type: ignore[attr-defined]
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield box
        finally:
            server.shutdown()
