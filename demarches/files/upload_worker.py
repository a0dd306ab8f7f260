"""Check and rewrite one uploaded file, in a confined child process.

`demarches.files.uploads` runs this file by its path with the same Python. It reads the raw bytes on
standard input and its orders (one JSON object) as its only argument; it writes one JSON line,
the verdict, followed by the rewritten bytes. It knows neither Django nor the project, gets no
secret in its environment, and gives up its right to much memory, processor time, files and,
where the system allows it, network before it looks at a single byte.

A verdict is either `{"refused": code}` or the facts about the clean file; the French
sentences belong to `demarches.files.uploads`. A crash or a time-out is a refusal too.
"""

import base64
import contextlib
import io
import json
import os
import re
import resource
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pikepdf
    from PIL import Image

JUDGED_SIDE = 1000
"""Pictures are judged at this size, so that a threshold means the same for every camera."""
STENCIL_SIDE = 1600
"""Dots along a page for the letters of the watermark."""
MINIMUM_LONG_SIDE = 800
"""Below this, an A4 page has under 70 dots an inch: the small print is lost."""
DARK_MEAN = 55
LOGO_KINDS = ["PNG", "JPEG"]
LOGO_SIDES = (960, 192)
"""Dots of a logo: 16 mm high on paper, at 300 dots an inch."""
LOGO_COLOURS = 128
JPEG_END = b"\xff\xd9"


@dataclass(frozen=True)
class Orders:
    kind: str
    max_pixels: int
    max_side: int
    max_pages: int
    page: int
    watermark: str
    font: str
    memory_bytes: int
    cpu_seconds: int


@dataclass
class Clean:
    content: bytes
    pages: int = 1
    width: int | None = None
    height: int | None = None
    warnings: list[str] = field(default_factory=list)


class Refused(Exception):
    """The file may not be kept; the only argument is a code of `uploads.REFUSALS`."""


