"""Open, confirm, send, take back and stop a dossier: verbs of the two people.

Every action owns its transaction, takes who acts (`by`) and when (`at`, aware), raises
`TransitionRefused` or `ActionRefused` with reasons in French, and queues its mails inside.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from demarches.models import User, next_reference
from pacs import emails
from pacs.models import Door, Dossier, DossierEvent, Partenaire
from pacs.pieces import sync_pieces


class ActionRefused(ValidationError):
    """The action may not happen; `messages` are the reasons, in French."""


def note_event(
    dossier: Dossier,
    kind: str,
    *,
    at: datetime,
    by: User | None = None,
    partenaire: Partenaire | None = None,
    reason: str = "",
) -> DossierEvent:
    """Append a line to the journal."""
    return dossier.record(kind=kind, by=by, at=at, partenaire=partenaire, reason=reason)


def open_dossier(
    *,
    at: datetime,
    user: User | None = None,
    agent: User | None = None,
    couple: Mapping[str, Any] | None = None,
    people: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {}),
) -> Dossier:
    """Open a draft with its two partenaires, filled with the answers already given.

    `user`: the resident who opens it and becomes the first partenaire; someone who already has
    a draft gets that one back, so that a double click or two tabs make one dossier.
    `agent`: set instead when the mairie types it in for people at the counter.
    """
    with transaction.atomic():
        if user is not None:
            # The row of the account is the lock: two clicks wait for each other here.
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            existing = Dossier.objects.visible_to(user).drafts().order_by("pk").first()
            if existing is not None:
                return existing
        dossier = Dossier.objects.create(
            reference=next_reference(Dossier.REFERENCE_PREFIX, at),
            created_at=at,
            last_activity_at=at,
            opened_by=agent or user,
            at_counter=agent is not None,
            **(couple or {}),
        )
        for position, answers in enumerate(people, start=1):
            Partenaire.objects.create(
                dossier=dossier,
                position=position,
                user=user if position == 1 else None,
                door=Door.PAPER.value if agent is not None else "",
                **answers,
            )
        note_event(dossier, "opened", at=at, by=agent or user)
        sync_pieces(dossier)
    return dossier
