"""What the mairie decides about its PACS procedure: one row, edited by an administrateur.

Figures in brackets in the sources are local choices; nothing here is a legal age (those stand
with the wording of each piece).
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import localdate

from demarches.agenda.booking import midnight
from demarches.models import Agenda, Mairie
from demarches.models.fields import GuardedCharField, GuardedTextField, LatinCharField
from demarches.rules.holidays import LocalHolidays
from demarches.web.request_memory import kept
from pacs.rules.days import Days, Delays, lead_days
from pacs.rules.retention import Retention
from pacs.rules.situation import Dematerialisation

ONE_DAY = timedelta(days=1)


class PacsSettings(models.Model):
    """The single row of settings of the PACS procedure."""

    comedec_active = models.BooleanField(
        "la mairie vérifie les actes par voie dématérialisée",
        null=True,
        blank=True,
        help_text="Laisser « inconnu » tant que ce n’est pas confirmé : l’acte est alors demandé.",
    )
    connected_communes = GuardedTextField(
        "communes de naissance raccordées",
        blank=True,
        help_text="Codes Insee séparés par des espaces ; SCEC pour le service de Nantes.",
    )
    agenda = models.ForeignKey(
        Agenda,
        verbose_name="agenda des rendez-vous",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Ses réglages donnent les délais. Sans agenda, le rendez-vous se prend par"
        " téléphone.",
    )
    review_days = models.PositiveSmallIntegerField(
        "jours ouvrés pour la vérification annoncée",
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="CRPA R112-11-1 : l’accusé de réception part au plus tard sous 10 jours ouvrés.",
    )
    invitation_reminder_days = models.PositiveSmallIntegerField(
        "jours entre deux rappels au second partenaire", default=7
    )
    invitation_reminders_max = models.PositiveSmallIntegerField("rappels au plus", default=2)
    draft_retention_days = models.PositiveSmallIntegerField(
        "jours de conservation d’un brouillon sans activité", default=30
    )
    inactive_retention_days = models.PositiveSmallIntegerField(
        "jours de conservation d’un dossier envoyé puis abandonné", default=92
    )
    office_number = models.PositiveSmallIntegerField("numéro du bureau dans le registre", default=1)
    scan_retention_days = models.PositiveSmallIntegerField(
        "jours de conservation des fichiers après l’enregistrement",
        default=30,
        help_text="Effacés tout de suite quand l’officier dit que le dossier papier est complet.",
    )
    registered_retention_days = models.PositiveSmallIntegerField(
        "jours de conservation du dossier en ligne après l’enregistrement",
        default=183,
        help_text="La ligne du registre reste ; le dossier papier suit sa propre durée.",
    )
    inherited_court = GuardedCharField(
        "ancien tribunal d’instance dont la mairie tient les Pacs",
        max_length=120,
        blank=True,
        help_text="À confirmer auprès du service ; vide : la question n’est pas posée.",
    )
    court = LatinCharField(
        "tribunal compétent pour un recours",
        max_length=120,
        blank=True,
        help_text="Par exemple « tribunal judiciaire de Nîmes ».",
    )

    class Meta:
        verbose_name = "réglages du Pacs"
        verbose_name_plural = "réglages du Pacs"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="pacs_settings_single_row")]

    def __str__(self) -> str:
        return "Réglages du Pacs"

    @classmethod
    def current(cls) -> "PacsSettings":
        """The settings in force; the defaults when nobody has saved any."""
        return kept("pacs settings", cls._read)

    @classmethod
    def _read(cls) -> "PacsSettings":
        rows = cls.objects.select_related("agenda__service__mairie")
        return rows.filter(pk=1).first() or cls(pk=1)

    @property
    def lead_time_days(self) -> int:
        """Days between the complete dossier and the first appointment."""
        return (self.agenda or Agenda()).lead_time_days

    @property
    def lead_time_days_foreign(self) -> int:
        """The same, when a document is foreign."""
        return (self.agenda or Agenda()).lead_time_days_foreign

    @property
    def local_holidays(self) -> LocalHolidays:
        """The holidays of the place, which are no working days."""
        mairie = self.agenda.service.mairie if self.agenda else Mairie.objects.current()
        return LocalHolidays(mairie.local_holidays) if mairie else LocalHolidays.NATIONAL

    def delays(self, rule_ids: Iterable[str]) -> Delays:
        """What the mairie needs for these pieces, before it can register."""
        lead = lead_days(rule_ids, usual=self.lead_time_days, foreign=self.lead_time_days_foreign)
        return Delays(review_days=self.review_days, lead_days=lead, local=self.local_holidays)

    def answer_by(self, received: datetime) -> date:
        """« Au plus tard le »: the day the mairie answers what it received then."""
        return self.delays(()).answer_by(localdate(received))

    def late_since(self, day: date) -> datetime:
        """What was received before this moment had to be answered before `day`."""
        received = day
        while self.delays(()).answer_by(received - ONE_DAY) >= day:
            received -= ONE_DAY
        return midnight(received)

    def days(
        self,
        rule_ids: Iterable[str],
        *,
        at: datetime,
        sent_on: date | None = None,
        complete_on: date | None = None,
        papers_last: date | None = None,
    ) -> Days:
        """The days of a couple who must give these pieces."""
        today = localdate(at)
        agenda = self.agenda
        return Days(
            today=today,
            delays=self.delays(rule_ids),
            opening=None if agenda is None else agenda.rules(at),
            horizon=today + timedelta(days=(agenda or Agenda()).horizon_days),
            sent_on=sent_on,
            complete_on=complete_on,
            papers_last=papers_last,
        )

    @property
    def dematerialisation(self) -> Dematerialisation:
        """What the mairie can verify by itself, as the rules read it."""
        return Dematerialisation(self.comedec_active, frozenset(self.connected_communes.split()))

    @property
    def retention(self) -> Retention:
        """How long each kind of dossier is kept, as the rules read it."""
        return Retention(
            draft=self.draft_retention,
            inactive=timedelta(days=self.inactive_retention_days),
            registered=timedelta(days=self.registered_retention_days),
        )

    @property
    def draft_retention(self) -> timedelta:
        return timedelta(days=self.draft_retention_days)
