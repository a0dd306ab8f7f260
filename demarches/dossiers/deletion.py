"""A resident asks that everything of theirs be deleted; the mairie answers by mail.

Whoever has nothing here that the mairie must keep closes the account alone, at once.
"""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.dossiers.mine import Kept, kept_of
from demarches.mail.emails import loose_mails, mail_exists, queue_mail
from demarches.models import DeletionRequest, User
from demarches.rules.enums import DeletionStatus
from demarches.rules.read import Shown
from demarches.web.as_read import check_read


def ask_deletion(account: User, *, shown: Shown, read: str, at: datetime) -> DeletionRequest:
    """Write the request down; twice is one request.

    `shown`: what the page says now of what is kept; raises `ChangedSince` when it is not what
    was `read`, and nothing is written.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=account.pk)
        if waiting := account.deletion_requests.waiting().first():
            return waiting
        check_read(read, shown)
        request = DeletionRequest.objects.create(account=account, asked_at=at)
        _tell_agents(request)
        return request


def _tell_agents(request: DeletionRequest) -> None:
    """Tell who may answer that somebody waits, without saying who; once a day for one account."""
    for agent in User.objects.agents_who_may("demarches.change_deletionrequest"):
        template = "account/email/deletion_asked"
        key = f"deletion:{request.account_id}:{localdate(request.asked_at)}"
        if not mail_exists(template, key, agent.email):
            queue_mail(
                to=agent.email,
                template=template,
                context={
                    "due_on": request.due_on,
                    "page_url": settings.SITE_URL
                    + reverse("admin:demarches_deletionrequest_changelist"),
                },
                key=key,
            )


def is_named(account: User) -> bool:
    """Whether a row that others still need names this account: a message, an act of a journal."""
    try:
        Collector(using=DEFAULT_DB_ALIAS, origin=account).collect([account])
    except (ProtectedError, RestrictedError):
        return True
    return False


def may_close(account: User, kept: Sequence[Kept]) -> bool:
    """Whether nothing of theirs but their own has to stay, so that the account may go at once."""
    return all(one.is_own for one in kept) and not is_named(account)


def close_account(account: User) -> None:
    """Delete the account, its requests of deletion and the mails sent to it; see `may_close`."""
    loose_mails().filter(to=account.email).delete()
    account.delete()


def take_deletion_back(account: User) -> bool:
    """Give the request up while nobody has handled it; whether there was one."""
    deleted, _ = account.deletion_requests.waiting().delete()
    return deleted > 0


def still_to_end(account: User) -> str:
    """Why a request cannot be answered « effacé » yet, for the agent; "" when it can.

    What goes on, or may be erased by its owner with one gesture, is not erased: nobody is told so.
    """
    left = ", ".join(one.reference for one in kept_of(account) if one.act)
    return left and (
        f"Tout n’est pas effacé : {left}. La personne arrête ou efface ces démarches elle-même, sur"
        " ses pages. Dites-le lui par « Refusé », avec la raison ; ou attendez qu’elle l’ait fait."
    )


def handle_deletion(
    request: DeletionRequest, status: DeletionStatus, *, reason: str, by: User, at: datetime
) -> None:
    """Answer a request: done, or refused with a reason. Effects: the row, one mail.

    Raises `ValidationError` when it was handled or taken back meanwhile, a reason is missing, or
    something goes on that « effacé » would deny.
    """
    reason = reason.strip() if status is DeletionStatus.REFUSED else ""
    if status is DeletionStatus.REFUSED and not reason:
        raise ValidationError("Un refus dit pourquoi : écrivez-le.")
    with transaction.atomic():
        waiting = DeletionRequest.objects.waiting().select_for_update(of=("self",))
        row = waiting.select_related("account").filter(pk=request.pk).first()
        if row is None:
            raise ValidationError("Cette demande n’attend plus : elle a été traitée ou reprise.")
        if status is DeletionStatus.DONE and (left := still_to_end(row.account)):
            raise ValidationError(left)
        row.status, row.reason = status.value, reason
        row.handled_by, row.handled_at = by, at
        row.save(update_fields=["status", "reason", "handled_by", "handled_at"])
        queue_mail(
            to=row.account.email,
            template="account/email/deletion_answered",
            context={
                "asked_at": row.asked_at,
                "is_done": status is DeletionStatus.DONE,
                "page_url": settings.SITE_URL + reverse("mine-delete"),
            },
            key=f"deletion:{row.pk}",
        )
