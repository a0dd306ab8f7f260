"""What becomes of a file that somebody sends: checked, rewritten, or refused in plain French.

A closed list of types (PDF, JPEG, PNG, HEIC), by content and by name, a size limit, then a real
parse and a rewrite in a confined child process (`upload_worker.py`): what is kept is never
the bytes that were sent. Every refusal says what is wrong and what to do next.
"""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import unicodedata
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass
from math import ceil
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final, Self

from django.conf import settings
from django.core.files.base import File

from demarches.files import antivirus, storage
from demarches.files.places import CHECKS, PREVIEWS, Full
from demarches.rules.nir import without_private_numbers
from demarches.typed.fonts import font_path

WORKER = Path(__file__).with_name("upload_worker.py")
WORKER_SECONDS: Final = 10
"""For one file; a clean one takes less than one."""
PREVIEW_SECONDS: Final = 5
BEHIND_THE_PAGES: Final = 10
"""Niceness of the children: pages are answered first."""
WORKER_MEMORY: Final = 1_500 * 1024 * 1024
"""A picture of 51 million pixels takes 310 MB twice while it is turned and made smaller."""
WATERMARK_FONT: Final = "SourceSans3-600.ttf"
PREVIEW_SIDE: Final = 1_600
MAX_NAME_LENGTH: Final = 100
MAX_NAME_READ: Final = 1_000
"""Of a name much longer than any system allows, the end is read: the extension is there."""

#: Extension written by the person -> kind of content it must hold.
KIND_OF_EXTENSION: Final = {
    "pdf": "PDF",
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "jfif": "JPEG",
    "jpe": "JPEG",
    "png": "PNG",
    "heic": "HEIF",
    "heif": "HEIF",
}
#: Among these the content decides: a phone names its photos as it likes, and each is encoded anew.
PICTURES: Final = frozenset({"JPEG", "PNG", "HEIF"})
KIND_NAMES: Final = {"PDF": "PDF", "JPEG": "JPEG", "PNG": "PNG", "HEIF": "HEIC"}
HEIF_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"heif"})
#: The language in which a job is told to a printer; what follows it is the document.
PRINTER_ORDERS: Final = b"\x1b%-12345X@PJL"
PRINTER_ORDERS_END: Final = 1_024
#: An extension before the last one that only serves to deceive (« acte.exe.pdf »).
DISGUISES: Final = frozenset(
    [
        "asp",
        "aspx",
        "bat",
        "cgi",
        "cmd",
        "dll",
        "exe",
        "hta",
        "htm",
        "html",
        "jar",
        "js",
        "jsp",
        "lnk",
        "msi",
        "php",
        "phar",
        "phtml",
        "pl",
        "ps1",
        "py",
        "scr",
        "sh",
        "svg",
        "vbs",
        "xhtml",
    ]
)
#: For the `accept` attribute of a file input, and for the hint beside it.
ACCEPT: Final = (
    ".pdf,.jpg,.jpeg,.jfif,.png,.heic,.heif,application/pdf,image/jpeg,image/png,image/heic"
)