def confine(orders: Orders) -> None:
    """Give up what parsing one file does not need, for this process and for good."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 64,
        resource.RLIMIT_CPU: orders.cpu_seconds,
        resource.RLIMIT_AS: orders.memory_bytes,
    }
    for name, limit in limits.items():
        # macOS knows RLIMIT_AS but refuses to lower it: the time limits remain there.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (limit, limit))
    # A namespace of its own has no network. Containers often forbid it: then nothing is lost.
    with contextlib.suppress(AttributeError, OSError):
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)


# Pictures


def clean_picture(data: bytes, orders: Orders) -> Clean:
    """Decode the picture and encode its pixels anew: nothing else of the file survives."""
    from PIL import Image, ImageOps  # noqa: PLC0415 -- after confine()

    if orders.kind == "HEIF":
        import pillow_heif  # noqa: PLC0415 -- slow import

        pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    picture = opened_picture(data, orders)
    original_sides = (picture.width, picture.height)
    upright = flatten(ImageOps.exif_transpose(picture))
    upright.thumbnail((orders.max_side, orders.max_side), Image.Resampling.LANCZOS, reducing_gap=2)
    warnings = judge_picture(upright)
    if max(original_sides) < MINIMUM_LONG_SIDE and warnings != ["blank"]:
        warnings.append("tiny")
    if orders.watermark:
        grey = Image.new(upright.mode, upright.size, "#777777")
        upright.paste(grey, mask=watermark(upright.size, orders).point(lambda ink: ink * 0.32))
    return Clean(jpeg(upright), 1, upright.width, upright.height, warnings)


def clean_logo(data: bytes, orders: Orders) -> Clean:
    """The pixels of a logo, what is transparent included, for papers and mails: no metadata."""
    from PIL import Image, ImageOps  # noqa: PLC0415 -- after confine()

    upright = ImageOps.exif_transpose(opened_picture(data, orders))
    small = (flatten(upright) if upright.mode[0] in "IF" else upright).convert("RGBA")
    small.thumbnail(LOGO_SIDES, Image.Resampling.LANCZOS)
    small.info = {}
    target = io.BytesIO()
    small.quantize(LOGO_COLOURS).save(target, "PNG", optimize=True)
    return Clean(target.getvalue(), 1, small.width, small.height)


def opened_picture(data: bytes, orders: Orders) -> "Image.Image":
    """The picture with its pixels; raises `Refused` for what is none, or is too much."""
    from PIL import Image  # noqa: PLC0415 -- after confine()

    Image.MAX_IMAGE_PIXELS = orders.max_pixels
    try:
        try:
            return loaded(data, orders)
        except OSError:
            if orders.kind != "JPEG":
                raise
            return loaded_without_end(data, orders)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("too_many_pixels") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refused("picture_unreadable") from error


def loaded(data: bytes, orders: Orders) -> "Image.Image":
    """The picture with its pixels, smaller where that costs less."""
    from PIL import Image  # noqa: PLC0415 -- after confine()

    formats = LOGO_KINDS if orders.kind == "LOGO" else [orders.kind]
    picture = Image.open(io.BytesIO(data), formats=formats)
    if picture.width * picture.height > orders.max_pixels:
        raise Refused("too_many_pixels")
    picture.draft("RGB", (orders.max_side, orders.max_side))
    picture.load()
    return picture


def loaded_without_end(data: bytes, orders: Orders) -> "Image.Image":
    """A JPEG that lacks the mark of its end, as some transfers leave it; raises when more is gone.

    Where pixels are missing, the decoder takes whatever stands before the mark for them: the
    picture is whole when that changes nothing.
    """
    whole, other = loaded(data + JPEG_END, orders), loaded(data + b"\x55" * 64 + JPEG_END, orders)
    if whole.tobytes() != other.tobytes():
        raise Refused("picture_unreadable")
    return whole


def jpeg(picture: "Image.Image") -> bytes:
    target = io.BytesIO()
    picture.info = {}  # Pillow would copy the comment of the original
    picture.save(target, "JPEG", quality=85, optimize=True)
    return target.getvalue()


def flatten(picture: "Image.Image") -> "Image.Image":
    """Bring any mode to plain RGB or grey on white paper, without its metadata."""
    from PIL import Image  # noqa: PLC0415 -- after confine()

    if picture.mode.startswith(("I", "F")):
        # 16-bit greys: Pillow would clip them to white instead of scaling them.
        return picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.mode in {"1", "L"} and "transparency" not in picture.info:
        return picture.convert("L")
    if picture.mode in {"P", "PA", "LA", "La", "RGBA", "RGBa"} or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        paper = Image.new("RGB", layer.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    return picture.convert("RGB")


def judge_picture(picture: "Image.Image") -> list[str]:
    """Say at once what would make an agent send the picture back."""
    from PIL import Image, ImageFilter, ImageStat  # noqa: PLC0415 -- after confine()

    grey = picture.convert("L")
    grey.thumbnail((JUDGED_SIDE, JUDGED_SIDE), Image.Resampling.BILINEAR)
    light = ImageStat.Stat(grey)
    # The variance of the Laplacian is high where edges are sharp; 128 keeps it positive, and the
    # outermost points, which the filter leaves alone, are cut off.
    laplacian = grey.filter(
        ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
    ).crop((1, 1, max(grey.width - 1, 2), max(grey.height - 1, 2)))
    edges = ImageStat.Stat(laplacian).var[0]
    contrast = light.var[0]
    if contrast < 4 or (contrast < 64 and edges < 2):
        return ["blank"]
    warnings = []
    if light.mean[0] < DARK_MEAN:
        warnings.append("dark")
    # Measured on photos and scans, sharp and blurred by hand: sharp ones stay above 25 edges for
    # 1000 of contrast, those whose 10-point text cannot be read fall under 8, or under 20 when
    # the page is mostly white.
    if edges < 0.008 * contrast or (edges < 12 and edges < 0.02 * contrast):
        warnings.append("blurred")
    return warnings


def watermark(size: tuple[int, int], orders: Orders) -> "Image.Image":
    """Write the purpose of the copy across the whole sheet, slanted; white is ink."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 -- after confine()

    side = int(1.5 * max(size))
    letter = max(10, max(size) // 45)
    font = ImageFont.truetype(orders.font, letter)
    sheet = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(sheet)
    line = f"{orders.watermark}      "
    step = max(1, int(draw.textlength(line, font)))
    for row, top in enumerate(range(0, side, 6 * letter)):
        for left in range(-step * (row % 2) // 2, side, step):
            draw.text((left, top), line, fill=255, font=font)
    slanted = sheet.rotate(28, Image.Resampling.BICUBIC)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return slanted.crop((left, top, left + size[0], top + size[1]))


# PDF

MAX_OBJECTS = 60_000
JUDGED_PAGES = 3
MAX_DECODED_BYTES = 32 * 1024 * 1024
MAX_IMAGE_PIXELS = 160_000_000
"""A scanned A4 page at 1200 dots an inch in black and white."""

ACTIVE_ACTIONS = frozenset(
    [
        "/JavaScript",
        "/Launch",
        "/SubmitForm",
        "/ImportData",
        "/GoToR",
        "/GoToE",
        "/Rendition",
        "/Sound",
        "/Movie",
        "/RichMediaExecute",
        "/GoTo3DView",
        "/Thread",
    ]
)
ACTIVE_ANNOTATIONS = frozenset(
    ["/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D", "/Projection"]
)
ACTIVE_KEYS = frozenset(
    ["/XFA", "/RichMediaContent", "/RichMediaSettings", "/EmbeddedFiles", "/SubmitForm", "/Launch"]
)
METADATA_KEYS = ("/Metadata", "/PieceInfo", "/LastModified")


def clean_pdf(data: bytes, orders: Orders) -> Clean:
    """Refuse what acts, drop what tells, and write the rest anew."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    try:
        with opened_pdf(data) as pdf:
            return rewrite_pdf(pdf, orders)
    except pikepdf.PasswordError as error:
        raise Refused("pdf_password") from error
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Refused("pdf_unreadable") from error


#: Where a document says that its table of objects begins.
TABLE_START = re.compile(rb"startxref\s+\d+")


def opened_pdf(data: bytes) -> "pikepdf.Pdf":
    """Open it as viewers do: where its table of objects is wrong, the objects are looked for.

    Some scanners number that table from 1. Raises `pikepdf.PdfError` when nothing is found.
    """
    import pikepdf  # noqa: PLC0415 -- after confine()

    try:
        return pikepdf.open(io.BytesIO(data))
    except pikepdf.PasswordError:
        raise
    except pikepdf.PdfError:
        return pikepdf.open(io.BytesIO(TABLE_START.sub(b"startxref\n0", data)))


def rewrite_pdf(pdf: "pikepdf.Pdf", orders: Orders) -> Clean:
    pages = len(pdf.pages)
    if not pages:
        raise Refused("pdf_unreadable")
    if pages > orders.max_pages:
        raise Refused("too_many_pages")
    if len(pdf.objects) > MAX_OBJECTS:
        raise Refused("pdf_too_complex")
    drop_adobe_form_code(pdf)
    drop_harmless_opening(pdf)
    inspect_objects(pdf)
    if "/Info" in pdf.trailer:
        del pdf.trailer.Info
    content = saved(pdf)
    warnings = judge_pdf(content, pages)
    if orders.watermark:
        stamp_pages(pdf, orders)
        content = saved(pdf)
    return Clean(content, pages, warnings=warnings)


def saved(pdf: "pikepdf.Pdf") -> bytes:
    """Write the document anew: what nothing refers to is left behind; same input, same bytes."""
    target = io.BytesIO()
    pdf.save(target, encryption=False, deterministic_id=True, fix_metadata_version=False)
    return target.getvalue()


def stamp_pages(pdf: "pikepdf.Pdf", orders: Orders) -> None:
    """Lay the watermark over every page, as a stencil painted in transparent grey."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    for page in pdf.pages:
        left, bottom, right, top = (float(side) for side in page.mediabox)
        scale = STENCIL_SIDE / max(right - left, top - bottom, 1)
        size = (max(1, int((right - left) * scale)), max(1, int((top - bottom) * scale)))
        stencil = watermark(size, orders).point(lambda ink: 255 if ink < 128 else 0).convert("1")
        image = pikepdf.Stream(pdf, stencil.tobytes())
        image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        image.Width, image.Height = stencil.size
        image.ImageMask, image.BitsPerComponent = True, 1
        paint = (
            f"q /Light gs 0.35 g {right - left} 0 0 {top - bottom} {left} {bottom} cm /Mark Do Q"
        )
        form = pikepdf.Stream(pdf, paint.encode())
        form.Type, form.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        form.BBox = page.mediabox
        form.Resources = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(Mark=image),
            ExtGState=pikepdf.Dictionary(Light=pikepdf.Dictionary(ca=0.4)),
        )
        name = page.add_resource(form, pikepdf.Name.XObject, pikepdf.Name.Filigrane)
        # The page's own drawing is closed off first, whatever state it left behind.
        page.contents_add(b"q\n", prepend=True)
        page.contents_add(f"\nQ q {name} Do Q\n".encode())


def judge_pdf(content: bytes, pages: int) -> list[str]:
    """Look at the first pages as pictures; the blank back of a sheet is no worry."""
    verdicts = [
        judge_picture(draw_page(content, number, JUDGED_SIDE))
        for number in range(min(pages, JUDGED_PAGES))
    ]
    written = [verdict for verdict in verdicts if verdict != ["blank"]]
    if not written:
        return ["blank"]
    return sorted({warning for verdict in written for warning in verdict})


def draw_page(content: bytes, number: int, side: int) -> "Image.Image":
    """Draw one page (the first is 0), its filled fields included, `side` dots long."""
    import pypdfium2  # noqa: PLC0415 -- slow import

    document = pypdfium2.PdfDocument(content)
    document.init_forms()
    page = document[number]
    picture: Image.Image = page.render(scale=side / max(page.get_size())).to_pil()
    return picture.convert("RGB")


def preview_page(data: bytes, orders: Orders) -> Clean:
    """Draw one page of a file that was cleaned before, for an agent's screen."""
    picture = draw_page(data, orders.page, orders.max_side)
    return Clean(jpeg(picture), 1, picture.width, picture.height)


def drop_adobe_form_code(pdf: "pikepdf.Pdf") -> None:
    """Take the machinery out of official forms made with Adobe's form designer.

    These carry every box as an ordinary field, drawn on the page, and beside it an XFA copy
    with the designer's own start-up scripts (all named « !ADBE::… »). Without the latter
    the page looks the same and does nothing. Any other script stays, and is refused below.
    """
    import pikepdf  # noqa: PLC0415 -- after confine()

    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary) or not len(form.get("/Fields", [])):
        return
    if "/XFA" in form:
        del form["/XFA"]
    scripts = pdf.Root.get("/Names", pikepdf.Dictionary()).get("/JavaScript")
    if scripts is not None:
        names = [str(name) for name in list(scripts.get("/Names", []))[::2]]
        if names and all(name.startswith("!ADBE::") for name in names):
            del pdf.Root.Names["/JavaScript"]


