"""Whose identity opens which account: rows of django-allauth's table of social accounts.

A row holds the provider, its key for the person (`sub`) and the account; no name, no token.
"""

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from demarches.mail.emails import queue_mail
from demarches.models import User
from demarches.oidc.providers import NAMES, PROCONNECT, configured
from demarches.rules.addresses import canonical_address


class ProConnectBackend(BaseBackend):
    """Sessions opened by ProConnect: they end with the account, the link or the configuration."""

    def get_user(self, user_id: int) -> User | None:
        if configured(PROCONNECT) is None:
            return None
        agents = User.objects.filter(pk=user_id, is_active=True, is_staff=True)
        return agents.filter(socialaccount__provider=PROCONNECT).first()


def linked_user(provider: str, subject: str) -> User | None:
    """The account that this identity opens."""
    link = SocialAccount.objects.select_related("user").filter(provider=provider, uid=subject)
    found = link.first()
    if found is None:
        return None
    found.save(update_fields=["last_login"])
    user: User = found.user
    return user


def active_agent(email: str) -> User | None:
    """The agent whose address is exactly this one."""
    return User.objects.filter(
        email=canonical_address(email), is_staff=True, is_active=True
    ).first()


def link(user: User, provider: str, subject: str) -> bool:
    """Let this identity open this account, and tell its owner by mail.

    One identity an account and one account an identity: False when either is taken by another.
    """
    with transaction.atomic():
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        taken = SocialAccount.objects.filter(provider=provider, user=user).first()
        if taken is not None:
            return bool(taken.uid == subject)
        try:
            with transaction.atomic():
                row = SocialAccount.objects.create(provider=provider, uid=subject, user=user)
        except IntegrityError:
            return False
        queue_mail(
            to=user.email,
            template="account/email/linked",
            context={
                "name": NAMES[provider],
                "at": timezone.now(),
                "account_url": settings.SITE_URL + reverse(f"{provider}-link"),
            },
            key=f"linked:{row.pk}",
        )
    return True


def unlink(user: User, provider: str) -> None:
    """The identity opens the account no more."""
    SocialAccount.objects.filter(user=user, provider=provider).delete()


def is_linked(user: User, provider: str) -> bool:
    """Whether some identity of this provider opens the account."""
    found: bool = SocialAccount.objects.filter(user=user, provider=provider).exists()
    return found
