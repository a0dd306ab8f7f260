"""One archive of everything the portal keeps: the database, the pieces, and what they are.

The archive is sealed with the key of the files (`FILE_KEYS`), which is not in it: whoever finds
one reads nothing, and whoever restores one needs the keys, kept elsewhere. The pieces inside stay
sealed as they are on the disk.

A file of ours:  UZB1 | length of key id (1) | key id | salt (16) | chunks
A chunk:         length (4) | ciphertext and tag; its nonce is its number, and the last one says so
Inside:          a tar: database, pieces/…, then manifest.json
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, override

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import ProgrammingError, connection, connections

from demarches.desk.journal import roles_sql
from demarches.files import storage

VERSION = 1
MAGIC = b"UZB1"
SALT_LENGTH = 16
KEY_LENGTH = 32
CHUNK = 1024 * 1024
#: What AES-GCM adds to a chunk.
TAG_LENGTH = 16
#: What authenticates a chunk: an archive that was cut short has no last one.
MANIFEST = "manifest.json"
DATABASE = "database"
PIECES = "pieces/"
LAST, MORE = b"last", b"more"
SUFFIX = ".uzb"
#: The tables that are there.
TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


class BackupRefused(Exception):
    """The archive cannot be read, or may not be put there; its text is French, for the console."""


@dataclass
class Manifest:
    """What an archive says of itself; `rows` by table, `pieces` name -> SHA-256 as stored."""

    created_at: str
    engine: str
    version: int = VERSION
    key_ids: list[str] = field(default_factory=list)
    migrations: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    database_sha256: str = ""
    pieces: dict[str, str] = field(default_factory=dict)
    #: Pieces that the database names, and that were deleted while it was being copied.
    gone: list[str] = field(default_factory=list)


def write(target: Path, *, at: datetime, scratch: Path) -> Manifest:
    """Write an archive of what is kept now, while the portal goes on serving.

    The database is copied first, as it is at one moment; the pieces it names next: one that was
    sent since is in no row, and one deleted since is told in `gone`. `scratch`: an empty folder
    for the copy of the database. Raises `BackupRefused` when a tool is missing or fails.
    """
    dump = scratch / DATABASE
    manifest = Manifest(
        created_at=at.isoformat(),
        engine=connection.vendor,
        key_ids=list(storage.file_keys(settings.FILE_KEYS)),
    )
    names = _copy_database(dump, manifest)
    part = target.with_suffix(".part")
    with part.open("wb") as out:
        part.chmod(0o600)
        with (
            closing(Sealer(out)) as sealed,
            tarfile.open(fileobj=sealed, mode="w|") as tar,
        ):
            manifest.database_sha256 = _add(tar, DATABASE, dump)
            for name in names:
                _add_piece(tar, name, manifest)
            told = json.dumps(asdict(manifest), ensure_ascii=False).encode()
            tar.addfile(_entry(MANIFEST, len(told)), io.BytesIO(told))
    part.rename(target)
    return manifest


def _copy_database(dump: Path, manifest: Manifest) -> list[str]:
    """Copy the database at one moment; count its rows and name its pieces at that moment."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(dump)) as copy:
            connection.connection.backup(copy)
            return _describe(manifest, lambda sql: copy.execute(sql).fetchall())
    with connection.cursor() as cursor:
        # One snapshot for the copy and for the counts.
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        try:
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            _tool("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={dump}",
                  f"--dbname={database_uri()}")  # fmt: skip

            def rows(sql: str) -> list[Any]:
                cursor.execute(sql)
                return list(cursor.fetchall())

            return _describe(manifest, rows)
        finally:
            cursor.execute("ROLLBACK")


def _describe(manifest: Manifest, rows: Any) -> list[str]:
    quote_name = connection.ops.quote_name
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    # Before `migrate`, the tables of this version are not all there.
    tables = sorted(ours & {table for (table,) in rows(TABLES[connection.vendor])})
    manifest.rows = {
        table: rows(f"SELECT COUNT(*) FROM {quote_name(table)}")[0][0]  # noqa: S608 -- our tables
        for table in tables
    }
    manifest.migrations = [
        f"{app}.{name}"
        for app, name in rows("SELECT app, name FROM django_migrations ORDER BY app, name")
    ]
    return sorted(
        name
        for model in storage.models_with_files()
        if model._meta.db_table in tables
        for (name,) in rows(f"SELECT storage_name FROM {quote_name(model._meta.db_table)}")  # noqa: S608 -- ours
    )


