"""The mark of what public pages say: another one after each change, whoever made it."""

from django.db import models


class Revision(models.Model):
    """One part of the content; the triggers of the database itself write here.

    A random value, not a number: after a rolled back change, a number would come back for
    something else (`demarches.serving.revision`).
    """

    part = models.CharField(max_length=20, primary_key=True)
    value = models.CharField(max_length=36)

    class Meta:
        verbose_name = "révision du contenu"
        verbose_name_plural = "révisions du contenu"

    def __str__(self) -> str:
        return f"{self.part} {self.value}"
