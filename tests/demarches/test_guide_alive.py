"""The national guidance comes by itself, from a server that may fail in every way."""

import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from demarches.desk.jobs import job_types
from demarches.files.download import DownloadRefused, Limits, Stamp, download
from demarches.guidance.comarquage import (
    AlreadyRefused,
    ImportRefused,
    fetch,
    import_source,
    roll_back,
)
from demarches.models import Fiche, FicheSet, RefusedSource, ShownFiche, User
from tests.support.fiches import small, write_zip
from tests.support.present import the

AT = datetime(2026, 9, 1, 4, 30, tzinfo=UTC)
QUICK = Limits(max_bytes=1_000_000, max_seconds=3, silence_seconds=0.4, tries=3)


def archive(words: str, *, count: int = 10) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for rank in range(1, count + 1):
            entry = zipfile.ZipInfo(f"F{rank}.xml")  # always the same date: the same bytes
            out.writestr(entry, small(f"F{rank}", f"Fiche {rank}", words))
    return buffer.getvalue()


class Server:
    """A server of one file; `behave` answers each request in place of it."""

    def __init__(self) -> None:
        self.content, self.etag = archive("Premier."), '"1"'
        self.modified = "Sun, 30 Aug 2026 10:00:00 GMT"
        self.kind = "application/zip"
        self.asked: list[dict[str, str]] = []
        self.behave: Callable[[BaseHTTPRequestHandler, int], bool] = lambda request, rank: False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(dict(self.headers))
                self.close_connection = True
                if not outer.behave(self, len(outer.asked)):
                    outer.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/part/vosdroits-latest.zip"

    def answer(self, request: BaseHTTPRequestHandler, *, cut: int | None = None) -> None:
        """The file, the rest of it, or that it did not change; `cut` closes too early."""
        headers = request.headers
        if headers.get("If-None-Match") == self.etag:
            self.send(request, 304, b"")
            return
        start = 0
        if headers.get("If-Range") == self.etag and (wanted := headers.get("Range")):
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        body = self.content[start:]
        more = {}
        if start:
            size = len(self.content)
            more["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        self.send(request, 206 if start else 200, body, more, cut=cut)

    def send(
        self,
        request: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        more: dict[str, str] | None = None,
        *,
        cut: int | None = None,
    ) -> None:
        request.send_response(status)
        told = {"ETag": self.etag, "Last-Modified": self.modified, "Content-Type": self.kind}
        for name, value in {**told, "Content-Length": str(len(body)), **(more or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body[:cut])

    def publish(self, words: str, etag: str, *, count: int = 10) -> None:
        self.content, self.etag = archive(words, count=count), etag


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    thread = threading.Thread(target=one.http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield one
    one.http.shutdown()
    one.http.server_close()
    thread.join()


def test_the_file_comes_with_what_the_server_calls_it(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "guide.zip"

    stamp = download(server.url, target, limits=QUICK)

    assert stamp == Stamp('"1"', server.modified)
    assert target.read_bytes() == server.content
    assert download(server.url, target, known=stamp, limits=QUICK) is None


def test_what_stops_half_way_goes_on_from_there(server: Server, tmp_path: Path) -> None:
    def behave(request: BaseHTTPRequestHandler, rank: int) -> bool:
        if rank == 1:
            server.answer(request, cut=700)
        return rank == 1

    server.behave = behave
    target = tmp_path / "guide.zip"

    assert download(server.url, target, limits=QUICK) is not None
    assert target.read_bytes() == server.content
    assert [asked.get("Range") for asked in server.asked] == [None, "bytes=700-"]


@pytest.mark.parametrize("is_told", [True, False])
def test_a_short_part_is_not_the_end(server: Server, tmp_path: Path, is_told: bool) -> None:
    """A part that does not say how long the whole is (« * »): what was told before counts."""
    size = len(server.content)

    def behave(request: BaseHTTPRequestHandler, rank: int) -> bool:
        if rank == 1:
            server.answer(request, cut=700)
        if rank == 2:
            last = 899 if is_told else size - 1
            told = {"Content-Range": f"bytes 700-{last}/*", "Content-Length": str(last - 699)}
            server.send(request, 206, server.content[700:900], told)
        return rank < 3

    server.behave = behave
    target = tmp_path / "guide.zip"

    assert download(server.url, target, limits=QUICK) is not None
    assert target.read_bytes() == server.content
    assert [asked.get("Range") for asked in server.asked][-1] == "bytes=900-"


@pytest.mark.parametrize("obeys", [True, False])
def test_a_file_that_changes_half_way_is_never_glued_to_the_old_one(
    server: Server, tmp_path: Path, obeys: bool
) -> None:
    """A server that obeys `If-Range` sends all of the new file; another one sends its end."""

    def behave(request: BaseHTTPRequestHandler, rank: int) -> bool:
        if rank == 1:
            server.answer(request, cut=700)
            server.publish("Un autre texte, plus long que le premier.", '"2"')
            return True
        if rank == 2 and not obeys:
            size = len(server.content)
            told = {"Content-Range": f"bytes 700-{size - 1}/{size}"}
            server.send(request, 206, server.content[700:], told)
            return True
        return False

    server.behave = behave
    target = tmp_path / "guide.zip"

    assert download(server.url, target, limits=QUICK) == Stamp('"2"', server.modified)
    assert target.read_bytes() == server.content


def hangs(server: Server, request: BaseHTTPRequestHandler) -> None:
    threading.Event().wait(1)


def drips(server: Server, request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "application/zip")
    request.end_headers()
    for _ in range(40):
        request.wfile.write(b"x")
        request.wfile.flush()
        threading.Event().wait(0.1)


def trickles(server: Server, request: BaseHTTPRequestHandler) -> None:
    """A header that never ends, and is never silent."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(60):
        request.wfile.write(b"x")
        request.wfile.flush()
        threading.Event().wait(0.1)


def grows(server: Server, request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)  # without a length, and without an end
    request.send_header("Content-Type", "application/zip")
    request.end_headers()
    for _ in range(40):
        request.wfile.write(b"x" * 100_000)


def redirects(server: Server, request: BaseHTTPRequestHandler) -> None:
    server.send(request, 302, b"", {"Location": "https://ailleurs.example/vosdroits.zip"})


def wrong_part(server: Server, request: BaseHTTPRequestHandler) -> None:
    server.send(request, 206, b"x" * 50, {"Content-Range": "bytes 0-49/100"})


FAILURES = {
    "hangs": (hangs, "ne répond pas"),
    "drips": (drips, "duré plus de"),
    "trickles": (trickles, "duré plus de"),
    "nowhere": (lambda s, r: s.send(r, 302, b"", {"Location": "http://[::1/x"}), "ne répond pas"),
    "unasked": (lambda s, r: s.send(r, 304, b""), "répond 304"),
    "truncated": (lambda s, r: s.send(r, 200, s.content, cut=300), "s’arrête à"),
    "nothing": (lambda s, r: s.send(r, 200, b"", {"Content-Length": "5000"}), "s’arrête à"),
    "page": (lambda s, r: s.send(r, 200, b"<p>", {"Content-Type": "text/html"}), "text/html"),
    "error": (lambda s, r: s.send(r, 500, b""), "répond 500"),
    "missing": (lambda s, r: s.send(r, 404, b""), "répond 404"),
    "redirects": (redirects, "autre adresse"),
    "announced": (lambda s, r: s.send(r, 200, b"", {"Content-Length": "9000000"}), "dépasse 1 Mo"),
    "grows": (grows, "dépasse 1 Mo"),
    "closed": (lambda s, r: r.connection.close(), "ne répond pas"),
    "gibberish": (lambda s, r: r.wfile.write(b"\x00\xff\r\n\r\n"), "ne répond pas"),
    "part": (wrong_part, "a changé pendant"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("failure", FAILURES)
def test_a_server_that_fails_changes_nothing(server: Server, tmp_path: Path, failure: str) -> None:
    import_source(write_zip(tmp_path / "a.zip", {"F1.xml": small("F1", "Une")}), at=AT)
    behave, why = FAILURES[failure]

    def misbehave(request: BaseHTTPRequestHandler, rank: int) -> bool:
        with suppress(OSError):  # the other side had enough, as it should
            behave(server, request)
        return True

    server.behave = misbehave

    with pytest.raises(ImportRefused, match=why):
        fetch(server.url, tmp_path, at=AT, limits=QUICK)
    assert FicheSet.objects.get().source_name == "a.zip"


@pytest.mark.parametrize("url", ["http://exemple.test/a.zip", "file:///etc/passwd", "ftp://a/b"])
def test_only_a_safe_address_is_asked(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadRefused, match="https"):
        download(url, tmp_path / "x")


@pytest.mark.parametrize("url", ["https://[::1", f"https://{'a' * 70}.fr/", "https://h/é"])
def test_an_address_that_is_none_is_refused_in_words(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadRefused):
        download(url, tmp_path / "x", limits=QUICK)


# The command, by hand and by the clock


def run(*args: object, **options: object) -> str:
    call_command("import_comarquage", *args, stdout=(out := StringIO()), **options)
    return out.getvalue()


@pytest.fixture
def national(server: Server, db: None, settings: Any) -> Server:
    settings.COMARQUAGE_URL = server.url
    return server


def test_the_command_takes_what_is_new_and_nothing_else(national: Server) -> None:
    assert "10 documents en service" in run()
    first = the(FicheSet.current())
    assert (first.source_url, first.source_name) == (national.url, "vosdroits-latest.zip")
    assert the(first.file_date).isoformat() == "2026-08-30"

    with time_machine.travel(AT + timedelta(days=90), tick=False):
        assert "n’a pas changé" in run()
    first.refresh_from_db()
    assert first.confirmed_at == AT + timedelta(days=90)
    assert national.asked[-1]["If-None-Match"] == '"1"'

    national.publish("Second.", '"2"')
    assert "Modifiés : 10" in run()
    assert the(FicheSet.current()).etag == '"2"'


def test_the_same_bytes_under_another_name_are_confirmed(national: Server) -> None:
    run()
    national.etag = '"autre"'

    assert "déjà le guide en service" in run()
    assert FicheSet.objects.get().etag == '"autre"'


def test_what_was_rolled_back_never_comes_back_by_itself(national: Server) -> None:
    run()
    national.publish("Mauvais.", '"2"')
    run()
    assert "En service" in run(rollback=True)
    good = the(FicheSet.current())
    assert good.etag == '"1"'

    assert "n’a pas changé" in run()  # the server still has what was withdrawn
    national.etag = '"3"'
    assert "retiré du service" in run()  # the same bytes, whatever they are called
    assert FicheSet.current() == good

    assert "10 documents en service" in run(force=True)
    assert RefusedSource.objects.count() == 0


def test_what_was_too_small_never_comes_back_by_itself(national: Server) -> None:
    run()
    national.publish("Peu.", '"2"', count=3)
    with pytest.raises(CommandError, match="incomplète"):
        run()

    assert "n’a pas changé" in run()
    assert the(FicheSet.current()).count == 10


def test_without_an_address_there_is_nothing_to_fetch(db: None, settings: Any) -> None:
    settings.COMARQUAGE_URL = ""

    with pytest.raises(CommandError, match="COMARQUAGE_URL"):
        run()


@pytest.mark.parametrize("is_on", [True, False])
def test_the_clock_runs_it_where_it_is_wanted(settings: Any, is_on: bool) -> None:
    settings.COMARQUAGE_DAILY = is_on

    assert ("import_comarquage" in {one.command for one in job_types()}) == is_on


def test_one_file_touches_one_document(national: Server, tmp_path: Path, client: Client) -> None:
    run()
    known_at = the(FicheSet.current()).known_at
    ShownFiche.objects.bulk_create([ShownFiche(code="F1"), ShownFiche(code="F2")])
    single = tmp_path / "F1.xml"
    single.write_text(small("F1", "Fiche 1", "Relue."), encoding="utf-8")

    run(str(single))

    told = set(Fiche.objects.current().values_list("code", "source_name", "source_url"))
    assert told == {("F1", "F1.xml", "")} | {
        (f"F{rank}", "vosdroits-latest.zip", national.url) for rank in range(2, 11)
    }
    assert the(FicheSet.current()).known_at == known_at
    page = client.get(reverse("demarches:fiche", args=["F2"])).content.decode()
    assert f"vosdroits-latest.zip\u00a0» ({national.url})" in page.replace("&nbsp;", "\u00a0")


def test_the_desk_says_when_the_guide_is_a_week_old(
    national: Server, client: Client, agent_other: User
) -> None:
    with time_machine.travel(AT, tick=False):
        run()
    client.force_login(agent_other)
    url = reverse("admin:demarches_ficheset_changelist")

    for days, is_told in ((6, False), (8, True)):
        with time_machine.travel(AT + timedelta(days=days), tick=False):
            page = client.get(url).content.decode()
        assert ("plus de 7 jours" in page) == is_told


# Whatever is imported and taken back


class Imports(RuleBasedStateMachine):
    """What is in service is what the history says, after any imports and ways back."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.folder = TemporaryDirectory()
        #: What is in service, and what was before it: one way back is kept.
        self.now: str | None = None
        self.before: str | None = None
        self.withdrawn: set[str] = set()

    def teardown(self) -> None:
        self.folder.cleanup()
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def _import(self, words: str, *, force: bool) -> None:
        path = Path(self.folder.name) / "guide.zip"
        path.write_bytes(archive(words, count=2))
        import_source(path, at=AT, force=force)

    @rule(words=st.sampled_from(["alpha", "bravo", "charlie", "delta"]), force=st.booleans())
    def bring(self, words: str, force: bool) -> None:
        if words in self.withdrawn and not force and words != self.now:
            with pytest.raises(AlreadyRefused):
                self._import(words, force=False)
            return
        self._import(words, force=force)
        if words != self.now:
            self.now, self.before = words, self.now
            self.withdrawn.discard(words)

    @precondition(lambda self: self.before is not None)
    @rule()
    def take_back(self) -> None:
        roll_back(at=AT)
        self.withdrawn.add(str(self.now))
        self.now, self.before = self.before, None

    @precondition(lambda self: self.before is None)
    @rule()
    def nothing_to_take_back(self) -> None:
        with pytest.raises(ImportRefused, match="précédent"):
            roll_back(at=AT)

    @invariant()
    def the_right_one_is_in_service(self) -> None:
        current = FicheSet.current()
        assert (current is None) == (self.now is None)
        if current is not None:
            assert [the(self.now) in row.text for row in current.fiches.all()] == [True] * 2
            before = current.before
            assert (before is None) == (self.before is None)
            if before is not None:
                assert [the(self.before) in row.text for row in before.fiches.all()] == [True] * 2
        assert FicheSet.objects.count() <= 2


@pytest.mark.django_db
def test_any_imports_and_ways_back() -> None:
    run_state_machine_as_test(
        Imports,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
