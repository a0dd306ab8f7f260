"""What was mended in a line of the register: what it said, what it says, why, by whom, when.

The line itself says what is true; nothing it said before is lost, for these rows are a journal.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from demarches.models.fields import GuardedTextField, PrintedTextField
from demarches.models.journal import JournalRow
from pacs.models.registration import RegisteredPerson, Registration
from pacs.rules.rectification import OF_A_PERSON, Mended


class Rectification(JournalRow):
    """One value of a line that was wrong, in the words that papers print."""

    IS_KEPT = True

    registration = models.ForeignKey(
        Registration,
        verbose_name="ligne du registre",
        on_delete=models.PROTECT,
        related_name="rectifications",
    )
    #: Empty: about the line, not about one of the two.
    person = models.ForeignKey(
        RegisteredPerson,
        verbose_name="personne",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    field = models.CharField("ce qui était faux", max_length=20, choices=Mended.choices())
    old_value = PrintedTextField("ce que la ligne disait", blank=True)
    new_value = PrintedTextField("ce qu’elle dit", blank=True)
    reason = GuardedTextField("motif", max_length=1000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="rectifié par",
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = "rectification"
        verbose_name_plural = "rectifications"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="pacs_rectification_has_reason",
                violation_error_message="Une rectification dit pourquoi.",
            ),
            models.CheckConstraint(
                condition=~Q(old_value=F("new_value")), name="pacs_rectification_changes"
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False, field__in=sorted(OF_A_PERSON))
                | (Q(person__isnull=True) & ~Q(field__in=sorted(OF_A_PERSON))),
                name="pacs_rectification_of_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y} {self.get_field_display()}"
