"""Agents who follow a dossier beside the one it is confided to."""

from django.conf import settings
from django.db import models

from pacs.models.dossier import Dossier


class Follower(models.Model):
    """One agent who also follows a dossier: it is in their pile, and the others see their name."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="followers")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="agent",
        on_delete=models.CASCADE,
        related_name="+",
        limit_choices_to={"is_staff": True},
    )
    since = models.DateTimeField("suit depuis le")

    class Meta:
        verbose_name = "agent qui suit aussi"
        verbose_name_plural = "agents qui suivent aussi"
        ordering = ["agent__full_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["dossier", "agent"],
                name="pacs_follower_once",
                violation_error_message="Cet agent suit déjà ce dossier.",
            )
        ]

    def __str__(self) -> str:
        return str(self.agent)
