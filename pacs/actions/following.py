"""Who follows a dossier: the one it is confided to, and those who follow it too."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from demarches.models import User
from pacs import emails
from pacs.actions.guards import StaleDossier, locked_at_version
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, Follower
from pacs.reads.access import may_review


def check_may_act(to: User) -> None:
    """Raise `ActionRefused` for somebody who could do nothing with a dossier."""
    if not may_review(to):
        raise ActionRefused(f"{to} ne vérifie pas les dossiers : choisissez quelqu’un d’autre.")


def _to_follow(dossier: Dossier) -> Dossier:
    """The dossier, locked; one that has ended is nobody's work any more."""
    locked = locked_at_version(dossier, None)
    if locked.is_ended:
        raise ActionRefused("Ce dossier est fini : il n’y a plus rien à suivre.")
    return locked


def assign(
    dossier: Dossier, *, to: User | None, by: User, at: datetime, was: int | None = None
) -> None:
    """Say to whom the dossier is confided; a mail tells that agent, unless they took it themselves.

    `was`: the key of whom the page said (0: nobody); raises `StaleDossier` when it is another by
    now. Refuses somebody who could do nothing with it, and a dossier that has ended.
    """
    if to is not None:
        check_may_act(to)
    with transaction.atomic():
        locked = _to_follow(dossier)
        old, locked.assigned_to = locked.assigned_to, to
        if old == to:
            return
        if was is not None and was != (old.pk if old else 0):
            raise StaleDossier(f"Ce dossier est suivi depuis par {old or 'personne'}.")
        locked.save(update_fields=["assigned_to"])
        locked.followers.filter(agent=to).delete()  # once is enough
        followed = {"label": "Suivi par", "old": str(old or ""), "new": str(to or "")}
        locked.record(kind="assigned", by=by, at=at, changes=[followed])
        if to is not None and to != by:
            emails.dossier_assigned(locked, to, by=by, at=at)


@dataclass(slots=True)
class Confiding:
    """What became of each dossier of a batch: those confided, and why the others were not."""

    done: list[Dossier] = field(default_factory=list)
    refused: list[tuple[Dossier, str]] = field(default_factory=list)


def assign_many(
    dossiers: Iterable[tuple[Dossier, int]], *, to: User, by: User, at: datetime
) -> Confiding:
    """Confide several dossiers, each with whom the page said followed it; each stands by itself.

    Raises `ActionRefused`, and confides none, when nobody could act.
    """
    check_may_act(to)
    outcome = Confiding()
    for dossier, was in dossiers:
        try:
            assign(dossier, to=to, by=by, at=at, was=was)
        except ValidationError as refused:
            outcome.refused.append((dossier, " ".join(refused.messages)))
        else:
            outcome.done.append(dossier)
    return outcome


def follow(dossier: Dossier, agent: User, *, by: User, at: datetime) -> None:
    """Add an agent to those who follow; a mail tells them, unless they added themselves.

    Twice is once; so is following what is confided to oneself. Refuses as `assign`.
    """
    check_may_act(agent)
    with transaction.atomic():
        locked = _to_follow(dossier)
        if locked.assigned_to == agent:
            return
        _, is_new = Follower.objects.get_or_create(
            dossier=locked, agent=agent, defaults={"since": at}
        )
        if not is_new:
            return
        locked.record(kind="followed", by=by, at=at, changes=[_change("", str(agent))])
        if agent != by:
            emails.dossier_followed(locked, agent, by=by, at=at)


def leave(dossier: Dossier, agent: User, *, by: User, at: datetime) -> None:
    """Take an agent from those who follow; one who does not any more changes nothing."""
    with transaction.atomic():
        locked = locked_at_version(dossier, None)
        gone, _ = locked.followers.filter(agent=agent).delete()
        if gone:
            locked.record(kind="followed", by=by, at=at, changes=[_change(str(agent), "")])


def _change(old: str, new: str) -> dict[str, str]:
    return {"label": "Suit aussi", "old": old, "new": new}
