"""How many, without anybody: counted when it happens, so that deleting rows loses no count."""

from datetime import date

from django.db import models, transaction
from django.db.models import F


class TallyQuerySet(models.QuerySet["Tally"]):
    def count_one(
        self, what: str, *, day: date, topic: str, regime: str = "", channel: str = ""
    ) -> None:
        """Add one; must run inside the transaction of what is counted."""
        with transaction.atomic():
            row, _ = self.get_or_create(
                what=what, month=day.replace(day=1), topic=topic, regime=regime, channel=channel
            )
            self.filter(pk=row.pk).update(count=F("count") + 1)


class Tally(models.Model):
    """One cell: what, in which month."""

    class What(models.TextChoices):
        SUIVI = "suivi", "Aide-mémoire ouverts"
        AIDE = "aide", "Demandes d’aide"
        ANSWER = "reponse", "Réponses de la mairie"

    what = models.CharField("quoi", max_length=10, choices=What.choices)
    month = models.DateField("mois")
    topic = models.CharField("sujet", max_length=50)
    regime = models.CharField("caisse", max_length=10, blank=True)
    channel = models.CharField("voie", max_length=10, blank=True)
    count = models.PositiveIntegerField("nombre", default=0)

    objects = TallyQuerySet.as_manager()

    class Meta:
        verbose_name = "comptage"
        verbose_name_plural = "comptages"
        constraints = [
            models.UniqueConstraint(
                fields=["what", "month", "topic", "regime", "channel"], name="vitale_tally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.month:%m/%Y} {self.topic}"
