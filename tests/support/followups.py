"""Follow-ups of the Carte Vitale, made by the portal's own actions."""

from datetime import date, datetime
from secrets import token_hex

from django.utils import timezone

from demarches.models import User
from vitale.actions.aide import answer, ask_for_help, close, take
from vitale.actions.suivi import open_suivi, tick
from vitale.models import Contact, Demande, Reason, Suivi
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


def closed(demande: Demande, *, by: User, at: datetime) -> Demande:
    close(demande, by=by, at=at, version=fresh(demande).version)
    return fresh(demande)
