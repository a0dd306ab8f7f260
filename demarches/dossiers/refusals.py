"""How an action says no, and the first thing it refuses: a page that is no longer true."""

from django.core.exceptions import ValidationError

from demarches.models import DossierBase
from demarches.models.dossier import DossierQuerySet


class ActionRefused(ValidationError):
    """The action may not happen; `messages` are the reasons, in French. Nothing has changed."""


class StaleDossier(ActionRefused):
    """Somebody changed the dossier since the agent opened the page."""


#: What the agent is told of it.
CHANGED = "Ce dossier a changé depuis que vous avez ouvert cette page."


def locked_as_read[D: DossierBase](
    rows: DossierQuerySet[D], pk: int, version: int | None, *, changed: str = CHANGED
) -> D:
    """The row of this key, locked, as the agent saw it; raises `StaleDossier` when it has changed.

    `version`: what the page carried; None for an action that another one calls under its own lock.
    """
    locked = rows.locked().get(pk=pk)
    if version is not None and locked.version != version:
        raise StaleDossier(changed)
    return locked