def drop_harmless_opening(pdf: "pikepdf.Pdf") -> None:
    """Many honest PDFs say which page to open first: forget it, it is not worth a refusal."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    opening = pdf.Root.get("/OpenAction")
    if isinstance(opening, pikepdf.Array) or (
        isinstance(opening, pikepdf.Dictionary)
        and opening.get("/S") == "/GoTo"
        and "/Next" not in opening
    ):
        del pdf.Root["/OpenAction"]


def inspect_objects(pdf: "pikepdf.Pdf") -> None:
    """Visit every object, also inside object streams and nested: refuse or clean in place."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    decoded = 0
    for node in walk(pdf):
        refuse_if_active(node)
        for key in METADATA_KEYS:
            if key in node:
                del node[key]
        if node.get("/S") == "/URI" and "/URI" in node:
            # A link an agent could follow out of the mairie: the words stay, the link goes.
            node["/URI"] = pikepdf.String("")
        if not isinstance(node, pikepdf.Stream):
            continue
        bare_picture(pdf, node)
        # A picture says its size and is bounded by it; the rest is inflated to be measured.
        if node.get("/Subtype") != "/Image":
            decoded += decoded_size(node, MAX_DECODED_BYTES - decoded)
            if decoded > MAX_DECODED_BYTES:
                raise Refused("pdf_too_complex")
    if "/OpenAction" in pdf.Root:
        raise Refused("pdf_active")
    # After everything is known to be of a bearable size.
    for stream in content_streams(pdf):
        bare_inline_pictures(pdf, stream)


