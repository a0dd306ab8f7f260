"""National guidance imported from the co-marquage: sets of documents, and which ones are shown."""

import zlib
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.urls import reverse

from demarches.models.fields import GuardedTextField
from demarches.rules.fiche import Document, official_url, read_document


class FicheSet(models.Model):
    """One import: where it comes from, what it holds, what it changed. One is current."""

    source_name = models.CharField("fichier", max_length=200)
    source_url = models.CharField("adresse de téléchargement", max_length=300, blank=True)
    sha256 = models.CharField("empreinte", max_length=64)
    file_date = models.DateField("date du fichier", null=True, blank=True)
    imported_at = models.DateTimeField("importé le")
    #: The last time the source was asked and still had this very file.
    confirmed_at = models.DateTimeField("à jour le", null=True, blank=True)
    #: What was in service when this one came; the way back.
    before = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    #: What the server calls the downloaded file, to ask for it only when it changed.
    etag = models.CharField(max_length=200, blank=True, editable=False)
    last_modified = models.CharField(max_length=60, blank=True, editable=False)
    count = models.PositiveIntegerField("documents")
    is_current = models.BooleanField("en service", default=False)
    #: Retired code -> code of the document that replaces it, as the source tells; else empty.
    redirections = models.JSONField("redirections", default=dict, blank=True)
    #: Name of an element nobody planned -> how often it was met; its words are shown all the same.
    unknown = models.JSONField("éléments inconnus", default=dict, blank=True)
    added = models.JSONField("ajoutées", default=list, blank=True)
    changed = models.JSONField("modifiées", default=list, blank=True)
    removed = models.JSONField("retirées", default=list, blank=True)

    class Meta:
        ordering = ["-imported_at", "-pk"]
        verbose_name = "import du guide national"
        verbose_name_plural = "imports du guide national"
        constraints = [
            models.UniqueConstraint(
                fields=["is_current"],
                condition=Q(is_current=True),
                name="demarches_ficheset_one_current",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_name} ({self.count} documents)"

    @classmethod
    def current(cls) -> "FicheSet | None":
        return cls.objects.filter(is_current=True).first()

    @property
    def known_at(self) -> datetime:
        """Until when it is known to be what the source publishes."""
        return self.confirmed_at or self.imported_at


class RefusedSource(models.Model):
    """A file that was refused, or taken out of service: it does not come back by itself."""

    sha256 = models.CharField("empreinte", max_length=64, unique=True)
    source_name = models.CharField("fichier", max_length=200)
    why = models.CharField("motif", max_length=300)
    refused_at = models.DateTimeField("refusé le")
    etag = models.CharField(max_length=200, blank=True, editable=False)
    last_modified = models.CharField(max_length=60, blank=True, editable=False)

    class Meta:
        ordering = ["-refused_at", "-pk"]
        verbose_name = "fichier refusé du guide national"
        verbose_name_plural = "fichiers refusés du guide national"

    def __str__(self) -> str:
        return self.source_name


class FicheQuerySet(models.QuerySet["Fiche"]):
    """Reads of the documents, with a name."""

    def current(self) -> Self:
        return self.filter(set__is_current=True)

    def shown(self) -> Self:
        """Those of the current set that this mairie shows."""
        return self.current().filter(code__in=ShownFiche.objects.values("code"))


class Fiche(models.Model):
    """One document of a set; its XML is kept as it came."""

    set = models.ForeignKey(FicheSet, on_delete=models.CASCADE, related_name="fiches")
    code = models.CharField("identifiant", max_length=8, db_index=True)
    family = models.CharField("nature", max_length=80, blank=True)
    title = models.CharField("titre", max_length=300)
    description = models.TextField("résumé", blank=True)
    theme = models.CharField("thème", max_length=200, blank=True)
    modified = models.DateField("modifiée le", null=True, blank=True)
    url = models.CharField("page nationale", max_length=300, blank=True)
    contributor = models.CharField("auteur", max_length=300, blank=True)
    # Where this document came from: a single file replaces one document of a set.
    source_name = models.CharField("fichier", max_length=200, default="")
    source_url = models.CharField("adresse de téléchargement", max_length=300, blank=True)
    file_date = models.DateField("date du fichier", null=True, blank=True)
    imported_at = models.DateTimeField("importée le", null=True)
    xml = models.BinaryField(editable=False)
    #: Of the uncompressed document: tells what changed from one set to the next.
    sha256 = models.CharField(max_length=64)
    #: What it says, without its marks: what a search shows of it.
    text = models.TextField(editable=False, default="")

    objects = FicheQuerySet.as_manager()

    class Meta:
        ordering = ["title", "code"]
        verbose_name = "fiche nationale"
        verbose_name_plural = "fiches nationales"
        constraints = [models.UniqueConstraint(fields=["set", "code"], name="demarches_fiche_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("demarches:fiche", args=[self.code])

    @property
    def document(self) -> Document:
        """The parsed source."""
        return read_document(zlib.decompress(self.xml), name=self.code)


class ShownFiche(models.Model):
    """A document this mairie shows on its own pages, with its own words beside it if it wants."""

    code = models.CharField(
        "identifiant", max_length=8, unique=True, help_text="Par exemple F1618."
    )
    note = GuardedTextField(
        "les mots de la mairie",
        blank=True,
        help_text="Affichés à part. Le texte national n’est jamais modifié.",
    )
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        ordering = ["position", "code"]
        verbose_name = "fiche affichée"
        verbose_name_plural = "fiches affichées"
        constraints = [
            models.CheckConstraint(
                condition=Q(code__form="fiche_code"),
                name="demarches_shownfiche_code",
                violation_error_message="Un identifiant comme F1618, N418 ou R1106.",
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def official_url(self) -> str:
        return official_url(self.code)
