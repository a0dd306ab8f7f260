"""`manage.py serve`: production settings, real processes."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

from tests.support.migrated import copy_to
from tests.support.portal import KEPT, ROOT, free_port, share_fonts
from uzes_portal.processes import LONGEST_WAIT, STARTED_WELL, Watched

PATIENCE = 120


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """The environment of a small town, on SQLite."""
    share_fonts(tmp_path)
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {
        "VAR_DIR": str(tmp_path),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FILE_KEYS": "1:" + "A" * 43 + "=",
        "ALLOWED_HOSTS": "127.0.0.1",
        "SITE_URL": "https://127.0.0.1",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": "9",
        "DEFAULT_FROM_EMAIL": "mairie@example.org",
        "BEHIND_TLS_PROXY": "1",
    }


def _manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.2)
    pytest.fail("it did not come true in time")


def _status(port: int, path: str) -> int:
    request = Request(f"http://127.0.0.1:{port}{path}", headers={"X-Forwarded-Proto": "https"})
    try:
        return int(urlopen(request, timeout=10).status)
    except HTTPError as refusal:
        return refusal.code
    except (URLError, OSError):
        return 0


def _children(parent: int) -> dict[str, int]:
    """Each process that `serve` started: its name and its number."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if int(told[1]) == parent:
            name = next((one for one in words if one in {"send_mails", "run_jobs", "granian"}), "")
            found[name] = int(folder.name)
    return found


def test_serve_wants_the_tables_first(production: dict[str, str]) -> None:
    done = _manage(production, "serve")

    assert done.returncode == 1
    assert "manage.py migrate" in done.stderr


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_serve_starts_again_what_ends_and_stops_everything(production: dict[str, str]) -> None:
    copy_to(Path(production["VAR_DIR"]) / "portal.sqlite3")
    for line in ("migrate -v0", "build_assets", "collectstatic --noinput -v0", "load_fixtures"):
        assert _manage(production, *line.split()).returncode == 0
    port = free_port()
    serve = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", "1"],
        cwd=ROOT,
        env=production,
    )
    try:
        _until(lambda: _status(port, "/sante/vie/") == 200)
        _until(lambda: _status(port, "/sante/") == 200)  # the sender and the runner live too
        assert _status(port, "/") == 200
        first = _children(serve.pid)
        assert set(first) == {"granian", "send_mails", "run_jobs"}

        os.kill(first["send_mails"], signal.SIGKILL)
        _until(lambda: _children(serve.pid).get("send_mails") not in {None, first["send_mails"]})

        assert _children(serve.pid)["run_jobs"] == first["run_jobs"]
    finally:
        last = _children(serve.pid)
        serve.terminate()
        serve.wait(timeout=PATIENCE)
    assert serve.returncode == 0
    assert not [pid for pid in last.values() if Path(f"/proc/{pid}").exists()]


class _Ended:
    returncode = 1

    def poll(self) -> int:
        return 1


def test_what_keeps_ending_is_started_later_and_later(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[float] = []
    now = 0.0

    def run(arguments: Any) -> Any:
        starts.append(now)
        return _Ended()

    monkeypatch.setattr("uzes_portal.processes.run", run)
    one = Watched("web", [])
    while len(starts) < 10:
        one.look(now)
        now += 0.5

    waits = [later - sooner for sooner, later in pairwise(starts)]
    assert waits == sorted(waits)
    assert waits[0] < 4
    assert waits[-1] < LONGEST_WAIT + 2

    now += STARTED_WELL  # it lived for long
    one.started = now - STARTED_WELL - 1
    one.child = _Ended()  # type: ignore[assignment]
    assert one.look(now) == "ended with 1, again in 1 s"
