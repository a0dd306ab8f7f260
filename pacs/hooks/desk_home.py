"""What the home of the desk shows of the Pacs: piles, the couples of the day, what was confided."""

from datetime import datetime

from django.urls import reverse
from django.utils.timezone import localdate

from demarches.models import User
from demarches.procedures import Confided, DeskHome, Expected, Notice
from demarches.rules.enums import AppointmentStatus
from pacs.actions.readings import note_readings
from pacs.models import Dossier, PieceTranslation, Reading
from pacs.reads.access import may_read_as_staff
from pacs.reads.day import Visit, visits_between
from pacs.reads.piles import CONFIDED_SHOWN, FOLLOWED, confided_to, piles


def desk_home(agent: User, at: datetime) -> DeskHome:
    """What this agent may read of it; whoever is named in it is written down as read."""
    notices = _stale_translations() if agent.has_perm("pacs.change_piecetranslation") else []
    if not may_read_as_staff(agent):
        return DeskHome(notices=notices)
    today = localdate(at)
    visits, confided = visits_between(today, today), confided_to(agent, at=at)
    given = confided[:CONFIDED_SHOWN]
    named = [*(one.dossier for one in visits), *(one.dossier for one in given)]
    note_readings(agent, Reading.LISTED, at=at, dossiers=named)
    return DeskHome(
        piles=piles(agent, at=at),
        expected=[
            Expected(one.appointment.starts_at, _names(one.dossier), _url(one.dossier), _note(one))
            for one in visits
        ],
        confided=[
            Confided(_names(one.dossier), _url(one.dossier), one.by, one.at) for one in given
        ],
        confided_more=f"{reverse('admin:pacs_dossier_changelist')}?file={FOLLOWED}"
        if len(confided) > CONFIDED_SHOWN
        else "",
        notices=notices,
        has_day=True,
        day_page=("Voir la journée, ses feuilles", reverse("admin:pacs_dossier_day")),
    )


def _names(dossier: Dossier) -> str:
    return " et ".join(one.display_name for one in dossier.people)


def _url(dossier: Dossier) -> str:
    return reverse("admin:pacs_dossier_change", args=[dossier.pk])


def _note(visit: Visit) -> str:
    if count := len(visit.problems):
        return f"! {count} originaux à régler" if count > 1 else "! 1 original à régler"
    return "✓ arrivés" if visit.appointment.status == AppointmentStatus.ARRIVED.value else "prêt"


def _stale_translations() -> list[Notice]:
    links = [
        (
            f"{row.get_language_display()} : {row.wording}",
            reverse("admin:pacs_piecetranslation_change", args=[row.pk]),
        )
        for row in PieceTranslation.objects.stale()
    ]
    text = "Le texte français a changé depuis : le public lit le français à la place."
    return [Notice("Traductions à reprendre", text, links)] if links else []
