"""The index of the national guidance, and what the mairie adds to it: its words and its pages."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from demarches.models.fiche import FicheSet
from demarches.models.fields import GuardedCharField


class FicheWord(models.Model):
    """Where one stem stands in the documents of a set: one row, however many documents."""

    set = models.ForeignKey(FicheSet, on_delete=models.CASCADE, related_name="words")
    stem = models.CharField(max_length=40)
    #: The words that share it, as they are written, the most frequent first.
    forms = models.TextField()
    #: In how many documents it stands.
    count = models.PositiveIntegerField()
    #: Keys of the documents, four bytes each, then the weight of the word in each, one byte each.
    places = models.BinaryField()

    class Meta:
        verbose_name = "mot du guide national"
        verbose_name_plural = "mots du guide national"
        constraints = [
            models.UniqueConstraint(fields=["set", "stem"], name="demarches_ficheword_once")
        ]

    def __str__(self) -> str:
        return self.stem


class Synonym(models.Model):
    """What people say, and what the guide says."""

    said = GuardedCharField("ce que l’on tape", max_length=80, unique=True)
    meant = GuardedCharField(
        "ce que le guide écrit",
        max_length=120,
        help_text="Par exemple « papiers de la voiture » pour « carte grise ».",
    )

    class Meta:
        ordering = ["said"]
        verbose_name = "mot de tous les jours"
        verbose_name_plural = "mots de tous les jours"

    def __str__(self) -> str:
        return f"{self.said} : {self.meant}"


class SitePageQuerySet(models.QuerySet["SitePage"]):
    """Reads of the pages, with a name."""

    def beside(self, code: str) -> list["SitePage"]:
        """Those to propose beside a national document."""
        near = self.filter(fiches__contains=code)
        return [page for page in near if code in page.fiches.split()]


class SitePage(models.Model):
    """A page of the mairie: a search finds it first, and the fiches it is about propose it."""

    title = GuardedCharField("titre", max_length=120)
    address = GuardedCharField(
        "adresse",
        max_length=300,
        unique=True,
        help_text="Par exemple /mairie/, ou une adresse entière en https://.",
    )
    words = GuardedCharField(
        "ce que l’on tape",
        max_length=300,
        blank=True,
        help_text="Des mots qui mènent à cette page, en plus de ceux du titre.",
    )

    fiches = GuardedCharField(
        "fiches qui y mènent",
        max_length=120,
        blank=True,
        validators=[
            RegexValidator(r"^[FNR]\d{1,6}( [FNR]\d{1,6})*$", "Des identifiants : F265 F1618.")
        ],
        help_text="Les identifiants des fiches nationales qui proposent cette page : F265 F1618.",
    )

    objects = SitePageQuerySet.as_manager()

    class Meta:
        ordering = ["title"]
        verbose_name = "page de la mairie"
        verbose_name_plural = "pages de la mairie"
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(address__startswith="/") & ~Q(address__startswith="//")
                    | Q(address__startswith="https://")
                )
                & ~Q(address__contains="\\"),
                name="demarches_sitepage_address",
                violation_error_message="Une adresse de ce site (/mairie/) ou en https://.",
            )
        ]

    def __str__(self) -> str:
        return self.title
