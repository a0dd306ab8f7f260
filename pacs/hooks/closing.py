"""The couples expected on a day that closes, for `demarches.agenda.closing`.

Flat numbers of queries.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Prefetch
from django.urls import reverse

from demarches.agenda.closing import Party, Told
from demarches.models import Appointment, User
from demarches.rules.dates_fr import NBSP
from pacs.actions.appointments import cancel_for, check_told_to_both, move_to_held
from pacs.actions.readings import note_readings
from pacs.models import Dossier, PacsSettings, Partenaire, Piece, PieceWording
from pacs.reads.booking import asked_at_desk, limits_of


def parties(references: Collection[str], *, at: datetime) -> list[Party]:
    """The couples of these references, and until when the papers of each serve."""
    people = Partenaire.objects.select_related("user").order_by("position")
    pieces = Piece.objects.required().select_related("partenaire")
    found = (
        Dossier.objects.filter(reference__in=references)
        .select_related("appointment")
        .prefetch_related(
            Prefetch("partenaires", people),
            Prefetch("pieces", pieces),
            "decisions",
        )
    )
    wordings, figures = PieceWording.objects.by_rule(), PacsSettings.current()
    parties = []
    for dossier in found:
        dossier.procedure_settings = figures  # read once for all of them
        limits = limits_of(dossier.pieces.all(), wordings, reader=None)
        ends = [limit.last for limit in limits if limit.last is not None]
        parties.append(
            Party(
                reference=dossier.reference,
                kind="Pacs",
                url=reverse("admin:pacs_dossier_change", args=[dossier.pk]),
                people=tuple(_told(one) for one in dossier.people),
                appointment=dossier.appointment,
                asked=asked_at_desk(dossier, limits, at=at),
                serves_until=min(ends, default=None),
            )
        )
    return parties


def _told(one: Partenaire) -> Told:
    phone = str(one.phone).replace(" ", NBSP) if one.phone else ""
    return Told(one.position, one.display_name, bool(one.mail_address), phone)


def move(
    reference: str, seat: Appointment, *, booked: int, why: str, by: User, at: datetime
) -> None:
    """Move the couple to the seat held for them."""
    dossier = Dossier.objects.get(reference=reference)
    move_to_held(dossier, seat, booked=booked, why=why, by=by, at=at)


def cancel(reference: str, *, booked: int, why: str, by: User, at: datetime) -> None:
    """Cancel: they choose another date by themselves."""
    dossier = Dossier.objects.get(reference=reference)
    cancel_for(dossier, reason=why, by=by, at=at, version=None, booked=booked)


def check_reason(references: Collection[str], why: str) -> None:
    """Raise `ActionRefused` for words that one of these couples may not be told."""
    rows = Dossier.objects.filter(reference__in=references).prefetch_related("partenaires")
    for dossier in rows:
        check_told_to_both(why, dossier)


def note(agent: User, what: str, references: Collection[str], *, at: datetime) -> None:
    """Write down that an agent read these names."""
    rows = Dossier.objects.filter(reference__in=references)
    note_readings(agent, what, at=at, dossiers=rows.values_list("pk", flat=True))
