"""The optional antivirus: what it finds is refused, and so is what it did not look at."""

import hashlib
import io
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demarches.files import antivirus
from demarches.files.uploads import UploadRefused, process_upload
from tests.support import files
from tests.support.clamd import serve_one


@pytest.fixture
def photo() -> io.BytesIO:
    return io.BytesIO(files.jpeg())


def test_a_clean_file_is_kept_and_the_kept_bytes_were_scanned(
    settings: Any, photo: io.BytesIO
) -> None:
    settings.CLAMD_ADDRESS, received = serve_one(lambda content: b"stream: OK\0")

    clean = process_upload(photo, "photo.jpg")

    assert (received, clean.is_held, clean.warning_messages()) == ([clean.content], False, [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"stream: Eicar-Signature FOUND\0", "infected"),
        (b"INSTREAM size limit exceeded. ERROR\0", "unavailable"),
    ],
)
def test_every_other_answer_is_a_refusal(
    settings: Any, photo: io.BytesIO, answer: bytes, code: str
) -> None:
    settings.CLAMD_ADDRESS, _ = serve_one(lambda content: answer)

    with pytest.raises(UploadRefused) as refusal:
        process_upload(photo, "photo.jpg")

    assert refusal.value.code == code


@pytest.mark.parametrize("address", ["127.0.0.1:1", "/nowhere/clamd.sock"])
def test_behind_a_stopped_antivirus_a_file_waits(
    settings: Any, photo: io.BytesIO, address: str
) -> None:
    settings.CLAMD_ADDRESS = address

    clean = process_upload(photo, "photo.jpg")

    assert clean.is_held
    assert clean.warning_messages()[-1].startswith("Notre antivirus ne répond pas")


def test_behind_one_that_says_nothing_too(settings: Any, photo: io.BytesIO) -> None:
    settings.CLAMD_ADDRESS, _ = serve_one(lambda content: b"")

    assert process_upload(photo, "photo.jpg").is_held


@pytest.fixture
def clamd(tmp_path: Path, photo: io.BytesIO) -> Iterator[subprocess.Popen[bytes]]:
    """A real daemon whose one signature is that of the photo as we keep it."""
    known = process_upload(photo, "photo.jpg").content
    digest = hashlib.md5(known, usedforsecurity=False).hexdigest()
    (tmp_path / "local.hdb").write_text(f"{digest}:{len(known)}:Portal.Known\n")
    configuration = tmp_path / "clamd.conf"
    configuration.write_text(
        f"DatabaseDirectory {tmp_path}\nLocalSocket {tmp_path}/clamd\n"
        f"Foreground yes\nStreamMaxLength 1M\nLogFile {tmp_path}/log\n"
    )
    daemon = subprocess.Popen(
        ["clamd", "--config-file", str(configuration)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            if (tmp_path / "clamd").exists():
                break
            assert daemon.poll() is None
            time.sleep(0.1)
        yield daemon
    finally:
        daemon.kill()
        daemon.wait()


@pytest.mark.skipif(shutil.which("clamd") is None, reason="no ClamAV here")
def test_a_real_daemon_with_a_signature_of_ours(
    settings: Any, tmp_path: Path, clamd: subprocess.Popen[bytes]
) -> None:
    settings.CLAMD_ADDRESS = str(tmp_path / "clamd")
    known, other = files.jpeg(), files.png()

    assert antivirus.answers()
    assert process_upload(io.BytesIO(other), "autre.png").content
    with pytest.raises(antivirus.Unavailable):
        antivirus.is_infected(b"x" * 2_000_000)  # more than it takes: it was not looked at
    assert _refused(known) == "infected"
    clamd.kill()
    clamd.wait()
    assert process_upload(io.BytesIO(known), "photo.jpg").is_held


def _refused(content: bytes) -> str:
    with pytest.raises(UploadRefused) as refusal:
        process_upload(io.BytesIO(content), "photo.jpg")
    return refusal.value.code
