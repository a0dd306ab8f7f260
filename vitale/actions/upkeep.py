"""What happens by itself: reminders, and the purge. Idempotent: run twice, nothing twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.timezone import localdate
from post_office.models import Email

from demarches.agenda.booking import midnight
from demarches.dossiers.retention import delete_each
from demarches.models import Appointment, Fiche
from demarches.rules.deadlines import DELETION_WARNING
from demarches.rules.read import Shown, is_as_read
from vitale import emails
from vitale.actions.suivi import delete_suivi
from vitale.models import Demande, Source, Sourced, Suivi, SuiviOffset, SuiviReminder, SuiviRoute
from vitale.rules.suivi import Journey, Purpose, due_dates


def remind(*, at: datetime) -> int:
    """Queue the reminders that are due, at most one for a step; returns how many."""
    today = localdate(at)
    offsets = list(SuiviOffset.objects.filter(purpose=Purpose.REMINDER.value))
    routes = SuiviRoute.objects.filter(ended_at=None, suivi__in=Suivi.objects.reminded())
    routes = routes.select_related("suivi").prefetch_related("ticks", "reminders")
    return sum(
        _remind_once(route, step, words=words, at=at)
        for route in routes
        for step, words in _due_steps(route, offsets, today=today)
    )


def _due_steps(
    route: SuiviRoute, offsets: list[SuiviOffset], *, today: date
) -> Iterator[tuple[str, str]]:
    """The steps to remind of, with what to do; those over when they were typed are on the page."""
    suivi = route.suivi
    sent = {reminder.step for reminder in route.reminders.all()}
    if suivi.reminder_on is not None and suivi.reminder_on <= today:
        step = f"choisi-{suivi.reminder_on:%Y-%m-%d}"
        if step not in sent:
            yield step, ""
    if suivi.reminder_on is not None and route.journey is Journey.UPDATE:
        return  # the month they chose stands for the twelve months
    ticks = {tick.step: tick for tick in route.ticks.all()}
    noted = {step: tick.done_on for step, tick in ticks.items()}
    agreed = suivi.reminder_confirmed_at
    for due in due_dates(route.journey, suivi.chosen_situation, noted, offsets):
        typed = max(localdate(ticks[due.offset.from_step].at), localdate(agreed))
        if typed <= due.day <= today and due.offset.until_step not in sent:
            yield due.offset.until_step, due.offset.text


def _remind_once(route: SuiviRoute, step: str, *, words: str, at: datetime) -> bool:
    with transaction.atomic():
        # Whoever holds the row decides: two runs at once write one mail, and whatever the
        # people did meanwhile (ticked, stopped, closed, deleted) counts.
        suivi = Suivi.objects.reminded().locked().filter(pk=route.suivi_id).first()
        is_open = SuiviRoute.objects.filter(pk=route.pk, ended_at=None).exists()
        if suivi is None or not is_open or route.ticks.filter(step=step).exists():
            return False
        _, is_new = SuiviReminder.objects.get_or_create(route=route, step=step, defaults={"at": at})
        if is_new:
            route.suivi = suivi
            emails.reminder(route, step=step, words=words)
    return is_new


@dataclass(frozen=True, slots=True)
class Purge:
    """What a purge took away, or would."""

    suivis: int
    demandes: int


def warn_of_deletion(*, at: datetime, dry_run: bool = False) -> int:
    """Tell two weeks before what will be deleted, by mail and on the page; returns how many."""
    suivis = Suivi.objects.forgotten(at=at + DELETION_WARNING).filter(deletion_warned_at=None)
    demandes = Demande.objects.forgotten(at=at + DELETION_WARNING).filter(deletion_warned_at=None)
    if dry_run:
        return suivis.count() + demandes.count()
    warned = 0
    for pk in list(suivis.values_list("pk", flat=True)):
        with transaction.atomic():
            # Compare and swap: a visit of this minute, or another run, and nothing leaves.
            if suivis.filter(pk=pk).update(deletion_warned_at=at):
                emails.suivi_deletion(Suivi.objects.select_related("owner").get(pk=pk), at=at)
                warned += 1
    for pk in list(demandes.values_list("pk", flat=True)):
        with transaction.atomic():
            if demandes.filter(pk=pk).update(deletion_warned_at=at):
                emails.aide_deletion(Demande.objects.get(pk=pk), at=at)
                warned += 1
    return warned


def _announced[Q: QuerySet[Any]](forgotten: Q, *, at: datetime) -> Q:
    """Of what may not be kept any more, what was told two weeks ago."""
    return forgotten.filter(deletion_warned_at__lte=at - DELETION_WARNING)


def purge(*, at: datetime, dry_run: bool = False) -> Purge:
    """Delete what may not be kept any more, with its mails; the counts stay, without anybody.

    Retention: domain reference 7.6. Only what was announced (`warn_of_deletion`).
    """
    suivis = _announced(Suivi.objects.forgotten(at=at), at=at)
    demandes = _announced(Demande.objects.forgotten(at=at), at=at)
    report = Purge(suivis.count(), demandes.count())
    if dry_run:
        return report
    delete_each(suivis, delete_suivi)
    delete_each(demandes, _delete_demande)
    return report


def date_sources() -> dict[str, date]:
    """Date each source that is a national document as the imported document is dated.

    Returns the documents that are newer: texts read before are to be read again. An older set, or
    one put back, says nothing new: no source is dated backwards.
    """
    days = {one.code: one.modified for one in Fiche.objects.current().only("code", "modified")}
    changed = {}
    for source in Source.objects.exclude(fiche=""):
        day = days.get(source.fiche)
        if day is not None and (source.published_on is None or day > source.published_on):
            source.published_on = day
            source.save(update_fields=["published_on"])
            changed[source.fiche] = day
    return changed


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The texts that were confirmed, and those that were no longer as they had been read."""

    done: list[Sourced]
    changed: list[Sourced]