def walk(pdf: "pikepdf.Pdf") -> Iterator[Any]:
    """Yield every dictionary and stream that would be saved, without recursion."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    visited: set[tuple[int, int]] = set()
    steps = 0
    waiting: list[Any] = [pdf.trailer]
    containers = (pikepdf.Dictionary, pikepdf.Array, pikepdf.Stream)
    while waiting:
        node = waiting.pop()
        steps += 1
        if steps > MAX_OBJECTS * 10:
            raise Refused("pdf_too_complex")
        if node.is_indirect:
            if node.objgen in visited:
                continue
            visited.add(node.objgen)
        children: Any = node
        if not isinstance(node, pikepdf.Array):
            yield node
            children = [node[key] for key in node.keys()]  # noqa: SIM118 -- not a mapping
        waiting += [child for child in children if isinstance(child, containers)]


def refuse_if_active(node: Any) -> None:
    """Refuse a dictionary that runs, sends, opens or hides something."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    if node.get("/S") in ACTIVE_ACTIONS or node.get("/Subtype") in ACTIVE_ANNOTATIONS:
        raise Refused("pdf_active")
    if node.get("/Type") == "/EmbeddedFile" or any(key in node for key in ACTIVE_KEYS):
        raise Refused("pdf_attachment" if "/EmbeddedFiles" in node else "pdf_active")
    # These short keys may also name an ordinary resource (a font called /AA): look at the value.
    if isinstance(node.get("/JS"), pikepdf.String | pikepdf.Stream):
        raise Refused("pdf_active")
    if isinstance(node.get("/JavaScript"), pikepdf.Dictionary):
        raise Refused("pdf_active")
    if isinstance(node.get("/EF"), pikepdf.Dictionary):
        raise Refused("pdf_attachment")
    triggers = node.get("/AA")
    if isinstance(triggers, pikepdf.Dictionary) and "/Subtype" not in triggers:
        raise Refused("pdf_active")
    if isinstance(node, pikepdf.Stream):
        if "/F" in node:
            raise Refused("pdf_active")  # its bytes are in a file elsewhere
        if int(node.get("/Width", 0)) * int(node.get("/Height", 0)) > MAX_IMAGE_PIXELS:
            raise Refused("too_many_pixels")


