"""What a PDF says, as it is read."""

import io


def text_of(content: bytes) -> str:
    """The words, pages and lines joined, with plain spaces."""
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(content)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    return text.replace("\u00a0", " ")
