"""The Pacs, as the rest of the portal knows it (`demarches.procedures`)."""

from collections.abc import Iterator
from datetime import datetime, time

from django.conf import settings

from demarches.desk.health import Finding
from demarches.desk.jobs import JobType
from demarches.procedures import Answers, DeskLink, DeskSearch, Gives, Link, Procedure, having
from demarches.rules.schedule import Daily, Every
from pacs.demo.dossiers import make_dossiers
from pacs.hooks import closing, guests, mine
from pacs.hooks.desk_home import desk_home
from pacs.hooks.processing import sheets
from pacs.models import PacsSettings, PieceFile, PieceTranslation, PieceWording
from pacs.reads.access import (
    GUEST_SESSION_KEY,
    may_read_as_staff,
    may_review,
    may_serve_counter,
)


def findings(at: datetime) -> Iterator[Finding]:
    """Whether couples can book by themselves, and pieces be opened."""
    yield Finding(
        "agenda",
        "Agenda des rendez-vous",
        "" if PacsSettings.current().agenda else "Aucun : les couples doivent téléphoner.",
        "« Réglages du Pacs » au bureau.",
        is_minor=True,
    )
    held = PieceFile.objects.exclude(held_since=None).count()
    yield Finding(
        "pieces-gardees",
        "Pièces à vérifier",
        f"{held} attendent l’antivirus : personne ne les ouvre avant." if held else "",
        "Vérifiez CLAMD_ADDRESS et le service clamav-daemon ; « check_held_files » suit.",
        is_minor=True,
    )


DAY_PAGE = DeskLink("La journée", "admin:pacs_dossier_day", having("pacs.view_dossier"), tab="day")
PROCEDURE = Procedure(
    name="pacs",
    title="Pacs",
    home="pacs:home",
    door="Se pacser",
    promise="La liste exacte de vos pièces, le dossier en ligne, puis un rendez-vous.",
    pages=(
        Link("Se pacser : comment cela se passe", "pacs:home"),
        Link("La liste de vos pièces", "pacs:simulator"),
        Link("Commencer un dossier", "pacs:dossier-start"),
        Link("Comment nous décidons", "pacs:how-we-decide"),
    ),
    hidden=("pacs:dossier-start",),
    legal={
        part: f"pacs/legal.html#{part}"
        for part in ("data", "lawful", "readers", "uses", "sending", "engages", "reuse")
    },
    figures=PacsSettings.current,
    processing=sheets,
    content=(PacsSettings, PieceWording, PieceTranslation),
    jobs=(
        JobType("send_reminders", "Rappels et dates proposées", Every(minutes=60)),
        JobType("check_held_files", "Pièces qui attendent l’antivirus", Every(minutes=5)),
        JobType("purge_dossiers", "Effacer les dossiers arrivés à terme", Daily(time(3, 10))),
        JobType(
            "make_plan_b",
            "Plan B des dix prochains jours",
            Daily(time(18, 0), working_days=True),
            is_on=lambda: bool(settings.PLAN_B_DIR),
        ),
    ),
    answers=Answers(
        shown_at={
            "pacs:dossier-submit": "pacs:dossier-review",
            "pacs:dossier-feedback": "pacs:dossier-sent",
            "pacs:dossier-resubmit": "pacs:dossier",
            "pacs:appointment-earlier": "pacs:appointment",
            "pacs:appointment-refuse": "pacs:appointment",
        },
        doors=frozenset({"pacs:appointment-link"}),
    ),
    ways_in=(GUEST_SESSION_KEY,),
    mine=mine,
    closing=closing,
    may_move=may_review,
    closing_told="admin/pacs/_closing_told.html",
    guests=guests,
    may_see_guests=may_read_as_staff,
    day_page=DAY_PAGE,
    gives=Gives(
        DeskLink("Donner à un couple", "admin:pacs_dossier_give", may_review),
        lambda: PacsSettings.current().agenda,
    ),
    desk_menu=(
        DAY_PAGE,
        DeskLink(
            "Dossiers",
            "admin:pacs_dossier_changelist",
            having("pacs.view_dossier"),
            tab="dossiers",
        ),
        DeskLink(
            "Registre",
            "admin:pacs_registration_changelist",
            having("pacs.review_dossier"),
            tab="register",
        ),
    ),
    desk_links=(
        DeskLink(
            "Ouvrir un dossier au guichet",
            "admin:pacs_dossier_counter",
            may_serve_counter,
            is_button=True,
        ),
        DeskLink(
            "Pièces à fournir (liste)",
            "admin:pacs_dossier_pieces_list",
            having("pacs.view_dossier"),
        ),
        DeskLink("Naissances à vérifier", "admin:pacs_dossier_births", may_review),
    ),
    desk_search=DeskSearch(
        "Chercher un dossier : nom, référence, date de naissance, téléphone ou mail",
        "Nom, référence, date de naissance, téléphone, mail",
        "admin:pacs_dossier_changelist",
        having("pacs.view_dossier"),
    ),
    desk_home=desk_home,
    findings=findings,
    demo=make_dossiers,
)
