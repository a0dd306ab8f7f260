"""Answers that carry a private file: the bytes, and the headers that keep them harmless.

The caller has checked who is asking. Nothing is ever shown under a type that a browser runs:
kept files are PDF or JPEG, and inside a page only pictures are shown.
"""

import logging
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from django.http import Http404, HttpResponse

from demarches.files import storage, uploads
from demarches.web.tables import TYPES, Row, as_table

logger = logging.getLogger(__name__)

SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


def serve_private_file(storage_name: str, *, content_type: str, display_name: str) -> HttpResponse:
    """Hand a kept file over as a download; a damaged or missing one is a 404."""
    return private_answer(_read(storage_name), content_type, display_name, disposition="attachment")


def serve_private_preview(
    storage_name: str, *, content_type: str, display_name: str, page: int = 1
) -> HttpResponse:
    """Show a kept file as a picture inside a page: the photo, or one page of the PDF."""
    content = _read(storage_name)
    if content_type != "image/jpeg":
        picture = uploads.preview_page(content, page)
        if picture is None:
            raise Http404
        content = picture
    return private_answer(content, "image/jpeg", f"{display_name}.jpg", disposition="inline")


def private_answer(
    content: bytes, content_type: str, display_name: str, *, disposition: str
) -> HttpResponse:
    """Build the answer for any private document, kept or made on the fly."""
    response = HttpResponse(content, content_type=content_type)
    name = quote(uploads.clean_name(display_name), safe="")
    response["Content-Disposition"] = f"{disposition}; filename*=UTF-8''{name}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SANDBOX
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _read(storage_name: str) -> bytes:
    try:
        return storage.read(storage_name)
    except storage.FileDamaged as error:
        logger.error("stored_file_damaged name=%s cause=%s", storage_name, error)
        raise Http404 from error


def table_answer(
    kind: str, name: str, title: str, header: Sequence[str], rows: Iterable[Row]
) -> HttpResponse:
    """A table to download, as CSV or ODS; 404 for another kind."""
    if kind not in TYPES:
        raise Http404
    content = as_table(kind, title, header, rows)
    return private_answer(content, TYPES[kind], f"{name}.{kind}", disposition="attachment")
