"""Follow-ups of the Carte Vitale, made by the portal's own actions."""

from datetime import date, datetime
from secrets import token_hex

from django.utils import timezone

from demarches.agenda.booking import first_days
from demarches.models import Agenda, Service, User
from vitale.actions import meetings
from vitale.actions.aide import answer, ask_for_help, close, take
from vitale.actions.suivi import open_suivi, tick
from vitale.models import AideSettings, Contact, Demande, Reason, Suivi
from vitale.rules.situations import Channel, Regime, Situation


def make_suivi(
    *,
    situation: Situation = Situation.LOSS,
    regime: Regime = Regime.CPAM,
    channel: Channel | None = Channel.ONLINE,
    owner: User | None = None,
    at: datetime | None = None,
    ticks: dict[str, date] | None = None,
    reminders_to: str = "",
) -> Suivi:
    """An aide-mémoire with these steps ticked; `reminders_to` has said yes."""
    at = at or timezone.now()
    suivi = open_suivi(
        situation=situation,
        regime=regime,
        channel=channel,
        owner=owner,
        form_key=token_hex(16),
        at=at,
    )
    for key, day in (ticks or {}).items():
        tick(suivi, key, done_on=day, at=at)
    if reminders_to:
        Suivi.objects.filter(pk=suivi.pk).update(
            reminder_email=reminders_to, reminder_confirmed_at=at
        )
    suivi.refresh_from_db()
    return suivi


def make_demande(
    owner: User | None = None,
    *,
    email: str = "",
    name: str = "Mme Roux",
    regime: Regime = Regime.CPAM,
    reason: str = "compte",
    at: datetime | None = None,
) -> Demande:
    """A request just sent; reached by telephone when no address is given."""
    return ask_for_help(
        reason=Reason.objects.get(pk=reason),
        regime=regime,
        name=name,
        email=email,
        phone="" if email else "+33612345678",
        owner=owner,
        form_key=token_hex(16),
        at=at or timezone.now(),
    )


def fresh(demande: Demande) -> Demande:
    """The row as it is now."""
    return Demande.objects.select_related("reason", "orientation").get(pk=demande.pk)


def answered(demande: Demande, *, by: User, towards: str = "", at: datetime) -> Demande:
    """Taken, then answered or oriented."""
    take(demande, by=by, at=at, version=fresh(demande).version)
    answer(
        demande,
        text="Venez avec une pièce d’identité.",
        orientation=Contact.objects.get(pk=towards) if towards else None,
        by=by,
        at=at,
        version=fresh(demande).version,
    )
    return fresh(demande)


def help_agenda() -> Agenda:
    """An agenda for the help, at the hours of the État civil: what an administrateur sets."""
    service = Service.objects.get(slug="etat-civil")
    agenda, _ = Agenda.objects.get_or_create(
        slug="aide-carte-vitale", defaults={"label": "Aide Carte Vitale", "service": service}
    )
    AideSettings.objects.update_or_create(pk=1, defaults={"agenda": agenda})
    return agenda


def slot_after(agenda: Agenda, *, at: datetime, rank: int = 0) -> datetime:
    """The start of a slot that the person may choose, the first ones first."""
    days = first_days(agenda, meetings.asked_online(agenda, at), count=3)
    return [slot.starts_at for day in days for slot in day.slots][rank]


def proposed(demande: Demande, *, by: User, at: datetime) -> Demande:
    """Taken, then offered the first slot."""
    agenda = help_agenda()
    take(demande, by=by, at=at, version=fresh(demande).version)
    start = slot_after(agenda, at=at)
    meetings.propose(demande, start, by=by, at=at, version=fresh(demande).version)
    return fresh(demande)


def fixed(demande: Demande, *, by: User, at: datetime, rank: int = -1) -> Demande:
    """Taken, then booked as agreed by telephone; far enough to be moved online."""
    agenda = help_agenda()
    take(demande, by=by, at=at, version=fresh(demande).version)
    start = slot_after(agenda, at=at, rank=rank)
    meetings.fix(demande, start, by=by, at=at, version=fresh(demande).version)
    return fresh(demande)


def closed(demande: Demande, *, by: User, at: datetime) -> Demande:
    close(demande, by=by, at=at, version=fresh(demande).version)
    return fresh(demande)
