"""How often something was asked lately, counted exactly by every web process together."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import F


class RateCounterQuerySet(models.QuerySet["RateCounter"]):
    def count_one(self, key: str, *, at: datetime, window: timedelta) -> "RateCounter":
        """Add one to the counter of this key and return it; a window that is over starts anew."""
        counter, _ = self.get_or_create(key=key, defaults={"ends_at": at + window})
        with transaction.atomic():
            # The update locks the row, so that each request reads its own number.
            fresh = self.filter(pk=counter.pk, ends_at__gt=at).update(hits=F("hits") + 1)
            if not fresh:
                self.filter(pk=counter.pk, ends_at__lte=at).update(hits=1, ends_at=at + window)
            counter.refresh_from_db()
        return counter

    def over(self, at: datetime) -> "RateCounterQuerySet":
        return self.filter(ends_at__lte=at)


class RateCounter(models.Model):
    """A counter; its key is a keyed digest, so that neither address nor e-mail is kept."""

    key = models.CharField(max_length=64, unique=True)
    hits = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    objects = RateCounterQuerySet.as_manager()

    class Meta:
        verbose_name = "compteur de demandes"
        verbose_name_plural = "compteurs de demandes"

    def __str__(self) -> str:
        return f"{self.hits} → {self.ends_at:%d/%m/%Y %H:%M}"
