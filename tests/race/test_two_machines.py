"""Two web machines on one PostgreSQL and one bucket: what one does, the other knows.

Each machine is a server of its own, with its folder and nothing of the other's.
"""

import http.client
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.race.scene import CSRF, Server, Worker, ask, environment, own_database
from tests.support.bucket import PIECES, bucket_environment, bucket_server, contents
from tests.support.files import jpeg
from tests.support.portal import ROOT

SERVER_URL = os.environ.get("DATABASE_URL", "")
CARD = "1-P03_identite"

pytestmark = [
    pytest.mark.own_database,
    pytest.mark.skipif(
        not SERVER_URL.startswith("postgres"), reason="two machines share a PostgreSQL"
    ),
]


@dataclass
class Town:
    """Both machines, the database's worker, two couples and their bucket."""

    servers: list[Server]
    worker: Worker
    couples: list[dict[str, Any]]
    bucket: str

    @property
    def ports(self) -> list[int]:
        return [server.port for server in self.servers]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    first, second = tmp_path / "first", tmp_path / "second"
    with ExitStack() as stack:
        url = stack.enter_context(own_database(SERVER_URL))
        bucket = stack.enter_context(bucket_server())
        env = environment(first, url) | bucket_environment(bucket)
        worker = Worker(env)
        stack.callback(worker.close)
        couples = worker("prepare", 2)
        # Installed on both: what `collectstatic` made, and no file that anybody sent.
        shutil.copytree(first / "static", second / "static")
        servers = []
        for folder in (first, second):
            servers.append(Server(env | {"VAR_DIR": str(folder)}))
            stack.callback(servers[-1].kill)
        yield Town(servers, worker, couples, bucket)


def test_two_machines_are_one_portal(town: Town) -> None:
    """In one test: two servers cost more to start than all that is asked of them."""
    a_session_is_one_and_ends_everywhere(town)
    a_limit_counts_both(town)
    one_slot_is_taken_once(town)
    a_piece_sent_to_one_is_read_on_the_other(town)
    each_job_runs_on_one_of_them(town)


def a_session_is_one_and_ends_everywhere(town: Town) -> None:
    session = town.worker("draft")["session"]

    def statuses() -> list[int]:
        return [ask(port, "GET", "/mes-demarches/", session).status for port in town.ports]

    assert statuses() == [200, 200]
    ask(town.ports[0], "POST", "/compte/deconnexion/", session)
    assert statuses() == [302, 302]


def a_limit_counts_both(town: Town) -> None:
    path = "/agenda/1/wrong/rendez-vous.ics"
    answers = [ask(town.ports[turn % 2], "GET", path).status for turn in range(24)]

    assert answers == [404] * 20 + [429] * 4


def one_slot_is_taken_once(town: Town) -> None:
    town.worker("capacity", 1)
    for key in town.worker("slots", 3):
        assert sorted(_asked_together(town, key)) == [302, 409]
        assert town.worker("taken", key) == 1


def _asked_together(town: Town, key: str) -> list[int]:
    answers: list[int] = []
    start = Barrier(2)

    def hold(port: int, couple: dict[str, Any]) -> None:
        path = f"/pacs/{couple['reference']}/rendez-vous/choisir/"
        page = ask(port, "GET", path, couple["session"]).body
        sent = {"creneau": key, "lu": re.findall(r'name="lu" value="([^"]*)"', page)[0]}
        start.wait()
        answers.append(ask(port, "POST", path, couple["session"], sent).status)

    threads = [
        Thread(target=hold, args=pair) for pair in zip(town.ports, town.couples, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _fetch(
    port: int, path: str, session: str, data: dict[str, Any] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Cookie": f"sessionid={session}; csrftoken={CSRF}"}
    if data is None:
        connection.request("GET", path, headers=headers)
    else:
        body = encode_multipart(BOUNDARY, {"csrfmiddlewaretoken": CSRF, **data})
        connection.request("POST", path, body, headers | {"Content-Type": MULTIPART_CONTENT})
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def a_piece_sent_to_one_is_read_on_the_other(town: Town) -> None:
    here, there = town.ports
    couple = town.worker("draft")
    place = f"/pacs/{couple['reference']}"
    _, page = _fetch(here, f"{place}/pieces/", couple["session"])
    shown = dict(
        re.findall(rf'<input type="hidden" name="({CARD}-[^"]*)" value="([^"]*)"', page.decode())
    )
    photo = SimpleUploadedFile("carte.jpg", jpeg(), content_type="image/jpeg")
    data = {**shown, f"{CARD}-documents": photo}
    sent, answer = _fetch(here, f"{place}/pieces/{CARD}/", couple["session"], data)
    assert (sent, "carte.jpg" in answer.decode()) == (200, True)

    _, page = _fetch(there, f"{place}/pieces/", couple["session"])
    link = re.findall(rf'"({place}/fichiers/[0-9]+/)"', page.decode())[0]
    read = [_fetch(port, link, couple["session"]) for port in town.ports]

    assert read[0] == read[1]
    assert (read[0][0], read[0][1][:3]) == (200, b"\xff\xd8\xff")
    sealed = contents(town.bucket, PIECES).values()
    assert [one[:3] for one in sealed] == [b"UZ1"]


def each_job_runs_on_one_of_them(town: Town) -> None:
    due = town.worker("hasten_jobs")
    runners = [
        subprocess.Popen(
            [sys.executable, "manage.py", "run_jobs"],
            cwd=ROOT, env=server.env | {"COMARQUAGE_DAILY": "0"},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        for server in town.servers
    ]  # fmt: skip

    said = "".join(runner.communicate(timeout=120)[0] for runner in runners)

    done = re.findall(r"^(\w+): ", said, re.MULTILINE)
    assert sorted(done) == [name for name in due if name != "import_comarquage"]
