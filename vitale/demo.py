"""Believable requests for help, one for each pile of the desk, by real actions.

Names are made up; addresses belong to the reserved domain example.org, and the telephone numbers
to those that are kept for fiction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import localdate

from demarches.agenda.booking import first_days, midnight
from demarches.demo import Demo, bounce, nothing_leaves
from demarches.models import Agenda, Service, User
from demarches.rules.addresses import canonical_address
from vitale.actions import aide, meetings
from vitale.models import AideSettings, AnswerTemplate, Demande, DemandeMail, Reason
from vitale.rules.situations import Regime

#: Somebody to write to, and somebody to call.
MAIL, PHONE = "demo.aide.{}@example.org", "+33639980{:03}"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request just sent, and who works on it."""

    demande: Demande
    by: User
    sent_at: datetime

    def fresh(self) -> Demande:
        """The row as it is now: each action asks for the version that was read."""
        rows = Demande.objects.select_related("reason", "orientation", "appointment")
        return rows.get(pk=self.demande.pk)

    def take(self, *, hours: int) -> datetime:
        """Some hours after it came; returns that moment."""
        at = self.sent_at + timedelta(hours=hours)
        aide.take(self.demande, by=self.by, at=at, version=self.fresh().version)
        return at


def _is_there() -> bool:
    """The requests were made already."""
    return Demande.objects.filter(email=canonical_address(MAIL.format(1))).exists()


def make_requests(demo: Demo) -> Iterator[Demande]:
    """Make them one by one, each in a transaction of its own; once.

    Effects: an agenda for the help, if the mairie has none; requests, appointments, and mails
    that are marked as sent.
    """
    if _is_there():
        return
    _agenda()
    for number, (days, by, name, reason, regime, has_mail, go_on) in enumerate(_cases(), 1):
        sent_at = demo.now - timedelta(days=days)
        with nothing_leaves():
            demande = aide.ask_for_help(
                reason=Reason.objects.get(pk=reason),
                regime=regime,
                name=name,
                email=MAIL.format(number) if has_mail else "",
                phone="" if has_mail else PHONE.format(number),
                owner=None,
                form_key=f"demo-aide-{number}",
                at=sent_at,
            )
            agent = {"instructeur": demo.reviewer, "officier": demo.officer}[by]
            go_on(_Asked(demande, agent, sent_at), demo.now)
        yield demande


def _agenda() -> Agenda:
    """The hours of the État civil, on two half-days; an agenda that is there stays as it is."""
    settings = AideSettings.current()
    if settings.agenda is not None:
        return settings.agenda
    service = Service.objects.get(slug="etat-civil")
    settings.agenda, _ = Agenda.objects.get_or_create(
        slug="aide-carte-vitale", defaults={"label": "Aide Carte Vitale", "service": service}
    )
    settings.save()
    return settings.agenda


def _slots(at: datetime, *, until: datetime | None = None) -> list[datetime]:
    """What an agent may give at this moment, nearest first; before `until` alone."""
    days = first_days(_agenda(), meetings.asked_at_desk(at), count=10)
    starts = [slot.starts_at for day in days for slot in day.slots]
    return [start for start in starts if until is None or start < until]


# What becomes of each


def _received(asked: _Asked, now: datetime) -> None:
    """Nobody has looked at it."""


def _taken(asked: _Asked, now: datetime) -> None:
    at = asked.take(hours=3)
    body = "A rappelé : l’attestation est arrivée, la carte non. Je regarde ce qu’il reste."
    aide.add_note(asked.demande, body=body, by=asked.by, at=at + timedelta(hours=1))


def _mail_came_back(asked: _Asked, now: datetime) -> None:
    _taken(asked, now)
    mail = DemandeMail.objects.filter(demande=asked.demande).order_by("pk").last()
    if mail is not None and mail.email is not None:
        bounce(mail.email)


def _answered(asked: _Asked, now: datetime) -> None:
    at = asked.take(hours=5)
    model = AnswerTemplate.objects.select_related("orientation").get(slug="france-services")
    aide.answer(
        asked.demande,
        text=model.body,
        orientation=model.orientation,
        by=asked.by,
        at=at + timedelta(hours=1),
        version=asked.fresh().version,
    )


