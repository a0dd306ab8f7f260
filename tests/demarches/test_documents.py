"""PDF machinery: it fetches nothing, shows what it is given and nothing else, twice the same."""

import io
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import outloud
import pikepdf
import pytest
from fontTools.ttLib import TTFont

from demarches.models import Entrance, Mairie
from demarches.papers import documents
from demarches.papers.documents import RenderedPdf, UndrawnSign, render_pdf
from demarches.typed.fonts import LATIN, pdf_fonts

BASE = "demarches/pdf/_base.html"


@pytest.fixture
def mairie(db: None) -> Mairie:
    mairie = Mairie.objects.create(
        name="Mairie d’Uzès", commune="Uzès", insee_code="30334", postal_code="30701",
        postal_city="Uzès cedex", phone="+33466034848",
    )  # fmt: skip
    for street in ("1, place du Duché", "1, place Albert 1er"):
        Entrance.objects.create(mairie=mairie, street=street, postal_code="30700", city="Uzès")
    return mairie


@pytest.fixture
def page(settings: Any) -> Any:
    """Render a template written in the test."""

    def render(body: str, style: str = "", **context: Any) -> RenderedPdf:
        loaders = [
            (
                "django.template.loaders.locmem.Loader",
                {
                    "page.html": f'<html lang="fr"><title>{{{{ title }}}}</title>{body}',
                    "page.css": style,
                    "demarches/pdf/base.css": "",
                },
            )
        ]
        settings.TEMPLATES = [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": loaders},
            }
        ]
        documents.stylesheet.cache_clear()
        try:
            return render_pdf("page.html", context, title="Essai", stylesheets=("page.css",))
        finally:
            documents.stylesheet.cache_clear()

    return render


def text_of(document: RenderedPdf) -> str:
    from pypdf import PdfReader

    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document.content)).pages)


def test_a_document_is_tagged_titled_and_french(mairie: Mairie) -> None:
    document = render_pdf(
        BASE, {"mairie": mairie, "reference": "PACS-2026-000042-K"}, title="Essai"
    )

    with pikepdf.open(io.BytesIO(document.content)) as pdf:
        assert str(pdf.Root.Lang) == "fr"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.docinfo.Title) == "Essai"
        assert len(pdf.pages) == 1
    text = text_of(document)
    for words in ("Mairie d’Uzès", "1, place du Duché, 30700 Uzès", "04 66 03 48 48"):
        assert words in text
    assert "PACS-2026-000042-K" in text
    assert "Page 1 sur 1" in text


def test_the_accessibility_checker_finds_nothing(mairie: Mairie, tmp_path: Path) -> None:
    path = tmp_path / "document.pdf"
    path.write_bytes(render_pdf(BASE, {"mairie": mairie}, title="Essai").content)

    assert outloud.check(path).findings == []


def test_the_same_input_gives_the_same_bytes(mairie: Mairie) -> None:
    def render(reference: str) -> RenderedPdf:
        return render_pdf(BASE, {"mairie": mairie, "reference": reference}, title="Essai")

    assert render("A") == render("A")
    assert render("A").content != render("B").content


def test_only_the_packaged_fonts_are_used(mairie: Mairie) -> None:
    document = render_pdf(BASE, {"mairie": mairie, "reference": "Ẽlișabeth Đặng"}, title="Ńoël")

    with pikepdf.open(io.BytesIO(document.content)) as pdf:
        fonts = {
            str(obj.BaseFont).partition("+")[2]
            for obj in pdf.objects
            if isinstance(obj, pikepdf.Dictionary) and obj.get("/Subtype") == "/Type0"
        }
    assert fonts == {"Uzes-Sans", "Uzes-Sans-Semi-Bold", "Uzes-Serif-Semi-Bold"}
    assert "Ẽlișabeth Đặng" in text_of(document)
    assert "Ńoël" in text_of(document)


def test_rendering_says_nothing_in_the_log(
    mairie: Mairie, caplog: pytest.LogCaptureFixture
) -> None:
    render_pdf(BASE, {"mairie": mairie}, title="Essai")

    assert [record.getMessage() for record in caplog.records if record.levelno >= 30] == []


def test_what_people_type_stays_text(page: Any) -> None:
    typed = '<b>gras</b><img src="file:///etc/passwd"><style>body{display:none}</style>&amp;'

    document = page("<p>{{ typed }}</p>", typed=typed)

    assert text_of(document).replace("\n", "") == typed