# Pictures inside a PDF

#: What packs a picture, by its full and its short name (ISO 32000-2, table 92).
PACKERS = {
    "/ASCIIHexDecode": "/ASCIIHexDecode",
    "/AHx": "/ASCIIHexDecode",
    "/ASCII85Decode": "/ASCII85Decode",
    "/A85": "/ASCII85Decode",
    "/LZWDecode": "/LZWDecode",
    "/LZW": "/LZWDecode",
    "/FlateDecode": "/FlateDecode",
    "/Fl": "/FlateDecode",
    "/RunLengthDecode": "/RunLengthDecode",
    "/RL": "/RunLengthDecode",
}
INFLATING = frozenset(["/LZWDecode", "/FlateDecode", "/RunLengthDecode"])
#: What the pixels of a picture are written in, where a camera also writes place and date.
PICTURE_FORMATS = {"/DCTDecode": "DCT", "/DCT": "DCT", "/JPXDecode": "JPX"}


def as_list(value: Any) -> list[Any]:
    """What is written alone or as an array (`/Filter`, `/DecodeParms`), as a list."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    if value is None:
        return []
    return list(value) if isinstance(value, pikepdf.Array) else [value]


def filter_names(stream: Any) -> list[str]:
    """The filters of a stream by their full names, in the order in which they are undone."""
    names = [str(name) for name in as_list(stream.get("/Filter"))]
    return [PACKERS.get(name, name) for name in names]


def bare_picture(pdf: "pikepdf.Pdf", stream: Any) -> None:
    """Rewrite a JPEG or JPEG 2000 stream without what its camera wrote, however it is packed."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    names = filter_names(stream)
    formats = [PICTURE_FORMATS[name] for name in names if name in PICTURE_FORMATS]
    if not formats:
        return
    parameters = as_list(stream.get("/DecodeParms", stream.get("/DP")))
    data = unpacked_picture(pdf, names, parameters, stream.read_raw_bytes())
    bare = BARE[formats[0]](data)
    last = parameters[len(names) - 1] if len(parameters) == len(names) else None
    for key in ("/DecodeParms", "/DP"):
        if key in stream:
            del stream[key]
    stream.write(
        bare,
        filter=pikepdf.Name.DCTDecode if formats[0] == "DCT" else pikepdf.Name.JPXDecode,
        # The transform of colours, for a JPEG.
        decode_parms=last if isinstance(last, pikepdf.Dictionary) else None,
    )


