"""Sheets on paper for the mairie itself: the officer's day, the front desk's, the plan B."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.timezone import localtime

from demarches.models import Mairie
from demarches.papers.documents import RenderedPdf, render_pdf
from demarches.rules.dates_fr import day_fr, days_range_fr, hour_fr
from pacs.models import Dossier, PacsSettings
from pacs.reads.day import plan_b_period, visits_between

STYLES = ("pacs/pdf/pacs.css",)


@dataclass(frozen=True)
class Sheet(RenderedPdf):
    """A sheet, and the dossiers it shows: whoever prints it has looked at them."""

    dossiers: tuple[Dossier, ...] = ()


def day_sheet(day: date, *, at: datetime) -> Sheet:
    """The officer's sheet: one block a couple, with what to check, and boxes to tick."""
    return _sheet("day_sheet", "Feuille du jour de l’officier", day, day, at=at)


def front_desk_sheet(day: date, *, at: datetime) -> Sheet:
    """The front desk's sheet: hour and initials, nothing else."""
    return _sheet("front_desk_sheet", "Rendez-vous du jour", day, day, at=at)


def plan_b(today: date, *, at: datetime) -> Sheet:
    """The next ten working days, for the day when the network is down."""
    first, last = plan_b_period(today, PacsSettings.current().local_holidays)
    return _sheet("day_sheet", "Plan B : les rendez-vous à venir", first, last, at=at)


def _sheet(name: str, title: str, first: date, last: date, *, at: datetime) -> Sheet:
    made, visits = localtime(at), visits_between(first, last)
    paper = render_pdf(
        f"pacs/pdf/{name}.html",
        {
            "mairie": Mairie.objects.with_entrances(),
            "visits": visits,
            "when": days_range_fr(first, last),
            "many_days": first != last,
            "foot": f"Fait le {day_fr(made.date())} à {hour_fr(made)}. À détruire après usage.",
        },
        title=title,
        stylesheets=STYLES,
    )
    return Sheet(paper.html, paper.content, tuple(visit.dossier for visit in visits))
