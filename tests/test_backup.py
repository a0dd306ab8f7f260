"""The drill: back up under writes, destroy everything, restore, compare, open a dossier."""

import io
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connections

from tests.support.bucket import PIECES, bucket_environment, bucket_server, client, contents
from tests.support.migrated import copy_to
from tests.support.portal import ROOT, demo_environment
from tests.support.postgres import throwaway_postgres
from uzes_portal import backup

#: A couple who sent a dossier with a piece.
A_DOSSIER = """
from demarches.models import User
from tests.support.desk import _file_of
from tests.support.dossiers import make_dossier, send
dossier = make_dossier(*(User.objects.create_user(f"{who}@example.org") for who in "ab"))
_file_of(dossier)
send(dossier)
"""
#: What goes on while the backup is made, until the file of this name is gone.
WRITES = """
import pathlib
from datetime import timedelta
from django.utils import timezone
from demarches.models import RateCounter
flag = pathlib.Path({flag!r})
n = 0
flag.touch()
while flag.exists():
    RateCounter.objects.count_one(str(n), at=timezone.now(), window=timedelta(hours=1))
    n += 1
"""
WHAT_IS_THERE = """
import hashlib, json
from demarches.files import storage
from pacs.models import Dossier, Partenaire, PieceFile
print(json.dumps({
    "dossiers": list(Dossier.objects.order_by("pk").values_list("pk", "reference", "status")),
    "people": list(Partenaire.objects.order_by("pk").values_list("pk", "birth_name", "street")),
    "files": {one.storage_name: hashlib.sha256(storage.read(one.storage_name)).hexdigest()
              for one in PieceFile.objects.all()},
}))
"""


class Town:
    """An installation in a folder of its own, on one of the two databases."""

    def __init__(self, folder: Path, database_url: str, bucket: str = "") -> None:
        self.folder = folder
        self.database_url = database_url
        self.bucket = bucket
        self.environment = demo_environment(folder / "var") | {
            "BACKUP_DIR": str(folder / "kept"),
            **({"DATABASE_URL": database_url} if database_url else {}),
            **(bucket_environment(bucket) if bucket else {}),
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment, capture_output=True, text=True,
        )  # fmt: skip

    def must(self, *arguments: str) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def is_there(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.must("shell", "--no-imports", "-c", WHAT_IS_THERE))
        return told

    @contextmanager
    def written_to(self) -> Iterator[None]:
        flag = self.folder / "writing"
        script = WRITES.format(flag=str(flag))
        writer = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", script],
            cwd=ROOT, env=self.environment,
        )  # fmt: skip
        try:
            while not flag.exists():
                assert writer.poll() is None
            yield
        finally:
            flag.unlink()
            assert writer.wait(timeout=60) == 0

    def destroy(self) -> None:
        """The disk, or the bucket, is gone; the keys and the archives are elsewhere."""
        kept = {path: path.read_bytes() for path in (self.folder / "var").glob("*_key")}
        shutil.rmtree(self.folder / "var")
        (self.folder / "var").mkdir()
        for path, content in kept.items():
            path.write_bytes(content)
        if self.database_url:
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        if self.bucket:
            for name in contents(self.bucket, PIECES):
                client(self.bucket).delete_object(Bucket=PIECES, Key=name)


def _let_serve(town: Town, role: str) -> None:
    """Two roles: the owner's, and one that serves."""
    with psycopg.connect(town.database_url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN")
        owner.execute(town.must("database_roles", role))


def _as(url: str, role: str) -> str:
    return re.sub(r"//[^/@]*@", f"//{role}@", url)


def _reads(url: str, role: str) -> bool:
    with psycopg.connect(_as(url, role)) as serving:
        return serving.execute("SELECT 1 FROM pacs_dossier").fetchone() == (1,)


def _refuse_to_make_databases(town: Town, role: str) -> None:
    """The role that serves backs up; it verifies nothing, and leaves nothing behind."""
    served = Town(town.folder, _as(town.database_url, role))
    refused = served.run("backup", "--verify")
    assert refused.returncode == 1
    assert "CREATEDB" in refused.stderr
    assert "Traceback" not in refused.stderr
    with psycopg.connect(town.database_url) as owner:
        left = owner.execute("SELECT datname FROM pg_database WHERE datname LIKE 'verify%'")
        assert left.fetchall() == []


def _forget(url: str, role: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"DROP OWNED BY {role}")
        owner.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "sqlite and bucket"])
