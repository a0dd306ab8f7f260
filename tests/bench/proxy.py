"""What nginx answers in front of the portal, and whether it is right as the doors open.

python -m tests.bench.proxy: the example of `docs/deploy/`, granian with one worker and one thread,
SQLite. `wrk` asks where it is installed (64 connections), else four clients in Python, which are
themselves the limit.
"""

import http.client
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

from tests.bench.__main__ import CLIENTS, environment, hit, p99, prepare, serving
from tests.support.nginx import running_nginx

CONNECTIONS = 64
SECONDS = 5
#: A minute, which nginx counts whole.
CORRECTION = timedelta(seconds=61)


@dataclass(frozen=True)
class Rate:
    per_second: float
    p99: str
    refused: int


def rate(port: int, path: str, *, seconds: int = SECONDS, headers: tuple[str, ...] = ()) -> Rate:
    """Requests a second, by the client that this machine has."""
    wrk = shutil.which("wrk")
    if wrk is None:
        times: list[float] = []
        clients = [
            Thread(target=lambda: times.extend(hit(port, path, "", seconds)))
            for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        return Rate(len(times) / seconds, f"{p99(times):.1f}ms", 0)
    words = [word for header in headers for word in ("-H", header)]
    said = subprocess.run(
        [
            *(wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *words),
            f"http://127.0.0.1:{port}{path}",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slow = re.search(r"^ +99% +([\d.]+\w+)$", said, re.MULTILINE)
    # wrk counts as errors whatever is no 2xx or 3xx.
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    return Rate(
        float(found[1]) if found else 0, slow[1] if slow else "?", int(refused[1]) if refused else 0
    )


def show(name: str, got: Rate) -> None:
    print(f"{name:<46}{got.per_second:>9,.0f}{got.p99:>11}{got.refused:>9}", flush=True)


def etag_of(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["ETag"]


def open_in_a_moment() -> tuple[datetime, str, str]:
    """Let every service open soon, on a whole minute: when, and the words on either side."""
    from django.utils import timezone  # noqa: PLC0415 -- the settings are chosen by then

    from demarches.models import Mairie, OpeningHours, Service  # noqa: PLC0415
    from demarches.templatetags.portal import nb  # noqa: PLC0415

    turn = (datetime.now(UTC) + CORRECTION + timedelta(seconds=90)).replace(second=0, microsecond=0)
    here = timezone.localtime(turn)
    OpeningHours.objects.all().delete()
    for service in Service.objects.all():
        OpeningHours.objects.create(
            service=service,
            weekday=here.weekday(),
            opens=here.time(),
            closes=(here + timedelta(hours=1)).time(),
        )
    mairie = Mairie.objects.get()
    before, after = (
        str(nb(mairie.schedule(at).today(at).sentence))
        for at in (turn - timedelta(seconds=1), turn)
    )
    if before == after:
        raise RuntimeError("no door opens: closed all day?")
    return turn, before, after


@dataclass
class Witness:
    """Reads the page all the time, and counts what was wrong."""

    port: int
    path: str
    turn: datetime
    before: str
    after: str
    read: int = 0
    wrong: int = 0
    over: Event = field(default_factory=Event)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        while not self.over.is_set():
            asked = datetime.now(UTC)
            connection.request("GET", self.path)
            text = connection.getresponse().read().decode()
            given = datetime.now(UTC)
            is_right = (asked < self.turn and self.before in text) or (
                given >= self.turn and self.after in text
            )
            self.read, self.wrong = self.read + 1, self.wrong + (not is_right)
        connection.close()


def through_the_turn(port: int, path: str) -> None:
    turn, before, after = open_in_a_moment()
    witness = Witness(port, path, turn, before, after)
    # These hours are a correction: nginx shows the page of before for up to a minute.
    time.sleep(CORRECTION.total_seconds())
    reading = Thread(target=witness.run)
    reading.start()
    for name, start, seconds in (
        ("ten seconds, until one before it opens", -11, 10),
        ("two seconds, as the mairie opens", -1, 2),
        ("the ten seconds that follow", 1, 10),
    ):
        begins = turn + timedelta(seconds=start)
        time.sleep(max(0, (begins - datetime.now(UTC)).total_seconds()))
        show(name, rate(port, path, seconds=seconds))
    witness.over.set()
    reading.join()
    print(f"read meanwhile: {witness.read:,}, wrong: {witness.wrong}")


def main() -> None:
    print(f"load of this machine before: {os.getloadavg()[0]:.1f} ({os.cpu_count()} cores)")
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder) / "var")
        os.environ.update(env)
        prepare()
        with (
            serving(env) as port,
            running_nginx(Path(folder), portal=port, access_log=False) as front,
        ):
            print(f"{'':<46}{'req/s':>9}{'p99':>11}{'refused':>9}")
            simulator = "/pacs/pieces/"
            for path in ("/", "/mairie/", "/fiches/F265/", simulator):
                show(f"{path}, the portal alone", rate(port, path))
                show(f"{path}, behind nginx", rate(front, path))
            show(
                "/mairie/, behind nginx, gzip",
                rate(front, "/mairie/", headers=("Accept-Encoding: gzip",)),
            )
            known = f"If-None-Match: {etag_of(front, '/mairie/')}"
            show("/mairie/, behind nginx, 304", rate(front, "/mairie/", headers=(known,)))
            through_the_turn(front, "/mairie/")
    print(f"load after: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