REFUSALS: Final = {
    "logo_svg": (
        "Le fichier « {name} » est un dessin SVG, qui peut contenir un programme. Enregistrez-le en"
        " PNG, 200 pixels de haut au moins."
    ),
    "logo_kind": (
        "Le fichier « {name} » n’est ni un PNG ni un JPEG. Enregistrez le logo en PNG, 200 pixels"
        " de haut au moins."
    ),
    "logo_shape": (
        "Le logo « {name} » est trop petit ou trop large : donnez une image de {height} pixels de"
        " haut au moins, et cinq fois plus large que haute au plus."
    ),
    "logo_heavy": (
        "Le logo « {name} » a trop de détails pour l’en-tête des pages. Donnez un dessin en"
        " quelques couleurs, pas une photo."
    ),
    "empty": (
        "Le fichier « {name} » est vide (0 octet). Ouvrez-le sur votre appareil pour vérifier,"
        " puis envoyez-le à nouveau."
    ),
    "too_large": (
        "Le fichier « {name} » pèse {size} : la limite est de {limit}. Photographiez le document"
        " avec votre téléphone, ou numérisez-le en qualité normale (150 à 200 points par pouce),"
        " puis envoyez ce fichier plus léger. Vous pouvez aussi l’envoyer en plusieurs fichiers."
    ),
    "too_much_at_once": (
        "Le fichier « {name} » ({size}) est arrivé avec trop d’autres : la limite est de"
        " {together} par envoi. Les premiers sont gardés ; envoyez celui-ci seul."
    ),
    "bad_name": (
        "Le nom du fichier « {name} » contient des caractères cachés ou une double extension."
        " Renommez-le simplement, par exemple « document.{extension} », puis envoyez-le à nouveau."
    ),
    "bad_extension": (
        "Le fichier « {name} » n’est pas dans un format accepté. Envoyez un PDF, ou une photo"
        " JPEG, PNG ou HEIC. Depuis un traitement de texte, choisissez « Enregistrer au format"
        " PDF » ; pour un document papier, prenez-le en photo."
    ),
    "bad_content": (
        "Le contenu du fichier « {name} » n’est pas celui d’un fichier {kind}. Changer le nom"
        " d’un fichier ne change pas son format : ouvrez-le, puis enregistrez-le en PDF, ou"
        " prenez le document en photo."
    ),
    "other_content": (
        "Le fichier « {name} » contient en réalité une image ou un document {found}. Renommez-le"
        " en « {suggestion} », puis envoyez-le à nouveau."
    ),
    "too_many_pixels": (
        "L’image « {name} » est trop grande : la limite est de {pixels} millions de points."
        " Reprenez la photo en qualité normale, ou réduisez l’image, puis envoyez-la à nouveau."
    ),
    "picture_unreadable": (
        "L’image « {name} » est abîmée ou incomplète : nous ne pouvons pas la lire."
        " Reprenez la photo, ou envoyez le fichier à nouveau."
    ),
    "pdf_unreadable": (
        "Le PDF « {name} » est abîmé : nous ne pouvons pas le lire. Téléchargez-le à nouveau,"
        " ou numérisez le document une nouvelle fois. Une photo du document convient aussi."
    ),
    "pdf_password": (
        "Le PDF « {name} » est protégé par un mot de passe : nous ne pouvons pas l’ouvrir."
        " Ouvrez-le avec son mot de passe, choisissez « Imprimer » puis « Enregistrer au format"
        " PDF », et envoyez la copie. Ne nous envoyez pas le mot de passe."
    ),
    "pdf_active": (
        "Le PDF « {name} » contient des éléments actifs (programme, formulaire automatique ou"
        " vidéo). Pour votre sécurité et la nôtre, nous ne les acceptons pas. Ouvrez-le,"
        " choisissez « Imprimer » puis « Enregistrer au format PDF », et envoyez la copie."
    ),
    "pdf_attachment": (
        "Le PDF « {name} » contient d’autres fichiers en pièces jointes. Envoyez-les séparément,"
        " et, pour celui-ci, choisissez « Imprimer » puis « Enregistrer au format PDF »."
    ),
    "pdf_too_complex": (
        "Le PDF « {name} » est trop complexe pour être vérifié. Ouvrez-le, choisissez"
        " « Imprimer » puis « Enregistrer au format PDF », et envoyez la copie. Une photo du"
        " document convient aussi."
    ),
    "too_many_pages": (
        "Le PDF « {name} » a trop de pages : la limite est de {pages} pages. N’envoyez que les"
        " pages du document demandé."
    ),
    "too_heavy": (
        "Le fichier « {name} » demande trop de travail pour être vérifié. Prenez le document en"
        " photo, ou numérisez-le en qualité normale, puis envoyez ce nouveau fichier."
    ),
    "busy": (
        "Trop de fichiers sont en cours de vérification : « {name} » attend son tour, et n’est pas"
        " encore gardé. Vos autres réponses le sont. Attendez une minute, puis choisissez ce"
        " fichier à nouveau."
    ),
    "out_of_time": (
        "Vérifier tous ces fichiers en une fois prend trop de temps : « {name} » n’est pas encore"
        " gardé. Les fichiers déjà vérifiés et vos autres réponses le sont. Choisissez ce fichier"
        " à nouveau, seul."
    ),
    "infected": (
        "Notre antivirus a reconnu un programme dangereux dans le fichier « {name} »."
        " Nous ne l’avons pas gardé. Vérifiez votre appareil, puis prenez le document en photo."
    ),
    "unavailable": (
        "Nous ne pouvons pas vérifier le fichier « {name} » pour le moment. Réessayez dans"
        " quelques minutes : rien d’autre n’est perdu. Vous pouvez aussi choisir « Je"
        " l’apporterai »."
    ),
    "storage_full": (
        "Nous n’avons pas pu garder le fichier « {name} » : notre espace de stockage ne répond pas."
        " Rien d’autre n’est perdu. Réessayez plus tard, ou choisissez « Je l’apporterai »."
    ),
    "too_many_files": (
        "Cette pièce a déjà {files} fichiers : c’est la limite. Supprimez-en un, ou réunissez"
        " les pages dans un seul PDF."
    ),
    "dossier_full": (
        "Votre dossier contient déjà {used} de fichiers : la limite est de {limit}. Supprimez"
        " un fichier inutile, ou choisissez « Je l’apporterai »."
    ),
}

