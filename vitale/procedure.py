"""The Carte Vitale, as the rest of the portal knows it (`demarches.procedures`)."""

from collections.abc import Iterator
from datetime import time

from demarches.desk.jobs import JobType
from demarches.procedures import Answers, DeskLink, Link, Procedure, having
from demarches.rules.dates_fr import day_fr
from demarches.rules.schedule import Daily, Every
from vitale import models
from vitale.actions.upkeep import date_sources
from vitale.demo import make_requests
from vitale.hooks import closing, guests, mine
from vitale.hooks.desk import desk_home
from vitale.hooks.processing import sheets
from vitale.reads.access import PASSES_KEY, may_answer_requests, may_read_requests


def told_of_sources() -> Iterator[str]:
    """Each source that another national guide dates anew."""
    for code, day in date_sources().items():
        yield f"Carte Vitale : la fiche {code} est datée du {day_fr(day)}."


PROCEDURE = Procedure(
    name="vitale",
    title="Carte Vitale",
    home="vitale:home",
    door="Carte Vitale",
    promise="Perdue, volée, en panne, à mettre à jour : qui appeler, et dans quel ordre.",
    pages=(
        Link("Perdue, volée, en panne, à mettre à jour", "vitale:home"),
        Link("Que dois-je faire ?", "vitale:router"),
        Link("Suivre ma demande", "vitale:suivi-start"),
        Link("Retrouver un suivi", "vitale:codes-open"),
        Link("Demander de l’aide à la mairie", "vitale:aide-start"),
    ),
    asides=(
        Link(
            "Un SMS, un appel ou un e-mail suspect sur la carte Vitale ?",
            "vitale:router",
            "?situation=fraude",
        ),
    ),
    legal={"data": "vitale/legal.html#data"},
    processing=sheets,
    content=(
        models.AideSettings,
        models.Contact,
        models.Delay,
        models.Fact,
        models.Link,
        models.PlanLine,
        models.Situation,
        models.Source,
        models.SuiviOffset,
    ),
    jobs=(
        # More often than the purge, so that a reminder set for the last day leaves.
        JobType("remind_vitale", "Rappels des aide-mémoire", Every(minutes=60)),
        JobType("purge_vitale", "Effacer les demandes arrivées à terme", Daily(time(3, 15))),
    ),
    limits={
        "vitale_create": (20, 3600),
        "vitale_open": (20, 600),
        # The way in by an address, as for the codes of sign-in (`demarches.mail.limits`).
        "ways_in_email": (3, 3600),
        "ways_in_email_day": (6, 86_400),
        "ways_in_target": (12, 86_400),
        "ways_in_target_share": (2, 86_400),
    },
    answers=Answers(
        at_once={
            "vitale:suivi-codes": "shows a secret this once",
            "vitale:aide-codes": "shows a secret this once",
            "vitale:suivi-reminder-choice": "its link dies with the answer",
        },
        shown_at={
            "vitale:suivi-close": "vitale:suivi",
            "vitale:aide-cancel": "vitale:aide",
            "vitale:aide-meeting-confirm": "vitale:aide",
        },
        doors=frozenset({"vitale:codes-open"}),
    ),
    ways_in=(PASSES_KEY,),
    mine=mine,
    closing=closing,
    may_move=may_answer_requests,
    closing_told="admin/vitale/_closing_told.html",
    guests=guests,
    may_see_guests=may_read_requests,
    desk_menu=(
        DeskLink(
            "Carte Vitale",
            "admin:vitale_demande_changelist",
            having("vitale.view_demande"),
            tab="vitale",
        ),
    ),
    desk_links=(
        DeskLink(
            "Carte Vitale : comptages",
            "admin:vitale_demande_counts",
            having("vitale.view_demande"),
        ),
    ),
    desk_home=desk_home,
    demo=make_requests,
    on_new_guide=told_of_sources,
)
