"""Uploads: what is kept, what is refused and in which words."""

import io
import os
import resource
import time
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageEnhance, ImageFile, ImageFilter, ImageStat

from demarches.files import upload_worker, uploads
from demarches.files.uploads import CleanUpload, UploadRefused, process_upload
from demarches.typed.fonts import font_path
from tests.support import files

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "uploads"


def upload(data: bytes, name: str) -> CleanUpload:
    return process_upload(io.BytesIO(data), name)


def outcome(data: bytes, name: str) -> str:
    try:
        upload(data, name)
    except UploadRefused as refusal:
        return refusal.code
    return "accepted"


def opened(clean: CleanUpload) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(clean.content))


REFUSED = {
    "svg_as_itself": "bad_extension",
    "svg_as_png": "bad_content",
    "svg_as_jpeg": "bad_content",
    "html_as_itself": "bad_extension",
    "html_as_pdf": "bad_content",
    "html_as_jpeg": "bad_content",
    "html_with_pdf_inside": "bad_content",
    "gif_header_then_pdf": "bad_content",
    "eps_as_itself": "bad_extension",
    "eps_as_jpeg": "bad_content",
    "eps_as_pdf": "bad_content",
    "zip_as_itself": "bad_extension",
    "zip_as_pdf": "bad_content",
    "zip_then_pdf": "bad_content",
    "gif_as_itself": "bad_extension",
    "gif_as_png": "bad_content",
    "bmp_as_png": "bad_content",
    "tiff_as_jpeg": "bad_content",
    "webp_as_jpeg": "bad_content",
    "avif_brand_as_heic": "bad_content",
    "mp4_as_heic": "bad_content",
    "png_as_pdf": "other_content",
    "pdf_as_jpeg": "other_content",
    "program_as_pdf": "bad_content",
    "script_as_jpeg": "bad_content",
    "script_without_extension": "bad_extension",
    "program_without_extension": "bad_extension",
    "executable_extension": "bad_extension",
    "php_before_jpeg": "bad_name",
    "html_before_pdf": "bad_name",
    "null_byte": "bad_name",
    "null_byte_before_extension": "bad_extension",
    "right_to_left_override": "bad_extension",
    "right_to_left_override_honest_end": "bad_name",
    "zero_byte": "empty",
    "zero_byte_pdf": "empty",
    "header_only_jpeg": "picture_unreadable",
    "header_only_png": "picture_unreadable",
    "header_only_pdf": "pdf_unreadable",
    "header_only_heic": "picture_unreadable",
    "truncated_jpeg": "picture_unreadable",
    "truncated_png": "picture_unreadable",
    "truncated_heic": "picture_unreadable",
    "jpeg_of_noise": "picture_unreadable",
    "png_bomb": "too_many_pixels",
    "deep_pdf": "pdf_unreadable",
    "inflating_pdf": "pdf_too_complex",
    "twice_packed_pdf": "pdf_too_complex",
    "looping_pages_pdf": "pdf_unreadable",
    "wide_tree_pdf": "pdf_unreadable",
    "too_many_pages": "too_many_pages",
    "no_page": "pdf_unreadable",
    "password": "pdf_password",
    "too_large": "too_large",
    "pdf_open_action_javascript": "pdf_active",
    "pdf_open_action_next_javascript": "pdf_active",
    "pdf_open_action_uri": "pdf_active",
    "pdf_names_javascript": "pdf_active",
    "pdf_mixed_adobe_and_own_javascript": "pdf_active",
    "pdf_outline_javascript_stream": "pdf_active",
    "pdf_catalog_additional_actions": "pdf_active",
    "pdf_page_additional_actions": "pdf_active",
    "pdf_launch": "pdf_active",
    "pdf_submit_form": "pdf_active",
    "pdf_import_data": "pdf_active",
    "pdf_go_to_remote": "pdf_active",
    "pdf_go_to_embedded": "pdf_active",
    "pdf_rich_media": "pdf_active",
    "pdf_movie": "pdf_active",
    "pdf_screen_rendition": "pdf_active",
    "pdf_file_attachment": "pdf_active",
    "pdf_embedded_file": "pdf_attachment",
    "pdf_xfa": "pdf_active",
    "pdf_external_stream": "pdf_active",
    "pdf_javascript_in_object_stream": "pdf_active",
    "pdf_launch_in_object_stream": "pdf_active",
    "pdf_javascript_name_in_hexadecimal": "pdf_active",
}


