"""What the guide says, as rows that agents edit: no fact of it stands in a template.

Each row keeps two dates apart: that of the document it was copied from, and the day an agent
last read it at its source. The second says nothing of the first, and neither moves back.
"""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from demarches.models.fields import GuardedCharField, GuardedSlugField, GuardedTextField
from demarches.rules.fiche import CODE
from vitale.rules.plan import Kind
from vitale.rules.situations import CASES, Channel, Regime
from vitale.rules.suivi import STEP_LABELS


class Source(models.Model):
    """Where facts were read."""

    key = GuardedSlugField("clé", primary_key=True)
    title = GuardedCharField("titre", max_length=160)
    url = models.URLField("adresse", blank=True)
    published_on = models.DateField(
        "datée du",
        null=True,
        blank=True,
        help_text="Celle d’une fiche nationale vient toute seule de chaque import du guide.",
    )
    fiche = models.CharField(
        "fiche nationale",
        max_length=8,
        blank=True,
        validators=[RegexValidator(CODE, "Un identifiant comme F265.")],
    )

    read_whole = models.BooleanField(
        "lue en entier",
        default=False,
        help_text="Sinon : un extrait, ou un usage. Ce qui en vient est à confirmer d’abord.",
    )

    class Meta:
        verbose_name = "source"
        verbose_name_plural = "sources"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    @property
    def address(self) -> str:
        """Our own page of a national document, which leads on when it is not shown here."""
        return reverse("demarches:fiche", args=[self.fiche]) if self.fiche else self.url

    @property
    def publisher(self) -> str:
        """Who says so: what stands before the first comma of the title."""
        return self.title.partition(",")[0]


class Sourced(models.Model):
    """Something that was read somewhere."""

    source = models.ForeignKey(Source, models.PROTECT, verbose_name="source", related_name="+")
    as_of = models.DateField("d’après la source du", null=True, blank=True, editable=False)
    checked_on = models.DateField(
        "relu à la source le",
        null=True,
        blank=True,
        editable=False,
        help_text="Le jour où un agent a relu la source, et confirmé ce texte.",
    )

    class Meta:
        abstract = True

    @property
    def is_unsure(self) -> bool:
        """Nobody read this whole at its source, neither when it was written nor since."""
        return self.checked_on is None and not self.source.read_whole


class Link(Sourced):
    """An official page. Deep addresses change without notice: the path in words stands beside."""

    key = GuardedSlugField("clé", primary_key=True)
    title = GuardedCharField("titre", max_length=120)
    url = models.URLField("adresse", max_length=300)
    path = GuardedCharField(
        "chemin en toutes lettres",
        max_length=200,
        help_text="Par exemple : ameli.fr, puis « Mes démarches ».",
    )

    class Meta:
        verbose_name = "lien"
        verbose_name_plural = "liens"
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class Contact(Sourced):
    """Somebody who acts or answers, and what their part is."""

    key = GuardedSlugField("clé", primary_key=True)
    name = GuardedCharField("nom", max_length=120)
    role = GuardedTextField("rôle", blank=True, help_text="Montré sous « Qui fait quoi ».")
    phone = GuardedCharField("téléphone", max_length=30, blank=True)
    phone_words = GuardedCharField("téléphone en toutes lettres", max_length=120, blank=True)
    hours = GuardedCharField("horaires", max_length=250, blank=True)
    address = GuardedCharField("adresse postale", max_length=200, blank=True)
    link = models.ForeignKey(
        Link, models.PROTECT, verbose_name="lien", null=True, blank=True, related_name="+"
    )
    position = models.PositiveSmallIntegerField("ordre", default=0)
    takes_over = models.BooleanField(
        "on y oriente les gens", default=False, help_text="Proposé pour répondre à une demande."
    )

    class Meta:
        verbose_name = "interlocuteur"
        verbose_name_plural = "interlocuteurs"
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name

    @property
    def dial(self) -> str:
        """The number as a telephone takes it."""
        return self.phone.replace(" ", "")


class Situation(models.Model):
    """One answer to « Quelle est votre situation ? »; the rules know it by its slug."""

    slug = GuardedSlugField("clé", primary_key=True)
    title = GuardedCharField("titre", max_length=120)
    position = models.PositiveSmallIntegerField("ordre", default=0)

    class Meta:
        verbose_name = "situation"
        verbose_name_plural = "situations"
        ordering = ["position"]

    def __str__(self) -> str:
        return self.title


def _check_words(field: str, words: object, known: frozenset[str]) -> None:
    if not isinstance(words, list) or not known.issuperset(map(str, words)):
        raise ValidationError({field: f"Choisissez parmi : {', '.join(sorted(known))}."})


class ConditionalText(Sourced):
    """Said only for some answers; an empty list means whatever the answer."""

    channels = models.JSONField("seulement par ces moyens", default=list, blank=True)
    cases = models.JSONField("seulement pour ces réponses", default=list, blank=True)

    class Meta:
        abstract = True

    def clean(self) -> None:
        _check_words("channels", self.channels, frozenset(Channel))
        _check_words("cases", self.cases, CASES)