def _add_piece(tar: tarfile.TarFile, name: str, manifest: Manifest) -> None:
    try:
        with storages["private"].open(name) as stored:
            sealed = stored.read()
    except FileNotFoundError:
        manifest.gone.append(name)
        return
    manifest.pieces[name] = hashlib.sha256(sealed).hexdigest()
    tar.addfile(_entry(PIECES + name, len(sealed)), io.BytesIO(sealed))


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
        content.seek(0)
        tar.addfile(_entry(name, path.stat().st_size), content)
    return digest


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o600
    return entry


def unpack(source: Path, folder: Path) -> Manifest:
    """Open an archive into an empty folder, and check every byte of it against its manifest.

    Raises `BackupRefused` for a wrong key, a changed, cut or unknown archive.
    """
    try:
        with (
            source.open("rb") as sealed,
            tarfile.open(fileobj=Opener(sealed), mode="r|") as tar,
        ):
            tar.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise BackupRefused(f"{source.name} n’est pas une sauvegarde entière.") from error
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if told.get("version") != VERSION:
            raise BackupRefused(f"{source.name} vient d’une autre version de la sauvegarde.")
        manifest = Manifest(**told)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BackupRefused(f"{source.name} ne dit pas ce qu’elle contient.") from error
    found = {
        path.relative_to(folder / PIECES).as_posix(): _digest(path)
        for path in (folder / PIECES).rglob("*")
        if path.is_file()
    }
    if found != manifest.pieces or _digest(folder / DATABASE) != manifest.database_sha256:
        raise BackupRefused(f"{source.name} ne contient pas ce qu’elle annonce.")
    return manifest


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


class Sealer(io.BufferedIOBase):
    """A file to write into, which seals what it gets chunk by chunk."""

    def __init__(self, out: IO[bytes]) -> None:
        key_id, key = next(iter(storage.file_keys(settings.FILE_KEYS).items()))
        salt = os.urandom(SALT_LENGTH)
        self._header = MAGIC + bytes([len(key_id.encode())]) + key_id.encode() + salt
        self._cipher = _cipher(key, salt)
        self._out = out
        self._pending = bytearray()
        self._number = 0
        out.write(self._header)

    @override
    def write(self, content: "ReadableBuffer", /) -> int:
        """Take more; it is written as soon as there is a whole chunk and more to come."""
        taken = bytes(content)
        self._pending += taken
        while len(self._pending) > CHUNK:
            self._seal(bytes(self._pending[:CHUNK]), MORE)
            del self._pending[:CHUNK]
        return len(taken)

    @override
    def close(self) -> None:
        """Write the last chunk; the file below stays open."""
        if not self.closed:
            self._seal(bytes(self._pending), LAST)
        super().close()

    def _seal(self, chunk: bytes, place: bytes) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number), chunk, self._header + place)
        self._out.write(struct.pack(">I", len(sealed)) + sealed)
        self._number += 1


