"""Journals: rows that are added and never rewritten, each sealed into one chain.

Who did what, who looked at what: such a row answers for somebody, so that nobody may change it
afterwards. Three things keep it: Python refuses, the database refuses (triggers, see
`demarches.desk.journal`), and a seal tells when both were got around. The chain is one for every
journal: taking the last rows away means taking away everything that happened since.

Rows leave with what they are about, or when they are old: a `Purge` is written first, it stays,
and the triggers let go of nothing else.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar, NoReturn

from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone

#: How many others may seal between our look at the last seal and our own.
ATTEMPTS = 200
#: Enough of a digest to find a change, short enough for a list of forty.
SHORT = 32

type Entry = tuple[int, int | None, int, str]


class JournalIsFinal(TypeError):
    """Code tried to rewrite a journal: a mistake of ours, never of a person's."""


class JournalQuerySet[R: "JournalRow"](models.QuerySet[R]):
    """Adds rows, and seals them; nothing else."""

    def bulk_create(self, objs: Iterable[R], *args: Any, **kwargs: Any) -> list[R]:
        rows = super().bulk_create(list(objs), *args, **kwargs)
        seal_after_commit(rows)
        return rows

    def update(self, **kwargs: Any) -> NoReturn:
        raise JournalIsFinal("A journal is never rewritten.")

    def delete(self) -> NoReturn:
        raise JournalIsFinal("The rows of a journal leave by a purge alone.")


class JournalRow(models.Model):
    """A row of a journal; `SUBJECT` names the key to what it is about, and leaves with."""

    SUBJECT: ClassVar[str] = ""
    #: Kept for ever; otherwise rows about nothing in particular leave when they are old.
    IS_KEPT: ClassVar[bool] = False

    at = models.DateTimeField("le", db_index=True)

    objects = JournalQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise JournalIsFinal("A journal is never rewritten.")
        super().save(*args, **kwargs)
        seal_after_commit([self])

    @classmethod
    def subject_label(cls) -> str:
        """The model that takes its rows away with it; the journal itself when none does."""
        field = cls._meta.get_field(cls.SUBJECT) if cls.SUBJECT else None
        related = getattr(field, "related_model", None)
        return related._meta.label_lower if related else cls._meta.label_lower

    def entry(self) -> Entry:
        """What the seal keeps of this row: its key, its subject's, its moment, a digest."""
        subject = getattr(self, f"{self.SUBJECT}_id") if self.SUBJECT else None
        return (self.pk, subject, int(self.at.timestamp()), self.digest(signing_key()))

    def digest(self, key: bytes) -> str:
        """A keyed digest of the whole row; empty columns say nothing, so that one may be added."""
        values = {
            field.attname: _plain(field.get_prep_value(getattr(self, field.attname)))
            for field in self._meta.concrete_fields
        }
        told = {name: value for name, value in values.items() if value not in (None, "", [], {})}
        return _digest(key, [self._meta.label_lower, told])[:SHORT]


class ReadingBase(JournalRow):
    """A look at data about people. Without an agent, a command of the mairie's machine looked."""

    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="agent",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    what = models.CharField("quoi", max_length=60)

    #: Somebody saw the name in a list, and perhaps looked no further.
    LISTED: ClassVar[str] = "liste"
    #: Columns that say what was looked at, across relations: the first that holds something.
    ABOUT: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True
        verbose_name = "consultation"
        verbose_name_plural = "consultations"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.what}"


class DeskReading(ReadingBase):
    """A look at people's data outside of their dossiers: accounts, mails, the journal itself."""

    ABOUT = ("detail",)

    detail = models.CharField("détail", max_length=100, blank=True)

    class Meta(ReadingBase.Meta):
        abstract = False
        permissions = [("read_journal", "Peut lire le journal des consultations")]
        verbose_name = "consultation du bureau"
        verbose_name_plural = "consultations du bureau"


