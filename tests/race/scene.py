"""A running server, many couples who all want the same slot, and the desk beside them."""

import base64
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from urllib.parse import urlencode

import psycopg

from tests.support.migrated import copy_to, template_of
from tests.support.portal import KEPT, ROOT, free_port, share_fonts
from tests.support.present import the

CSRF = "x" * 32
COUPLES = 36
STAFF = 4
WORKERS = 2
DESKS = 2


def environment(var_dir: Path, database_url: str) -> dict[str, str]:
    """A production portal on data of its own."""
    share_fonts(var_dir)
    if not database_url:
        copy_to(var_dir / "portal.sqlite3")
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "tests.race.settings",
        "VAR_DIR": str(var_dir),
        "DATABASE_URL": database_url,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FILE_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "EMAIL_HOST": "127.0.0.1",
        "LOG_LEVEL": "CRITICAL",
    }


@contextmanager
def own_database(server_url: str) -> Iterator[str]:
    """A new database beside the one of the tests; an empty address means SQLite."""
    if not server_url:
        yield ""
        return
    base, _, _ = server_url.rpartition("/")
    name = f"race_{secrets.token_hex(4)}"
    with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
        template = template_of(admin.cursor())
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield f"{base}/{name}"
    finally:
        with psycopg.connect(f"{base}/postgres", autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class Worker:
    """A process that acts on the database (see `tests.race.worker`)."""

    def __init__(self, env: dict[str, str], module: str = "tests.race.worker") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, verb: str, *arguments: Any) -> Any:
        self.ask(verb, *arguments)
        return json.loads(the(self.process.stdout).readline())

    def ask(self, verb: str, *arguments: Any) -> None:
        """Let it begin, and wait for no answer."""
        the(self.process.stdin).write(json.dumps([verb, *arguments]) + "\n")
        the(self.process.stdin).flush()

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        with suppress(BrokenPipeError):
            the(self.process.stdin).close()
        self.process.wait(timeout=20)
        the(self.process.stdout).close()


class Server:
    """The portal behind granian, with two worker processes; can be killed and started again."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.start()

    def start(self) -> None:
        self.port = free_port()
        command = [*(sys.executable, "-m", "granian", "--interface", "wsgi")]
        command += ["--port", str(self.port), "--workers", str(WORKERS)]
        command += ["--blocking-threads", "4", "--log-level", "critical", "--no-access-log"]
        self.process = subprocess.Popen(
            [*command, "uzes_portal.wsgi:application"],
            cwd=ROOT,
            env=self.env,
            start_new_session=True,  # its workers are killed with it
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(200):
            try:
                ask(self.port, "GET", "/robots.txt")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("The server did not start.")

    def kill(self) -> None:
        """As a power cut does: no process of it says goodbye."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class Answer:
    """What one client got."""

    status: int
    body: str
    seconds: float

    @property
    def nearest(self) -> int:
        """How many free slots a loser is shown."""
        start = self.body.find('id="nearest"')
        return (
            self.body[start : self.body.find("</form>", start)].count("creneau") if start > 0 else 0
        )


def ask(
    port: int, method: str, path: str, session: str = "", data: dict[str, str] | None = None
) -> Answer:
    """One request, with the token against forged ones."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF}"}
    body = None
    if method == "POST":
        body = urlencode({"csrfmiddlewaretoken": CSRF, **(data or {})})
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    start = time.perf_counter()
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    if answer.status == 303:
        # As a browser does: the page that says why it is refused is there.
        page = ask(port, "GET", str(answer.headers["Location"]).partition("#")[0], session)
        return Answer(page.status, page.body, time.perf_counter() - start)
    return Answer(answer.status, text, time.perf_counter() - start)


@dataclass
class Round:
    """What became of one slot that everybody wanted."""

    answers: list[Answer] = field(default_factory=list)
    desk: list[str] = field(default_factory=list)
    taken: int = 0

    @property
    def winners(self) -> int:
        return sum(one.status == 302 for one in self.answers) + self.desk.count("won")

    @property
    def losers(self) -> list[Answer]:
        return [one for one in self.answers if one.status == 409]


@dataclass
class Scene:
    """The server, the couples, two desks; see `stage`."""

    server: Server
    couples: Sequence[dict[str, Any]]
    desks: Sequence[Worker]
    free: list[str]

    @property
    def worker(self) -> Worker:
        return self.desks[0]

    def read(self, couple: dict[str, Any], page: str) -> str:
        """What a page shows, as its form says it."""
        path = f"/pacs/{couple['reference']}/rendez-vous/{page}/"
        found = re.search(
            r'name="lu" value="([^"]*)"',
            ask(self.server.port, "GET", path, couple["session"]).body,
        )
        return found[1] if found else ""

    def hold(self, couple: dict[str, Any], key: str, read: str | None = None) -> Answer:
        path = f"/pacs/{couple['reference']}/rendez-vous/choisir/"
        sent = {"creneau": key, "lu": self.read(couple, "choisir") if read is None else read}
        return ask(self.server.port, "POST", path, couple["session"], sent)

    def confirm(self, couple: dict[str, Any], read: str | None = None) -> Answer:
        path = f"/pacs/{couple['reference']}/rendez-vous/confirmer/"
        sent = {"lu": self.read(couple, "confirmer") if read is None else read}
        return ask(self.server.port, "POST", path, couple["session"], sent)

    def contest(self) -> Round:
        """Everybody asks for the next free slot at the same moment; the winners confirm."""
        key, result = self.free.pop(0), Round()
        citizens, staff = self.couples[:COUPLES], self.couples[COUPLES:]
        start = Barrier(len(citizens) + len(self.desks))

        def citizen(couple: dict[str, Any]) -> None:
            read = self.read(couple, "choisir")
            start.wait()
            answer = self.hold(couple, key, read)
            if answer.status == 302:
                confirmed = self.confirm(couple)
                answer = answer if confirmed.status == 302 else confirmed
            result.answers.append(answer)

        def desk(worker: Worker, couples: Sequence[dict[str, Any]]) -> None:
            start.wait()
            result.desk += [worker("book", couple["pk"], key) for couple in couples]

        threads = [Thread(target=citizen, args=(couple,)) for couple in citizens]
        share = len(staff) // len(self.desks)
        threads += [
            Thread(target=desk, args=(worker, staff[rank * share : (rank + 1) * share]))
            for rank, worker in enumerate(self.desks)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        result.taken = self.worker("taken", key)
        return result


@contextmanager
def stage(var_dir: Path, server_url: str) -> Iterator[Scene]:
    """Prepare the database, start the server and the desks; stop all of it."""
    with ExitStack() as stack:
        env = environment(var_dir, stack.enter_context(own_database(server_url)))
        desks = []
        for _ in range(DESKS):
            desks.append(Worker(env))
            stack.callback(desks[-1].close)
        couples = desks[0]("prepare", COUPLES + STAFF)
        free = desks[0]("slots", 400)
        server = Server(env)
        stack.callback(server.kill)
        yield Scene(server, couples, desks, free)