WARNINGS: Final = {
    "blurred": (
        "La photo semble floue. Vérifiez que vous pouvez lire les petits caractères ; sinon,"
        " reprenez-la à la lumière du jour, l’appareil bien stable."
    ),
    "blank": "Le fichier semble vide : une page toute blanche ou toute unie. Vérifiez-le.",
    "dark": "La photo est très sombre. Reprenez-la à la lumière du jour si le texte se lit mal.",
    "tiny": (
        "L’image est très petite : le texte risque d’être illisible. Envoyez la photo d’origine"
        " plutôt qu’une copie reçue par messagerie."
    ),
    "renamed": (
        "Son nom contenait un numéro que la mairie ne peut pas garder : nous l’avons retiré du nom."
    ),
}
HELD: Final = (
    "Notre antivirus ne répond pas : le fichier est gardé, et personne ne l’ouvre avant qu’il soit"
    " vérifié. Vous n’avez rien à faire ; s’il est refusé, nous vous l’écrirons."
)
REMOVED_NUMBER: Final = "numéro-retiré"


class UploadRefused(Exception):
    """A file is refused; `code` is for programs, `message` for the person who sent it."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.message = REFUSALS[code].format(**facts)
        super().__init__(self.message)


@dataclass(frozen=True)
class CleanUpload:
    """A file worth keeping: rewritten by us, with what must be said about it at once."""

    content: bytes
    content_type: str
    extension: str
    display_name: str
    pages: int
    width: int | None
    height: int | None
    warnings: tuple[str, ...]
    sha256: str
    #: The antivirus is away: nobody opens the file before it has looked at it.
    is_held: bool = False

    @property
    def size(self) -> int:
        return len(self.content)

    def warning_messages(self) -> list[str]:
        """What the person should know at once, in French."""
        held = [HELD] if self.is_held else []
        return [*(WARNINGS[code] for code in self.warnings), *held]


class Checks:
    """The checks of one request: one place among few, one budget of time for all its files.

    Used as a block; the place is taken when a first file needs it.
    """

    def __init__(self) -> None:
        self._held = ExitStack()
        self._ends_at: float | None = None
        self._is_full = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._held.close()

    def seconds_left(self, shown: str) -> float:
        """How long this file may take; refuses when no place came free, or no time is left."""
        if self._ends_at is None:
            try:
                if self._is_full:
                    raise Full
                self._held.enter_context(CHECKS.place())
            except Full:
                self._is_full = True
                raise UploadRefused("busy", name=shown) from None
            self._ends_at = time.monotonic() + settings.CHECK_SECONDS
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise UploadRefused("out_of_time", name=shown)
        return left


def process_upload(
    file: "File[bytes] | BinaryIO",
    name: str = "",
    *,
    watermark: str = "",
    checks: Checks | None = None,
) -> CleanUpload:
    """Check and rewrite a file; raise `UploadRefused` with the reason and the way out.

    `checks` are those of the request; a file alone has its own.

    `name` is what the person called it (an uploaded file knows it by itself); it only serves
    to be shown again. `watermark` is written lightly across every page, for copies of
    identity documents: a stolen copy then says what it was made for.
    """
    original_name = name or str(getattr(file, "name", "") or "")
    shown = clean_name(original_name)
    renamed = ("renamed",) if REMOVED_NUMBER in shown else ()
    promised = kind_of_name(original_name, shown)
    data = read_limited(file, shown)
    kind = check_content(data, promised, shown)
    with nullcontext(checks) if checks else Checks() as ours:
        seconds = ours.seconds_left(shown)
        content, facts = clean_in_child(data, kind, shown, watermark, seconds)
    is_held = not is_scanned(content, shown)
    extension, content_type = ("pdf", "application/pdf") if kind == "PDF" else ("jpg", "image/jpeg")
    return CleanUpload(
        content=content,
        content_type=content_type,
        extension=extension,
        display_name=f"{PurePath(shown).stem}.{extension}",
        pages=facts["pages"],
        width=facts["width"],
        height=facts["height"],
        warnings=(*facts["warnings"], *renamed),
        sha256=hashlib.sha256(content).hexdigest(),
        is_held=is_held,
    )


def store_upload(clean: CleanUpload) -> str:
    """Write the file, encrypted, and return its storage name for the row that will own it."""
    try:
        return storage.save(clean.content)
    except storage.StorageFull:
        raise UploadRefused("storage_full", name=clean.display_name) from None


def preview_page(content: bytes, page: int) -> bytes | None:
    """Draw one page (the first is 1) of a kept PDF as a JPEG; None when it cannot be drawn.

    Browsers refuse to show a PDF under a sandbox policy; a picture of it they show.
    Raises `places.Full` when too many are drawn on this machine.
    """
    try:
        with PREVIEWS.place():
            return run_worker(
                content, "PREVIEW", PREVIEW_SIDE, page=page - 1, seconds=PREVIEW_SECONDS
            )[0]
    except (WorkerTimeout, WorkerCrashed, OSError):
        return None


def check_quota(*, files_in_piece: int, bytes_in_dossier: int) -> None:
    """Refuse one more file when the piece or the dossier holds all it may.

    `files_in_piece` counts those already there; `bytes_in_dossier` counts the new one too.
    """
    if files_in_piece >= settings.UPLOAD_MAX_FILES_PER_PIECE:
        raise UploadRefused("too_many_files", files=files_in_piece)
    if bytes_in_dossier > settings.UPLOAD_MAX_BYTES_PER_DOSSIER:
        raise UploadRefused(
            "dossier_full",
            used=french_size(bytes_in_dossier),
            limit=french_size(settings.UPLOAD_MAX_BYTES_PER_DOSSIER),
        )


def french_size(size: int) -> str:
    """Write a size as people read it: « 12,4 Mo »."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} ko"
    return f"{size / 1_000_000:.1f} Mo".replace(".", ",").replace(",0 ", " ")


