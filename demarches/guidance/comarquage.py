"""Import the national guidance: read a source whole, compare, then switch; or change nothing.

A source is a zip, a folder, one XML file, or the address of a zip. Nothing is unpacked on disk.
"""

import hashlib
import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.timezone import localdate

from demarches.files.download import DownloadRefused, Limits, Stamp, download
from demarches.guidance.fiche_index import Index
from demarches.models import Fiche, FicheSet, RefusedSource
from demarches.rules.dates_fr import day_fr
from demarches.rules.fiche import (
    CODE,
    MAX_BYTES,
    Document,
    FicheRefused,
    body_of,
    collapse,
    parse,
    read_document,
    words_of,
)

DOCUMENT_NAME = re.compile(r"^[FNR]\d{1,6}\.xml$")
REDIRECTIONS = "redirections.xml"
MAX_FILES = 30_000
MAX_TOTAL = 600_000_000
#: What an archive lists of its files, at its end: all of it is read into memory to be counted.
MAX_DIRECTORY = 10_000_000
#: Where that list is told of: 22 bytes and a comment, after 76 bytes in a zip of 64 bits.
DIRECTORY_END = 76 + 22 + 65_535
#: Python reads these two in pieces; the others come out whole, whatever is asked of them.
COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
#: What a broken archive raises besides its own error.
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError)
#: Fewer documents than this share of the current set is a broken source, not an update.
SMALLEST_SHARE = 0.8
BATCH = 200
WITHDRAWN = "il a été retiré du service."


class ImportRefused(ValueError):
    """The source may not be imported; the message says why, and nothing has changed."""


class AlreadyRefused(ImportRefused):
    """This very file was refused before, or taken out of service."""


@dataclass
class Report:
    """What an import did, or found."""

    is_new: bool
    count: int
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)


type File = tuple[str, Callable[[], bytes]]
type Files = list[File]
type Progress = Callable[[Iterable[File], int], Iterable[File]]


def import_source(
    path: Path,
    *,
    at: datetime,
    url: str = "",
    force: bool = False,
    progress: Progress | None = None,
    stamp: Stamp | None = None,
) -> Report:
    """Import a source as the current set.

    `force` accepts a set that looks too small, or that was refused. A single file replaces its
    document in a copy of the current set. `stamp`: what the server calls the file. Raises
    `ImportRefused`; then the current set is untouched.
    """
    if not path.exists():
        raise ImportRefused(f"« {path.name} » n’existe pas. Donnez un zip, un dossier ou un XML.")
    files, digest, file_date = _open(path)
    documents = [one for one in files if DOCUMENT_NAME.match(one[0])]
    if not documents:
        raise ImportRefused("Cette source ne contient aucune fiche (F1618.xml, N418.xml…).")
    current = FicheSet.current()
    stamp = stamp or Stamp()
    # A set that came before the index is read again, so that it has one.
    if current is not None and current.sha256 == digest and current.words.exists():
        _confirm(current, stamp, at=at)
        return Report(is_new=False, count=current.count)
    if force:
        RefusedSource.objects.filter(sha256=digest).delete()
    elif (refused := RefusedSource.objects.filter(sha256=digest).first()) is not None:
        raise AlreadyRefused(
            f"« {path.name} » est le fichier du {day_fr(localdate(refused.refused_at))} :"
            f" {refused.why} Pour le reprendre, relancez avec --force."
        )
    is_single = path.is_file() and not zipfile.is_zipfile(path)
    if current is not None and not is_single and not force:
        try:
            _check_size(len(documents), current.count)
        except ImportRefused as error:
            _refuse(digest, path.name, str(error), stamp, at=at)
            raise
    with transaction.atomic():
        # Two imports at once: the second waits, then compares with what the first put in service.
        current = FicheSet.objects.select_for_update().filter(is_current=True).first()
        new = FicheSet.objects.create(
            source_name=path.name[:200],
            source_url=url,
            sha256=digest,
            file_date=file_date,
            imported_at=at,
            # One document says nothing of the age of the others.
            confirmed_at=current.known_at if is_single and current else at,
            before=current,
            etag=stamp.etag[:200],
            last_modified=stamp.last_modified[:60],
            count=0,
            redirections=_redirections(files),
        )
        unknown: Counter[str] = Counter()
        index = Index()
        for batch in _batches(progress(documents, len(documents)) if progress else documents):
            rows = []
            for name, read in batch:
                document, content = _document(name, read)
                unknown.update(document.unknown)
                rows.append(_row(new, document, content))
            _keep(rows, index)
        if is_single and current is not None:
            _complete_from(current, new, index)
        index.save(new)
        return _switch(current, new, unknown)


