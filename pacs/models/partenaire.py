"""One of the two people of a dossier: their own answers, private to them and the mairie."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django.db.models import Q
from django_countries import countries
from django_countries.fields import CountryField
from phonenumber_field.phonenumber import PhoneNumber

from demarches.models import Mairie, User
from demarches.models.address import AddressField, canonical_check
from demarches.models.fields import GuardedCharField, GuardedTextField, LatinCharField
from demarches.rules.enums import LabelledStrEnum
from demarches.rules.phones import is_mobile
from demarches.rules.texts import searched_names
from demarches.typed.phone_field import PhoneColumn
from demarches.web.request_memory import remembered
from pacs.models.dossier import BOUND, Dossier
from pacs.models.fields import NameField, birth_exists
from pacs.rules.competence import home_is_here
from pacs.rules.countries import FRANCE
from pacs.rules.enums import Door, Sex
from pacs.rules.home import Address, Home, home_of
from pacs.rules.nationalities import as_nationality, is_stateless
from pacs.rules.situation import (
    Measure,
    PartenaireAnswers,
    PartialDate,
    Protection,
    Situation,
    YesNo,
)

if TYPE_CHECKING:
    from pacs.models.helper import Helper

MAX_CODE_TRIES = 5
#: What agents search by.
SEARCHED_NAMES = frozenset({"first_names", "birth_name", "usage_name"})


def _choice(label: str, enum: type[LabelledStrEnum]) -> "models.CharField[str, str]":
    """A column that holds one member of a closed list, or nothing while it is not answered."""
    return models.CharField(label, max_length=24, choices=enum.choices(), blank=True)


class PartenaireQuerySet(models.QuerySet["Partenaire"]):
    """Reads of partenaires, with a name."""

    def of(self, user: User) -> Self:
        return self.filter(user=user)


class Partenaire(models.Model):
    """One person; `position` 1 opened the dossier. Neither reads the other's row."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="partenaires")
    position = models.PositiveSmallIntegerField("place", choices=[(1, "1"), (2, "2")])
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="pacs_partenaires",
    )

    # How the second one comes in
    door = models.CharField("participation", max_length=12, choices=Door.choices(), blank=True)
    invited_email = AddressField("adresse invitée", blank=True)
    last_invited_at = models.DateTimeField("dernière invitation", null=True, blank=True)
    reminders_sent = models.PositiveSmallIntegerField("rappels envoyés", default=0)
    #: Hash of the code that reopens their pages on a shared device.
    private_code = models.CharField(max_length=160, blank=True, editable=False)
    private_code_tries = models.PositiveSmallIntegerField(default=0, editable=False)

    # Identity, as the birth record has it
    birth_name = NameField("nom de naissance", max_length=150, blank=True)
    first_names = NameField("prénoms", max_length=200, blank=True)
    #: Some records hold a single name.
    single_name = models.BooleanField("une seule partie de nom sur l’acte", default=False)
    usage_name = NameField("nom d’usage", max_length=150, blank=True)
    sex = models.CharField("sexe sur l’acte", max_length=1, choices=Sex.choices(), blank=True)

    #: The plain words of the names: what agents search, the same on both databases.
    #: Folding makes some letters several: no length can be foreseen.
    search_text = models.TextField(blank=True, editable=False)

    # Birth: month and day may be unknown
    birth_year = models.PositiveSmallIntegerField("année de naissance", null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField("mois de naissance", null=True, blank=True)
    birth_day = models.PositiveSmallIntegerField("jour de naissance", null=True, blank=True)
    birth_country = CountryField("pays de naissance", blank=True)
    birth_city = LatinCharField("commune de naissance", max_length=120, blank=True)
    birth_department = LatinCharField("département de naissance", max_length=60, blank=True)
    birth_insee = models.CharField("code Insee de naissance", max_length=5, blank=True)

    # Parents, as the record has them
    parent1_name = NameField("nom du premier parent", max_length=150, blank=True)
    parent1_first_names = NameField("prénoms du premier parent", max_length=200, blank=True)
    parent1_unknown = models.BooleanField("premier parent inconnu", default=False)
    parent2_name = NameField("nom du second parent", max_length=150, blank=True)
    parent2_first_names = NameField("prénoms du second parent", max_length=200, blank=True)
    parent2_unknown = models.BooleanField("second parent inconnu", default=False)

    # Situation: the answers the pieces depend on
    nationalities = models.JSONField("nationalités", default=list, blank=True)
    has_french_record = _choice("acte de naissance français", YesNo)
    protection = _choice("protection internationale", Protection)
    situation = _choice("situation matrimoniale", Situation)
    divorce_mentioned = _choice("divorce mentionné sur l’acte", YesNo)
    union_record_country = CountryField("pays de l’acte de divorce ou de décès", blank=True)
    union_record_in_french = _choice("acte de divorce ou de décès en français", YesNo)
    measure = _choice("mesure de protection", Measure)
    protector_is_partenaire = models.BooleanField(
        "protégé par son futur partenaire", null=True, blank=True
    )
    country_updates_records = _choice("pays qui met ses actes à jour", YesNo)
    country_issues_coutume = _choice("pays qui délivre un certificat de coutume", YesNo)
    birth_record_in_french = _choice("acte de naissance en français ou plurilingue", YesNo)
    coutume_in_french = _choice("certificat de coutume en français", YesNo)
    civil_status_changed = models.BooleanField("état civil changé depuis le dépôt", default=False)
    lives_here = _choice("habite déjà la commune", YesNo)

    # Contact
    street = LatinCharField("numéro et voie", max_length=200, blank=True)
    street_more = LatinCharField("complément d’adresse", max_length=200, blank=True)
    postcode = GuardedCharField("code postal", max_length=20, blank=True)
    city = LatinCharField("commune", max_length=100, blank=True)
    country = CountryField("pays", blank=True, default="FR")
    contact_email = AddressField("adresse e-mail", blank=True)
    phone = PhoneColumn("téléphone", blank=True)
    #: They agreed to SMS on this number; another number needs another yes.
    texts_agreed_at = models.DateTimeField("SMS acceptés le", null=True, blank=True)
    needs = GuardedCharField("besoins le jour du rendez-vous", max_length=300, blank=True)

    # Their own confirmations
    common_confirmed_at = models.DateTimeField("réponses communes relues le", null=True, blank=True)
    common_comment = GuardedTextField(
        "remarque sur les réponses communes", blank=True, max_length=1000
    )
    #: Identity checked at the counter, on the day.
    identified_at = models.DateTimeField(
        "identité vérifiée le", null=True, blank=True, editable=False
    )
    attested_at = models.DateTimeField("attesté le", null=True, blank=True)
    #: The sentences exactly as they were shown.
    attested_text = models.TextField("texte attesté", blank=True)
    #: The facts vouched for, as they were (label -> value), and their digest: an attestation
    #: is in force while today's facts have the same digest.
    attested_facts = models.JSONField("faits attestés", default=dict, blank=True, editable=False)
    attested_digest = models.CharField(max_length=64, blank=True, editable=False)
    #: The day written on the paper, for an attestation signed by hand.
    attested_on_paper = models.DateField(
        "attestation signée sur papier le", null=True, blank=True, editable=False
    )
    #: Digest of the shared answers this person confirmed.
    common_confirmed_digest = models.CharField(max_length=64, blank=True, editable=False)
    #: Columns that the other answered for them in the simulator, until they have confirmed these
    #: answers or given their own.
    said_by_other = models.JSONField(
        "dit d’abord par l’autre", default=list, blank=True, editable=False
    )
    #: When this person, or an agent for them, began their part; empty while all that stands
    #: there was said by the other (the simulator).
    part_begun_at = models.DateTimeField(null=True, blank=True, editable=False)

    #: Set by `pacs.reads.access`: who reads in the place of this person.
    helper: "Helper | None" = None

    objects = PartenaireQuerySet.as_manager()

    class Meta:
        verbose_name = "partenaire"
        verbose_name_plural = "partenaires"
        ordering = ["dossier", "position"]
        indexes: ClassVar[list[models.Index]] = [
            # Few at any time, whatever the years: two piles of the desk begin with them.
            models.Index(
                fields=["door", "dossier"],
                condition=Q(attested_at__isnull=True),
                name="pacs_partenaire_unattested",
            ),
            models.Index(
                fields=["last_invited_at"],
                condition=Q(user__isnull=True),
                name="pacs_partenaire_invited",
            ),
            # What the law may forbid (`Dossier.objects.maybe_forbidden`); births are searched too.
            models.Index(
                fields=["birth_year", "birth_month", "birth_day"], name="pacs_partenaire_birth"
            ),
            models.Index(
                fields=["situation"],
                condition=Q(situation__in=BOUND),
                name="pacs_partenaire_bound",
            ),
            # Their dossiers are the mairie's to open: asked of every list of the desk.
            models.Index(
                fields=["dossier"],
                condition=Q(door=Door.PAPER.value),
                name="pacs_partenaire_on_paper",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dossier", "position"], name="pacs_partenaire_two"),
            models.UniqueConstraint(
                fields=["dossier", "user"],
                name="pacs_partenaire_two_accounts",
                violation_error_message="Les deux partenaires ont chacun leur compte.",
            ),
            models.CheckConstraint(
                condition=Q(position__in=[1, 2]), name="pacs_partenaire_position_known"
            ),
            models.CheckConstraint(
                condition=Q(birth_year__isnull=True) | Q(birth_year__range=(1850, 2200)),
                name="pacs_partenaire_birth_year",
            ),
            models.CheckConstraint(
                condition=Q(birth_month__isnull=True) | Q(birth_month__range=(1, 12)),
                name="pacs_partenaire_birth_month",
            ),
            models.CheckConstraint(
                condition=Q(birth_day__isnull=True) | Q(birth_day__range=(1, 31)),
                name="pacs_partenaire_birth_day",
            ),
            birth_exists("pacs_partenaire_birth_exists"),
            models.CheckConstraint(
                condition=Q(attested_at__isnull=True) | ~Q(attested_text=""),
                name="pacs_partenaire_attested_text_kept",
            ),
            models.CheckConstraint(
                condition=Q(attested_at__isnull=True) | ~Q(attested_digest=""),
                name="pacs_partenaire_attested_facts_kept",
                violation_error_message="Une attestation dit de quels faits elle répond.",
            ),
            models.CheckConstraint(
                condition=Q(common_confirmed_at__isnull=True) | ~Q(common_confirmed_digest=""),
                name="pacs_partenaire_confirmed_facts_kept",
                violation_error_message="Une confirmation dit de quelles réponses elle répond.",
            ),
            canonical_check("invited_email", "pacs_partenaire_invited_email_canonical"),
            canonical_check("contact_email", "pacs_partenaire_contact_email_canonical"),
        ]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Keep the searched form of the names in step with them.

        Only when they are written: other answers are saved from rows that show names proposed,
        or names read before somebody else's change.
        """
        columns = None if update_fields is None else set(update_fields)
        if columns is None or columns & SEARCHED_NAMES:
            names = (self.first_names, self.birth_name, self.usage_name)
            self.search_text = searched_names(*names)
            if columns is not None:
                columns.add("search_text")
        super().save(*args, update_fields=columns, **kwargs)

    @property
    def helped_by(self) -> str:
        """The name of whoever helps this person to fill in now; empty when nobody does."""
        return remembered(("helped by", self.pk), self._read_helped_by)

    def _read_helped_by(self) -> str:
        return self.helpers.live().values_list("name", flat=True).order_by("pk").first() or ""

    @property
    def display_name(self) -> str:
        """First names and name, or a neutral word while nothing is known."""
        known = " ".join(
            part for part in (self.first_names, self.usage_name or self.birth_name) if part
        )
        return known or ("le premier partenaire" if self.is_first else "le second partenaire")

    @property
    def full_name(self) -> str:
        """Prénoms and name of birth, as papers write them."""
        return f"{self.first_names} {self.birth_name}".strip() or self.display_name

    @property
    def nationality_words(self) -> str:
        """« France, Italie », « Apatride »; empty while it is not answered."""
        if is_stateless(self.nationalities, self.protection):
            return "Apatride"
        return ", ".join(self.nationality_names)

    @property
    def nationality_names(self) -> list[str]:
        """The states of which they have the nationality, by their names, each once."""
        states = dict.fromkeys(as_nationality(code) for code in self.nationalities)
        return [str(countries.name(code)) for code in states]

    @property
    def home(self) -> Home:
        """Where they live today: the one answer to that question."""
        country = "" if self.country == FRANCE else str(self.country.name)
        return home_of(
            own=Address(self.street, self.street_more, self.postcode, self.city, country),
            shared=self.dossier.shared_home,
            is_first=self.is_first,
        )

    @property
    def birth_date(self) -> PartialDate | None:
        """The date as far as it is known."""
        if self.birth_year is None:
            return None
        return PartialDate(self.birth_year, self.birth_month, self.birth_day)

    @property
    def answers(self) -> PartenaireAnswers:
        """Their answers as the rules read them."""
        return PartenaireAnswers(
            birth_date=self.birth_date,
            birth_country=self.birth_country.code or "",
            birth_insee=self.birth_insee,
            nationalities=tuple(self.nationalities),
            has_french_record=YesNo(self.has_french_record or YesNo.UNKNOWN),
            protection=Protection(self.protection or Protection.NONE),
            situation=Situation(self.situation) if self.situation else None,
            divorce_mentioned=YesNo(self.divorce_mentioned or YesNo.UNKNOWN),
            measure=Measure(self.measure or Measure.NONE),
            protector_is_partenaire=bool(self.protector_is_partenaire),
            country_updates_records=YesNo(self.country_updates_records or YesNo.UNKNOWN),
            country_issues_coutume=YesNo(self.country_issues_coutume or YesNo.UNKNOWN),
            birth_record_in_french=YesNo(self.birth_record_in_french or YesNo.UNKNOWN),
            coutume_in_french=YesNo(self.coutume_in_french or YesNo.UNKNOWN),
            union_record_country=self.union_record_country.code or "FR",
            union_record_in_french=YesNo(self.union_record_in_french or YesNo.UNKNOWN),
            civil_status_changed=self.civil_status_changed,
            lives_here=self._lives_here(),
        )

    def _lives_here(self) -> YesNo:
        said = YesNo(self.lives_here or YesNo.UNKNOWN)
        if self.dossier_id is None or self.dossier.has_common_residence:
            return said  # no rule reads it then
        mairie = Mairie.objects.current()
        return home_is_here(
            said=said,
            city=self.city,
            country=self.country.code or "",
            commune=mairie.commune if mairie else "",
        )

    @property
    def is_first(self) -> bool:
        return self.position == 1

    @property
    def mail_address(self) -> str:
        """Where the mairie writes to this person; empty when no address is known."""
        if self.user is not None:
            return self.user.email
        return self.contact_email or self.invited_email

    @property
    def addresses(self) -> set[str]:
        """Every mailbox the mairie writes to for this person, or would without their account."""
        invited = self.invited_email if self.user_id is None else ""
        return {self.mail_address, self.contact_email, invited} - {""}

    @property
    def text_number(self) -> PhoneNumber | None:
        """The mobile to which an SMS may go: they agreed, and no address is known."""
        if self.mail_address or self.texts_agreed_at is None or not self.phone:
            return None
        return self.phone if is_mobile(self.phone) else None

    @property
    def is_on_lent_device(self) -> bool:
        """They fill in on the other's device, without an account: nobody knows their address."""
        return self.door == Door.SAME_DEVICE and self.user_id is None

    @property
    def code_tries_left(self) -> int:
        return max(0, MAX_CODE_TRIES - self.private_code_tries)

    def was_here(self, at: datetime) -> bool:
        """Whether what was said, done or seen then was with whoever holds this place now.

        Somebody else takes the second's place once its part was emptied, on the same row: what
        is of before their part began is not theirs.
        """
        return self.is_first or (self.part_begun_at is not None and at >= self.part_begun_at)

    def begin_part(self, *, at: datetime) -> None:
        """Note, once, that they (or an agent for them) have said something of their own."""
        if self.part_begun_at is not None:
            return
        self.part_begun_at = at
        # By its own query: this row may have been read before somebody else's change of it.
        type(self).objects.filter(pk=self.pk, part_begun_at=None).update(part_begun_at=at)

    def set_private_code(self, code: str, *, at: datetime) -> None:
        """Keep a hash of the code that locks their pages on a shared device."""
        self.private_code = make_password(code)
        self.private_code_tries = 0
        self.save(update_fields=["private_code", "private_code_tries"])
        self.begin_part(at=at)

    def check_private_code(self, code: str) -> bool:
        """Try the code; counts the failures, and refuses everything after five.

        The try is taken before the code is read, so that ten tries at once are ten tries.
        """
        row = type(self).objects.filter(pk=self.pk)
        tries = models.F("private_code_tries")
        if not row.filter(private_code_tries__lt=MAX_CODE_TRIES).update(
            private_code_tries=tries + 1
        ):
            self.private_code_tries = MAX_CODE_TRIES
            return False
        is_right = check_password(code, self.private_code)
        if is_right:
            row.update(private_code_tries=tries - 1)
        self.refresh_from_db(fields=["private_code_tries"])
        return is_right
