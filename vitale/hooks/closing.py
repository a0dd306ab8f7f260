"""The appointments of help on a day that closes, for `demarches.agenda.closing`.

Nobody is moved without their word: a date is proposed, the person confirms it or chooses.
"""

from collections.abc import Collection
from datetime import datetime

from django.urls import reverse

from demarches.agenda.closing import Party, Told
from demarches.models import Appointment, User
from demarches.rules.dates_fr import NBSP
from vitale.actions.aide import note_readings
from vitale.actions.meetings import asked_at_desk, replace_closed
from vitale.models import Demande


def parties(references: Collection[str], *, at: datetime) -> list[Party]:
    """Whoever asked for help under these references."""
    found = Demande.objects.sent().filter(reference__in=references)
    return [
        Party(
            reference=one.reference,
            kind="Aide Carte Vitale",
            url=reverse("admin:vitale_demande_change", args=[one.pk]),
            people=(_told(one),),
            appointment=one.appointment,
            asked=asked_at_desk(at),
            must_confirm=True,
        )
        for one in found.select_related("appointment")
    ]


def _told(one: Demande) -> Told:
    phone = str(one.phone).replace(" ", NBSP) if one.phone else ""
    return Told(0, one.name or one.reference, bool(one.email), phone)


def move(
    reference: str, seat: Appointment, *, booked: int, why: str, by: User, at: datetime
) -> None:
    """Propose the seat held for the person."""
    demande = Demande.objects.get(reference=reference)
    replace_closed(demande, seat, meeting=booked, why=why, by=by, at=at)


def cancel(reference: str, *, booked: int, why: str, by: User, at: datetime) -> None:
    """Cancel: an agent will propose another date."""
    demande = Demande.objects.get(reference=reference)
    replace_closed(demande, None, meeting=booked, why=why, by=by, at=at)


def check_reason(references: Collection[str], why: str) -> None:
    """One person is told about one appointment: nobody else's life can be in it."""


def note(agent: User, what: str, references: Collection[str], *, at: datetime) -> None:
    """Write down that an agent read these names."""
    rows = list(Demande.objects.filter(reference__in=references))
    note_readings(agent, what, at=at, demandes=rows)
