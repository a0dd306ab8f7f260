"""The couples of the agenda, for `demarches.agenda.desk`; flat numbers of queries."""

from collections.abc import Collection

from django.db.models import Prefetch
from django.urls import reverse

from demarches.agenda.desk import Guest
from demarches.models import User
from pacs.hooks.closing import note
from pacs.models import Dossier, Partenaire, Piece, PieceWording
from pacs.reads.access import may_read_as_staff, may_review
from pacs.reads.booking import limits_of

__all__ = ["guests", "note"]


def guests(references: Collection[str], *, agent: User) -> list[Guest]:
    """The couples of these references, and until when the papers of each serve."""
    if not references or not may_read_as_staff(agent):
        return []
    people = Partenaire.objects.order_by("position")
    pieces = Piece.objects.required().select_related("partenaire")
    found = Dossier.objects.filter(reference__in=references).prefetch_related(
        Prefetch("partenaires", people), Prefetch("pieces", pieces)
    )
    wordings, moves = PieceWording.objects.by_rule(), may_review(agent)
    return [
        Guest(
            reference=one.reference,
            kind="Pacs",
            name=" · ".join(person.display_name for person in one.people),
            url=reverse("admin:pacs_dossier_change", args=[one.pk]),
            move_url=reverse("admin:pacs_dossier_book", args=[one.pk]) if moves else "",
            serves_until=min(
                (
                    limit.last
                    for limit in limits_of(one.pieces.all(), wordings, reader=None)
                    if limit.last is not None
                ),
                default=None,
            ),
        )
        for one in found
    ]
