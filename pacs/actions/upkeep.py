"""What happens by itself: reminders to the second partenaire, an end to waiting, the purge.

Idempotent: run twice, nothing happens twice.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localdate
from post_office.models import STATUS, Email

from demarches.dossiers.retention import CALENDAR
from demarches.files import storage
from demarches.mail.emails import mail_exists, queue_mail
from demarches.models import Appointment, Closing, User
from demarches.rules.deadlines import DELETION_WARNING
from demarches.rules.enums import Status
from pacs import emails
from pacs.actions.registration import delete_scans, scans_due
from pacs.models import Avis, Dossier, PacsSettings, Partenaire, PieceFile, SentMail
from pacs.reads.access import may_review
from pacs.rules.retention import OVER, SILENT


def remind_partenaires(*, at: datetime) -> tuple[int, int]:
    """Remind the invited who never came, then tell the first one that nobody came.

    Returns how many were reminded and how many invitations ended. Settings: the days between
    two mails, and how many reminders at most.
    """
    figures = PacsSettings.current()
    before = at - timedelta(days=figures.invitation_reminder_days)
    waiting = Partenaire.objects.filter(
        dossier__status=Status.DRAFT.value,
        user__isnull=True,
        last_invited_at__lt=before,
    ).exclude(invited_email="")
    reminded = ended = 0
    for partenaire in waiting.select_related("dossier", "user"):
        with transaction.atomic():
            # Whoever changes the row takes it: two runs at once write one mail.
            mine = waiting.filter(pk=partenaire.pk, reminders_sent=partenaire.reminders_sent)
            if not mine.update(last_invited_at=at, reminders_sent=F("reminders_sent") + 1):
                continue
            partenaire.reminders_sent += 1
            if partenaire.reminders_sent <= figures.invitation_reminders_max:
                emails.invitation(partenaire, at=at)
                reminded += 1
            else:
                Partenaire.objects.filter(pk=partenaire.pk).update(last_invited_at=None)
                emails.invitation_expired(partenaire.dossier, at=at)
                ended += 1
    return reminded, ended


def remind_parts(*, at: datetime) -> int:
    """Remind the second partenaires who came in and stopped; returns how many.

    Only while nothing has moved in the draft for as long as between two reminders of an
    invitation, and as many times at most. Who takes part without an account is not written to.
    """
    figures = PacsSettings.current()
    before = at - timedelta(days=figures.invitation_reminder_days)
    waiting = Partenaire.objects.filter(
        Q(last_invited_at=None) | Q(last_invited_at__lt=before),
        position=2,
        user__isnull=False,
        attested_at__isnull=True,
        reminders_sent__lt=figures.invitation_reminders_max,
        dossier__status=Status.DRAFT.value,
        dossier__last_activity_at__lt=before,
    )
    reminded = 0
    for partenaire in waiting.select_related("dossier", "user"):
        with transaction.atomic():
            # Whoever changes the row takes it, as above.
            mine = waiting.filter(pk=partenaire.pk, reminders_sent=partenaire.reminders_sent)
            if mine.update(last_invited_at=at, reminders_sent=F("reminders_sent") + 1):
                emails.part_reminder(partenaire, at=at)
                reminded += 1
    return reminded


#: How long before the appointment each reminder leaves, and where it is noted.
REMINDERS = (("reminded_day_at", timedelta(days=1)), ("reminded_week_at", timedelta(days=7)))


def remind_appointments(*, at: datetime) -> int:
    """Remind both of an appointment seven days and one day before; each once, however often run.

    An appointment booked nearer than that is not reminded of what was just confirmed.
    """
    reminded = 0
    for noted, before in REMINDERS:
        due = Appointment.objects.expected().filter(
            starts_at__gt=at,
            starts_at__lte=at + before,
            created_at__lte=F("starts_at") - before,
            **{f"{noted}__isnull": True},
        )
        for pk in due.filter(pacs_dossier__isnull=False).values_list("pk", flat=True):
            with transaction.atomic():
                # Compare and swap: of two runs at once, one sends.
                if not due.filter(pk=pk).update(**{noted: at}):
                    continue
                if noted == "reminded_day_at":
                    # Run late, one mail is enough.
                    Appointment.objects.filter(pk=pk).update(reminded_week_at=at)
                emails.appointment_reminder(Dossier.objects.get(appointment=pk), at=at)
                reminded += 1
    return reminded


@dataclass(frozen=True, slots=True)
class Purge:
    """What a purge took away, or would."""

    drafts: int
    ended: int
    files: int
    #: Registered dossiers whose files alone go.
    scans: int = 0


def purgeable(*, at: datetime) -> tuple[QuerySet[Dossier], QuerySet[Dossier]]:
    """Drafts without activity, and dossiers that ended or fell silent long enough ago.

    Retention: domain reference 8.4, as the settings say; `kept_until` is the same in Python. Of
    a registered PACS the line of the register stays; its dossier goes once every mention is made.
    """
    figures = PacsSettings.current().retention
    drafts = Dossier.objects.drafts().filter(last_activity_at__lt=at - figures.draft)
    silent = at - figures.inactive
    # While a mention is awaited, the couple reads on its page what is still to come.
    awaited = Avis.objects.filter(mentioned_on=None).values("registration__dossier")
    ended = Dossier.objects.filter(
        Q(status__in=[status.value for status in OVER], ended_at__lt=silent)
        | Q(status__in=[status.value for status in SILENT], last_activity_at__lt=silent)
        | Q(
            status=Status.SCHEDULED.value,
            last_activity_at__lt=silent,
            appointment__ends_at__lt=silent,
        )
        | Q(status=Status.REGISTERED.value, ended_at__lt=at - figures.registered)
        & ~Q(pk__in=awaited)
    )
    return drafts, ended


def _to_warn(*, at: datetime) -> list[QuerySet[Dossier]]:
    """What retention will end within two weeks, and nobody was told of."""
    return [due.filter(deletion_warned_at=None) for due in purgeable(at=at + DELETION_WARNING)]


def warn_of_deletion(*, at: datetime, dry_run: bool = False) -> int:
    """Tell both, two weeks before, that their dossier will be deleted; returns how many.

    Effects: the page says the day, a mail leaves for each who has an address, the journal keeps
    it. Somebody without an address reads it on the page; the desk sees that no mail left.
    """
    waiting = [pk for due in _to_warn(at=at) for pk in due.values_list("pk", flat=True)]
    if dry_run:
        return len(waiting)
    warned = 0
    for pk in waiting:
        with transaction.atomic():
            # Asked again under the lock: they may have come back meanwhile, or another run told.
            dossier = Dossier.objects.locked().filter(pk=pk).first()
            if dossier is None or not any(due.filter(pk=pk).exists() for due in _to_warn(at=at)):
                continue
            dossier.deletion_warned_at = at
            dossier.save(update_fields=["deletion_warned_at"])
            dossier.record(kind="deletion_warned", by=None, at=at)
            emails.deletion_warning(dossier, at=at)
            warned += 1
    return warned


def _to_delete(*, at: datetime) -> tuple[QuerySet[Dossier], QuerySet[Dossier]]:
    """What retention has ended, and whose people were told two weeks ago."""
    drafts, ended = (
        due.filter(deletion_warned_at__lte=at - DELETION_WARNING) for due in purgeable(at=at)
    )
    return drafts, ended


def purge_dossiers(*, at: datetime, dry_run: bool = False) -> Purge:
    """Delete what retention no longer allows to keep: rows, files, and the mails about them.

    Only what was announced (`warn_of_deletion`). Each is asked again under its lock: an activity
    of this minute saves it, and is not counted.
    """
    with_scans = scans_due(at=at)
    scans = PieceFile.objects.filter(piece__dossier__in=with_scans).count()
    drafts, ended = (list(due.values_list("pk", flat=True)) for due in _to_delete(at=at))
    if dry_run:
        files = PieceFile.objects.filter(piece__dossier__in=[*drafts, *ended]).count()
        return Purge(len(drafts), len(ended), files, scans)
    for registered in with_scans:
        with transaction.atomic():
            delete_scans(Dossier.objects.locked().get(pk=registered.pk), at=at)
    # A calendar of more than a year ago holds no name, nor what leads to one (reference 8.4).
    Appointment.objects.filter(ends_at__lt=at - CALENDAR).update(holder="", place="")
    Closing.objects.filter(last_day__lt=localdate(at - CALENDAR)).delete()
    files_of_drafts, files_of_ended = (
        [count for pk in due if (count := delete_if_due(pk, at=at)) is not None]
        for due in (drafts, ended)
    )
    files = sum(files_of_drafts) + sum(files_of_ended)
    return Purge(len(files_of_drafts), len(files_of_ended), files, scans)


def delete_if_due(pk: int, *, at: datetime) -> int | None:
    """Delete one dossier that is still due; the number of its files, or None when it is kept."""
    with transaction.atomic():
        dossier = Dossier.objects.locked().filter(pk=pk).first()
        if dossier is None or not any(due.filter(pk=pk).exists() for due in _to_delete(at=at)):
            return None
        files = PieceFile.objects.filter(piece__dossier=dossier)
        names = list(files.values_list("storage_name", flat=True))
        storage.delete_after_commit(*names)
        mails = dossier.mails.exclude(email=None).values_list("email", flat=True)
        Email.objects.filter(pk__in=list(mails)).delete()
        # The day stays in the calendar, without what leads to somebody.
        Appointment.objects.filter(holder=dossier.reference).update(holder="")
        dossier.delete()
        return len(names)


@dataclass(frozen=True, slots=True)
class Late:
    """What the mairie should look at today, as counts: a mail names nobody."""

    label: str
    count: int


def _warnings_sent() -> QuerySet[SentMail]:
    """Mails that announced the deletion of the dossier of the outer query to somebody."""
    sent = SentMail.objects.filter(kind="deletion_warning", email__isnull=False)
    return sent.filter(dossier=OuterRef("pk"), at=OuterRef("deletion_warned_at"))


def late_today(*, at: datetime) -> list[Late]:
    """Everything late or failed; empty on a good day."""
    today = localdate(at)
    figures = PacsSettings.current()
    dossiers = Dossier.objects.for_desk()
    waits = dossiers.open().exclude(waiting_since=None).values_list("pk", "waiting_since")
    counts = [
        (
            "Dossiers qui attendent une réponse depuis trop longtemps",
            sum(since is not None and figures.answer_by(since) < today for _, since in waits),
        ),
        (
            "Rendez-vous passés sans conclusion",
            dossiers.filter(status=Status.SCHEDULED.value, appointment__ends_at__lt=at).count(),
        ),
        (
            "Avis de mention à envoyer, délai passé",
            Avis.objects.filter(sent_on=None, due_on__lt=today).count(),
        ),
        (
            "Dossiers bientôt effacés, sans adresse pour prévenir",
            Dossier.objects.filter(deletion_warned_at__isnull=False)
            .exclude(Exists(_warnings_sent()))
            .count(),
        ),
        (
            "Courriels qui ne sont pas partis",
            Email.objects.filter(
                status=STATUS.failed, last_updated__gte=at - timedelta(days=1)
            ).count(),
        ),
    ]
    return [Late(label, count) for label, count in counts if count]


def send_digest(*, at: datetime) -> int:
    """Mail the day's lateness to the agents who review; nothing is sent on a good day.

    One mail an agent and a day, however often it runs. Returns how many were queued.
    """
    late = late_today(at=at)
    if not late:
        return 0
    sent = 0
    for agent in User.objects.filter(is_staff=True, is_active=True).exclude(email=""):
        key = f"digest:{localdate(at)}:{agent.pk}"
        if not may_review(agent) or mail_exists("pacs/emails/digest", key, agent.email):
            continue
        queue_mail(
            to=agent.email,
            template="pacs/emails/digest",
            context={"late": late, "desk_url": settings.SITE_URL + reverse("admin:index")},
            key=key,
        )
        sent += 1
    return sent
