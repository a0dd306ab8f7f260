"""What every demonstration shares: agents, one a group, and mails that never leave."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.db import transaction
from post_office.models import STATUS, Email, Log

from demarches.models import Officer, User

#: Group of each agent, and their name.
AGENTS = {
    "accueil": "Alix Chabrol",
    "instructeur": "Nour Vidal",
    "officier": "Dominique Roux",
    "administrateur": "Sam Teissier",
}


@dataclass(frozen=True, slots=True)
class Demo:
    """What a procedure makes its rows with: who acts, and when it is."""

    reviewer: User
    officer: User
    #: Nothing is dated after it.
    now: datetime
    #: Rows of what there are hundreds of.
    many: int


def demo_agents(password: str | None) -> dict[str, User]:
    """One agent a group, by its name; made once."""
    found = {}
    for group, name in AGENTS.items():
        user = User.objects.of_address(f"demo.{group}@example.org")
        if user is None:
            user = User.objects.create_user(
                f"demo.{group}@example.org", password, full_name=name, is_staff=True
            )
            user.groups.add(Group.objects.get(name=group))
            if group == "officier":
                Officer.objects.create(
                    name=name,
                    quality="officier de démonstration",
                    in_force_from=user.date_joined.date() - timedelta(days=365),
                    account=user,
                )
        found[group] = user
    return found


def renew_passwords(password: str) -> None:
    """Give the agents of the demonstration a password that can be shown again."""
    for agent in demo_agents(password).values():
        agent.set_password(password)
        agent.save(update_fields=["password"])


@contextmanager
def nothing_leaves() -> Iterator[None]:
    """No sender sees a mail made inside: it is marked as sent within the same transaction."""
    with transaction.atomic():
        last = Email.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        yield
        Email.objects.filter(pk__gt=last, status=STATUS.queued).update(status=STATUS.sent)


def bounce(mail: Email) -> None:
    """This mail came back: nobody has its address."""
    Email.objects.filter(pk=mail.pk).update(status=STATUS.failed)
    kind = "SMTPRecipientsRefused"
    Log.objects.create(email=mail, status=STATUS.failed, exception_type=kind, message="")