def clean_name(name: str) -> str:
    """Make a name safe to show: no folder, nothing invisible, no number, not too long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name[-MAX_NAME_READ:]))[-1]
    printable = "".join(sign for sign in last if sign.isprintable())
    words = " ".join(printable.split()).strip(". ")
    words = without_private_numbers(words, instead=REMOVED_NUMBER)
    path = PurePath(words or "document")
    suffix = path.suffix[:12]
    return f"{path.stem[: MAX_NAME_LENGTH - len(suffix)]}{suffix}"


def kind_of_name(original: str, shown: str) -> str | None:
    """Tell what the extension promises; None without one: a phone names its photos as it likes."""
    suffixes = [suffix[1:] for suffix in PurePath(shown).suffixes]
    extension = suffixes[-1].lower() if suffixes else ""
    if suffixes and extension not in KIND_OF_EXTENSION:
        raise UploadRefused("bad_extension", name=shown)
    hidden = any(unicodedata.category(sign) in {"Cc", "Cf"} for sign in original)
    # Two capitals are somebody's initials: « Dupont.PL.jpg ».
    before = {one.lower() for one in suffixes[:-1] if not (len(one) == 2 and one.isupper())}
    if hidden or DISGUISES & before:
        raise UploadRefused("bad_name", name=shown, extension=extension or "pdf")
    return KIND_OF_EXTENSION.get(extension)


def read_limited(file: "File[bytes] | BinaryIO", shown: str) -> bytes:
    """Read the whole file, unless it is empty or too large."""
    # What the upload handler let go by is told with the size it had.
    over_limit = getattr(file, "over_limit", "")
    size = int(getattr(file, "size", 0)) if over_limit else file.seek(0, 2) or file.tell()
    if over_limit or size > settings.UPLOAD_MAX_BYTES:
        raise UploadRefused(
            over_limit or "too_large",
            name=shown,
            size=french_size(size),
            limit=french_size(settings.UPLOAD_MAX_BYTES),
            together=french_size(settings.UPLOAD_MAX_BYTES_PER_REQUEST),
        )
    file.seek(0)
    data = file.read()
    if not data:
        raise UploadRefused("empty", name=shown)
    return data


def kind_of_content(data: bytes) -> str | None:
    """Recognise the four accepted formats by their first bytes, and nothing else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[4:8] == b"ftyp":
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, 64, 4))}
        return "HEIF" if brands & HEIF_BRANDS else None
    # Some scanners write a byte order mark or an empty line first, or orders for a printer.
    if data.startswith(PRINTER_ORDERS) and b"%PDF-" in data[:PRINTER_ORDERS_END]:
        return "PDF"
    if data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"%PDF-"):
        return "PDF"
    return None