def unpacked_picture(
    pdf: "pikepdf.Pdf", names: list[str], parameters: list[Any], data: bytes
) -> bytes:
    """Undo what packs a picture. Refuses what packs twice, or goes on after the picture."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    packers = names[:-1]
    if names[-1] not in PICTURE_FORMATS or any(name not in PACKERS for name in packers):
        raise Refused("pdf_too_complex")
    if sum(name in INFLATING for name in packers) > 1:
        raise Refused("pdf_too_complex")  # only bombs do that
    if not packers:
        return data
    packed = pikepdf.Stream(pdf, data)
    packed.Filter = pikepdf.Array([pikepdf.Name(name) for name in packers])
    if len(parameters) == len(names):
        packed.DecodeParms = pikepdf.Array(parameters[:-1])
    if decoded_size(packed, MAX_DECODED_BYTES) > MAX_DECODED_BYTES:
        raise Refused("pdf_too_complex")
    return bytes(packed.read_bytes(pikepdf.StreamDecodeLevel.specialized))


#: JPEG segments that the pixels need (ISO 10918-1, table B.1); every other one is left out.
JPEG_SEGMENTS = frozenset([*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF])
#: The end of a scan: a marker that is neither a stuffed byte nor a restart.
SCAN_END = re.compile(rb"\xff+(?=[^\x00\xff\xd0-\xd7])")


def bare_jpeg(data: bytes) -> bytes:
    """A JPEG without its comments and applications' segments, and without what follows it."""
    start = data.find(b"\xff\xd8")
    if start < 0:
        raise Refused("pdf_unreadable")
    kept, position = [b"\xff\xd8"], start + 2
    while position < len(data):
        # Any number of 0xFF may stand before a marker.
        while data[position : position + 2] == b"\xff\xff":
            position += 1
        if data[position : position + 1] != b"\xff" or position + 4 > len(data):
            break
        marker = data[position + 1]
        if marker == 0xD9:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # these stand alone
            position += 2
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4])
        segment = data[position:end]
        if marker in JPEG_SEGMENTS:
            kept.append(segment)
        elif marker == 0xE0 and segment[4:9] == b"JFIF\0":  # density, its thumbnail left out
            kept.append(b"\xff\xe0\x00\x10" + segment[4:16].ljust(12, b"\0") + b"\0\0")
        elif marker == 0xEE and segment[4:9] == b"Adobe":  # the transform of colours
            kept.append(b"\xff\xee\x00\x0e" + segment[4:16].ljust(12, b"\0"))
        position = end
        if marker == 0xDA:  # pixels, up to the next marker
            found = SCAN_END.search(data, end)
            position = found.start() if found else len(data)
            kept.append(data[end:position])
    return b"".join([*kept, b"\xff\xd9"])


