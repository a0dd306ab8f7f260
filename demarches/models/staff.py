"""How agents come in: the sessions they have open, and the log of who tried."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models

from demarches.rules.staff_sessions import SignInResult, is_over


class StaffSessionQuerySet(models.QuerySet["StaffSession"]):
    def alive(self, at: datetime) -> "StaffSessionQuerySet":
        """Those that a browser can still use."""
        return self.filter(
            last_seen_at__gt=at - timedelta(seconds=settings.STAFF_IDLE_SECONDS),
            started_at__gt=at - timedelta(seconds=settings.STAFF_SESSION_SECONDS),
        )


class StaffSession(models.Model):
    """One browser in which an agent is signed in; without this row the browser is signed out."""

    #: A look is written down once a minute at most.
    TOUCH_EVERY: ClassVar[timedelta] = timedelta(minutes=1)

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="staff_sessions"
    )
    started_at = models.DateTimeField("ouverte le")
    last_seen_at = models.DateTimeField("dernier geste")
    second_factor_at = models.DateTimeField("second facteur donné le", null=True, blank=True)
    address = models.CharField("réseau", max_length=60, blank=True)
    browser = models.CharField("navigateur", max_length=60, blank=True)

    objects = StaffSessionQuerySet.as_manager()

    class Meta:
        verbose_name = "session d’agent"
        verbose_name_plural = "sessions d’agents"
        ordering = ["-last_seen_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user_id}, {self.started_at:%d/%m/%Y %H:%M}"

    def is_over(self, at: datetime) -> bool:
        return is_over(
            started_at=self.started_at,
            last_seen_at=self.last_seen_at,
            at=at,
            idle=timedelta(seconds=settings.STAFF_IDLE_SECONDS),
            absolute=timedelta(seconds=settings.STAFF_SESSION_SECONDS),
        )

    def touch(self, at: datetime) -> None:
        """Note a gesture, by an update: a session ended meanwhile does not come back."""
        if at - self.last_seen_at >= self.TOUCH_EVERY:
            StaffSession.objects.filter(pk=self.pk).update(last_seen_at=at)
            self.last_seen_at = at


class SignIn(models.Model):
    """One try at the agents' door, good or bad; neither a password nor a typed name is kept.

    `typed` is a keyed digest of the name of an unknown account: the same name shows as the same.
    """

    #: Security logs are kept six months (CNIL, délibération 2021-122).
    KEPT_MONTHS: ClassVar[int] = 6

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sign_ins"
    )
    typed = models.CharField("compte inconnu", max_length=16, blank=True)
    at = models.DateTimeField("quand", db_index=True)
    result = models.CharField("résultat", max_length=12, choices=SignInResult.choices())
    address = models.CharField("réseau", max_length=60, blank=True)

    class Meta:
        verbose_name = "connexion d’agent"
        verbose_name_plural = "connexions d’agents"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M}, {self.get_result_display()}"