class Purge(JournalRow):
    """Rows were let go of: those of one dossier, or those of a journal before a day."""

    IS_KEPT = True

    subject = models.CharField("objet", max_length=60)
    subject_id = models.BigIntegerField("numéro", null=True, blank=True)
    before = models.DateTimeField("avant le", null=True, blank=True)

    class Meta:
        verbose_name = "purge du journal"
        verbose_name_plural = "purges du journal"
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["subject", "subject_id"], name="demarches_purge_subject"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(subject_id__isnull=False, before__isnull=True)
                | models.Q(subject_id__isnull=True, before__isnull=False),
                name="demarches_purge_of_one_or_before",
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id or self.before}"


class Verification(JournalRow):
    """The chain was walked from its beginning: how far, and what was wrong."""

    IS_KEPT = True

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    seals = models.PositiveBigIntegerField("sceaux")
    head = models.CharField("dernière empreinte", max_length=64, blank=True)
    problems = models.JSONField("anomalies", default=list, blank=True)

    class Meta:
        verbose_name = "vérification du journal"
        verbose_name_plural = "vérifications du journal"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M} {self.seals}"


class Seal(models.Model):
    """One link of the chain: the rows written together, and the digest that holds the link before.

    It names nobody: keys of rows and keyed digests. It is never deleted, also when its rows are.
    """

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    journal = models.CharField(max_length=60)
    #: A list of `Entry`.
    rows = models.JSONField()
    #: Which of the keys signed it.
    key = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = "sceau du journal"
        verbose_name_plural = "sceaux du journal"
        ordering = ["sequence"]

    def __str__(self) -> str:
        return f"{self.sequence}: {self.journal}"

    def link(self, before: str, key: bytes) -> str:
        """The digest this seal must have after the one whose digest is `before`."""
        moment = int(self.at.timestamp() * 1000)
        rows = [list(row) for row in self.rows]
        return _digest(key, [before, self.sequence, moment, self.journal, rows])


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _digest(key: bytes, content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def keys() -> dict[str, bytes]:
    """Every key by its name: the first one signs, all verify (`JOURNAL_KEYS`)."""
    made = [
        hashlib.sha256(b"journal:" + secret.encode()).digest() for secret in settings.JOURNAL_KEYS
    ]
    return {hashlib.sha256(b"name:" + key).hexdigest()[:8]: key for key in made}


def signing_key() -> bytes:
    """The key of today."""
    return next(iter(keys().values()))


def seal_after_commit(rows: Sequence[JournalRow]) -> None:
    """Seal these rows once they are there for good.

    Afterwards, not within: a chain has one end, and whoever held it until the end of a long
    transaction would wait for somebody who waits for it. A row whose process died in between is
    told by `verify_journal`.
    """
    if rows:
        entries = [row.entry() for row in rows]
        transaction.on_commit(partial(seal, rows[0]._meta.label_lower, entries), robust=True)


def seal(journal: str, entries: Sequence[Entry]) -> None:
    """Add one link to the chain; of two at once, the second takes the next place."""
    name, key = next(iter(keys().items()))
    for _ in range(ATTEMPTS):
        try:
            with transaction.atomic():
                last = Seal.objects.order_by("-sequence").values_list("sequence", "digest").first()
                sequence, before = last or (0, "")
                # Digests hold milliseconds: what every database keeps.
                link = Seal(
                    sequence=sequence + 1,
                    at=timezone.now(),
                    journal=journal,
                    rows=[list(entry) for entry in entries],
                    key=name,
                )
                link.digest = link.link(before, key)
                link.save(force_insert=True)
            return
        except IntegrityError:
            continue  # somebody took that place meanwhile
    raise RuntimeError("The journal could not be sealed: too many at once.")


def journal_models() -> list[type[JournalRow]]:
    """Every journal, found without importing a procedure."""
    return [model for model in apps.get_models() if issubclass(model, JournalRow)]


def reading_models() -> list[type[ReadingBase]]:
    """Every journal of looks."""
    return [model for model in apps.get_models() if issubclass(model, ReadingBase)]


def note_look(agent: Any, what: str, *, at: datetime, detail: str = "") -> None:
    """Write down a look at people's data that belongs to no dossier in particular."""
    DeskReading.objects.create(agent=agent, what=what, detail=detail[:100], at=at)


def let_go_of(row: models.Model, *, at: datetime) -> None:
    """Allow the journal of this row to be deleted with it; call it in the same transaction."""
    Purge.objects.create(subject=row._meta.label_lower, subject_id=row.pk, at=at)