class Opener(io.BufferedIOBase):
    """A file to read from, which opens an archive chunk by chunk.

    Raises `BackupRefused` for a key that is not known, and as soon as a byte is not the one that
    was written or the end is not there.
    """

    def __init__(self, sealed: IO[bytes]) -> None:
        self._sealed = sealed
        if sealed.read(len(MAGIC)) != MAGIC:
            raise BackupRefused("Ce fichier n’est pas une sauvegarde du portail.")
        length = sealed.read(1)
        key_id = sealed.read(length[0] if length else 0).decode(errors="replace")
        salt = sealed.read(SALT_LENGTH)
        key = storage.file_keys(settings.FILE_KEYS).get(key_id)
        if key is None:
            raise BackupRefused(
                f"Cette sauvegarde s’ouvre avec la clé « {key_id} », que FILE_KEYS n’a pas."
            )
        self._header = MAGIC + length + key_id.encode() + salt
        self._cipher = _cipher(key, salt)
        self._number = 0
        self._opened = b""
        self._is_over = False

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes, fewer than `size` at the end only."""
        size = sys.maxsize if size is None or size < 0 else size
        parts = [self._opened]
        held = len(self._opened)
        while held < size and not self._is_over:
            parts.append(self._next())
            held += len(parts[-1])
        everything = b"".join(parts)
        self._opened = everything[size:]
        return everything[:size]

    def _next(self) -> bytes:
        length = self._sealed.read(4)
        size = struct.unpack(">I", length)[0] if len(length) == 4 else 0
        # A length that was harmed would read the whole archive at once.
        sealed = self._sealed.read(size) if size <= CHUNK + TAG_LENGTH else b""
        nonce = _nonce(self._number)
        self._number += 1
        for place in (MORE, LAST):
            try:
                chunk = self._cipher.decrypt(nonce, sealed, self._header + place)
            except InvalidTag:
                continue
            self._is_over = place == LAST
            return chunk
        raise BackupRefused("La sauvegarde est coupée ou a été changée : rien n’en est repris.")


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    """A key for this archive alone, so that numbers can be its nonces."""
    derived = HKDF(hashes.SHA256(), length=KEY_LENGTH, salt=salt, info=b"portal backup")
    return AESGCM(derived.derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(storage.NONCE_LENGTH, "big")


def restore(folder: Path, manifest: Manifest) -> list[str]:
    """Put back what `unpack` opened, in place of what is there; what differs from the manifest.

    The services are stopped, says the command that calls it. Raises `BackupRefused` when the
    archive was made on the other database.
    """
    if manifest.engine != connection.vendor:
        raise BackupRefused(
            f"Cette sauvegarde vient de {manifest.engine}, la base d’ici est {connection.vendor}."
        )
    if connection.vendor == "sqlite":
        connections.close_all()
        _put_file_back(folder / DATABASE, Path(connection.settings_dict["NAME"]))
    else:
        roles = _serving_roles()
        connections.close_all()
        _pg_restore(folder / DATABASE, database_uri())
        for line in (line for role in roles for line in roles_sql(role)):
            _sql(line)
    inner = storages["private"]
    for name in manifest.pieces:
        if inner.exists(name):
            inner.delete(name)
        with (folder / PIECES / name).open("rb") as content:
            inner.save(name, File(content))
    return differences(manifest, using="default")


def _serving_roles() -> list[str]:
    """The roles that may read the tables and do not own them: they get their rights again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT grantee FROM information_schema.role_table_grants"
            " WHERE table_schema = 'public' AND grantee NOT IN (current_user, 'PUBLIC')"
        )
        return sorted(name for (name,) in cursor.fetchall())


def _put_file_back(dump: Path, database: Path) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    part = database.with_name(database.name + ".part")
    shutil.copyfile(dump, part)
    for left in ("-wal", "-shm", "-journal"):
        database.with_name(database.name + left).unlink(missing_ok=True)
    part.replace(database)


def _pg_restore(dump: Path, uri: str) -> None:
    """Empty the database, then fill it, in one transaction: nothing of another version stays.

    `pg_restore --clean` drops what the archive knows alone: a table that came since, with a key to
    one of its rows, would stop it.
    """
    script = dump.with_name("restore.sql")
    # Roles belong to the cluster, not to the archive: a new machine may name them otherwise.
    _tool("pg_restore", "--no-owner", "--no-acl", f"--file={script}", str(dump))
    emptied = dump.with_name("empty.sql")
    emptied.write_text("DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n")
    _tool("psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1",
          f"--dbname={uri}", f"--file={emptied}", f"--file={script}")  # fmt: skip


def differences(manifest: Manifest, *, using: str) -> list[str]:
    """What a restored database lacks of the manifest, and the pieces that do not open, in words."""
    with connections[using].cursor() as cursor:
        quote_name = connections[using].ops.quote_name
        wrong = []
        for table, count in manifest.rows.items():
            cursor.execute(f"SELECT COUNT(*) FROM {quote_name(table)}")  # noqa: S608 -- our tables
            if (found := cursor.fetchone()[0]) != count:
                wrong.append(f"{table} : {found} lignes au lieu de {count}")
    return wrong


def unopened(folder: Path, manifest: Manifest) -> list[str]:
    """The pieces of an unpacked archive that no key of this installation opens."""
    closed = []
    for name in manifest.pieces:
        try:
            storage.unseal(name, (folder / PIECES / name).read_bytes())
        except storage.FileDamaged:
            closed.append(name)
    return closed


