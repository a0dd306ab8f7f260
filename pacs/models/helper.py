"""Somebody who helps one partenaire to fill in, seen as such; never in their place."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from demarches.models import AccountItem, User
from demarches.models.address import AddressField, canonical_check
from demarches.models.fields import LatinCharField
from demarches.rules.addresses import canonical_address
from demarches.rules.enums import Status
from pacs.models.partenaire import Partenaire


class HelperQuerySet(models.QuerySet["Helper"]):
    """Reads of helpers, with a name. Nobody helps any more once the dossier is sent."""

    def going_on(self) -> Self:
        """Invited or helping; their dossier is still a draft."""
        return self.filter(ended_at__isnull=True, partenaire__dossier__status=Status.DRAFT.value)

    def live(self) -> Self:
        """Those who came in, and may fill in now."""
        return self.going_on().filter(user__isnull=False, user__is_staff=False)

    def visible_to(self, user: User) -> Self:
        """The helps of this account, and those that wait for its answer."""
        mine = self.live().filter(user=user) | self.filter(pk__in=self.waiting_for(user))
        return mine.select_related("partenaire__dossier")

    def waiting_for(self, user: User) -> Self:
        """Invitations to help that wait for this account.

        None into a dossier of their own, nor where they help the other already: they would read
        both private parts.
        """
        if user.is_staff:
            return self.none()
        taken = Helper.objects.live().filter(user=user).values("partenaire__dossier")
        waiting = self.going_on().filter(joined_at__isnull=True)
        return (
            waiting.filter(email=canonical_address(user.email))
            .exclude(partenaire__dossier__partenaires__user=user)
            .exclude(partenaire__dossier__in=taken)
        )


class Helper(AccountItem):
    """A relative or an adviser whom one person invited to fill in with them."""

    #: Whom they help.
    partenaire = models.ForeignKey(Partenaire, on_delete=models.CASCADE, related_name="helpers")
    #: As the person who invites calls them.
    name = LatinCharField("nom", max_length=80)
    #: Emptied when the help ends: the account is known, or nobody came.
    email = AddressField("adresse invitée", blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="compte",
        null=True,
        on_delete=models.SET_NULL,
        related_name="pacs_helpers",
    )
    invited_at = models.DateTimeField("invitation du")
    joined_at = models.DateTimeField("aide depuis le", null=True)
    ended_at = models.DateTimeField("fin de l’aide le", null=True)

    objects = HelperQuerySet.as_manager()

    class Meta:
        verbose_name = "personne qui aide"
        verbose_name_plural = "personnes qui aident"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["partenaire"],
                condition=Q(ended_at__isnull=True),
                name="pacs_helper_one_at_a_time",
                violation_error_message="Une seule personne aide à la fois.",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=True) | Q(joined_at__isnull=False),
                name="pacs_helper_came_in",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) & ~Q(email="")
                | Q(ended_at__isnull=False, email=""),
                name="pacs_helper_address_while_it_lasts",
                violation_error_message="Une aide terminée ne garde pas d’adresse.",
            ),
            canonical_check("email", "pacs_helper_email_canonical"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Where whoever helps goes on: to the person's pages, or to the invitation."""
        name = "pacs:dossier" if self.is_here else "pacs:helper-join"
        return reverse(name, args=[self.partenaire.dossier.reference])

    @property
    def account_title(self) -> str:
        if not self.is_here:
            return "Une personne vous demande de l’aider à remplir"
        return f"Vous aidez {self.partenaire}"

    @property
    def account_hint(self) -> str:
        return f"Dossier {self.partenaire.dossier.reference}"

    @property
    def is_here(self) -> bool:
        """They came in with an account of theirs."""
        return self.user_id is not None
