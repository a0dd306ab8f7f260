"""An archive that is made to fill the memory, or to break who reads it: refused in words."""

import struct
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demarches.guidance.comarquage import ImportRefused, import_source
from demarches.models import FicheSet
from tests.support.fiches import small

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
DIRECTORY = b"PK\1\2"


def one_file(path: Path, method: int, content: bytes | str) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("F1.xml", content)
    return path


def changed(path: Path, at: int, value: bytes) -> Path:
    """The archive with other bytes in the entry of its list."""
    content = bytearray(path.read_bytes())
    start = content.rfind(DIRECTORY) + at
    content[start : start + len(value)] = value
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_comes_out_whole_is_not_opened(db: None, tmp_path: Path, method: int) -> None:
    """Some hundred bytes told to be a thousand would come out as a hundred million."""
    path = one_file(tmp_path / "a.zip", method, b"\0" * 100_000_000)
    changed(path, 24, struct.pack("<I", 1000))

    tracemalloc.start()
    with pytest.raises(ImportRefused, match="compressé autrement"):
        import_source(path, at=AT)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 20_000_000
    assert not FicheSet.objects.exists()


@pytest.mark.parametrize("is_wide", [False, True])
def test_a_list_of_files_without_an_end_is_not_read(
    db: None, tmp_path: Path, is_wide: bool
) -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", DIRECTORY, 20, 3, 20, *[0] * 8, 1, *[0] * 6) + b"a"
    listed = entry * 250_000
    wide = b""
    if is_wide:
        wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, len(listed), 0)
        wide += struct.pack("<4sLQL", b"PK\6\7", 0, len(listed), 1)
    told = 0 if is_wide else len(listed)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, told, 0, 0)
    path = tmp_path / "a.zip"
    path.write_bytes(listed + wide + end)
    assert zipfile.is_zipfile(path)

    with pytest.raises(ImportRefused, match="beaucoup trop de fichiers"):
        import_source(path, at=AT)


@pytest.mark.parametrize(
    "changes",
    [{6: b"\x63\0"}, {8: b"\0\x08", 46: b"\xff"}, {42: b"\xf0\xff\xff\xff"}],
    ids=["version", "name", "place"],
)
def test_a_broken_list_is_refused_in_words(
    db: None, tmp_path: Path, changes: dict[int, bytes]
) -> None:
    path = one_file(tmp_path / "a.zip", zipfile.ZIP_STORED, small("F1", "x"))
    for at, value in changes.items():
        changed(path, at, value)

    with pytest.raises(ImportRefused):
        import_source(path, at=AT)


def test_an_archive_of_64_bits_is_read(db: None, tmp_path: Path) -> None:
    path = one_file(tmp_path / "a.zip", zipfile.ZIP_DEFLATED, small("F1", "x"))
    content = path.read_bytes()
    start, end = content.rfind(DIRECTORY), content.rfind(b"PK\5\6")
    size = end - start
    wide = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, start)
    wide += struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    path.write_bytes(content[:end] + wide + content[end:])

    assert import_source(path, at=AT).added == ["F1"]
