"""What a camera writes leaves every picture of a PDF, however the PDF writes that picture."""

import base64
import io
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageChops, ImageStat

from demarches.files import upload_worker
from demarches.files.uploads import process_upload
from tests.support import files

XMP = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>CANARI-XMP</x:xmpmeta>"


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(data) + 2).to_bytes(2) + data


def small_photo(*, has_tail: bool = True) -> bytes:
    """With EXIF, GPS, XMP, IPTC, a comment, fill bytes, and a tail as some telephones add."""
    exif = Image.Exif()
    exif[0x010E] = "CANARI-DESCRIPTION"
    exif[0x8825] = {1: "N", 2: (44.0, 0.0, 44.0), 3: "E", 4: (4.0, 25.0, 12.0)}
    data = files.encoded(
        files.text_picture((900, 640)), "JPEG", exif=exif, comment=b"CANARI", progressive=True
    )
    extra = segment(0xE1, XMP) + b"\xff" + segment(0xED, b"Photoshop 3.0\0CANARI-IPTC")
    # A segment between two scans, where few look.
    scan = data.rindex(b"\xff\xda")
    middle = data[:scan] + segment(0xFE, b"CANARI-BETWEEN") + data[scan:]
    tail = b"CANARI-TAIL" + files.gps_jpeg() if has_tail else b""
    return b"\xff\xd8" + extra + middle[2:] + tail


def jpeg_2000() -> bytes:
    data = files.encoded(files.text_picture((900, 640)), "JPEG2000")
    start = data.index(b"jp2c") - 4
    boxes = b""
    for kind, content in ((b"xml ", b"<x>CANARI-XML</x>"), (b"uuid", b"JpgTiffExif->JP2CANARI")):
        boxes += (len(content) + 8).to_bytes(4) + kind + content
    stream = data[start + 8 :]
    comment = b"\xff\x64" + (4 + len(b"CANARI-COM")).to_bytes(2) + b"\0\1CANARI-COM"
    header = stream.index(b"\xff\x90")
    stream = stream[:header] + comment + stream[header:]
    return data[:start] + boxes + (len(stream) + 8).to_bytes(4) + b"jp2c" + stream


def run_length(data: bytes) -> bytes:
    pieces = [data[i : i + 128] for i in range(0, len(data), 128)]
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces) + b"\x80"


def ascii_85(data: bytes) -> bytes:
    return base64.a85encode(data) + b"~>"


def ascii_hex(data: bytes) -> bytes:
    return data.hex().encode() + b">"


def picture(document: pikepdf.Pdf, data: bytes, filters: pikepdf.Object) -> pikepdf.Stream:
    stream = pikepdf.Stream(document, data)
    stream.Type, stream.Subtype = Name.XObject, Name.Image
    stream.Width, stream.Height = 900, 640
    stream.ColorSpace, stream.BitsPerComponent = Name.DeviceRGB, 8
    stream.Filter = filters
    return stream


Painted = Callable[[pikepdf.Pdf, pikepdf.Page], None]