#: Those that only a parser can find.
WORKER_REFUSALS = {
    "picture_unreadable",
    "pdf_unreadable",
    "pdf_active",
    "pdf_attachment",
    "pdf_password",
    "pdf_too_complex",
    "too_many_pages",
    "too_many_pixels",
}


def test_every_hostile_file_is_refused_for_its_own_reason() -> None:
    outcomes = {case: outcome(data, name) for case, (name, data) in files.hostile_files().items()}

    assert outcomes == REFUSED


def test_every_honest_file_is_accepted_without_a_warning() -> None:
    corpus = files.honest_files()

    warnings = {case: upload(data, name).warnings for case, (name, data) in corpus.items()}

    assert warnings == dict.fromkeys(corpus, ())


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_only_the_mark_of_its_end_is_whole(progressive: bool) -> None:
    """As viewers show it; of one that lacks a part of the picture, nothing is kept."""
    whole = files.jpeg(progressive=progressive)

    assert upload(whole[:-2], "photo.jpg").content == upload(whole, "photo.jpg").content
    assert outcome(whole[:-60], "photo.jpg") == "picture_unreadable"


@pytest.mark.parametrize("code", sorted(uploads.REFUSALS))
def test_a_refusal_names_the_file_and_says_what_to_do(code: str) -> None:
    facts = {
        "name": "acte.pdf", "size": "12 Mo", "limit": "10 Mo", "extension": "pdf", "kind": "PDF",
        "found": "PNG", "suggestion": "acte.png", "pixels": 51, "pages": 40, "files": 10,
        "used": "150 Mo", "together": "40 Mo", "height": 96,
    }  # fmt: skip

    message = UploadRefused(code, **facts).message

    quota = code in {"too_many_files", "dossier_full"}
    assert ("« acte.pdf »" in message) is not quota
    sentences = message.replace(" : ", ". ").rstrip(".").split(". ")
    assert len(sentences) >= 2
    assert message.endswith(".")
    assert not any(sign in message for sign in "{}'")
    # Non-breaking spaces wherever French typography wants one.
    assert not any(pair in message for pair in (" :", " ;", " ?", " !", "« ", " »"))


def test_too_large_says_the_size_sent_and_the_limit() -> None:
    with pytest.raises(UploadRefused) as refusal:
        upload(b"%PDF-1.7" + b"\0" * 12_400_000, "scan.pdf")

    assert refusal.value.message.startswith(
        "Le fichier « scan.pdf » pèse 12,4 Mo : la limite est de 10 Mo."
    )


def test_a_file_of_exactly_the_limit_is_not_too_large(settings: Any) -> None:
    data = files.pdf()
    settings.UPLOAD_MAX_BYTES = len(data)

    assert outcome(data, "acte.pdf") == "accepted"
    assert outcome(data + b"\n", "acte.pdf") == "too_large"


def test_a_pdf_called_a_photo_is_told_its_right_name() -> None:
    with pytest.raises(UploadRefused) as refusal:
        upload(files.pdf(), "carte.jpg")

    assert "Renommez-le en « carte.pdf »" in refusal.value.message


# What is kept


