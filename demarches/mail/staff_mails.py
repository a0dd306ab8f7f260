"""What agents are told of their account: each mail names what was done, when, and by whom."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from demarches.mail.emails import queue_mail
from demarches.models import User


def tell_agent(agent: User, what: str, *, at: datetime, by: User | None = None) -> None:
    """Tell somebody what changed on their own account (« un second facteur a été ajouté »)."""
    queue_mail(
        to=agent.email,
        template="admin/staff/emails/changed",
        context={"what": what, "at": at, "by": by},
        key=f"staff:{agent.pk}:{at.isoformat()}:{what}",
        urgent=True,
    )


def tell_administrators(what: str, *, at: datetime, by: User, about: User) -> None:
    """Tell the other administrateurs what one of them did to an account, so that two know."""
    for other in User.objects.administrators().exclude(pk__in=(by.pk, about.pk)):
        queue_mail(
            to=other.email,
            template="admin/staff/emails/rights",
            context={"what": what, "at": at, "by": by, "about": about},
            key=f"rights:{about.pk}:{at.isoformat()}:{what}",
            urgent=True,
        )


def send_password_link(agent: User, *, at: datetime, is_new: bool = False) -> None:
    """Mail the link that lets an agent choose a password; it dies with its use, or in an hour."""
    uid = urlsafe_base64_encode(force_bytes(agent.pk))
    path = reverse("admin:password_choose", args=(uid, default_token_generator.make_token(agent)))
    queue_mail(
        to=agent.email,
        template="admin/staff/emails/password",
        context={
            "link": settings.SITE_URL + path,
            "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
            "is_new": is_new,
            "lost_url": settings.SITE_URL + reverse("admin:password_lost"),
        },
        key=f"password:{agent.pk}:{at.isoformat()}",
        expires_at=at + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
        urgent=True,
        secret=True,
    )