@pytest.fixture
def listener() -> Any:
    """A server that counts who knocks."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    found = SimpleNamespace(port=server.getsockname()[1], knocks=0, over=False)

    def run() -> None:
        while not found.over:
            try:
                client, _ = server.accept()
            except TimeoutError:
                continue
            found.knocks += 1
            client.close()
        server.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield found
    found.over = True
    thread.join()


FORBIDDEN = [
    "file:///etc/passwd",
    "http://127.0.0.1:{port}/x",
    "https://127.0.0.1:{port}/x",
    "ftp://127.0.0.1:{port}/x",
    "data:text/css,p%7Bcolor:red%7D",
    "memory:../../etc/passwd",
    "memory:absent.png",
]


@pytest.mark.parametrize("url", FORBIDDEN)
@pytest.mark.parametrize(
    "body",
    [
        '<img alt="" src="{url}">',
        '<link rel="attachment" href="{url}"><p>x',
        '<link rel="stylesheet" href="{url}"><p>x',
        '<object data="{url}"></object>',
        '<embed src="{url}">',
        '<p style="background: url({url})">x',
        '<p style="list-style-image: url({url}); display: list-item">x',
        "<style>@import '{url}';</style><p>x",
        "<style>@font-face {{ font-family: x; src: url('{url}') }}</style><p>x",
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}" width="9" height="9"/></svg>',
    ],
)
def test_a_document_may_not_fetch_anything(page: Any, listener: Any, body: str, url: str) -> None:
    from weasyprint.urls import FatalURLFetchingError

    target = url.format(port=listener.port)

    with pytest.raises(FatalURLFetchingError):
        page(body.format(url=target))

    assert listener.knocks == 0


def test_a_style_sheet_may_only_fetch_fonts(page: Any) -> None:
    from weasyprint.urls import FatalURLFetchingError

    name = next(iter(pdf_fonts()))
    page("<p>x", style=f"@font-face {{ font-family: x; src: url(memory:{name}) }}")

    with pytest.raises(FatalURLFetchingError):
        page("<p>x", style="@import 'file:///etc/passwd';")


def test_fonts_are_made_once_and_hold_every_accent(settings: Any) -> None:
    fonts = pdf_fonts()

    for content in fonts.values():
        font = TTFont(io.BytesIO(content))
        assert "fvar" not in font
        assert {ord(sign) for sign in "AÉèçœŒßñłŠșțĐẽặỹ’«»…–€ "} <= set(font.getBestCmap())
    kept = (Path(settings.VAR_DIR) / "fonts").glob("*-*.ttf")  # the heading font stands beside
    assert {path.name.split("-", 2)[2] for path in kept if f"-{len(LATIN)}-" in path.name} == set(
        fonts
    )


@pytest.mark.parametrize("sign", ["王", "Ж", "م", "😀", "☐"])
def test_no_sign_is_left_out(mairie: Mairie, sign: str) -> None:
    context = {"mairie": mairie, "reference": f"A{sign}B"}

    document = render_pdf(BASE, context, title="Essai")
    assert f"A[signe U+{ord(sign):04X}]B" in text_of(document)

    with pytest.raises(UndrawnSign) as refused:
        render_pdf(BASE, context, title="Essai", is_official=True)
    assert f"« A{sign}B »" in refused.value.messages[0]


# Papers made lately are kept, in the memory of the process and for ten minutes.


@pytest.fixture
def made(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was really drawn while papers are kept."""
    import weasyprint

    drawn: list[str] = []
    real = weasyprint.HTML.write_pdf

    def write_pdf(self: Any, *args: Any, **kwargs: Any) -> Any:
        drawn.append("one")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(weasyprint.HTML, "write_pdf", write_pdf)
    settings.KEPT_PAPERS_BYTES = 1_000_000
    documents.papers.clear()
    yield drawn
    documents.papers.clear()


def test_the_same_paper_is_drawn_once(page: Any, made: list[str]) -> None:
    first, again = page("<p>Une ligne"), page("<p>Une ligne")

    assert again.content == first.content
    assert len(made) == 1


def test_another_text_style_or_picture_is_another_paper(page: Any, made: list[str]) -> None:
    page("<p>Une ligne")
    page("<p>Une autre ligne")
    for name, content in (("a.png", b"1"), ("b.png", b"1"), ("a.png", b"2")):
        render_pdf("page.html", {}, title="Essai", resources={name: content})

    assert len(made) == 5


def test_a_kept_paper_is_let_go_after_its_time(
    page: Any, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(documents, "monotonic", lambda: now)
    page("<p>Une ligne")

    now = 601.0
    page("<p>Une autre ligne")

    assert documents.papers.count == 1
    page("<p>Une ligne")
    assert len(made) == 3


def test_kept_papers_stay_within_their_bytes(page: Any, made: list[str], settings: Any) -> None:
    first = page("<p>Une ligne")
    settings.KEPT_PAPERS_BYTES = first.size + 1000
    page("<p>Une autre ligne")

    assert documents.papers.count == 1
    page("<p>Une autre ligne")
    assert len(made) == 2


def test_a_refused_paper_is_not_kept(page: Any, made: list[str]) -> None:
    from weasyprint.urls import FatalURLFetchingError

    for _ in range(2):
        with pytest.raises(FatalURLFetchingError):
            page('<img src="https://a.example/" alt="">')

    assert documents.papers.count == 0
