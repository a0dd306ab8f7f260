"""Is this installation well? One list of checks, for machines (`/sante/`), agents and `doctor`.

Each check says in French what is wrong, and the line that mends it. Nothing here names a person.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Min
from django.db.models.functions import Coalesce
from post_office.models import STATUS, Email

from demarches.desk.jobs import LATE_AFTER, job_types
from demarches.files import antivirus, storage
from demarches.models import FicheSet, Heartbeat, Job
from demarches.rules.dates_fr import duration_fr

#: A mail that waits longer than this waits for nothing.
MAIL_WAITS = timedelta(minutes=15)
#: A process that never ends says that it lives every few seconds.
SILENT_AFTER = timedelta(minutes=2)
FREE_BYTES = 500 * 1024 * 1024
#: One a night, and the time it takes.
BACKUP_IS_OLD = timedelta(hours=26)
#: The national set comes out every week.
GUIDE_IS_OLD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `wrong` is empty when all is well, `remedy` says what to do."""

    name: str
    label: str
    wrong: str = ""
    remedy: str = ""
    #: What agents should know, and for which nobody is woken up.
    is_minor: bool = False

    @property
    def is_well(self) -> bool:
        return not self.wrong


def database() -> Finding:
    """Whether the database answers."""
    wrong = ""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        wrong = "La base de données ne répond pas."
    return Finding(
        "base",
        "Base de données",
        wrong,
        "Vérifiez DATABASE_URL et le serveur PostgreSQL (systemctl status postgresql).",
    )


def look(*, at: datetime) -> list[Finding]:
    """Every check, in the order in which they matter; the first one alone without a database."""
    base = database()
    if not base.is_well:
        return [base]
    return [base, *(finding for check in CHECKS for finding in check(at))]


def is_well(findings: list[Finding]) -> bool:
    """True when nothing but minor points is wrong."""
    return all(one.is_well or one.is_minor for one in findings)


def _mails(at: datetime) -> Iterator[Finding]:
    oldest = (
        Email.objects.filter(status__in=[STATUS.queued, STATUS.requeued])
        .annotate(since=Coalesce("scheduled_time", "created"))
        .aggregate(oldest=Min("since"))["oldest"]
    )
    waits = at - oldest if oldest else timedelta()
    yield Finding(
        "mails",
        "Mails à envoyer",
        f"Un mail attend depuis {duration_fr(waits)}." if waits > MAIL_WAITS else "",
        "Vérifiez EMAIL_HOST, puis manage.py send_mails.",
    )


def _processes(at: datetime) -> Iterator[Finding]:
    beats = dict(Heartbeat.objects.values_list("name", "at"))
    if Job.objects.filter(leased_until__gt=at).exists():
        # The runner says nothing while a job runs; the lease of that job does.
        beats["run_jobs"] = at
    for name, label in (("send_mails", "Envoi des mails"), ("run_jobs", "Travaux automatiques")):
        last = beats.get(name)
        if last is None:
            wrong = "Ne tourne pas : rien n’a jamais été lancé."
        elif at - last > SILENT_AFTER:
            wrong = f"Ne tourne plus depuis {duration_fr(at - last)}."
        else:
            wrong = ""
        yield Finding(name, label, wrong, "Lancez manage.py serve (ou manage.py serve --worker).")


def _jobs(at: datetime) -> Iterator[Finding]:
    rows = {row.name: row for row in Job.objects.all()}
    for one in job_types():
        row = rows.get(one.command)
        wrong = ""
        if row and row.failure:
            wrong = f"A échoué : {row.failure}"
        elif row and at - row.next_at > LATE_AFTER and not _runs(row, at):
            wrong = f"Aurait dû être fait il y a {duration_fr(at - row.next_at)}."
        yield Finding(
            one.command, one.label, wrong, f"Lancez manage.py run_jobs --only {one.command}."
        )


def _runs(row: Job, at: datetime) -> bool:
    return row.leased_until is not None and row.leased_until > at


def free_bytes() -> int:
    """Room left for the pieces, or beside them for what is made in passing."""
    root = Path(settings.VAR_DIR if settings.S3_BUCKET else settings.PRIVATE_ROOT)
    # Before the first piece, the folder is not there yet.
    folder = next(path for path in (root, *root.parents) if path.exists())
    return shutil.disk_usage(folder).free


def _disk(at: datetime) -> Iterator[Finding]:
    free = free_bytes()
    yield Finding(
        "disque",
        "Place sur le disque",
        f"Il reste {free // 1_000_000} Mo{'' if settings.S3_BUCKET else ' pour les pièces'}."
        if free < FREE_BYTES
        else "",
        "Faites de la place, ou agrandissez le disque de"
        f" {'VAR_DIR' if settings.S3_BUCKET else 'PRIVATE_ROOT'}.",
    )


def _bucket(at: datetime) -> Iterator[Finding]:
    if settings.S3_BUCKET:
        yield Finding(
            "stockage",
            "Stockage des pièces",
            ""
            if storage.answers()
            else "Il ne répond pas : aucune pièce ne s’ouvre ni ne peut être envoyée.",
            "Vérifiez S3_ENDPOINT, S3_BUCKET et les deux clés, puis le serveur lui-même.",
        )


def _antivirus(at: datetime) -> Iterator[Finding]:
    if not settings.CLAMD_ADDRESS:
        return
    wrong = ""
    try:
        alive = antivirus.answers()
    except OSError:
        alive = False
    if not alive:
        wrong = (
            "L’antivirus ne répond pas : les pièces envoyées attendent, et personne ne les ouvre."
        )
    yield Finding(
        "antivirus", "Antivirus", wrong, "Vérifiez CLAMD_ADDRESS et le service clamav-daemon."
    )


def _backup(at: datetime) -> Iterator[Finding]:
    wrong = ""
    row = Job.objects.filter(name="backup").first()
    if not settings.BACKUP_DIR:
        wrong = "Aucune sauvegarde n’est faite par le portail."
    elif row and row.succeeded_at and at - row.succeeded_at > BACKUP_IS_OLD:
        wrong = f"La dernière a {duration_fr(at - row.succeeded_at)}."
    yield Finding(
        "sauvegarde",
        "Dernière sauvegarde",
        wrong,
        "Réglez BACKUP_DIR, puis lancez manage.py run_jobs --only backup.",
        is_minor=not settings.BACKUP_DIR,
    )


def _guide(at: datetime) -> Iterator[Finding]:
    current = FicheSet.current()
    age = at - current.known_at if current else timedelta()
    yield Finding(
        "guide",
        "Guide national",
        f"À jour il y a {duration_fr(age)}, et plus depuis : le guide change chaque semaine."
        if age > GUIDE_IS_OLD
        else "",
        "Lancez manage.py import_comarquage, et lisez ce qu’il dit.",
        is_minor=True,
    )


CHECKS: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
    _mails,
    _processes,
    _jobs,
    _disk,
    _bucket,
    _antivirus,
    _backup,
    _guide,
)