def fetch(
    url: str, folder: Path, *, at: datetime, force: bool = False, limits: Limits | None = None
) -> tuple[Path, Stamp] | None:
    """Download the national archive into `folder`; None when it is what is in service, or refused.

    Raises `ImportRefused` when it cannot be downloaded.
    """
    current = FicheSet.objects.filter(is_current=True, source_url=url).first()
    refused = RefusedSource.objects.first()
    last: FicheSet | RefusedSource | None = current
    if refused is not None and (current is None or refused.refused_at > current.known_at):
        last = refused  # most likely still what the server has
    known = Stamp(last.etag, last.last_modified) if last and not force else Stamp()
    target = folder / (PurePosixPath(urlsplit(url).path).name[:80] or "guide.zip")
    try:
        found = download(url, target, known=known, limits=limits)
    except DownloadRefused as error:
        raise ImportRefused(str(error)) from error
    if found is None:
        if isinstance(last, FicheSet):
            _confirm(last, known, at=at)
        return None
    if found.day is not None:
        os.utime(target, (found.day, found.day))
    return target, found


def _confirm(current: FicheSet, stamp: Stamp, *, at: datetime) -> None:
    """Note that the source still has what is in service."""
    current.confirmed_at = at
    if not stamp.is_empty:
        current.etag, current.last_modified = stamp.etag[:200], stamp.last_modified[:60]
    current.save(update_fields=["confirmed_at", "etag", "last_modified"])


def _refuse(digest: str, name: str, why: str, stamp: Stamp, *, at: datetime) -> None:
    """Remember a file, so that the next run by the clock does not take it."""
    RefusedSource.objects.update_or_create(
        sha256=digest,
        defaults={
            "source_name": name[:200],
            "why": why[:300],
            "refused_at": at,
            "etag": stamp.etag[:200],
            "last_modified": stamp.last_modified[:60],
        },
    )


def roll_back(*, at: datetime) -> FicheSet:
    """Put back what was in service before the current set, and keep that one from coming back.

    Raises `ImportRefused` when nothing was in service before.
    """
    with transaction.atomic():
        current = FicheSet.objects.select_for_update().filter(is_current=True).first()
        if current is None or (previous := current.before) is None:
            raise ImportRefused("Il n’y a pas d’import précédent à remettre en service.")
        stamp = Stamp(current.etag, current.last_modified)
        _refuse(current.sha256, current.source_name, WITHDRAWN, stamp, at=at)
        current.delete()
        previous.is_current = True
        previous.save(update_fields=["is_current"])
    return previous


def _open(path: Path) -> tuple[Files, str, date | None]:
    """The files of a source, its digest, and the date of the file."""
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    if path.is_dir():
        return (*_folder(path), changed)
    if zipfile.is_zipfile(path):
        return (*_archive(path), changed)
    if path.stat().st_size > MAX_BYTES:
        raise ImportRefused("Ce fichier est trop gros pour une fiche, et ce n’est pas un zip.")
    content = path.read_bytes()
    name = path.name
    if not DOCUMENT_NAME.match(name):
        # A document may come under any name: its own identifier decides.
        name = f"{_read(name, content).code}.xml"
    return [(name, lambda: content)], hashlib.sha256(content).hexdigest(), changed


def _folder(path: Path) -> tuple[Files, str]:
    found = sorted(one for one in path.rglob("*.xml") if one.is_file() and not one.is_symlink())
    _check_count(len(found))
    _check_total(sum(one.stat().st_size for one in found))
    digest = hashlib.sha256()
    for one in found:
        digest.update(one.name.encode())
        digest.update(hashlib.sha256(one.read_bytes()).digest())
    return [(one.name, one.read_bytes) for one in found], digest.hexdigest()


