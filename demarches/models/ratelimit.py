"""How often something was asked lately, counted exactly by every web process together."""

from datetime import datetime, timedelta

from django.db import connections, models

#: One statement: the row is locked while it is counted, and each request reads its own number.
COUNT_ONE = """
INSERT INTO demarches_ratecounter AS counter (key, hits, ends_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN counter.ends_at > %s THEN counter.hits + 1 ELSE 1 END,
    ends_at = CASE WHEN counter.ends_at > %s THEN counter.ends_at ELSE excluded.ends_at END
RETURNING id, key, hits, ends_at
"""


class RateCounterQuerySet(models.QuerySet["RateCounter"]):
    def count_one(self, key: str, *, at: datetime, window: timedelta) -> "RateCounter":
        """Add one to the counter of this key and return it; a window that is over starts anew."""
        moment = connections[self.db].ops.adapt_datetimefield_value
        now, end = moment(at), moment(at + window)
        counter: RateCounter = self.raw(COUNT_ONE, [key, end, now, now])[0]
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