def test_the_drill(engine: str, tmp_path: Path) -> None:
    with (
        throwaway_postgres() if engine == "postgresql" else nullcontext("") as url,
        bucket_server() if engine == "sqlite and bucket" else nullcontext("") as bucket,
    ):
        if url:
            with psycopg.connect(
                url.removesuffix("portal") + "postgres", autocommit=True
            ) as server:
                server.execute("CREATE DATABASE portal")
        town = Town(tmp_path, url, bucket)
        if not url:
            copy_to(tmp_path / "var" / "portal.sqlite3")
        town.must("migrate", "-v0")
        town.must("load_fixtures")
        if url:
            _let_serve(town, "serving")
        town.must("shell", "--no-imports", "-c", A_DOSSIER)
        before = town.is_there()
        assert before["files"]
        assert not bucket or list(contents(bucket, PIECES)) == list(before["files"])

        with town.written_to():
            told = town.must("backup")
        assert " 1 pièces" in told
        assert "un dossier ouvert" in town.must("backup", "--verify")
        refusal = town.run("restore")
        assert refusal.returncode == 1
        assert "--force" in refusal.stderr

        if url:  # an upgrade added a table, and is taken back
            with psycopg.connect(url, autocommit=True) as later:
                later.execute(
                    "CREATE TABLE later (id bigint PRIMARY KEY,"
                    " person bigint REFERENCES pacs_partenaire (id))"
                )
            town.must("restore", "--force")
            with psycopg.connect(url) as later:
                found = later.execute("SELECT to_regclass('later')").fetchone()
            assert found == (None,)
            assert town.is_there() == before
            assert _reads(url, "serving")
            _refuse_to_make_databases(town, "serving")
            _forget(url, "serving")  # as on a new machine, which knows no such role
            assert "un dossier ouvert" in town.must("backup", "--verify")
        town.destroy()
        assert "est perdu" in town.must("restore")

        assert town.is_there() == before
        assert town.must("verify_journal")
        town.must("migrate", "--check")
        # It goes on, and is backed up again.
        town.must("backup")
        assert len(town.must("backup", "--list").split()) == 2


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """An archive of two chunks and a half, without a portal."""
    path = tmp_path / "a.uzb"
    with path.open("wb") as out:
        sealer = backup.Sealer(out)
        for _ in range(5):
            sealer.write(b"x" * (backup.CHUNK // 2))
        sealer.close()
    return path


def _open(path: Path) -> bytes:
    with path.open("rb") as content:
        opener, parts = backup.Opener(content), []
        while part := opener.read(100_000):
            parts.append(part)
    return b"".join(parts)


def test_an_archive_opens_as_it_was(sealed: Path) -> None:
    assert _open(sealed) == b"x" * (backup.CHUNK // 2) * 5


def test_the_same_content_is_never_sealed_alike(sealed: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.uzb"
    with other.open("wb") as out:
        backup.Sealer(out).close()
    with sealed.open("rb") as one, other.open("rb") as two:
        assert one.read(60)[10:] != two.read(60)[10:]


@pytest.mark.parametrize(
    "harm",
    [
        lambda content: content[:-1],
        lambda content: content[: backup.CHUNK + 100],
        lambda content: content[: len(content) // 2],
        lambda content: content[:60] + bytes([content[60] ^ 1]) + content[61:],
        lambda content: b"PK" + content[2:],
        lambda content: b"",
    ],
    ids=["cut by one", "one chunk", "half", "one bit", "another kind", "empty"],
)
def test_a_harmed_archive_is_refused(sealed: Path, harm: Any) -> None:
    sealed.write_bytes(harm(sealed.read_bytes()))

    with pytest.raises(backup.BackupRefused):
        _open(sealed)


def test_a_length_that_was_harmed_does_not_read_the_whole_archive() -> None:
    asked = []

    class Endless(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(size)
            return super().read(size)

    beginning = backup.MAGIC + b"\x05tests" + b"s" * backup.SALT_LENGTH
    with pytest.raises(backup.BackupRefused, match="coupée ou a été changée"):
        backup.Opener(Endless(beginning + b"\xff" * 100)).read(1)
    assert max(size or 0 for size in asked) < 2 * backup.CHUNK


def test_an_archive_under_a_key_that_is_gone_says_which(sealed: Path, settings: Any) -> None:
    settings.FILE_KEYS = "2030:" + "A" * 43 + "="

    with pytest.raises(backup.BackupRefused, match="« tests »"):
        _open(sealed)


def test_old_archives_leave_and_the_newest_stays(tmp_path: Path, settings: Any) -> None:
    settings.BACKUPS_KEPT, settings.BACKUP_DAYS = 3, 10
    settings.STORAGES = settings.STORAGES | {
        "backups": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "kept"},
        }
    }
    now = datetime(2026, 11, 27, 2, 30, tzinfo=UTC)
    for days in (40, 12, 9, 3, 2, 1, 0):
        at = now - timedelta(days=days)
        fresh = tmp_path / backup.archive_name(at)
        fresh.write_bytes(b"x")
        backup.keep(fresh, at=at)

    assert backup.kept() == [backup.archive_name(now - timedelta(days=n)) for n in (0, 1, 2)]
    late = now + timedelta(days=90)
    last = tmp_path / backup.archive_name(late)
    last.write_bytes(b"x")
    assert len(backup.keep(last, at=late)) == 3
    assert backup.kept() == [last.name]
    assert storages["backups"].size(last.name) == 1


def test_no_tool_and_no_archive_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(backup.BackupRefused, match="pg_dump manque"):
        backup._tool("pg_dump")
    with pytest.raises(backup.BackupRefused, match="nulle-part"), backup.opened("nulle-part"):
        pass


def test_a_password_is_not_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert os.environ.get("PGPASSWORD") is None
    here = {"USER": "p@x", "PASSWORD": secrets.token_hex(8), "HOST": "h", "PORT": 5432, "NAME": "n"}
    monkeypatch.setattr(connections["default"], "settings_dict", here)

    assert backup.database_uri() == "postgresql://p%40x@/n?host=h&port=5432"


def test_without_any_archive_one_reads_where_it_was_looked_for(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKUP_DIR = str(tmp_path)
    monkeypatch.setattr(backup, "kept", list)
    out = io.StringIO()

    with pytest.raises(CommandError, match=f"aucune archive dans {re.escape(str(tmp_path))} "):
        call_command("restore", force=True)
    call_command("backup", list=True, stdout=out)

    assert out.getvalue() == f"Aucune archive dans {tmp_path} (BACKUP_DIR).\n"
