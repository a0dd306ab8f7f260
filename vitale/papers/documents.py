"""What leaves the portal: the plan on a sheet, the dates of a follow-up, its export, its codes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localdate
from icalendar import Calendar, Event

from demarches.models import Mairie
from demarches.papers.documents import RenderedPdf, render_pdf
from demarches.rules.dates_fr import day_fr
from vitale.models import SuiviRoute
from vitale.reads.tracking import Book, StepRow

ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


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
        path=reverse("vitale:home"),
    )


def suivi_calendar(book: Book, *, at: datetime) -> bytes:
    """The days worth looking at again (RFC 5545); titles say nothing of what it is about."""
    calendar = Calendar()
    calendar.add("prodid", "-//Portail des démarches//Aide-mémoire//FR")
    calendar.add("version", "2.0")
    for day in book.dates:
        event = Event()
        event.add("uid", f"{book.suivi.reference.lower()}-{day:%Y%m%d}@{_host()}")
        event.add("dtstamp", at.astimezone(UTC))
        event.add("summary", "Rappel de votre aide-mémoire")
        event.add(
            "description",
            f"Ouvrez votre aide-mémoire : {settings.SITE_URL}{reverse('vitale:codes-open')}",
        )
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def suivi_export(book: Book) -> dict[str, Any]:
    """Everything that is kept of an aide-mémoire, for whoever it belongs to."""
    suivi = book.suivi
    return {
        "reference": suivi.reference,
        "situation": suivi.situation.title,
        "ouvert_le": localdate(suivi.created_at).isoformat(),
        "derniere_visite": localdate(suivi.visited_at).isoformat(),
        "termine_le": localdate(suivi.closed_at).isoformat() if suivi.closed_at else None,
        "rattache_a_un_compte": suivi.owner_id is not None,
        "rappels": {
            "adresse": suivi.reminder_email or None,
            "confirmes": suivi.reminder_confirmed_at is not None,
            "adresse_qui_rouvre": suivi.opens_by_mail,
            "jour_choisi": suivi.reminder_on.isoformat() if suivi.reminder_on else None,
        },
        "voies": [
            _route_export(route, rows) for route, rows in [*book.history, (book.route, book.rows)]
        ],
    }


#: The names of `suivi_export`, as people read them.
EXPORT_LABELS: Final = {
    "reference": "référence",
    "situation": "situation",
    "ouvert_le": "ouvert le",
    "derniere_visite": "dernière visite le",
    "termine_le": "terminé le",
    "rattache_a_un_compte": "rattaché à un compte",
    "adresse": "adresse des rappels",
    "confirmes": "rappels confirmés",
    "adresse_qui_rouvre": "cette adresse rouvre l’aide-mémoire",
    "jour_choisi": "rappel choisi pour le",
    "caisse": "caisse",
    "voie": "voie",
    "depuis": "suivie depuis le",
    "jusqu_a": "suivie jusqu’au",
    "etape": "étape",
    "faite_le": "faite le",
    "reponse": "réponse",
}


def suivi_lines(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What `suivi_export` gives, line after line, for people; what is not answered is left out."""
    for name, value in told.items():
        if isinstance(value, Mapping):
            yield from suivi_lines(value)
        elif isinstance(value, list):
            for one in value:
                yield from suivi_lines(one)
        elif value is not None and value != "":
            yield EXPORT_LABELS[name], _export_words(value)


def _export_words(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    text = str(value)
    return day_fr(date.fromisoformat(text)) if ISO_DAY.fullmatch(text) else text


def _route_export(route: SuiviRoute, rows: Sequence[StepRow]) -> dict[str, Any]:
    return {
        "caisse": route.chosen_regime.label,
        "voie": route.chosen_channel.label if route.chosen_channel else None,
        "depuis": localdate(route.started_at).isoformat(),
        "jusqu_a": localdate(route.ended_at).isoformat() if route.ended_at else None,
        "etapes": [
            {
                "etape": row.step.label,
                "faite_le": row.tick.done_on.isoformat() if row.tick else None,
                "reponse": dict(row.step.choices).get(row.tick.choice) if row.tick else None,
            }
            for row in rows
        ],
    }


def codes_picture(reference: str, secret: str) -> SafeString:
    """A QR code that opens the page with both codes filled in.

    They stand after « # »: a browser never sends that part, so that no log of ours, or of
    anybody between, holds them.
    """
    address = f"{settings.SITE_URL}{reverse('vitale:codes-open')}#{reference}/{secret}"
    picture = segno.make(address, error="m").svg_inline(scale=4, border=3, light="white")
    return mark_safe(picture)  # noqa: S308 -- shapes only, made here from signs of ours