def test_a_photo_keeps_its_pixels_and_nothing_else() -> None:
    clean = upload(files.gps_jpeg() + files.zip_file() + files.SCRIPT, "photo.jpg")

    picture = Image.open(io.BytesIO(clean.content))
    assert (clean.content_type, clean.extension, picture.format) == ("image/jpeg", "jpg", "JPEG")
    # The orientation tag is gone because the photo was turned: 1400 × 1000 lying on its side.
    assert (picture.size, (clean.width, clean.height)) == ((1000, 1400), (1000, 1400))
    assert dict(picture.getexif()) == {}
    assert set(picture.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    for trace in (b"CANARI", b"<script>", b"PK\x03\x04", b"GPS"):
        assert trace not in clean.content
    assert clean.content.endswith(b"\xff\xd9")


@pytest.mark.parametrize("case", ["png", "png_transparent", "png_palette", "heic", "jpeg_cmyk"])
def test_every_picture_becomes_a_plain_jpeg(case: str) -> None:
    name, data = files.honest_files()[case]

    clean = upload(data, name)

    picture = Image.open(io.BytesIO(clean.content))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1400, 1000))
    paper = picture.getpixel((10, 10))
    assert isinstance(paper, tuple)
    assert all(channel > 225 for channel in paper)


def test_a_large_photo_is_made_smaller_in_proportion() -> None:
    clean = upload(files.encoded(files.text_picture((5000, 3000)), "JPEG"), "photo.jpg")

    assert (clean.width, clean.height) == (2500, 1500)


def test_a_pdf_loses_its_metadata_links_and_tail() -> None:
    corpus = files.honest_files()
    cases = ["pdf_metadata", "pdf_link", "pdf_with_tail", "pdf_open_action_go_to"]

    for case in cases:
        name, data = corpus[case]
        clean = upload(data, name)
        with opened(clean) as document:
            assert "/Metadata" not in document.Root
            assert "/OpenAction" not in document.Root
            assert "/Info" not in document.trailer
            text = b"".join(obj.unparse() for obj in document.objects)
        for trace in (b"CANARI", b"evil.test", b"<script>", b"PK\x03\x04"):
            assert trace not in clean.content + text


def test_photos_inside_a_pdf_lose_their_camera_data() -> None:
    clean = upload(files.scanned_pdf(files.gps_jpeg()), "scan.pdf")

    with opened(clean) as document:
        photo = document.pages[0].Resources.XObject.Im0.read_raw_bytes()
    assert b"CANARI" not in photo
    assert dict(Image.open(io.BytesIO(photo)).getexif()) == {}
    assert Image.open(io.BytesIO(photo)).size == (1400, 1000)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("passeport 1850578006084.jpg", "passeport numéro-retiré.jpg"),
        ("1 85 O5 78 006 084.jpg", "numéro-retiré.jpg"),
        ("rib FR76 3000 6000 0112 3456 7890 189.jpg", "rib numéro-retiré.jpg"),
        ("IMG_20261126_101500.jpg", "IMG_20261126_101500.jpg"),
    ],
)
def test_a_number_in_the_name_of_a_file_is_not_kept_and_it_is_said(name: str, kept: str) -> None:
    clean = upload(files.jpeg(), name)

    assert clean.display_name == kept
    assert ("renamed" in clean.warnings) == (name != kept)
    assert any("retiré du nom" in one for one in clean.warning_messages()) == (name != kept)


def test_a_name_without_end_is_not_read_whole() -> None:
    name = uploads.clean_name("1 " * 1_000_000 + "a.jpg")
    assert len(name) <= 100
    assert name.endswith(".jpg")


def test_a_pdf_encrypted_without_password_is_kept_in_clear() -> None:
    name, data = files.honest_files()["pdf_encrypted_without_password"]

    clean = upload(data, name)

    with opened(clean) as document:
        assert not document.is_encrypted
        assert b"Acte de naissance" in document.pages[0].Contents.read_bytes()


def test_an_official_form_keeps_its_answers_and_loses_its_scripts() -> None:
    name, data = files.honest_files()["pdf_official_form"]

    clean = upload(data, name)

    with opened(clean) as document:
        assert str(document.Root.AcroForm.Fields[0].V) == "Martin"
        assert "/XFA" not in document.Root.AcroForm
        assert "/JavaScript" not in document.Root.Names


@pytest.mark.parametrize("case", ["jpeg_gps", "heic", "png", "pdf_scan", "pdf_metadata"])
def test_the_same_file_gives_the_same_bytes(case: str) -> None:
    name, data = files.honest_files()[case]

    assert upload(data, name) == upload(data, name)


