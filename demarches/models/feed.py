"""The secret address under which an agent's calendar program reads the agenda."""

from django.conf import settings
from django.db import models


class AgendaFeed(models.Model):
    """One address an agent: made anew, the former one opens nothing; it goes with the account.

    Only the digest of the secret is kept.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="agenda_feed"
    )
    digest = models.CharField("empreinte du secret", max_length=64, editable=False)
    made_at = models.DateTimeField("créée le")
    read_at = models.DateTimeField("lue le", null=True, blank=True)

    class Meta:
        verbose_name = "abonnement à l’agenda"
        verbose_name_plural = "abonnements à l’agenda"

    def __str__(self) -> str:
        return f"{self.user_id}, {self.made_at:%d/%m/%Y %H:%M}"
