"""A day with people on it, to be closed."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from demarches.agenda.booking import week_of
from demarches.agenda.closing import plan_of
from demarches.agenda.closing_actions import confirm, open_closing
from demarches.models import Agenda, Closing, Mairie, User
from demarches.rules.closing import PRESET, Toll
from demarches.rules.read import imprint
from pacs.actions.appointments import book_for
from pacs.models import Dossier, Partenaire
from tests.support.appointments import make_complete
from tests.support.dossiers import OTHER, PERSON, make_dossier
from tests.support.followups import fresh, help_agenda, make_demande
from uzes_portal.closing_desk import closers
from vitale.actions import meetings
from vitale.actions.aide import take
from vitale.models import Demande

PARIS = ZoneInfo("Europe/Paris")
#: A Monday, and the Thursday of the week after.
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
THURSDAY = datetime(2026, 12, 3, 8, tzinfo=PARIS)
HALF_HOUR = timedelta(minutes=30)


def couple(
    agent: User, rank: int = 0, *, at: datetime = NOW, start: datetime | None = None
) -> Dossier:
    """A complete dossier with an appointment on the day, each couple half an hour later."""
    people = [User.objects.create_user(f"c{rank}-{who}@example.org") for who in (1, 2)]
    own = ({**PERSON, "birth_year": 1960 + rank}, {**OTHER, "birth_year": 1960 + rank})
    dossier = make_complete(make_dossier(*people, at=at, people=own), agent, at=at)
    book_for(dossier, start or THURSDAY + rank * HALF_HOUR, by=agent, at=at)
    return Dossier.objects.get(pk=dossier.pk)


def without_address(dossier: Dossier, position: int = 2, phone: str = "+33612345678") -> None:
    """This person is told by telephone only."""
    Partenaire.objects.filter(dossier=dossier, position=position).update(
        user=None, contact_email="", invited_email="", phone=phone
    )


def helped(agent: User, start: datetime, *, email: str = "", at: datetime = NOW) -> Demande:
    """Somebody who has an appointment for help."""
    help_agenda()
    demande = make_demande(email=email, at=at)
    take(demande, by=agent, at=at, version=fresh(demande).version)
    meetings.fix(demande, start, by=agent, at=at, version=fresh(demande).version)
    return fresh(demande)


def begin(agent: User, *, at: datetime = NOW, **more: Any) -> Closing:
    """Open the closing of the Thursday."""
    asked: dict[str, Any] = {
        "service": None,
        "day": THURSDAY.date(),
        "from_time": None,
        "until_time": None,
        "reason": PRESET,
    }
    mairie = Mairie.objects.get()
    return open_closing(mairie, **(asked | more), procedures=closers(), by=agent, at=at)


def mark(closing: Closing, *, at: datetime = NOW) -> str:
    """What a page of the closing would send back."""
    return imprint(plan_of(closing, closers(), at=at).shown)


def finish(closing: Closing, agent: User, *, at: datetime = NOW, read: str | None = None) -> Toll:
    """The last press."""
    read = mark(closing, at=at) if read is None else read
    return confirm(closing, closers(), read=read, by=agent, at=at)


def free_on(day: datetime, *, asked: Any, slug: str = "pacs") -> int:
    """How many slots of that day somebody may have."""
    agenda = Agenda.objects.select_related("service__mairie").get(slug=slug)
    return len(week_of(agenda, day.date(), asked).days[0].slots)