def check_content(data: bytes, kind: str | None, shown: str) -> str:
    """The kind of content found: what the name promises, or another picture for a picture.

    `kind`: None when the name promises nothing; the content decides then.
    """
    found = kind_of_content(data)
    if kind is None:
        if found is None:
            raise UploadRefused("bad_extension", name=shown)
        return found
    if found is None:
        raise UploadRefused("bad_content", name=shown, kind=KIND_NAMES[kind])
    if found != kind and not {found, kind} <= PICTURES:
        extension = next(key for key, value in KIND_OF_EXTENSION.items() if value == found)
        raise UploadRefused(
            "other_content",
            name=shown,
            found=KIND_NAMES[found],
            suggestion=f"{PurePath(shown).stem}.{extension}",
        )
    return found


def clean_in_child(
    data: bytes, kind: str, shown: str, watermark: str, seconds: float
) -> tuple[bytes, dict[str, Any]]:
    """Have the file rewritten; turn each way to fail into a refusal that says what to do."""
    try:
        content, facts = run_worker(
            data, kind, settings.UPLOAD_MAX_SIDE, watermark=watermark, seconds=seconds
        )
    except WorkerTimeout:
        # A file that had less than its share, because of those before, is not to blame.
        late = "too_heavy" if seconds >= WORKER_SECONDS else "out_of_time"
        raise UploadRefused(late, name=shown) from None
    except WorkerCrashed:
        raise UploadRefused(
            "pdf_unreadable" if kind == "PDF" else "picture_unreadable", name=shown
        ) from None
    except OSError:
        raise UploadRefused("unavailable", name=shown) from None
    if code := facts.get("refused"):
        raise UploadRefused(
            code,
            name=shown,
            pixels=settings.UPLOAD_MAX_PIXELS // 1_000_000,
            pages=settings.UPLOAD_MAX_PAGES,
        )
    return content, facts


class WorkerTimeout(Exception):
    """The child process worked too long, for us or for the system, and was killed."""


class WorkerCrashed(Exception):
    """The child process ended without a verdict."""


def run_worker(
    data: bytes,
    kind: str,
    side: int,
    *,
    page: int = 0,
    watermark: str = "",
    seconds: float = WORKER_SECONDS,
) -> tuple[bytes, dict[str, Any]]:
    """Let a child process without secrets, network or much memory do the dangerous part."""
    seconds = min(seconds, WORKER_SECONDS)
    orders = {
        "kind": kind,
        "max_pixels": settings.UPLOAD_MAX_PIXELS,
        "max_side": side,
        "max_pages": settings.UPLOAD_MAX_PAGES,
        "page": page,
        "watermark": watermark,
        "font": str(font_path(WATERMARK_FONT)) if watermark else "",
        "memory_bytes": WORKER_MEMORY,
        "cpu_seconds": ceil(seconds),
    }
    with subprocess.Popen(  # noqa: S603 -- our own program, our own orders
        [sys.executable, "-I", str(WORKER), json.dumps(orders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
    ) as child:
        try:
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, child.pid, BEHIND_THE_PAGES)
            answer, _ = child.communicate(data, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise WorkerTimeout from None
        finally:
            child.kill()
    if child.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        raise WorkerTimeout
    verdict, _, content = answer.partition(b"\n")
    if child.returncode or not verdict:
        raise WorkerCrashed(child.returncode)
    facts: dict[str, Any] = json.loads(verdict)
    return content, facts


def is_scanned(content: bytes, shown: str) -> bool:
    """Ask the antivirus when there is one; False while it is away: the file then waits for it.

    Raises `UploadRefused` for what it knows, and for what it says it could not look at.
    """
    try:
        infected = antivirus.is_infected(content)
    except antivirus.Silent:
        return False
    except antivirus.Unavailable:
        raise UploadRefused("unavailable", name=shown) from None
    if infected:
        raise UploadRefused("infected", name=shown)
    return True
