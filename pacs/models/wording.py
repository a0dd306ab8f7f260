"""What people are told of each piece: data that an administrateur edits, one row a rule.

The conditions are code (`pacs.rules.pieces`); the words, the ages and where to ask for a piece
are here, each with its source. The fixture holds the first words of each, and covers every rule
(tested): `migrate` writes the rows that are missing, and never touches one that is there.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps as current_apps
from django.apps.registry import Apps
from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import DatabaseError, models
from django.db.models import Q
from django.utils.translation import gettext

from demarches.models.fields import GuardedCharField, GuardedTextField
from demarches.rules.enums import LabelledStrEnum
from demarches.web.request_memory import kept
from pacs.rules.pieces import RULE_IDS
from pacs.rules.validity import MaxAge

AGE_UNDER = "moins de %(n)s\u00a0mois"
AGE_AT_MOST = "%(n)s\u00a0mois au plus"


class PaperForm(LabelledStrEnum):
    """In which form a piece is handed over."""

    ORIGINAL = "O", "Original"
    COPY = "C", "Photocopie"
    ORIGINAL_AND_COPY = "O+C", "Original à montrer, et une photocopie à laisser"
    ORIGINAL_OR_COPY = "O/C", "Original ou photocopie"
    NOTHING = "-", "Rien à remettre"


@cache
def shipped_wordings() -> dict[str, dict[str, Any]]:
    """The first words of each rule, as the fixture has them."""
    path = Path(settings.FIXTURE_DIRS[0]) / "pacs_pieces.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    columns = {column.name: column for column in PieceWording._meta.concrete_fields}
    return {
        row["pk"]: {name: columns[name].to_python(value) for name, value in row["fields"].items()}
        for row in rows
    }


def write_missing_wordings(
    *, apps: Apps = current_apps, using: str = "default", **kwargs: Any
) -> None:
    """Give each rule its row; after every `migrate` or `flush`, on the tables as that left them.

    Rows that staff changed, and their wording, are never touched.
    """
    try:
        model = apps.get_model("pacs", "PieceWording")
    except LookupError:
        return  # migrated back to before there was one
    manager = model._base_manager.using(using)
    known = set(manager.values_list("pk", flat=True))
    columns = {column.name for column in model._meta.concrete_fields}
    manager.bulk_create(
        [
            model(rule_id=rule_id, **{k: v for k, v in fields.items() if k in columns})
            for rule_id, fields in shipped_wordings().items()
            if rule_id not in known
        ],
        ignore_conflicts=True,
    )


def check_wordings(**kwargs: Any) -> list[CheckMessage]:
    """Every rule has its row; said by every command, not found out by a couple.

    A warning: it must not stop `migrate`, which writes the row, and until then pages have the
    words it was shipped with.
    """
    try:
        known = set(PieceWording.objects.values_list("pk", flat=True))
    except DatabaseError:
        return []  # no database, or not migrated yet: told by others
    missing = sorted(set(RULE_IDS) - known)
    if not missing:
        return []
    return [
        Warning(
            f"Pieces without their wording: {', '.join(missing)}.",
            hint="Run « manage.py migrate »: it writes the rows that are missing.",
            id="pacs.W001",
        )
    ]


class PieceWordingQuerySet(models.QuerySet["PieceWording"]):
    """Reads of the wording, with a name."""

    def by_rule(self) -> dict[str, "PieceWording"]:
        """Every row by its rule, in one query: the only reader of the wording.

        Every rule is there. Between an upgrade and its `migrate`, a new one has the words it was
        shipped with.
        """
        return kept("wordings", self._read_by_rule)

    def _read_by_rule(self) -> dict[str, "PieceWording"]:
        known = {wording.rule_id: wording for wording in self}
        unwritten = {
            rule_id: PieceWording(rule_id=rule_id, **fields)
            for rule_id, fields in shipped_wordings().items()
            if rule_id not in known
        }
        every = {**known, **unwritten}
        return {**{rule_id: every[rule_id] for rule_id in RULE_IDS}, **known}


class PieceWording(models.Model):
    """The words about the piece that one rule asks for."""

    rule_id = models.CharField("règle", max_length=40, primary_key=True, editable=False)
    label = GuardedCharField("nom de la pièce", max_length=150)
    neutral_label = GuardedCharField(
        "nom neutre",
        max_length=150,
        blank=True,
        help_text="Pour un agenda ou un objet de courriel, quand le nom de la pièce dit de quelle"
        " démarche il s’agit.",
    )
    help = GuardedTextField(
        "explication", blank=True, help_text="Chaque ligne devient un paragraphe."
    )
    why_asked = GuardedTextField("pourquoi elle est demandée", blank=True)
    looks_like = GuardedTextField("à quoi elle ressemble", blank=True)
    where_to_get = GuardedTextField("où la demander", blank=True)
    link_label = GuardedCharField("texte du lien", max_length=120, blank=True)
    link_url = models.URLField("lien", max_length=300, blank=True)
    cost = GuardedCharField(
        "prix", max_length=120, blank=True, help_text="Laisser vide si ce n’est pas vérifié."
    )
    usual_delay = GuardedCharField(
        "délai habituel", max_length=120, blank=True, help_text="Laisser vide si inconnu."
    )
    to_prepare = GuardedCharField(
        "à préparer", max_length=200, blank=True, help_text="Ce qu’il faut faire avant."
    )
    to_bring = GuardedCharField(
        "à apporter", max_length=200, blank=True, help_text="Ce qu’il faut avoir le jour même."
    )
    max_age_months = models.PositiveSmallIntegerField(
        "âge maximal en mois",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="Compté le jour de l’enregistrement. Laisser vide : sans limite.",
    )
    max_age_strict = models.BooleanField(
        "« moins de »",
        default=True,
        help_text="Coché : « moins de 3 mois ». Décoché : « 6 mois au plus ».",
    )
    original_or_copy = models.CharField(
        "original ou copie",
        max_length=3,
        choices=PaperForm.choices(),
        default=PaperForm.ORIGINAL.value,
    )
    may_upload = models.BooleanField("peut être envoyée en ligne", default=True)
    upload_note = GuardedCharField("conseil avant l’envoi", max_length=200, blank=True)
    basis = GuardedCharField("texte de loi", max_length=200, blank=True)
    source = GuardedCharField("source lue", max_length=200, blank=True)
    is_verified = models.BooleanField("vérifié dans la source", default=False)
    source_date = models.DateField("version de la source", null=True, blank=True)

    objects = PieceWordingQuerySet.as_manager()

    class Meta:
        ordering = ["rule_id"]
        verbose_name = "texte d’une pièce"
        verbose_name_plural = "textes des pièces"
        constraints = [
            models.CheckConstraint(
                condition=Q(max_age_months__isnull=True) | Q(max_age_months__range=(1, 60)),
                name="pacs_piecewording_max_age",
                violation_error_message="Un âge va de 1 à 60 mois.",
            ),
            models.CheckConstraint(
                condition=Q(link_url="") | ~Q(link_label=""),
                name="pacs_piecewording_link_named",
                violation_error_message="Un lien porte un texte.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def max_age(self) -> MaxAge | None:
        """How old the piece may be on the day of registration."""
        if self.max_age_months is None:
            return None
        return MaxAge(self.max_age_months, self.max_age_strict)

    @property
    def is_dated(self) -> bool:
        """People hand over a document whose date of issue counts."""
        return self.max_age_months is not None and self.original_or_copy != PaperForm.NOTHING

    @property
    def max_age_label(self) -> str:
        """« moins de 3 mois », « 6 mois au plus »; empty without a limit."""
        if not self.is_dated:
            return ""
        words = AGE_UNDER if self.max_age_strict else AGE_AT_MOST
        return gettext(words) % {"n": self.max_age_months}

    @property
    def calendar_label(self) -> str:
        """The name that may stand in a calendar or a subject."""
        return self.neutral_label or self.label

    @property
    def short_label(self) -> str:
        """The name without what the label adds after it: « Certificat de non-Pacs »."""
        return re.split(r",|[ \u00a0]:", self.label)[0]

    @property
    def link_is_direct(self) -> bool:
        """The link leads to where the piece is asked for, not to a fiche that explains.

        Service-Public names its fiches F, its dossiers N, what one asks there R.
        """
        return bool(self.link_url) and not re.search(r"/vosdroits/[FN]\d+/?$", self.link_url)

    @property
    def help_lines(self) -> list[str]:
        return self.help.splitlines()
