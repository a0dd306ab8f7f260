"""Handing a private file over: harmless headers, whatever the file and its name."""

import io
from typing import Any

import pytest
from django.http import Http404
from PIL import Image

from demarches.files import storage
from demarches.files.uploads import process_upload, store_upload
from demarches.views.downloads import serve_private_file, serve_private_preview
from tests.support import files


def kept(name: str, data: bytes) -> tuple[str, str, str]:
    clean = process_upload(io.BytesIO(data), name)
    return store_upload(clean), clean.content_type, clean.display_name


GUARDED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


@pytest.mark.parametrize(
    ("name", "data", "headers"),
    [
        (
            "Pièce d’identité.PDF",
            files.pdf(),
            {
                "Content-Type": "application/pdf",
                "Content-Disposition": "attachment; filename*=UTF-8''"
                "Pi%C3%A8ce%20d%E2%80%99identit%C3%A9.pdf",
            },
        ),
        (
            'a";\r\nSet-Cookie: x=1; b=".png',
            files.png(),
            {
                "Content-Type": "image/jpeg",
                "Content-Disposition": "attachment; filename*=UTF-8''"
                "a%22%3BSet-Cookie%3A%20x%3D1%3B%20b%3D%22.jpg",
            },
        ),
    ],
)
def test_a_file_is_handed_over_as_a_download(
    name: str, data: bytes, headers: dict[str, Any]
) -> None:
    clean_name = name.replace("\r\n", "")
    storage_name, content_type, display_name = kept(clean_name, data)

    response = serve_private_file(
        storage_name, content_type=content_type, display_name=display_name
    )

    assert dict(response.headers) == GUARDED | headers
    assert response.content == storage.read(storage_name)


def test_a_line_break_in_a_name_cannot_add_a_header() -> None:
    storage_name, content_type, _ = kept("a.pdf", files.pdf())

    response = serve_private_file(
        storage_name, content_type=content_type, display_name="a\r\nSet-Cookie: x=1.pdf"
    )

    assert response["Content-Disposition"] == (
        "attachment; filename*=UTF-8''aSet-Cookie%3A%20x%3D1.pdf"
    )


@pytest.mark.parametrize(("name", "data"), [("a.pdf", files.pdf(pages=2)), ("a.png", files.png())])
def test_a_preview_is_a_picture_whatever_the_file(name: str, data: bytes) -> None:
    storage_name, content_type, display_name = kept(name, data)

    response = serve_private_preview(
        storage_name, content_type=content_type, display_name=display_name
    )

    assert dict(response.headers) == GUARDED | {
        "Content-Type": "image/jpeg",
        "Content-Disposition": f"inline; filename*=UTF-8''{display_name}.jpg",
    }
    assert Image.open(io.BytesIO(response.content)).format == "JPEG"


def test_a_page_that_does_not_exist_is_not_found() -> None:
    storage_name, content_type, display_name = kept("a.pdf", files.pdf(pages=2))

    for page in (0, 3, -1, 10**9):
        with pytest.raises(Http404):
            serve_private_preview(
                storage_name, content_type=content_type, display_name=display_name, page=page
            )


def test_a_lost_file_is_not_found_and_noticed(caplog: pytest.LogCaptureFixture) -> None:
    storage_name, content_type, display_name = kept("CANARI.pdf", files.pdf())
    storage.delete(storage_name)

    with pytest.raises(Http404):
        serve_private_file(storage_name, content_type=content_type, display_name=display_name)

    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert storage_name in caplog.text
    assert "CANARI" not in caplog.text
