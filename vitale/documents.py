"""The plan on one sheet, for the counter."""

from datetime import date
from typing import Any

from demarches.documents import RenderedPdf, render_pdf
from demarches.models import Mairie
from demarches.rules.dates_fr import day_fr


def plan_pdf(plan: dict[str, Any], *, mairie: Mairie | None, today: date) -> RenderedPdf:
    """The steps with boxes to tick, the telephones in words, the sources."""
    context = {
        **plan,
        "mairie": mairie,
        "service": "Guide « Carte Vitale »",
        "foot": f"Feuille gratuite, faite le {day_fr(today)}. La mairie ne délivre pas la carte.",
    }
    return render_pdf(
        "vitale/pdf/plan.html",
        context,
        title="Carte Vitale : que faire",
        stylesheets=("vitale/pdf/plan.css",),
    )