def text_shown(row: Sourced) -> Shown:
    """What an agent compares with the source: every word of the text, and the day of the source."""
    values = [one.value_from_object(row) for one in row._meta.concrete_fields]
    return {"text": [*values, row.source.published_on]}


def confirm_read(rows: QuerySet[Any], read: Mapping[Any, str], *, on: date) -> Confirmed:
    """Note that an agent read these texts at their source, as it is dated now.

    `read`: by the key of each text, `text_shown` as its list showed it. What changed since is left
    as it is and returned apart.
    """
    with transaction.atomic():
        locked = rows.filter(pk__in=list(read)).select_related("source")
        found = list(locked.select_for_update(of=("self",)).order_by("pk"))
        done = [row for row in found if is_as_read(read[row.pk], text_shown(row))]
        for row in done:
            row.checked_on, row.as_of = on, row.source.published_on
        rows.model._default_manager.bulk_update(done, ["checked_on", "as_of"])
    return Confirmed(done, [row for row in found if row not in done])


def remind_meetings(*, at: datetime) -> int:
    """Remind of the appointments of tomorrow, once each; not of those fixed today."""
    today = localdate(at)
    due = Appointment.objects.expected().filter(
        vitale_demande__isnull=False,
        starts_at__gt=at,
        starts_at__lt=midnight(today + timedelta(days=2)),
        created_at__lt=midnight(today),
        reminded_day_at=None,
    )
    reminded = 0
    for pk in due.values_list("pk", flat=True):
        with transaction.atomic():
            # Compare and swap: of two runs at once, one sends.
            if due.filter(pk=pk).update(reminded_day_at=at):
                demande = Demande.objects.select_related("appointment").get(appointment=pk)
                emails.meeting_reminder(demande, Appointment.objects.get(pk=pk), at=at)
                reminded += 1
    return reminded


def _delete_demande(demande: Demande) -> None:
    Appointment.objects.filter(holder=demande.reference).update(holder="")
    mails = demande.mails.exclude(email=None).values_list("email", flat=True)
    Email.objects.filter(pk__in=list(mails)).delete()
    demande.delete()
