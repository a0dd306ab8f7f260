"""Receiving files: bounded in memory, never on the disk in clear, the refusal still says why."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import StopFutureHandlers
from django.test import RequestFactory

from demarches.files.upload_handler import BoundedMemoryHandler
from demarches.files.uploads import UploadRefused, process_upload
from tests.support import files


def received(**sent: bytes) -> dict[str, Any]:
    """The files of a request as a view gets them."""
    data = {field: SimpleUploadedFile(f"{field}.pdf", body) for field, body in sent.items()}
    return RequestFactory().post("/", data).FILES.dict()


def refusal(file: object) -> UploadRefused:
    with pytest.raises(UploadRefused) as refused:
        process_upload(file)  # type: ignore[arg-type]
    return refused.value


def test_an_honest_file_arrives_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    # Larger than what Django keeps in memory by itself.
    body = files.pdf() + b"\n" * 6_000_000

    file = received(acte=body)["acte"]

    assert file.read() == body
    assert file.size == len(body)
    assert process_upload(file).display_name == "acte.pdf"
    assert list(Path(tmp_path).iterdir()) == []


def test_too_large_a_file_is_let_go_and_its_size_is_told() -> None:
    file = received(acte=files.pdf() + b"\0" * 12_345_678)["acte"]

    assert file.read() == b""
    refused = refusal(file)
    assert refused.code == "too_large"
    assert "pèse 12,3\u00a0Mo\u00a0: la limite est de 10\u00a0Mo" in refused.message


def test_one_too_large_file_does_not_take_the_place_of_the_others(settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES, settings.UPLOAD_MAX_BYTES_PER_REQUEST = 1_000_000, 2_000_000
    body = files.pdf() + b"\n" * 900_000

    sent = received(a=body, b=body * 5, c=body, d=body, e=files.pdf())

    assert {field: sent[field].over_limit for field in sent} == {
        "a": "", "b": "too_large", "c": "", "d": "too_much_at_once", "e": "",
    }  # fmt: skip
    assert process_upload(sent["c"]).pages == 1
    assert process_upload(sent["e"]).pages == 1
    assert refusal(sent["d"]).code == "too_much_at_once"
    assert "2\u00a0Mo par envoi" in refusal(sent["d"]).message


def test_an_empty_file_is_told_empty() -> None:
    assert refusal(received(acte=b"")["acte"]).code == "empty"


def multipart(body: bytes, *, encoding: str = "") -> bytes:
    head = b'--limite\r\nContent-Disposition: form-data; name="f"; filename="a.pdf"\r\n'
    head += encoding.encode() + b"Content-Type: application/pdf\r\n\r\n"
    return head + body + b"\r\n--limite--\r\n"


@pytest.mark.parametrize("encoding", ["", "Content-Transfer-Encoding: base64\r\n"])
def test_a_flood_is_let_go_while_it_arrives(encoding: str) -> None:
    flood = multipart(b"QUJD" * 5_000_000, encoding=encoding)

    request = RequestFactory().generic(
        "POST", "/", flood, content_type="multipart/form-data; boundary=limite"
    )

    file: Any = request.FILES["f"]
    assert file.read() == b""
    assert refusal(file).code == "too_large"


def test_a_flood_never_fills_the_memory(settings: Any) -> None:
    handler = BoundedMemoryHandler()
    with contextlib.suppress(StopFutureHandlers):
        handler.new_file("f", "a.pdf", "application/pdf", None)
    chunk = b"x" * 65_536
    held = set()

    for number in range(3_000):
        handler.receive_data_chunk(chunk, number * len(chunk))
        held.add(handler.buffer.getbuffer().nbytes)

    assert max(held) <= settings.UPLOAD_MAX_BYTES
    assert handler.buffer.getbuffer().nbytes == 0
    assert handler.file_complete(3_000 * len(chunk)).size == 196_608_000
