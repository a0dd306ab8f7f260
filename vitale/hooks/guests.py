"""Whoever has an appointment for help in the agenda, for `demarches.agenda.desk`."""

from collections.abc import Collection

from django.urls import reverse

from demarches.agenda.desk import Guest
from demarches.models import User
from vitale.hooks.closing import note
from vitale.models import Demande
from vitale.reads.access import may_answer_requests, may_read_requests

__all__ = ["guests", "note"]


def guests(references: Collection[str], *, agent: User) -> list[Guest]:
    """Whoever asked for help under these references."""
    if not references or not may_read_requests(agent):
        return []
    moves = may_answer_requests(agent)
    return [
        Guest(
            reference=one.reference,
            kind="Aide Carte Vitale",
            name=one.name or one.reference,
            url=reverse("admin:vitale_demande_change", args=[one.pk]),
            move_url=reverse("admin:vitale_demande_book", args=[one.pk]) if moves else "",
        )
        for one in Demande.objects.sent().filter(reference__in=references)
    ]