class PlanLineQuerySet(models.QuerySet["PlanLine"]):
    def of(self, situation: str) -> "PlanLineQuerySet":
        """What a plan of this situation may say, the lines common to all included."""
        return self.filter(Q(situation=situation) | Q(situation=None)).select_related(
            "source", "link", "contact__link"
        )

    def common(self) -> "PlanLineQuerySet":
        """What every plan says."""
        return self.filter(situation=None).select_related("source", "link", "contact__link")


class PlanLine(ConditionalText):
    """One thing a plan says: a step, a paper to bring, a warning."""

    key = GuardedCharField("clé", max_length=60, unique=True)
    situation = models.ForeignKey(
        Situation,
        models.PROTECT,
        verbose_name="situation",
        null=True,
        blank=True,
        help_text="Vide : dit dans tous les plans.",
    )
    kind = models.CharField("sorte", max_length=12, choices=Kind.choices())
    position = models.PositiveSmallIntegerField("ordre", default=0)
    regimes = models.JSONField("seulement pour ces caisses", default=list, blank=True)
    heading = GuardedCharField("titre", max_length=120, blank=True)
    text = GuardedTextField("texte", blank=True)
    who = GuardedCharField("qui", max_length=80, blank=True)
    where = GuardedCharField("où", max_length=120, blank=True)
    trap = GuardedTextField("piège", blank=True, help_text="Montré contre l’étape.")
    why = GuardedTextField("pourquoi", blank=True, help_text="Replié sous « Pourquoi ».")
    link = models.ForeignKey(
        Link, models.PROTECT, verbose_name="lien", null=True, blank=True, related_name="+"
    )
    contact = models.ForeignKey(
        Contact, models.PROTECT, verbose_name="interlocuteur", null=True, blank=True
    )
    trackable = models.BooleanField("case à cocher", default=False)
    followed_step = GuardedCharField(
        "étape de l’aide-mémoire",
        max_length=20,
        blank=True,
        help_text="Cette ligne est relue sur la page de cette étape.",
    )

    objects = PlanLineQuerySet.as_manager()

    class Meta:
        verbose_name = "ligne de plan"
        verbose_name_plural = "lignes de plan"
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.heading or self.text[:80]

    def clean(self) -> None:
        super().clean()
        _check_words("regimes", self.regimes, frozenset(Regime))
        if self.followed_step and self.followed_step not in STEP_LABELS:
            raise ValidationError({"followed_step": "Aucun aide-mémoire n’a cette étape."})
        if "://" in f"{self.heading}{self.text}{self.trap}{self.why}":
            raise ValidationError("Une adresse se met dans un lien, jamais dans un texte.")


class Delay(ConditionalText):
    """How long it usually takes, by one caisse: never read as being of another."""

    situation = models.ForeignKey(Situation, models.PROTECT, verbose_name="situation")
    regime = models.CharField(
        "caisse", max_length=10, choices=[(r.value, r.label) for r in Regime if r != Regime.UNKNOWN]
    )
    wording = GuardedCharField("délai annoncé", max_length=200)
    min_days = models.PositiveSmallIntegerField("jours au moins")
    max_days = models.PositiveSmallIntegerField("jours au plus")

    class Meta:
        verbose_name = "délai indicatif"
        verbose_name_plural = "délais indicatifs"
        ordering = ["situation", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(min_days__lte=F("max_days")),
                name="vitale_delay_in_order",
                violation_error_message="Le délai le plus court dépasse le plus long.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.situation_id} ({self.regime}) : {self.wording}"

    @property
    def regimes(self) -> list[str]:
        return [self.regime]

    def clean(self) -> None:
        super().clean()
        if self.source_id and self.source.published_on is None:
            raise ValidationError({"source": "Un délai demande une source datée."})


class Section(models.TextChoices):
    """The parts of the page, in order."""

    CARD = "carte", "La carte, en bref"
    OBTAIN = "obtenir", "Obtenir une carte"
    CONTENT = "contenu", "Ce que la carte contient"
    LIFE = "vie", "La garder à jour"
    TROUBLE = "probleme", "Perdue, volée, en panne, inexacte"
    APP = "appli", "La carte sur téléphone"
    FRAUD = "fraude", "Appels, messages et sites trompeurs"
    REGIME = "caisse", "Trouver sa caisse"
    MORE = "plus", "Pour aller plus loin"
    LAW = "textes", "Textes de référence"

    @property
    def anchor(self) -> str:
        """Its place in the page; « contenu » is that of the main part of every page."""
        return "dans-la-carte" if self is Section.CONTENT else str(self.value)


class Fact(Sourced):
    """One thing to know, on the page of the guide."""

    key = GuardedSlugField("clé", primary_key=True)
    section = models.CharField("partie", max_length=10, choices=Section.choices)
    position = models.PositiveSmallIntegerField("ordre", default=0)
    heading = GuardedCharField("titre", max_length=120)
    text = GuardedTextField("texte")
    link = models.ForeignKey(
        Link, models.PROTECT, verbose_name="lien", null=True, blank=True, related_name="+"
    )
    situation = models.ForeignKey(
        Situation,
        models.PROTECT,
        verbose_name="situation du parcours",
        null=True,
        blank=True,
        help_text="Le lecteur peut en demander le plan.",
    )

    class Meta:
        verbose_name = "fait"
        verbose_name_plural = "faits"
        ordering = ["position"]

    def __str__(self) -> str:
        return self.heading
