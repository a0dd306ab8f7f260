"""A couple from its papers to the register, while the machine dies under it."""

import http.client
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread
from typing import Any

from tests.race.scene import CSRF, Server, Worker, environment, own_database
from tests.support.files import jpeg

#: A kill comes at any moment of so long a time, in seconds: about what a step takes.
STEP_LASTS = 0.35
#: The process that plays the mairie, and the piece of which a photo is sent.
MODULE, IDENTITY = "tests.crash.worker", "1-P03_identite"
BOUNDARY = "a-boundary-that-no-file-holds"


class Shown(HTMLParser):
    """The forms of a page, as a browser that changes nothing sends them: names and values."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), []))
        elif tag == "input" and self.forms and values.get("name"):
            kind = values.get("type", "text")
            if kind in {"radio", "checkbox"} and "checked" not in values:
                return
            if kind not in {"file", "submit", "image"}:
                self.forms[-1][1].append((values["name"], values.get("value", "")))


@dataclass
class Browser:
    """One person's browser; it finds the server again after each start."""

    server: Server
    session: str

    def get(self, path: str) -> str:
        status, body, _ = self.ask("GET", path)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
        return body

    def press(
        self, path: str, *more: tuple[str, str], to: str = "", file: tuple[str, bytes] | None = None
    ) -> int:
        """Open the page, press the button of the form that is sent to `to`; the status."""
        shown = Shown(self.get(path))
        fields = next(f for action, f in shown.forms if (action or path) == (to or path))
        typed = {name for name, _ in more}
        kept = [one for one in fields if one[0] not in typed]
        status, _, _ = self.ask("POST", to or path, [*kept, *more], file)
        return status

    def ask(
        self,
        method: str,
        path: str,
        fields: list[tuple[str, str]] | None = None,
        file: tuple[str, bytes] | None = None,
    ) -> tuple[int, str, str]:
        """One request: the status, the page, where it leads."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        headers = {"Cookie": f"sessionid={self.session}; csrftoken={CSRF}"}
        body = None
        if method == "POST":
            kept = [one for one in fields or [] if one[0] != "csrfmiddlewaretoken"]
            body = _multipart([("csrfmiddlewaretoken", CSRF), *kept], file)
            headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        connection.close()
        return answer.status, text, answer.headers.get("Location", "")


def _multipart(fields: list[tuple[str, str]], file: tuple[str, bytes] | None) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields
    ]
    if file is not None:
        name, content = file
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="a.jpg"'
        parts += [head.encode() + b"\r\nContent-Type: image/jpeg\r\n\r\n", content, b"\r\n"]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


@dataclass
class Crashes:
    """The server, the mairie, and what went wrong so far."""

    server: Server
    env: dict[str, str]
    #: Ends what is started on the way.
    stack: ExitStack
    mairie: Worker
    photo: bytes
    kills: int = 0
    wrong: list[str] = field(default_factory=list)
    couples: int = 0

    def journey(self) -> None:
        """One couple: each step is killed once, looked at, and done again to its end."""
        self.couples += 1
        couple = self.mairie("draft", self.couples)
        first, second = (Browser(self.server, one) for one in couple["sessions"])
        base = f"/pacs/{couple['reference']}/"
        pieces, book = f"{base}pieces/", f"{base}rendez-vous/"
        file = (f"{IDENTITY}-documents", self.photo)
        ends = (f"{IDENTITY}-expires_on", f"6/6/{time.gmtime().tm_year + 5}")
        slot = ""

        def choose() -> None:
            first.press(f"{book}choisir/", ("creneau", slot), to=f"{book}choisir/")

        def confirm() -> None:
            first.press(f"{book}confirmer/")

        def choose_and_confirm() -> None:
            choose()
            confirm()

        steps: list[tuple[str, Callable[[], object], Callable[[dict[str, Any]], bool]]] = [
            ("upload", lambda: first.press(pieces, ends, file=file), lambda far: far["files"] >= 1),
            (
                "bring",
                lambda: [one.press(pieces, ("apporter", "1")) for one in (first, second)],
                lambda far: far["missing"] == 0,
            ),
            (
                "send",
                lambda: first.press(f"{base}verifier/", to=f"{base}envoyer/"),
                lambda far: far["status"] == "submitted",
            ),
        ]
        for step in steps:
            self._step(couple["pk"], *step)
        self.mairie("complete", couple["pk"])
        slot = self.mairie("slots_of", couple["pk"])[0]
        self._step(
            couple["pk"],
            "book",
            choose_and_confirm,
            lambda far: far["status"] == "scheduled",
        )
        self._register(couple["pk"])
        far = self.mairie("how_far", couple["pk"])
        once = {"status": "registered", "files": 1, "missing": 0, "sent": 1, "told": 2}
        once |= {"booked": 2, "registered": 1, "avis": 2}
        if far != once:
            self.wrong.append(f"{couple['reference']} at its end: {far}")

    def _step(
        self,
        pk: int,
        name: str,
        act: Callable[[], object],
        is_done: Callable[[dict[str, Any]], bool],
    ) -> None:
        """Kill the server while this is done; then do it again, unless it was done."""

        def quietly() -> None:
            # The connection breaks before the answer, in the middle of it, or is refused.
            with suppress(OSError, http.client.HTTPException, RuntimeError):
                act()

        thread = Thread(target=quietly)
        thread.start()
        time.sleep(secrets.randbelow(1000) / 1000 * STEP_LASTS)
        self.server.kill()
        thread.join()
        self.kills += 1
        self._look(name)
        self.server.start()
        if not is_done(self.mairie("how_far", pk)):
            act()
        if not is_done(far := self.mairie("how_far", pk)):
            self.wrong.append(f"« {name} » was not possible after the kill: {far}")

    def _register(self, pk: int) -> None:
        """The desk's process is killed while it registers; another one does it."""
        doomed = self.another_mairie()
        doomed.ask("register", pk)
        time.sleep(secrets.randbelow(1000) / 1000 * STEP_LASTS)
        doomed.kill()
        self.kills += 1
        self._look("register")
        if self.mairie("how_far", pk)["status"] != "registered":
            self.mairie("register", pk)

    def another_mairie(self) -> Worker:
        """A process of the mairie that is ready; the first one may have lost its database."""
        other = Worker(self.env, MODULE)
        self.stack.callback(other.close)
        other("slots", 0)
        return other

    def _look(self, name: str) -> None:
        found = [f"after a kill during « {name} »: {one}" for one in self.mairie("broken")]
        self.wrong += [one for one in found if one not in self.wrong]


@contextmanager
def stage(var_dir: Path, server_url: str) -> Iterator[Crashes]:
    """Prepare the database, start the server and the mairie; stop all of it."""
    with ExitStack() as stack:
        env = environment(var_dir, stack.enter_context(own_database(server_url)))
        mairie = Worker(env, MODULE)
        stack.callback(mairie.close)
        mairie("prepare")
        server = Server(env)
        stack.callback(server.kill)
        yield Crashes(server, env, stack, mairie, jpeg())
