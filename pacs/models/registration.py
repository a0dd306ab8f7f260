"""The register of this mairie, as the portal knows it, and what follows each line.

The état-civil software of the mairie is the master; these rows hold what the register must hold
(décret 2006-1807) and nothing of the dossier: no address, no parent, no piece.
"""

from datetime import date
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.timezone import localdate
from django_countries.fields import CountryField

from demarches.models import Officer
from demarches.models.fields import (
    GuardedCharField,
    LatinCharField,
    PrintedCharField,
    PrintedTextField,
)
from demarches.rules.read import Shown
from pacs.models.dossier import Dossier
from pacs.models.fields import NameField, birth_exists
from pacs.rules import registration as rules
from pacs.rules.enums import Sex
from pacs.rules.registration import (
    ACT_RULES,
    ActKind,
    ActRule,
    RegisterNumber,
    Signer,
    act_rule,
)
from pacs.rules.situation import PartialDate

ORIGINS = [
    ("portail", "Enregistré avec ce portail"),
    ("papier", "Enregistré avant le portail, par cette mairie"),
    ("tribunal", "Venu du tribunal d’instance (avant novembre 2017)"),
]
#: What may still change in a line of the register.
CHANGING = frozenset({"dossier", "dissolved_on", "dissolution"})


class Signed(models.Model):
    """What an officer signed: their name and quality stay as they were that day.

    The officer's own row follows the town: somebody marries, an adjoint becomes maire, a spelling
    is mended. What was signed is not signed again by it.
    """

    officer = models.ForeignKey(
        Officer,
        verbose_name="officier",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    officer_name = PrintedCharField("officier, nom", max_length=120, blank=True)
    officer_quality = PrintedCharField("officier, qualité", max_length=120, blank=True)
    officer_act = PrintedCharField("officier, arrêté de délégation", max_length=120, blank=True)

    class Meta:
        abstract = True

    def sign(self, officer: Officer) -> None:
        """Keep who signs this row now; not saved."""
        for name, value in signed_by(officer).items():
            setattr(self, name, value)

    @property
    def signer(self) -> Signer | None:
        """Who signed, for every page, paper and table; None for a line entered from paper."""
        if not self.officer_name:
            return None
        return Signer(self.officer_name, self.officer_quality, self.officer_act)


def signed_by(officer: Officer) -> dict[str, Any]:
    """The columns of `Signed`, for what this officer signs now."""
    return {
        "officer": officer,
        "officer_name": officer.name,
        "officer_quality": officer.quality,
        "officer_act": officer.act,
    }


class Registration(Signed):
    """One PACS of the register; never deleted, and frozen but for its end and its mistakes.

    A mistake is mended by `pacs.actions.rectification`, which keeps what the line said.
    """

    dossier = models.OneToOneField(
        Dossier,
        verbose_name="dossier",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="registration",
    )
    origin = models.CharField("origine", max_length=10, choices=ORIGINS)
    number = PrintedCharField("numéro d’enregistrement", max_length=60, unique=True)
    insee_code = models.CharField("code Insee", max_length=5, blank=True)
    year = models.PositiveSmallIntegerField("année", null=True, blank=True)
    office = models.PositiveSmallIntegerField("bureau", null=True, blank=True)
    sequence = models.PositiveIntegerField("rang", null=True, blank=True)
    #: The line before in the same year and office: no line can slip in, or be taken out.
    follows = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by"
    )
    gap_reason = PrintedCharField("motif d’un saut de numéro", max_length=200, blank=True)
    #: Of a line entered from paper: why another one without end is about somebody else.
    homonym_reason = GuardedCharField("pourquoi c’est un homonyme", max_length=200, blank=True)
    registered_on = models.DateField("enregistré le")
    registered_at = models.DateTimeField("date et heure", null=True, blank=True)
    place = PrintedCharField("lieu d’enregistrement", max_length=160)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="saisi par",
        on_delete=models.PROTECT,
        related_name="+",
    )
    dissolved_on = models.DateField("dissous le", null=True, blank=True)
    dissolution = models.CharField("cause de la dissolution", max_length=30, blank=True)

    class Meta:
        verbose_name = "enregistrement de Pacs"
        verbose_name_plural = "enregistrements de Pacs"
        ordering = ["-registered_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["insee_code", "year", "office", "sequence"],
                name="pacs_registration_number_once",
            ),
            models.CheckConstraint(
                condition=~Q(origin="portail")
                | (
                    Q(year__isnull=False, office__isnull=False, sequence__gte=1)
                    & Q(registered_at__isnull=False, officer__isnull=False)
                    & ~Q(insee_code="")
                ),
                name="pacs_registration_portal_is_whole",
            ),
            models.CheckConstraint(
                condition=(Q(officer__isnull=True) & ~Q(origin="portail")) | ~Q(officer_name=""),
                name="pacs_registration_signer_named",
                violation_error_message="Une ligne enregistrée garde le nom de qui l’a signée.",
            ),
            models.CheckConstraint(
                condition=~Q(origin="portail")
                | Q(sequence=1)
                | Q(follows__isnull=False)
                | ~Q(gap_reason=""),
                name="pacs_registration_no_gap_without_reason",
                violation_error_message="Un numéro sauté l’est avec un motif.",
            ),
            models.CheckConstraint(
                condition=Q(dissolved_on__isnull=True, dissolution="")
                | (Q(dissolved_on__isnull=False) & ~Q(dissolution="")),
                name="pacs_registration_dissolution_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to rewrite the register: only what `CHANGING` names may change."""
        fields = kwargs.get("update_fields")
        if self.pk is not None and not (fields and set(fields) <= CHANGING):
            raise ValidationError("Une ligne du registre ne se réécrit pas : rectifiez-la.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ValidationError("Une ligne du registre ne s’efface pas.")

    @property
    def people(self) -> "tuple[RegisteredPerson, RegisteredPerson]":
        first, second = sorted(self.persons.all(), key=lambda one: one.position)
        return first, second

    @property
    def names(self) -> str:
        return " et ".join(person.name for person in self.persons.all())

    @property
    def mended(self) -> list[tuple[date, str]]:
        """The days on which this line was mended, and what: « prénoms, lieu de naissance »."""
        days: dict[date, dict[str, None]] = {}
        for one in self.rectifications.all():
            days.setdefault(localdate(one.at), {})[one.get_field_display()] = None
        return [(day, ", ".join(what)) for day, what in days.items()]

    @property
    def is_dissolved(self) -> bool:
        return self.dissolved_on is not None

    @property
    def opposable_on(self) -> date | None:
        """When the publicity of the registration was complete; None while it is not."""
        return rules.opposable_on(
            avis.mentioned_on for avis in self.avis.all() if avis.act_id is None
        )

    @property
    def register_number(self) -> RegisterNumber | None:
        if self.year is None or self.office is None or self.sequence is None:
            return None
        return RegisterNumber(self.insee_code, self.year, self.office, self.sequence)


class RegisteredPerson(models.Model):
    """One of the two, as the register names them."""

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="persons")
    position = models.PositiveSmallIntegerField("place", choices=[(1, "1"), (2, "2")])
    birth_name = NameField("nom de naissance", max_length=150)
    first_names = NameField("prénoms", max_length=200, blank=True)
    sex = models.CharField("sexe", max_length=1, choices=Sex.choices(), blank=True)
    birth_year = models.PositiveSmallIntegerField("année de naissance", null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField("mois de naissance", null=True, blank=True)
    birth_day = models.PositiveSmallIntegerField("jour de naissance", null=True, blank=True)
    birth_city = LatinCharField("commune de naissance", max_length=120, blank=True)
    birth_department = LatinCharField("département", max_length=60, blank=True)
    birth_country = CountryField("pays de naissance", default="FR")
    search_text = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = "personne du registre"
        verbose_name_plural = "personnes du registre"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "position"], name="pacs_registeredperson_two"
            ),
            models.CheckConstraint(
                condition=Q(position__in=[1, 2]), name="pacs_registeredperson_position"
            ),
            birth_exists("pacs_registeredperson_birth_exists"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to rewrite who it was: a mistake is mended by a rectification."""
        if not self._state.adding:
            raise ValidationError("Une ligne du registre ne se réécrit pas : rectifiez-la.")
        super().save(*args, **kwargs)

    @property
    def birth_place(self) -> str:
        """« Nîmes (Gard), France »."""
        place = self.birth_city
        if self.birth_department:
            place = f"{place} ({self.birth_department})".strip()
        return ", ".join(part for part in (place, str(self.birth_country.name)) if part)

    @property
    def name(self) -> str:
        """« Claire Anne MARTIN »: as the record has it."""
        return f"{self.first_names} {self.birth_name}".strip()

    @property
    def birth_date(self) -> PartialDate | None:
        if self.birth_year is None:
            return None
        return PartialDate(self.birth_year, self.birth_month, self.birth_day)


class LaterAct(Signed):
    """A modification or the dissolution of a registered PACS: a small dossier of its own."""

    reference = models.CharField("référence", max_length=24, unique=True, editable=False)
    registration = models.ForeignKey(
        Registration, verbose_name="Pacs", on_delete=models.PROTECT, related_name="acts"
    )
    kind = models.CharField(
        "nature", max_length=30, choices=[(rule.kind.value, rule.label) for rule in ACT_RULES]
    )
    status = models.CharField(
        "état",
        max_length=12,
        choices=[
            ("open", "À compléter"),
            ("registered", "Enregistré"),
            ("inadmissible", "Irrecevable"),
        ],
        default="open",
    )
    received_on = models.DateField("reçu le")
    by_post = models.BooleanField("reçu par courrier", default=False)
    #: Codes of the pieces in hand, as `ActRule.pieces` names them.
    pieces = models.JSONField("pièces en main", default=list, blank=True)
    event_on = models.DateField("date du mariage ou du décès", null=True, blank=True)
    #: The place of whoever died; None for other acts, and for deaths registered before it was kept.
    deceased = models.PositiveSmallIntegerField(
        "personne décédée", choices=[(1, "1"), (2, "2")], null=True, blank=True
    )
    effect_on = models.DateField("effet entre les partenaires", null=True, blank=True)
    registered_at = models.DateTimeField("enregistré le", null=True, blank=True)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="saisi par",
        on_delete=models.PROTECT,
        related_name="+",
    )
    ground = PrintedTextField("motif de l’irrecevabilité", blank=True)
    #: None for what was refused before these were kept.
    refused_at = models.DateTimeField("irrecevable depuis le", null=True, blank=True)
    refused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="décidée par",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = "modification ou dissolution"
        verbose_name_plural = "modifications et dissolutions"
        ordering = ["-received_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="registered")
                | Q(
                    effect_on__isnull=False,
                    registered_at__isnull=False,
                    officer__isnull=False,
                ),
                name="pacs_lateract_registered_is_whole",
            ),
            models.CheckConstraint(
                condition=(Q(officer__isnull=True) & ~Q(status="registered")) | ~Q(officer_name=""),
                name="pacs_lateract_signer_named",
                violation_error_message="Un acte enregistré garde le nom de qui l’a signé.",
            ),
            models.CheckConstraint(
                condition=~Q(status="inadmissible") | ~Q(ground=""),
                name="pacs_lateract_inadmissible_motivated",
            ),
            models.CheckConstraint(
                condition=Q(refused_at__isnull=True, refused_by__isnull=True)
                | Q(status="inadmissible", refused_at__isnull=False, refused_by__isnull=False),
                name="pacs_lateract_refused_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(deceased__isnull=True)
                | Q(kind=ActKind.DEATH.value, deceased__in=[1, 2]),
                name="pacs_lateract_deceased_of_two",
            ),
            # A PACS ends once.
            models.UniqueConstraint(
                fields=["registration"],
                condition=Q(status="registered") & ~Q(kind="modification"),
                name="pacs_lateract_one_end",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def rule(self) -> ActRule:
        return act_rule(self.kind)

    @property
    def missing(self) -> list[str]:
        """What the mairie does not have in hand yet."""
        lines = [label for code, label in self.rule.pieces if code not in self.pieces]
        if self.rule.takes_effect_on_event and self.event_on is None:
            lines.append("La date du mariage ou du décès")
        if self.is_death and self.deceased is None:
            lines.append("Le nom de la personne décédée")
        return lines

    @property
    def is_death(self) -> bool:
        return self.kind == ActKind.DEATH

    @property
    def informed(self) -> list[RegisteredPerson]:
        """Whom the mairie writes to; `registration.persons` fetched beforehand."""
        places = rules.informed_places(self.kind, self.deceased)
        return [one for one in self.registration.people if one.position in places]

    def shown(self) -> Shown:
        """What its page shows of it, for whoever acts on what they read."""
        return {
            "status": self.status,
            "pieces": self.pieces,
            "received_on": self.received_on,
            "event_on": self.event_on,
            "deceased": self.deceased,
        }


class Avis(models.Model):
    """The avis to one holder of a birth record: to send, sent, mentioned."""

    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, related_name="avis")
    #: Empty: the avis of the registration itself.
    act = models.ForeignKey(
        LaterAct, null=True, blank=True, on_delete=models.PROTECT, related_name="avis"
    )
    person = models.ForeignKey(RegisteredPerson, on_delete=models.PROTECT, related_name="+")
    recipient = PrintedCharField("destinataire", max_length=200)
    address = PrintedCharField("lieu", max_length=200, blank=True)
    due_on = models.DateField("à envoyer avant le")
    sent_on = models.DateField("envoyé le", null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    mentioned_on = models.DateField("mention apposée le", null=True, blank=True)

    class Meta:
        verbose_name = "avis de mention"
        verbose_name_plural = "avis de mention"
        ordering = ["due_on", "recipient", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "person"],
                condition=Q(act__isnull=True),
                name="pacs_avis_once_registration",
            ),
            models.UniqueConstraint(
                fields=["act", "person"],
                condition=Q(act__isnull=False),
                name="pacs_avis_once_act",
            ),
            models.CheckConstraint(
                condition=Q(mentioned_on__isnull=True) | Q(sent_on__isnull=False),
                name="pacs_avis_mentioned_after_sent",
                violation_error_message="Une mention suit un avis envoyé.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipient} : {self.person}"

    def is_late(self, today: date) -> bool:
        return self.sent_on is None and today > self.due_on


def registration_of(dossier: Dossier) -> Registration | None:
    """The line of the register of this dossier, with what its pages and papers read."""
    return Registration.objects.filter(dossier=dossier).prefetch_related("persons", "avis").first()