def _archive(path: Path) -> tuple[Files, str]:
    """The documents of a zip, each read when its turn comes and never beyond its limit."""
    _check_directory(path)
    try:
        archive = zipfile.ZipFile(path)
        entries = [one for one in archive.infolist() if not one.is_dir()]
    except BROKEN as error:
        raise ImportRefused(f"Ce zip est illisible ({error}).") from error
    _check_count(len(entries))
    _check_total(sum(one.file_size for one in entries))
    for one in entries:
        parts = one.filename.replace("\\", "/").split("/")
        if ".." in parts or one.filename.startswith(("/", "\\")) or ":" in parts[0]:
            raise ImportRefused(f"Ce zip contient un chemin suspect : « {one.filename[:80]} ».")
        if one.flag_bits & 1:
            raise ImportRefused("Ce zip est protégé par un mot de passe.")
        if one.compress_type not in COMPRESSIONS:
            raise ImportRefused(
                f"« {one.filename[:80]} » est compressé autrement que d’habitude. Refaites le zip"
                " avec la compression ordinaire (deflate)."
            )
    names = Counter(one.filename.rpartition("/")[2] for one in entries)
    doubled = [name for name, count in names.items() if count > 1 and DOCUMENT_NAME.match(name)]
    if doubled:
        raise ImportRefused(f"Ce zip contient deux fois « {doubled[0]} ».")
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)

    def reader(entry: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with archive.open(entry) as stream:
                    # What an entry says of its size may be a lie.
                    return stream.read(MAX_BYTES + 1)
            except BROKEN as error:
                raise ImportRefused(f"« {entry.filename[:80]} » est illisible.") from error

        return read

    return [(one.filename.rpartition("/")[2], reader(one)) for one in entries], digest.hexdigest()


def _check_directory(path: Path) -> None:
    """Refuse a list of files too long to be read; a lie about its length does not open."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - DIRECTORY_END))
        end = stream.read()
    found = end.rfind(b"PK\5\6")
    size = int.from_bytes(end[found + 12 : found + 16], "little")
    if end[max(0, found - 20) : found].startswith(b"PK\6\7"):
        # Told once more, in 64 bits: that one counts.
        wide = end[max(0, found - 76) : found - 20]
        size = int.from_bytes(wide[40:48], "little") if wide[:4] == b"PK\6\6" else MAX_TOTAL
    if size > MAX_DIRECTORY:
        raise ImportRefused(
            f"Ce zip annonce beaucoup trop de fichiers ({MAX_FILES} au plus) : vérifiez d’où il"
            " vient."
        )


def _check_count(count: int) -> None:
    if count > MAX_FILES:
        raise ImportRefused(f"Cette source contient plus de {MAX_FILES} fichiers.")


def _check_total(size: int) -> None:
    if size > MAX_TOTAL:
        raise ImportRefused("Cette source est beaucoup trop grosse une fois décompressée.")


def _check_size(count: int, before: int) -> None:
    if count < before * SMALLEST_SHARE:
        raise ImportRefused(
            f"Cette source ne contient que {count} documents, contre {before} aujourd’hui : elle"
            " semble incomplète. Si c’est voulu, relancez avec --force."
        )


def _read(name: str, content: bytes) -> Document:
    try:
        return read_document(content, name=name)
    except FicheRefused as refused:
        raise ImportRefused(str(refused)) from refused


def _document(name: str, read: Callable[[], bytes]) -> tuple[Document, bytes]:
    content = read()
    document = _read(name, content)
    if f"{document.code}.xml" != name:
        raise ImportRefused(f"{name} : ce document dit être {document.code}.")
    return document, content


def _batches(files: Iterable[File]) -> Iterator[Files]:
    batch: Files = []
    for one in files:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _row(new: FicheSet, document: Document, content: bytes) -> Fiche:
    return Fiche(
        set=new,
        code=document.code,
        family=document.family[:80],
        title=document.title[:300],
        description=document.description,
        theme=document.theme[:200],
        modified=document.modified,
        url=document.url[:300],
        contributor=document.contributor[:300],
        xml=zlib.compress(content, 6),
        sha256=hashlib.sha256(content).hexdigest(),
        source_name=new.source_name,
        source_url=new.source_url,
        file_date=new.file_date,
        imported_at=new.imported_at,
        text=" ".join(collapse(" ".join(words_of(child))) for child in body_of(document.root)),
    )


def _keep(rows: list[Fiche], index: Index) -> None:
    """Write documents, and take in their words."""
    for row in Fiche.objects.bulk_create(rows):
        index.add(row)


def _complete_from(current: FicheSet, new: FicheSet, index: Index) -> None:
    """The documents that one file does not replace."""
    given = list(new.fiches.values_list("code", flat=True))
    for batch in _pages(current.fiches.exclude(code__in=given).values_list("pk", flat=True)):
        rows = list(Fiche.objects.filter(pk__in=batch))
        for row in rows:
            row.pk, row.set = None, new
            row._state.adding = True
        _keep(rows, index)


def _pages(keys: Iterable[int]) -> Iterator[list[int]]:
    found = list(keys)
    for start in range(0, len(found), BATCH):
        yield found[start : start + BATCH]


def _switch(current: FicheSet | None, new: FicheSet, unknown: Counter[str]) -> Report:
    """Compare with the set in service, take its place, forget the oldest ones."""
    after = dict(new.fiches.values_list("code", "sha256"))
    before = dict(current.fiches.values_list("code", "sha256")) if current else {}
    new.count = len(after)
    new.unknown = dict(unknown)
    new.added = sorted(set(after) - set(before))
    new.removed = sorted(set(before) - set(after))
    new.changed = sorted(code for code in before if code in after and after[code] != before[code])
    # The oldest sets go; what they knew of retired documents stays.
    known = {**(current.redirections if current else {}), **dict.fromkeys(new.removed, "")}
    new.redirections = {
        code: target for code, target in {**known, **new.redirections}.items() if code not in after
    }
    FicheSet.objects.filter(is_current=True).update(is_current=False)
    new.is_current = True
    new.save()
    # The way back is to what was in service, and to nothing older.
    FicheSet.objects.exclude(pk__in=[new.pk, *([current.pk] if current else [])]).delete()
    return Report(True, new.count, new.added, new.changed, new.removed, new.unknown)


def _redirections(files: Files) -> dict[str, str]:
    """Retired code -> code that replaces it: any element that names two codes."""
    found: dict[str, str] = {}
    for name, read in files:
        if name != REDIRECTIONS:
            continue
        try:
            root = parse(read(), name=name)
        except FicheRefused as refused:
            raise ImportRefused(str(refused)) from refused
        for element in root.iter():
            codes = [value for value in element.attrib.values() if CODE.match(value)]
            if element.text and CODE.match(element.text.strip()):
                codes.append(element.text.strip())
            if len(codes) == 2 and codes[0] != codes[1]:
                found[codes[0]] = codes[1]
    return found
