"""What every procedure keeps of its exchanges with people: notes of agents, mails that left."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from post_office.models import STATUS, Email

from demarches.dossiers.refusals import ActionRefused
from demarches.mail.emails import mail_fate, take_out


class NoteBase(models.Model):
    """An internal note: agents only. The concrete class adds its `body` and what it is about."""

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="auteur", related_name="+"
    )
    at = models.DateTimeField("le")

    class Meta:
        abstract = True
        verbose_name = "note interne"
        verbose_name_plural = "notes internes"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y %H:%M}"


class SentMailBase(models.Model):
    """A mail queued about a dossier; its fate is read from the outbox.

    `LABELS`: each kind in words; a kind without one is shown as it is written.
    """

    LABELS: ClassVar[Mapping[str, str]] = {}
    #: Kinds of which the latest alone is true: a later one takes the place of those before.
    TOPICS: ClassVar[Mapping[str, str]] = {}

    kind = models.CharField("nature", max_length=40)
    at = models.DateTimeField("mis en file le")
    email = models.ForeignKey(
        "post_office.Email", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        abstract = True
        verbose_name = "courriel"
        verbose_name_plural = "courriels"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.kind

    @property
    def kind_label(self) -> str:
        return self.LABELS.get(self.kind, self.kind)

    @property
    def topic(self) -> str:
        """What it is about: its kind, or what it has in common with others."""
        return self.TOPICS.get(self.kind, self.kind)

    @property
    def has_failed(self) -> bool:
        """It did not leave, or came back."""
        return self.email is not None and self.email.status == STATUS.failed

    @property
    def fate(self) -> str:
        """What became of it, for agents."""
        return mail_fate(self.email)


def mail_to_send_again[M: SentMailBase](mails: models.QuerySet[M], pk: int) -> M:
    """The mail of this key among those to the same person; call it under the dossier's lock.

    Refuses one that left, and one that a later mail about the same thing made untrue or useless.
    """
    rows = list(mails.select_related("email").order_by("pk"))
    mail = next((one for one in rows if one.pk == pk), None)
    if mail is None or not mail.has_failed:
        raise ActionRefused("Ce mail n’est pas de ceux qui ne sont pas partis.")
    if any(one.pk > mail.pk and one.topic == mail.topic for one in rows):
        raise ActionRefused("Un mail plus récent en dit autant, ou le change : regardez son sort.")
    return mail


def unsend(mails: models.QuerySet[Any], *, too_late: str) -> None:
    """Take these mails out of the outbox, and forget them; call it under the dossier's lock.

    `mails`: rows of a `SentMailBase`. Raises `ActionRefused` with `too_late` once one has left.
    """
    pks = list(mails.exclude(email=None).values_list("email", flat=True))
    if not take_out(Email.objects.filter(pk__in=pks)):
        raise ActionRefused(too_late)
    mails.delete()