def _filed(asked: _Asked, now: datetime) -> None:
    _answered(asked, now)
    at = asked.sent_at + timedelta(days=2)
    aide.close(asked.demande, by=asked.by, at=at, version=asked.fresh().version)


def _cancelled(asked: _Asked, now: datetime) -> None:
    at = asked.take(hours=4)
    reason = "A rappelé : la carte est arrivée."
    version = asked.fresh().version
    aide.cancel_for(asked.demande, reason=reason, by=asked.by, at=at, version=version)


def _proposed(asked: _Asked, now: datetime) -> None:
    at = asked.take(hours=2)
    start = _slots(now + timedelta(days=3))[0]
    meetings.propose(asked.demande, start, by=asked.by, at=at, version=asked.fresh().version)


def _booked(asked: _Asked, now: datetime, start: datetime) -> None:
    at = asked.take(hours=2)
    meetings.fix(asked.demande, start, by=asked.by, at=at, version=asked.fresh().version)


def _to_come(asked: _Asked, now: datetime) -> None:
    _booked(asked, now, _slots(now + timedelta(days=2))[1])


def _today(asked: _Asked, now: datetime) -> None:
    """The last seat until this evening: of today, or of the last day with one."""
    start = _slots(asked.sent_at, until=midnight(localdate(now) + timedelta(days=1)))[-1]
    _booked(asked, now, start)


def _past(asked: _Asked, now: datetime) -> datetime:
    """The first seat after the request was taken; returns the moment when it was over."""
    start = _slots(asked.sent_at + timedelta(hours=3), until=now - timedelta(hours=1))[0]
    _booked(asked, now, start)
    return start + timedelta(hours=1)


def _to_note(asked: _Asked, now: datetime) -> None:
    """It was kept or missed, and nobody has said which."""
    _past(asked, now)


def _accompanied(asked: _Asked, now: datetime) -> None:
    at = _past(asked, now)
    meetings.accompany(asked.demande, by=asked.by, at=at, version=asked.fresh().version)


def _missed(asked: _Asked, now: datetime) -> None:
    at = _past(asked, now)
    meetings.mark_missed(asked.demande, by=asked.by, at=at, version=asked.fresh().version)


def _given_up(asked: _Asked, now: datetime) -> None:
    """They gave their date back and still ask for help."""
    at = asked.take(hours=2)
    start = _slots(now + timedelta(days=2))[2]
    held = meetings.propose(asked.demande, start, by=asked.by, at=at, version=asked.fresh().version)
    meetings.give_up(asked.demande, by=None, at=at + timedelta(hours=9), seen=held.pk)


type _GoOn = Callable[[_Asked, datetime], None]
type _Case = tuple[int, str, str, str, Regime, bool, _GoOn]


def _cases() -> list[_Case]:
    """Days ago, by whom, name, reason, caisse, has an address, and what became of it.

    From five days on, an appointment may be over by now.
    """
    cpam, msa, other = Regime.CPAM, Regime.MSA, Regime.OTHER
    return [
        (4, "instructeur", "Mme Bonnet", "compte", cpam, True, _received),
        (1, "instructeur", "M. Pagès", "sans-internet", msa, False, _received),
        (3, "instructeur", "Mme Sauvage", "sans-nouvelles", cpam, True, _taken),
        (3, "officier", "M. d’Almeida", "caisse", other, False, _taken),
        (2, "officier", "Mme Le Goff", "compte", cpam, True, _mail_came_back),
        (1, "instructeur", "M. Tran", "sans-internet", cpam, True, _proposed),
        (2, "officier", "Mme Ricci", "compte", msa, False, _to_come),
        (9, "instructeur", "M. Ndiaye", "sans-internet", cpam, True, _today),
        (12, "instructeur", "Mme Hughes", "compte", cpam, False, _to_note),
        (13, "officier", "M. Fabre", "compte", cpam, True, _missed),
        (3, "instructeur", "Mme Noori", "sans-internet", cpam, True, _given_up),
        (6, "instructeur", "M. Delmas", "autre", other, True, _answered),
        (14, "officier", "Mme Jourdan", "compte", msa, True, _accompanied),
        (20, "instructeur", "M. Aubert", "acte", cpam, False, _filed),
        (8, "instructeur", "Mme Lopes", "sans-nouvelles", cpam, True, _cancelled),
    ]
