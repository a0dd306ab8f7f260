"""Measure, and print one table. Ratios of one run are what counts: machines differ.

python -m tests.bench [TOTAL]: with a number, the desk alone, with so many dossiers.
"""

import base64
import gzip
import http.client
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

from tests.support.portal import KEPT, ROOT, free_port
from tests.support.postgres import throwaway_postgres

SECONDS = 1.0
ROUNDS = 3
CLIENTS = 4
RENDERS = 15
ONE_LINE = "<html lang=fr><title>Une ligne</title><p>Une ligne</p>"
MAX_REQUESTS, MAX_BYTES = 3, 28_000


def environment(var_dir: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "VAR_DIR": str(var_dir),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FILE_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "ALLOWED_HOSTS": "127.0.0.1",
        "EMAIL_HOST": "127.0.0.1",
        "LOG_LEVEL": "ERROR",
        # The limits of a house would measure the refusal page.
        "PYTHONWARNINGS": "ignore",
    }


def prepare() -> tuple[str, str, str, str]:
    """Fill the database.

    The addresses of a tracking page, a task list and a page of slots, and the cookie of who reads
    them.
    """
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from demarches.guidance.comarquage import import_source
    from demarches.models import User
    from tests.support.appointments import make_complete
    from tests.support.dossiers import bring_everything, make_dossier, send
    from tests.support.fiches import fiche_xml, write_zip
    from tests.support.reference import REFERENCE_FIXTURES

    call_command("migrate", verbosity=0)
    call_command("loaddata", *REFERENCE_FIXTURES, verbosity=0)
    call_command("build_assets", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    alice, bob = (User.objects.create_user(f"{who}@example.org") for who in ("alice", "bob"))
    dossier = make_dossier(alice, bob)
    bring_everything(dossier)
    send(dossier)
    client = Client()
    client.force_login(alice, backend="demarches.accounts.adapter.CodeBackend")
    with tempfile.TemporaryDirectory() as folder:
        guide = {"F265.xml": fiche_xml("F265")}
        import_source(write_zip(Path(folder) / "guide.zip", guide), at=timezone.now())
    agent = User.objects.create_user("agent@example.org", is_staff=True)
    booking = make_complete(make_dossier(alice, bob), agent, at=timezone.now())
    return (
        dossier.get_absolute_url(),
        make_dossier(alice, bob).get_absolute_url(),
        f"{booking.get_absolute_url()}rendez-vous/choisir/",
        client.cookies["sessionid"].value,
    )


def hit(port: int, path: str, cookie: str, seconds: float) -> list[float]:
    """Durations of the answers of one client, until the time is up."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Cookie": f"sessionid={cookie}"} if cookie else {}
    times, end = [], time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        times.append(time.perf_counter() - start)
    connection.close()
    return times


def load(port: int, path: str, cookie: str = "") -> list[float]:
    """The same by several clients at once."""
    times: list[float] = []
    threads = [
        Thread(target=lambda: times.extend(hit(port, path, cookie, SECONDS)))
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)] * 1000


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def compare_pages(port: int, pages: dict[str, tuple[str, str]]) -> None:
    print(f"{'page':<22}{'req/s':>8}{'p99 ms':>9}{'of bare':>9}  aim >= 0.5")
    for name, (path, cookie) in pages.items():
        load(port, path, cookie)
        ours: list[float] = []
        bare: list[float] = []
        for _ in range(ROUNDS):
            ours += load(port, path, cookie)
            bare += load(port, "/bare/")
        ratio = len(ours) / len(bare)
        rate = len(ours) / (SECONDS * ROUNDS)
        print(f"{name:<22}{rate:>8.0f}{p99(ours):>9.1f}{ratio:>9.2f}  {verdict(ratio >= 0.5)}")
    rate = len(bare) / (SECONDS * ROUNDS)
    print(f"{'(the bare view)':<22}{rate:>8.0f}{p99(bare):>9.1f}{1:>9.2f}")


def first_visits(port: int, paths: list[str]) -> None:
    print(f"\n{'first visit':<22}{'requests':>9}{'KB':>7}  aim <= 3 and <= 28 KB")
    for path in paths:
        html, size = fetch(port, path)
        links = re.findall(rb'(?:href|src)="(/static/[^"]+)"', html)
        total = size + sum(fetch(port, link.decode())[1] for link in set(links))
        requests = 1 + len(set(links))
        met = requests <= MAX_REQUESTS and total <= MAX_BYTES
        print(f"{path[:21]:<22}{requests:>9}{total / 1000:>7.1f}  {verdict(met)}")


def fetch(port: int, path: str) -> tuple[bytes, int]:
    """The body, and what travelled."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    plain = gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
    return plain, len(body)


def median_ms(call: Callable[[], object], before: Callable[[], object] | None = None) -> float:
    """The time of a call once everything is warm; `before` each one, not counted."""
    call()
    times = []
    for _ in range(RENDERS):
        if before is not None:
            before()
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def compare_papers(path: str) -> None:
    from weasyprint import HTML

    from demarches.papers.documents import papers
    from demarches.web.request_memory import reading
    from pacs.models import Dossier
    from pacs.papers.documents import acknowledgement, checklist, convention, declaration
    from pacs.rules.convention import ConventionChoices, MaterialAid, PropertyRegime

    dossier = Dossier.objects.get(reference=path.split("/")[2])
    choices = ConventionChoices(MaterialAid.PROPORTIONAL, PropertyRegime.SEPARATION)
    line = median_ms(lambda: HTML(string=ONE_LINE).write_pdf(pdf_variant="pdf/ua-1"))
    makers = {
        "checklist": (lambda: checklist(dossier, reader=None), 1.3),
        "acknowledgement": (lambda: acknowledgement(dossier, reader=None), 1.9),
        "declaration": (lambda: declaration(dossier, reader=None), 2.7),
        "convention": (lambda: convention(dossier, choices), 2),
    }
    print(f"\n{'paper, warm':<22}{'ms':>8}{'of one line':>13}{'aim':>6}{'again, ms':>12}  aim <= 8")
    for name, (make, aim) in makers.items():

        def asked(make: Callable[[], object] = make) -> None:
            # As the page that gives it does: what rarely changes is kept from one to the next.
            with reading():
                make()

        cost, again = median_ms(asked, before=papers.clear), median_ms(asked)
        met = f"{verdict(cost / line <= aim)}, {verdict(again <= 8)}"
        print(f"{name:<22}{cost:>8.0f}{cost / line:>13.1f}{aim:>6}{again:>12.1f}  {met}")
    print(f"{'(one line)':<22}{line:>8.0f}{1:>13.1f}")


def contested_bookings(env: dict[str, str]) -> None:
    """On both databases: what take_seat costs beside bare SQL, four clients for each slot."""
    print(f"\n{'contested bookings':<22}{'per s':>10}{'bare SQL':>12}{'ratio':>9}", flush=True)
    command = [sys.executable, "-m", "tests.bench.bookings"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(command, cwd=ROOT, env={**env, "VAR_DIR": folder}, check=True)
    with throwaway_postgres() as url:
        base = url.rpartition("/")[0]
        here = {**env, "DATABASE_URL": f"{base}/postgres"}
        subprocess.run(command, cwd=ROOT, env=here, check=True)


def desk(total: str) -> None:
    """The desk's pages with 300 dossiers and with so many (PostgreSQL)."""
    with tempfile.TemporaryDirectory() as folder, throwaway_postgres() as url:
        env = environment(Path(folder))
        env["DATABASE_URL"] = f"{url.rpartition('/')[0]}/postgres"
        command = [sys.executable, "-m", "tests.bench.desk", total]
        subprocess.run(command, cwd=ROOT, env=env, check=True)


def engine() -> None:
    from pacs.rules.cases import CASES
    from pacs.rules.pieces import required_pieces
    from pacs.rules.situation import CoupleAnswers, Dematerialisation, derive_inputs

    people = [case.person for case in CASES]
    couples = [CoupleAnswers(people=(one, two)) for one in people for two in people]
    rules = Dematerialisation()
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < 1:
        for couple in couples:
            required_pieces(derive_inputs(couple, rules))
        done += len(couples)
    print(f"\npieces engine: {done / (time.perf_counter() - start):,.0f} couples a second")


def main() -> None:
    from tests.pacs.simulator_answers import FRENCH, ITALIAN_WIDOW, params_of

    if len(sys.argv) > 1:
        desk(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder))
        os.environ.update(env)
        path, tasks, month, cookie = prepare()
        with serving(env) as port:
            simulator = f"/pacs/pieces/?{urlencode(params_of(FRENCH, ITALIAN_WIDOW))}"
            compare_pages(
                port,
                {
                    "home": ("/", ""),
                    "mairie": ("/mairie/", ""),
                    "simulator result": (simulator, ""),
                    "tracking page": (path, cookie),
                    "task list": (tasks, cookie),
                    "month of slots": (month, cookie),
                    "national fiche": ("/fiches/F265/", ""),
                },
            )
            first_visits(port, ["/", "/mairie/", "/pacs/", "/pacs/pieces/", simulator])
        compare_papers(path)
        contested_bookings(env)
        engine()


@contextmanager
def serving(env: dict[str, str]) -> Iterator[int]:
    """The port of granian with one worker and one thread, for as long as the block lasts."""
    port = free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)),
            *("--workers", "1", "--blocking-threads", "1", "--log-level", "error"),
            "uzes_portal.wsgi:application",
        ],
        cwd=ROOT,
        env=env,
    )
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(port: int) -> None:
    for _ in range(100):
        try:
            fetch(port, "/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("The server did not start.")


if __name__ == "__main__":
    main()
