"""The words about each piece in other languages: data that an administrateur reads and corrects.

A translation says which French text it translates, by its digest. When the mairie changes that
text, the translation of it is stale: the list shows the new French text in its place, and the
desk lists it, until somebody has translated it anew. `migrate` writes the rows that are missing
from `fixtures/translations`, and never touches one that is there.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps as current_apps
from django.apps.registry import Apps
from django.conf import settings
from django.db import models
from django.db.models import Q

from demarches.models.fields import GuardedCharField, GuardedTextField
from demarches.web.languages import INVITATIONS, LIST
from pacs.models.wording import PieceWording

#: The texts of a piece that its list shows.
TEXTS = (
    "label",
    "neutral_label",
    "help",
    "why_asked",
    "looks_like",
    "where_to_get",
    "link_label",
    "cost",
    "usual_delay",
    "to_prepare",
    "to_bring",
)


def digest_of(text: str) -> str:
    """What tells one French text from another."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def shipped_translations(language: str) -> dict[str, dict[str, dict[str, str]]]:
    """Of a language, by rule: `texts`, and `digests` of the French texts they translate."""
    path = Path(settings.FIXTURE_DIRS[0]) / "translations" / f"{language}.json"
    found: dict[str, dict[str, dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write_missing_translations(
    *, apps: Apps = current_apps, using: str = "default", **kwargs: Any
) -> None:
    """Give each piece its row in each language; after every `migrate` or `flush`."""
    try:
        model = apps.get_model("pacs", "PieceTranslation")
    except LookupError:
        return  # migrated back to before there was one
    manager = model._base_manager.using(using)
    known = set(manager.values_list("wording_id", "language"))
    wordings = set(
        apps.get_model("pacs", "PieceWording")
        ._base_manager.using(using)
        .values_list("pk", flat=True)
    )
    manager.bulk_create(
        [
            model(wording_id=rule_id, language=language, digests=row["digests"], **row["texts"])
            for language in LIST
            for rule_id, row in shipped_translations(language).items()
            if rule_id in wordings and (rule_id, language) not in known
        ],
        ignore_conflicts=True,
    )


@dataclass(frozen=True, slots=True)
class Translated:
    """The wording of every rule in one language."""

    wordings: Mapping[str, PieceWording]
    #: The rules with a text that the mairie has not checked.
    unchecked: frozenset[str]


class PieceTranslationQuerySet(models.QuerySet["PieceTranslation"]):
    """Reads of the translations, with a name."""

    def stale(self) -> list["PieceTranslation"]:
        """The rows with a text to translate anew."""
        return [row for row in self.select_related("wording") if row.stale_texts(row.wording)]

    def of(self, language: str, wordings: Mapping[str, PieceWording]) -> Translated:
        """These wordings in a language; French where a translation is missing or stale."""
        rows = {row.wording_id: row for row in self.filter(language=language)}
        unread = {
            rule_id: PieceTranslation(
                wording_id=rule_id, language=language, digests=row["digests"], **row["texts"]
            )
            for rule_id, row in shipped_translations(language).items()
            if rule_id not in rows
        }
        every = {**unread, **rows}
        return Translated(
            wordings={
                rule_id: every[rule_id].applied_to(wording) if rule_id in every else wording
                for rule_id, wording in wordings.items()
            },
            unchecked=frozenset(
                rule_id
                for rule_id in wordings
                if rule_id not in every or every[rule_id].checked_on is None
            ),
        )


class PieceTranslation(models.Model):
    """The words about one piece in one language."""

    wording = models.ForeignKey(
        PieceWording, on_delete=models.CASCADE, verbose_name="pièce", related_name="translations"
    )
    language = models.CharField(
        "langue", max_length=2, choices=[(code, INVITATIONS[code]) for code in LIST]
    )
    label = GuardedCharField("nom de la pièce", max_length=200)
    neutral_label = GuardedCharField("nom court", max_length=200, blank=True)
    help = GuardedTextField("explication", blank=True)
    why_asked = GuardedTextField("pourquoi elle est demandée", blank=True)
    looks_like = GuardedTextField("à quoi elle ressemble", blank=True)
    where_to_get = GuardedTextField("où la demander", blank=True)
    link_label = GuardedCharField("texte du lien", max_length=160, blank=True)
    cost = GuardedCharField("prix", max_length=160, blank=True)
    usual_delay = GuardedCharField("délai habituel", max_length=160, blank=True)
    to_prepare = GuardedCharField("à préparer", max_length=250, blank=True)
    to_bring = GuardedCharField("à apporter", max_length=250, blank=True)
    digests = models.JSONField("textes français traduits", default=dict, editable=False)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name="vérifiée par",
    )
    checked_on = models.DateField("vérifiée le", null=True, blank=True, editable=False)

    objects = PieceTranslationQuerySet.as_manager()

    class Meta:
        ordering = ["language", "wording"]
        verbose_name = "traduction d’une pièce"
        verbose_name_plural = "traductions des pièces"
        constraints = [
            models.UniqueConstraint(
                fields=["wording", "language"], name="pacs_piecetranslation_once"
            ),
            models.CheckConstraint(
                condition=Q(language__in=LIST), name="pacs_piecetranslation_language"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.language})"

    def stale_texts(self, wording: PieceWording) -> list[str]:
        """The texts whose French has changed since, or that were never translated."""
        return [
            name
            for name in TEXTS
            if (french := getattr(wording, name))
            and (not getattr(self, name) or self.digests.get(name) != digest_of(french))
        ]

    def applied_to(self, wording: PieceWording) -> PieceWording:
        """The wording in this language, not to be saved; French where a text is stale."""
        spoken = copy(wording)
        stale = self.stale_texts(wording)
        for name in TEXTS:
            if name not in stale:
                setattr(spoken, name, getattr(self, name) if getattr(wording, name) else "")
        return spoken

    def take_french_of(self, wording: PieceWording, names: Iterable[str]) -> None:
        """These texts translate the French ones of now; the others what they translated before."""
        known = {name: digest for name, digest in self.digests.items() if getattr(self, name)}
        self.digests = known | {
            name: digest_of(getattr(wording, name))
            for name in names
            if name in TEXTS and getattr(self, name)
        }