@contextmanager
def scratch_database(folder: Path) -> Iterator[str]:
    """The database of an unpacked archive beside the real one, as an alias; gone afterwards.

    On PostgreSQL, the role must be allowed to create a database.
    """
    alias = "restored"
    here = connections["default"].settings_dict
    name = str(folder / DATABASE)
    if connection.vendor == "postgresql":
        name = f"verify_{os.urandom(8).hex()}"
        try:
            _sql(f"CREATE DATABASE {name}")
        except ProgrammingError as refused:
            raise BackupRefused(
                "Ce rôle ne peut pas créer de base : vérifiez avec celui qui possède les tables,"
                " autorisé par « ALTER ROLE … CREATEDB »."
            ) from refused
    try:
        if connection.vendor == "postgresql":
            _pg_restore(folder / DATABASE, database_uri(name))
        connections.databases[alias] = here | {"NAME": name, "CONN_MAX_AGE": 0}
        yield alias
    finally:
        if alias in connections.databases:
            connections[alias].close()
            del connections[alias]
            del connections.databases[alias]
        if connection.vendor == "postgresql":
            _sql(f"DROP DATABASE {name}")


def _sql(line: str) -> None:
    """Outside any transaction, as creating a database asks."""
    with connections["default"].cursor() as cursor:
        cursor.execute(line)


def database_uri(name: str = "") -> str:
    """The address of the database for the tools of PostgreSQL; the password goes apart."""
    here = connections["default"].settings_dict
    user = quote(here["USER"], safe="") + "@" if here["USER"] else ""
    options = {"host": here["HOST"], "port": here["PORT"]}
    query = "&".join(
        f"{key}={quote(str(value), safe='')}" for key, value in options.items() if value
    )
    return f"postgresql://{user}/{quote(name or here['NAME'], safe='')}?{query}"


def _tool(name: str, *arguments: str) -> None:
    """Run a tool of PostgreSQL; the password is not among what `ps` shows."""
    found = shutil.which(name)
    if found is None:
        raise BackupRefused(f"{name} manque : installez les outils clients de PostgreSQL.")
    password = connections["default"].settings_dict["PASSWORD"]
    environment = os.environ | ({"PGPASSWORD": password} if password else {})
    done = subprocess.run(  # noqa: S603 -- our own arguments
        [found, *arguments], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise BackupRefused(f"{name} : {done.stderr.strip()[-500:]}")


def place() -> str:
    """Where the archives are kept, as whoever runs a command may look there."""
    return settings.BACKUP_DIR or str(settings.VAR_DIR / "backups")


def kept() -> list[str]:
    """The archives that are kept, the newest first."""
    inner = storages["backups"]
    try:
        names = inner.listdir("")[1]
    except FileNotFoundError:  # a folder is made with its first file
        return []
    return sorted((one for one in names if one.endswith(SUFFIX)), reverse=True)


def keep(path: Path, *, at: datetime) -> list[str]:
    """Move an archive among those that are kept, and let go of the old ones; give their names.

    Those beyond `BACKUPS_KEPT`, or older than `BACKUP_DAYS`, leave: what was deleted for good must
    not live on in them. The newest one always stays.
    """
    inner = storages["backups"]
    with path.open("rb") as content:
        inner.save(path.name, File(content))
    path.unlink()
    oldest = archive_name(at - timedelta(days=settings.BACKUP_DAYS))
    names = kept()
    gone = [one for rank, one in enumerate(names) if rank >= settings.BACKUPS_KEPT or one < oldest]
    gone = [one for one in gone if one != names[0]]
    for name in gone:
        inner.delete(name)
    return gone


def archive_name(at: datetime) -> str:
    """Names that sort by time, in UTC."""
    return f"portal-{at.astimezone(UTC):%Y%m%dT%H%M%S}{SUFFIX}"


@contextmanager
def opened(name: str) -> Iterator[tuple[Path, Manifest]]:
    """An archive, unpacked and checked, in a folder that is gone afterwards.

    `name`: a file, or one of those that are kept; the newest of these when it is empty.
    """
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR) as scratch:
        source = Path(name)
        if not (name and source.is_file()):
            known = kept()
            chosen = name or (known[0] if known else "")
            if not chosen:
                raise BackupRefused(
                    f"Il n’y a aucune archive dans {place()} (BACKUP_DIR). Donnez le fichier d’une"
                    " archive, ou faites-en une : manage.py backup."
                )
            if chosen not in known:
                raise BackupRefused(f"Aucune archive ne s’appelle « {chosen} » : voyez --list.")
            source = Path(scratch) / chosen
            with storages["backups"].open(chosen) as content, source.open("wb") as copy:
                shutil.copyfileobj(content, copy)
        folder = Path(scratch) / "opened"
        folder.mkdir()
        yield folder, unpack(source, folder)