def test_a_pdf_preview_is_a_picture_of_the_right_page() -> None:
    upside_down = files.encoded(files.text_picture().rotate(180), "JPEG")
    clean = upload(files.scanned_pdf(files.jpeg(), upside_down), "scan.pdf")

    first, second = (uploads.preview_page(clean.content, page) for page in (1, 2))

    assert first is not None
    assert second is not None
    assert Image.open(io.BytesIO(first)).size == (1131, 1600)
    assert first != second
    assert uploads.preview_page(clean.content, 3) is None
    assert uploads.preview_page(b"not a PDF", 1) is None


# Watermark

PURPOSE = "Copie réservée à la mairie · démarche d’état civil · PACS-2026-000042-K"


def darkness(picture: Image.Image) -> float:
    return 255 - ImageStat.Stat(picture.convert("L")).mean[0]


@pytest.mark.parametrize("form", ["photo", "scan"])
def test_a_watermark_crosses_the_whole_copy_and_stays_light(form: str) -> None:
    white = files.encoded(Image.new("RGB", (1400, 1000), "white"), "JPEG")
    name, data = ("a.jpg", white) if form == "photo" else ("a.pdf", files.scanned_pdf(white, white))

    clean = process_upload(io.BytesIO(data), name, watermark=PURPOSE)

    pages = [uploads.preview_page(clean.content, page) for page in range(1, clean.pages + 1)]
    for content in [clean.content] if form == "photo" else pages:
        assert content is not None
        picture = Image.open(io.BytesIO(content))
        halves = [
            picture.crop((0, 0, picture.width // 2, picture.height)),
            picture.crop((picture.width // 2, 0, picture.width, picture.height)),
            picture.crop((0, 0, picture.width, picture.height // 2)),
            picture.crop((0, picture.height // 2, picture.width, picture.height)),
        ]
        assert all(0.8 < darkness(half) < 12 for half in halves)
        darkest, _ = ImageStat.Stat(picture.convert("L")).extrema[0]
        assert darkest > 150
    # Judged before it was marked: a blank page is still a blank page.
    assert clean.warnings == ("blank",)
    assert process_upload(io.BytesIO(data), name, watermark=PURPOSE) == clean


# Warnings


def test_what_would_come_back_is_said_at_once() -> None:
    sharp = files.text_picture()
    cases = {
        "sharp": sharp,
        "blurred": sharp.filter(ImageFilter.GaussianBlur(6)),
        "dark": ImageEnhance.Brightness(sharp).enhance(0.15),
        "white": Image.new("RGB", (1400, 1000), "white"),
        "lens cap": Image.new("RGB", (1400, 1000), (3, 3, 3)),
        "tiny": sharp.resize((420, 300)),
    }

    warnings = {
        name: upload(files.encoded(picture, "PNG"), "photo.png").warnings
        for name, picture in cases.items()
    }

    assert warnings == {
        "sharp": (),
        "blurred": ("blurred",),
        "dark": ("dark",),
        "white": ("blank",),
        "lens cap": ("blank",),
        "tiny": ("tiny",),
    }


def test_scans_are_looked_at_as_pictures() -> None:
    def photo(picture: Image.Image) -> bytes:
        return files.encoded(picture, "JPEG")

    sharp = photo(files.text_picture())
    blurred = photo(files.text_picture().filter(ImageFilter.GaussianBlur(9)))
    white = photo(Image.new("RGB", (1400, 1000), "white"))
    cases = {
        "sharp": files.scanned_pdf(sharp),
        "blurred": files.scanned_pdf(blurred),
        "one page blurred": files.scanned_pdf(sharp, blurred),
        "blank": files.scanned_pdf(white, white),
        "blank back": files.scanned_pdf(sharp, white),
    }

    warnings = {name: upload(data, "scan.pdf").warnings for name, data in cases.items()}

    assert warnings == {
        "sharp": (),
        "blurred": ("blurred",),
        "one page blurred": ("blurred",),
        "blank": ("blank",),
        "blank back": (),
    }


def test_each_warning_has_its_sentence() -> None:
    clean = upload(files.encoded(files.text_picture((420, 300)), "PNG"), "photo.png")

    assert clean.warning_messages() == [uploads.WARNINGS["tiny"]]


# Names


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("acte.pdf", "acte.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\Zoë\\acte.pdf", "acte.pdf"),
        ("\x1b[31mrouge\x07.pdf", "[31mrouge.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("  deux   espaces .pdf", "deux espaces .pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("nom." + "x" * 300, "nom." + "x" * 11),
        ("", "document"),
        ("...", "document"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
    ],
)
def test_a_name_is_only_cleaned_to_be_shown(name: str, shown: str) -> None:
    assert uploads.clean_name(name) == shown


@pytest.mark.parametrize(
    ("size", "text"),
    [(1, "1 ko"), (206_133, "206 ko"), (1_296_643, "1,3 Mo"), (10_000_000, "10 Mo")],
)
def test_sizes_are_written_as_people_read_them(size: int, text: str) -> None:
    assert uploads.french_size(size) == text


# Quotas


def test_one_file_too_many_for_a_piece_is_refused(settings: Any) -> None:
    settings.UPLOAD_MAX_FILES_PER_PIECE = 3

    uploads.check_quota(files_in_piece=2, bytes_in_dossier=0)
    with pytest.raises(UploadRefused) as refusal:
        uploads.check_quota(files_in_piece=3, bytes_in_dossier=0)

    assert refusal.value.code == "too_many_files"


def test_a_full_dossier_is_refused(settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES_PER_DOSSIER = 1_000_000

    uploads.check_quota(files_in_piece=0, bytes_in_dossier=1_000_000)
    with pytest.raises(UploadRefused) as refusal:
        uploads.check_quota(files_in_piece=0, bytes_in_dossier=1_000_001)

    assert refusal.value.code == "dossier_full"


# The child process


def test_forms_that_paint_each_other_are_given_up() -> None:
    """How far the child gets before its limits depends on the machine; it never gets through."""
    assert outcome(files.nested_forms_pdf(), "acte.pdf") in {"pdf_unreadable", "too_heavy"}


@pytest.mark.parametrize("kind", files.OBJECT_STREAM_BOMBS)
def test_a_bomb_of_object_streams_is_given_up_or_leaves_nothing_of_itself(kind: str) -> None:
    """The parser mends most of them: what is kept is one blank page, and weighs that."""
    data = files.OBJECT_STREAM_BOMBS[kind]()

    if kind == "objstm_many":
        # How far it gets before its limits depends on the machine; it never gets through.
        assert outcome(data, "acte.pdf") in {"pdf_unreadable", "pdf_too_complex", "too_heavy"}
    else:
        clean = upload(data, "acte.pdf")
        assert clean.pages == 1
        assert len(clean.content) < 4_000


def _seconds_of_children() -> float:
    """Time of the processor: what else runs on this machine does not count."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_bombs_cost_the_server_neither_time_nor_memory() -> None:
    corpus = files.hostile_files()
    bombs = [corpus[c] for c in ("png_bomb", "deep_pdf", "looping_pages_pdf", "inflating_pdf")]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = _seconds_of_children()

    outcomes = {outcome(data, name) for name, data in bombs}

    assert "accepted" not in outcomes
    assert _seconds_of_children() - spent < 10
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100 * 1024


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Put a program that misbehaves in the place of a parser that was taken over."""
    program = tmp_path / "worker.py"
    program.write_text(f"import os, sys, time, json\nsys.path.insert(0, {os.getcwd()!r})\n{body}")
    monkeypatch.setattr(uploads, "WORKER", program)


def test_a_child_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "time.sleep(60)")
    monkeypatch.setattr(uploads, "WORKER_SECONDS", 1)
    start = time.monotonic()

    assert outcome(files.pdf(), "acte.pdf") == "too_heavy"

    assert time.monotonic() - start < 45


def test_a_child_that_uses_up_its_processor_time_is_too_heavy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(
        tmp_path,
        monkeypatch,
        """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
while True:
    pass
""",
    )

    assert outcome(files.pdf(), "acte.pdf") == "too_heavy"


def test_a_child_that_crashes_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "os.abort()")

    assert outcome(files.pdf(), "acte.pdf") == "pdf_unreadable"
    assert outcome(files.jpeg(), "photo.jpg") == "picture_unreadable"


def test_a_child_has_no_secret_no_file_and_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FILE_KEYS", "canari")
    stand_in(
        tmp_path,
        monkeypatch,
        """
from demarches.files import upload_worker
upload_worker.confine(upload_worker.Orders(**json.loads(sys.argv[1])))
found = {"environment": sorted(os.environ)}
try:
    os.write(os.open(sys.argv[0] + ".out", os.O_WRONLY | os.O_CREAT), b"x")
except OSError as error:
    found["writing"] = "refused"
try:
    b"x" * (2 * 1024 ** 3)
except MemoryError:
    found["memory"] = "refused"
found["refused"] = "empty"
print(json.dumps(found))
""",
    )

    _, facts = uploads.run_worker(b"", "PDF", 100)

    # Python itself may add LC_CTYPE to an empty environment.
    facts["environment"] = [name for name in facts["environment"] if name != "LC_CTYPE"]
    assert facts == {
        "environment": [],
        "writing": "refused",
        "memory": "refused",
        "refused": "empty",
    }


# Real files


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real samples are not beside this checkout")
def test_real_files_of_real_people() -> None:
    outcomes = {
        path.name: outcome(path.read_bytes(), path.name)
        for path in SAMPLES.iterdir()
        if path.suffix != ".md"
    }

    assert outcomes == {
        "IMG_4851.HEIC": "accepted",
        "corrupted.pdf": "pdf_unreadable",
        "document_bundle.pdf": "accepted",
        "encrypted-and-pw-is-password.pdf": "pdf_password",
        "encrypted-but-not-pw-protected.pdf": "accepted",
        "picture_id.jpg": "accepted",
        "test-pattern.png": "accepted",
        "test-pdf.pdf": "accepted",
        "zero-bytes.jpg": "empty",
    }


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the real samples are not beside this checkout")
def test_a_real_phone_photo_is_turned_upright_and_made_smaller() -> None:
    clean = upload((SAMPLES / "IMG_4851.HEIC").read_bytes(), "IMG_4851.HEIC")

    assert (clean.width, clean.height) == (1875, 2500)
    assert clean.display_name == "IMG_4851.jpg"
    assert dict(Image.open(io.BytesIO(clean.content)).getexif()) == {}
    assert len(clean.content) < 1_000_000


def verdict(kind: str, data: bytes, watermark: str = "") -> str:
    """What the worker says, asked in this process: where a debugger and coverage can follow."""
    orders = upload_worker.Orders(
        kind=kind, max_pixels=51_000_000, max_side=2_500, max_pages=40, page=0,
        watermark=watermark, font=str(font_path(uploads.WATERMARK_FONT)), memory_bytes=0,
        cpu_seconds=0,
    )  # fmt: skip
    try:
        upload_worker.KINDS[kind](data, orders)
    except upload_worker.Refused as refused:
        return str(refused)
    return "accepted"


def test_the_worker_says_the_same_without_its_confinement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    # WeasyPrint changes this for its whole process: another reason for a child.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    asked = {
        case: (uploads.kind_of_content(data), data, REFUSED.get(case, "accepted"))
        for case, (_, data) in (files.hostile_files() | files.honest_files()).items()
    }
    examined = {
        case: (kind, data, expected)
        for case, (kind, data, expected) in asked.items()
        if kind and expected in {"accepted", *WORKER_REFUSALS}
    }

    outcomes = {case: verdict(kind, data) for case, (kind, data, _) in examined.items()}

    assert outcomes == {case: expected for case, (_, _, expected) in examined.items()}
    assert set(outcomes.values()) == {"accepted", *WORKER_REFUSALS}
    for case in ("jpeg", "pdf_scan"):
        kind, data, _ = examined[case]
        assert verdict(kind, data, watermark=PURPOSE) == "accepted"