def external(make: Callable[[pikepdf.Pdf], pikepdf.Stream]) -> Painted:
    def paint(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
        page.Resources = Dictionary(XObject=Dictionary(Im0=make(document)))
        page.Contents = document.make_stream(b"q 595 0 0 420 0 200 cm /Im0 Do Q")

    return paint


def packed(filters: list[str], *packers: Callable[[bytes], bytes]) -> Painted:
    def make(document: pikepdf.Pdf) -> pikepdf.Stream:
        data = jpeg_2000() if filters[-1] == "/JPXDecode" else small_photo()
        for pack in reversed(packers):
            data = pack(data)
        return picture(document, data, Array([Name(name) for name in filters]))

    return external(make)


def inline_bytes(filters: bytes, *packers: Callable[[bytes], bytes]) -> bytes:
    # Written as it is, a picture ends where it says: nothing paints it otherwise.
    data = small_photo(has_tail=bool(packers))
    for pack in reversed(packers):
        data = pack(data)
    facts = b"/W 900 /H 640 /BPC 8 /CS /RGB /F " + filters
    return b"q 595 0 0 420 0 200 cm BI " + facts + b" ID " + data + b"\nEI Q\n"


def inline(filters: bytes, *packers: Callable[[bytes], bytes]) -> Painted:
    def paint(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
        page.Contents = document.make_stream(inline_bytes(filters, *packers))

    return paint


def in_a_form(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
    form = pikepdf.Stream(document, inline_bytes(b"/DCT"))
    form.Type, form.Subtype, form.BBox = Name.XObject, Name.Form, Array([0, 0, 595, 842])
    page.Resources = Dictionary(XObject=Dictionary(Fm0=form))
    page.Contents = document.make_stream(b"/Fm0 Do")


def in_two_parts(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
    whole = inline_bytes(b"[/A85 /DCT]", ascii_85)
    middle = len(whole) // 2
    page.Contents = Array([document.make_stream(p) for p in (whole[:middle], whole[middle:])])


def indirect(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
    name = document.make_indirect(Name.DCTDecode)
    filters = document.make_indirect(Array([Name.FlateDecode, name]))
    external(lambda doc: picture(doc, zlib.compress(small_photo()), filters))(document, page)


def with_parameters(document: pikepdf.Pdf, page: pikepdf.Page) -> None:
    def make(doc: pikepdf.Pdf) -> pikepdf.Stream:
        filters = Array([Name.FlateDecode, Name.DCTDecode])
        stream = picture(doc, zlib.compress(small_photo()), filters)
        stream.DecodeParms = Array([Dictionary(), Dictionary(ColorTransform=1)])
        return stream

    external(make)(document, page)


FORMS: dict[str, Painted] = {
    "name": external(lambda doc: picture(doc, small_photo(), Name.DCTDecode)),
    "array": packed(["/DCTDecode"]),
    "short name": packed(["/DCT"]),
    "flate": packed(["/FlateDecode", "/DCTDecode"], zlib.compress),
    "short flate": packed(["/Fl", "/DCT"], zlib.compress),
    "hexadecimal": packed(["/ASCIIHexDecode", "/DCTDecode"], ascii_hex),
    "text": packed(["/ASCII85Decode", "/DCTDecode"], ascii_85),
    "text of flate": packed(
        ["/ASCII85Decode", "/FlateDecode", "/DCTDecode"], ascii_85, zlib.compress
    ),
    "runs": packed(["/RunLengthDecode", "/DCTDecode"], run_length),
    "JPEG 2000": packed(["/JPXDecode"]),
    "flate of JPEG 2000": packed(["/FlateDecode", "/JPXDecode"], zlib.compress),
    "indirect": indirect,
    "with parameters": with_parameters,
    "inline": inline(b"/DCT"),
    "inline, long name": inline(b"/DCTDecode"),
    "inline, text": inline(b"[/A85 /DCT]", ascii_85),
    "inline, flate": inline(b"[/Fl /DCT]", zlib.compress),
    "inline, escaped name": inline(b"/D#43T"),
    "inline, in a form": in_a_form,
    "inline, in two parts": in_two_parts,
}  # fmt: skip


def document_with(paint: Painted) -> bytes:
    return files.pdf(change=lambda document: paint(document, document.pages[0]))


def everything_in(content: bytes) -> bytes:
    """Each stream raw and decoded, and each inline picture unpacked: nothing stays hidden."""
    found = [content]
    with pikepdf.open(io.BytesIO(content)) as document:
        for stream in document.objects:
            if not isinstance(stream, pikepdf.Stream):
                continue
            found.append(stream.read_raw_bytes())
            if stream.get("/Subtype") != "/Image":
                found.append(stream.read_bytes())
                for one in pikepdf.parse_content_stream(stream):
                    if isinstance(one, pikepdf.ContentStreamInlineImage):
                        raw = one.iimage.read_raw_bytes()
                        found.append(base64.a85decode(raw.strip().removesuffix(b"~>")))
    return b"".join(found)


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_of_a_pdf_loses_what_its_camera_wrote(form: str) -> None:
    sent = document_with(FORMS[form])

    clean = process_upload(io.BytesIO(sent), "scan.pdf")

    kept = everything_in(clean.content)
    assert b"CANARI" not in kept
    assert b"Exif" not in kept
    before = upload_worker.draw_page(sent, 0, 800)
    after = upload_worker.draw_page(clean.content, 0, 800)
    # It still paints the same.
    assert ImageStat.Stat(before.convert("L")).stddev[0] > 5
    assert ImageChops.difference(before, after).getbbox() is None


@pytest.mark.parametrize(
    "filters",
    [
        ["/FlateDecode", "/FlateDecode", "/DCTDecode"],
        ["/DCTDecode", "/FlateDecode"],
    ],
)
def test_what_no_scanner_writes_is_refused(filters: list[str]) -> None:
    sent = document_with(packed(filters, zlib.compress))
    orders = upload_worker.Orders("PDF", 10**8, 2400, 30, 0, "", "", 0, 0)

    with pytest.raises(upload_worker.Refused):
        upload_worker.clean_pdf(sent, orders)


def test_the_transform_of_colours_stays() -> None:
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\1CANARI")
    photo = b"\xff\xd8" + adobe + files.jpeg()[2:]

    bare = upload_worker.bare_jpeg(photo)

    assert b"CANARI" not in bare
    assert Image.open(io.BytesIO(bare)).info["adobe_transform"] == 1


def test_reading_a_picture_takes_time_in_proportion() -> None:
    """A bare walk: a hundred thousand segments or restarts are read once."""
    photo = b"\xff\xd8" + segment(0xFE, b"x") * 100_000 + b"\xff\xda\0\2" + b"\xff\xd0" * 500_000

    assert len(upload_worker.bare_jpeg(photo)) == 2 + 4 + 1_000_000 + 2
