"""All that the rest of the portal knows of the example."""

from datetime import datetime, time

from django.urls import reverse

import tests.recensement.mine
from demarches.desk.jobs import JobType
from demarches.desk.piles import Pile
from demarches.models import User
from demarches.procedures import DeskHome, DeskLink, Link, Procedure, having
from demarches.rules.schedule import Daily
from tests.recensement.models import Recensement
from tests.recensement.processing import sheets

may_decide = having("recensement.change_recensement")


def desk_home(agent: User, at: datetime) -> DeskHome:
    """One pile: the dossiers that wait for the mairie."""
    if not may_decide(agent):
        return DeskHome()
    waiting = Recensement.objects.awaiting_mairie()
    url = reverse("admin:recensement_recensement_changelist")
    return DeskHome(piles=[Pile("Recensements à vérifier", waiting.count(), url, url)])


PROCEDURE = Procedure(
    name="recensement",
    title="Recensement",
    home="recensement:home",
    door="Se faire recenser",
    promise="Deux pièces, quelques questions, puis une attestation.",
    pages=(Link("Se faire recenser", "recensement:home"),),
    hidden=("recensement:start",),
    legal={part: f"recensement/legal.html#{part}" for part in ("data", "readers", "uses")},
    processing=sheets,
    jobs=(JobType("purge_recensements", "Effacer les recensements anciens", Daily(time(3, 5))),),
    mine=tests.recensement.mine,
    desk_menu=(DeskLink("Recensements", "admin:recensement_recensement_changelist", may_decide),),
    desk_home=desk_home,
)