#: Boxes of JPEG 2000 that the pixels need (ISO 15444-1, annex I).
JPEG_2000_BOXES = frozenset([b"jP  ", b"ftyp", b"jp2h", b"jp2c", b"rreq"])


def bare_jpeg_2000(data: bytes) -> bytes:
    """A JPEG 2000 with its metadata blanked in place: no offset in it moves."""
    picture = bytearray(data)
    if data.startswith(b"\xff\x4f"):
        blank_comments(picture, 0, len(data))
        return bytes(picture)
    if data[4:8] != b"jP  ":
        raise Refused("pdf_unreadable")
    position = 0
    while position + 8 <= len(data):
        size, kind = (
            int.from_bytes(data[position : position + 4]),
            data[position + 4 : position + 8],
        )
        header = 8
        if size == 1:
            size, header = int.from_bytes(data[position + 8 : position + 16]), 16
        end = len(data) if size == 0 else min(position + size, len(data))
        if end < position + header:
            raise Refused("pdf_unreadable")
        if kind not in JPEG_2000_BOXES:
            picture[position + 4 : position + 8] = b"free"
            picture[position + header : end] = bytes(end - position - header)
        elif kind == b"jp2c":
            blank_comments(picture, position + header, end)
        position = end
    del picture[position:]
    return bytes(picture)


def blank_comments(picture: bytearray, start: int, end: int) -> None:
    """Blank the comments of a codestream, in its header and in those of its tiles."""
    position, tile = start + 2, start
    while position + 4 <= end:
        marker = picture[position + 1]
        if picture[position] != 0xFF or marker == 0xD9:
            return
        if marker == 0x93:  # the pixels of a tile; its header told how long it is
            if tile <= start:
                return
            position = tile
            continue
        size = int.from_bytes(picture[position + 2 : position + 4])
        if marker == 0x90:
            length = int.from_bytes(picture[position + 6 : position + 10])
            tile = position + length if length > 12 else end
        elif marker == 0x64:
            picture[position + 6 : position + 2 + size] = bytes(max(size - 4, 0))
        position += 2 + size


BARE = {"DCT": bare_jpeg, "JPX": bare_jpeg_2000}


def content_streams(pdf: "pikepdf.Pdf") -> list[Any]:
    """What is painted: pages, forms, patterns, the letters of drawn fonts, looks of fields."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    found: list[Any] = []
    for page in pdf.pages:
        page.contents_coalesce()  # a picture may begin in one part and end in the next
        if isinstance(page.obj.get("/Contents"), pikepdf.Stream):
            found.append(page.obj.Contents)
    for node in walk(pdf):
        if isinstance(node, pikepdf.Stream):
            if node.get("/Subtype") == "/Form" or node.get("/PatternType") == 1:
                found.append(node)
            continue
        letters = node.get("/CharProcs")
        if isinstance(letters, pikepdf.Dictionary):
            found += [letters[key] for key in letters.keys()]  # noqa: SIM118 -- not a mapping
        found += looks_of(node.get("/AP"))
    return [one for one in found if isinstance(one, pikepdf.Stream)]


def looks_of(appearance: Any) -> list[Any]:
    """The streams of an annotation's appearance, one a state or not."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    if not isinstance(appearance, pikepdf.Dictionary):
        return []
    looks: list[Any] = []
    for key in appearance.keys():  # noqa: SIM118 -- not a mapping
        look = appearance[key]
        if isinstance(look, pikepdf.Dictionary) and not isinstance(look, pikepdf.Stream):
            looks += [look[state] for state in look.keys()]  # noqa: SIM118 -- not a mapping
        else:
            looks.append(look)
    return looks


def bare_inline_pictures(pdf: "pikepdf.Pdf", stream: Any) -> None:
    """Take the metadata out of the pictures written inside a page's own drawing."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    drawing = stream.read_bytes()
    if not all(mark in drawing for mark in (b"BI", b"ID", b"EI")):
        return
    instructions = list(pikepdf.parse_content_stream(stream))
    is_changed = False
    for rank, instruction in enumerate(instructions):
        if not isinstance(instruction, pikepdf.ContentStreamInlineImage):
            continue
        picture = instruction.iimage
        names = filter_names(picture.obj)
        formats = [PICTURE_FORMATS[name] for name in names if name in PICTURE_FORMATS]
        if formats:
            parameters = as_list(picture.obj.get("/DecodeParms"))
            data = unpacked_picture(pdf, names, parameters, picture.read_raw_bytes())
            bare = BARE[formats[0]](data)
            instructions[rank] = inline_picture(pdf, picture.obj, names[-1], parameters, bare)
            is_changed = True
    if is_changed:
        stream.write(pikepdf.unparse_content_stream(instructions))


def inline_picture(
    pdf: "pikepdf.Pdf", facts: Any, name: str, parameters: list[Any], data: bytes
) -> Any:
    """The instruction that paints a picture; its bytes as text, where no « EI » can end them."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    facts = pikepdf.Dictionary(facts)
    for key in ("/Filter", "/DecodeParms", "/Length"):
        if key in facts:
            del facts[key]
    last = parameters[-1] if parameters else None
    if isinstance(last, pikepdf.Dictionary):
        facts.DecodeParms = pikepdf.Array([pikepdf.Dictionary(), last])
    facts.Filter = pikepdf.Array([pikepdf.Name.ASCII85Decode, pikepdf.Name(name)])
    words = b" ".join(
        pikepdf.Name(key).unparse() + b" " + value_bytes(facts[key])
        for key in facts.keys()  # noqa: SIM118 -- not a mapping
    )
    written = b"BI " + words + b" ID " + base64.a85encode(data) + b"~>\nEI\n"
    parsed = list(pikepdf.parse_content_stream(pikepdf.Stream(pdf, written)))
    if len(parsed) != 1:
        raise Refused("pdf_too_complex")
    return parsed[0]


def value_bytes(value: Any) -> bytes:
    """A value as a PDF writes it; numbers and truths come as those of Python."""
    import pikepdf  # noqa: PLC0415 -- after confine()

    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, pikepdf.Object):
        return bytes(value.unparse(resolved=True))
    return str(value).encode()


def decoded_size(stream: Any, limit: int) -> int:
    """Inflate a stream only to measure it, and never past `limit` bytes."""
    names = filter_names(stream)
    raw = stream.read_raw_bytes()
    with contextlib.suppress(ValueError, zlib.error):
        if names[:2] == ["/ASCII85Decode", "/FlateDecode"]:
            raw = base64.a85decode(raw.strip().removesuffix(b"~>"))
            names = names[1:]
        if "/FlateDecode" in names[1:]:
            raise Refused("pdf_too_complex")  # packed twice: only bombs do that
        if names[:1] == ["/FlateDecode"]:
            return len(zlib.decompressobj().decompress(raw, max(limit, 0) + 1))
    return len(raw)


KINDS = {
    "PDF": clean_pdf,
    "JPEG": clean_picture,
    "PNG": clean_picture,
    "HEIF": clean_picture,
    "PREVIEW": preview_page,
    "LOGO": clean_logo,
}


def main() -> None:
    orders = Orders(**json.loads(sys.argv[1]))
    confine(orders)
    data = sys.stdin.buffer.read()
    content = b""
    try:
        verdict = asdict(KINDS[orders.kind](data, orders))
        content = verdict.pop("content")
    except Refused as refusal:
        verdict = {"refused": str(refusal)}
    except MemoryError:
        verdict = {"refused": "too_heavy"}
    sys.stdout.buffer.write(json.dumps(verdict).encode() + b"\n" + content)


if __name__ == "__main__":
    main()
