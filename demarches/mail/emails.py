"""The outbox: a mail is a row written in the transaction of the decision, then sent until it is.

Each mail is a pair of text templates, `<template>.subject.txt` and `<template>.txt`. Subjects
are neutral: a subject is read on a locked phone. The HTML part is made of the text when the mail
leaves (`demarches.mail.html`): nothing is written, kept or sealed twice.
"""

import base64
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage as Message
from email.policy import Policy
from enum import Enum, auto
from hashlib import sha256
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.db import OperationalError, transaction
from django.db.models import ManyToOneRel, Model, Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from post_office.models import PRIORITY, STATUS, Email, Log

from demarches.files import storage
from demarches.files.logo import LOGO_NAME, town_logo
from demarches.mail.html import mail_html
from demarches.mail.limits import count_mail
from demarches.mail.sms_gateway import TextRefused, is_on, post_text
from demarches.rules.bounces import Bounce
from demarches.rules.dates_fr import NBSP, day_fr, hour_fr
from demarches.rules.receipts import Receipt
from demarches.rules.sms import awake
from demarches.web.locked import is_locked

logger = logging.getLogger(__name__)

#: Waits before each new try; after the last one the mail has failed, and agents see it.
RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
#: A sender that dies leaves its mail to the others after this time.
LEASE = timedelta(minutes=5)
#: The longest that a locked row is waited for, in waits of the database (`OPTIONS`).
WRITES = 6
#: The kind of failure of a mail that left and came back; its text is the server's code.
RETURNED = "returned"
#: A text that its reader's phone has, as the gateway tells.
DELIVERED = "delivered"
#: Those of a text that was given up before it left: its appointment changed, or its reader did
#: not want it any more.
SUPERSEDED, UNWANTED = "superseded", "unwanted"
#: The `backend_alias` of a row that leaves as an SMS; its number stands in its context, because
#: `to` takes addresses alone (`demarches.mail.texts`).
TEXT = "sms"
#: How long the texts of one round may hold up the mails of the next one.
TEXTS_SECONDS = 10
WAITING = (STATUS.queued, STATUS.requeued)


def queue_mail(
    *,
    to: str,
    template: str,
    context: Mapping[str, Any],
    key: str,
    expires_at: datetime | None = None,
    urgent: bool = False,
    secret: bool = False,
    calendar: str = "",
    leaves_at: datetime | None = None,
    is_cold: bool = False,
    is_code: bool = False,
) -> Email:
    """Write the mail in the outbox, within the caller's transaction.

    `key` names the event that is told (« submitted:42:7 »): the same event gives the same
    Message-ID, so that a mail program shows once what a crash made us send twice. The text of
    a `secret` mail is sealed in the database (`mail_text` opens it) and erased when it has left.
    `calendar`: an iCalendar object to attach.
    `leaves_at`: not before this moment, so that what it tells can still be undone. `is_cold`:
    the address was typed by somebody whom its reader may not know. `is_code`: its page has
    counted it already. Raises `TooManyMails` when a resident makes too many leave.
    """
    if not is_code:
        count_mail(to, is_cold=is_cold)
    values = {"site_url": settings.SITE_URL, **context}
    subject = render_to_string(f"{template}.subject.txt", values)
    message = render_to_string(f"{template}.txt", values).strip() + "\n"
    message_id = message_id_of(template, key, to)
    return Email.objects.create(
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        subject=" ".join(subject.split()),
        message=_sealed(message_id, message) if secret else message,
        message_id=message_id,
        # Auto-Submitted (RFC 3834) spares us the answers of holiday responders.
        headers={"Auto-Submitted": "auto-generated"},
        priority=PRIORITY.high if urgent else PRIORITY.medium,
        status=STATUS.queued,
        expires_at=expires_at,
        scheduled_time=leaves_at,
        context=({"secret": True, "sealed": True} if secret else {})
        | ({"calendar": calendar} if calendar else {}),
    )


def _sealed(message_id: str, text: str) -> str:
    return base64.b64encode(storage.seal(message_id, text.encode())).decode()


def is_secret(email: Email) -> bool:
    """Its text gives a right to whoever reads it: a code, a link."""
    return bool((email.context or {}).get("secret"))


def mail_text(email: Email) -> str:
    """The text as its reader gets it; raises `FileDamaged` when the key of a sealed one is gone.

    For the sender, and for the page of a demonstration: nobody else reads a sealed text.
    """
    if (email.context or {}).get("sealed") and email.message:
        opened = storage.unseal(email.message_id, base64.b64decode(email.message))
        return opened.decode()
    return str(email.message)


def message_id_of(template: str, key: str, to: str) -> str:
    return _as_message_id(sha256(f"{template}|{key}|{to}".encode()).hexdigest()[:40])


def _as_message_id(digest: str) -> str:
    return f"<{digest}@{urlsplit(settings.SITE_URL).hostname}>"


def is_text(email: Email) -> bool:
    """It leaves as an SMS."""
    return bool(email.backend_alias == TEXT)


def reader_of(email: Email) -> str:
    """Whom a row is for, as agents read it: its addresses, or its number."""
    return str(email.context["number"]) if is_text(email) else ", ".join(email.to)


def mail_exists(template: str, key: str, to: str) -> bool:
    """Whether this event was already told to this address."""
    told: QuerySet[Email] = Email.objects.filter(message_id=message_id_of(template, key, to))
    return told.exists()


def loose_mails() -> QuerySet[Email]:
    """Mails that no row of ours holds: codes, what is said of an account; nothing deletes them."""
    found: QuerySet[Email] = Email.objects.all()
    # Relations without a name of their own hold a mail too.
    for relation in Email._meta.get_fields(include_hidden=True):
        if not (isinstance(relation, ManyToOneRel) and _is_ours(relation.related_model)):
            continue
        name = relation.field.name
        held = relation.related_model._default_manager.filter(**{f"{name}__isnull": False})
        found = found.exclude(pk__in=held.values(name))
    return found


def _is_ours(model: type[Model]) -> bool:
    return bool(model._meta.app_label != Email._meta.app_label)


def copy_mail(email: Email, *, to: str, key: str) -> Email:
    """Queue the same text anew, for an address that may be another one; the first stays as it is.

    Raises `TooManyMails` as `queue_mail` does.
    """
    count_mail(to, is_cold=False)
    return Email.objects.create(
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        subject=email.subject,
        message=email.message,
        message_id=message_id_of("again", key, to),
        headers=email.headers,
        priority=email.priority,
        status=STATUS.queued,
        context=email.context,
    )


def take_out(mails: QuerySet[Email]) -> bool:
    """Delete mails that have not left; False, and nothing deleted, when one of them has.

    Call it inside a transaction, so that no sender takes one meanwhile.
    """
    rows = list(mails.select_for_update(of=("self",)))
    if any(one.status != STATUS.queued for one in rows):
        return False
    Email.objects.filter(pk__in=[one.pk for one in rows]).delete()
    return True


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one round of the sender did."""

    sent: int = 0
    retried: int = 0
    failed: int = 0


def deliver_due(*, limit: int = 100) -> Delivery:
    """Send the mails that are due, one at a time, each marked before the next one is taken.

    A mail is leased before it is sent (a compare-and-swap: several senders may run, on several
    machines), so that a sender killed at any moment loses nothing and repeats one mail at most.
    Texts come after the mails, and stop at the first that the gateway does not take now: a
    silent one holds the mails of the next round for some seconds at most (ADR 0097).
    """
    done = dict.fromkeys(("sent", "retried", "failed"), 0)
    mailer = mailers["smtp"]
    try:
        for pk in _due_now().exclude(backend_alias=TEXT).values_list("pk", flat=True)[:limit]:
            if email := _leased(pk):
                done[_deliver(email, mailer)] += 1
        if not is_on():
            # Also those of a later hour: what they say may have changed before it is on again.
            done["failed"] += give_up_waiting(Email.objects.filter(backend_alias=TEXT), "off")
            return Delivery(**done)
        end = time.monotonic() + TEXTS_SECONDS
        for pk in _due_now().filter(backend_alias=TEXT).values_list("pk", flat=True)[:limit]:
            if time.monotonic() > end:
                break
            if email := _leased(pk):
                became = _deliver(email, mailer)
                done[became] += 1
                if became == "retried":
                    break
    finally:
        mailer.close()
    return Delivery(**done)


def _due_now() -> QuerySet[Email]:
    return _due(timezone.now())


def _due(now: datetime) -> QuerySet[Email]:
    due: QuerySet[Email] = Email.objects.filter(
        Q(scheduled_time=None) | Q(scheduled_time__lte=now), status__in=WAITING
    )
    return due.order_by("-priority", "pk")


def _leased(pk: int) -> Email | None:
    """This row, for this sender alone; None when another one has it, or it is gone."""
    now = timezone.now()
    if not _due(now).filter(pk=pk).update(scheduled_time=now + LEASE):
        return None
    return Email.objects.filter(pk=pk).first()


def _deliver(email: Email, mailer: BaseEmailBackend) -> str:
    """Send one leased mail and write down what became of it."""
    if email.expires_at and email.expires_at <= timezone.now():
        return _give_up(email, "expired", "the mail was no longer worth sending")
    try:
        if is_text(email):
            # The digest of the event, whatever the number of tries.
            key = email.message_id.strip("<>").partition("@")[0]
            post_text(to=email.context["number"], text=email.message, key=key)
        else:
            mailer.send_messages([_letter(email)])
    # Whatever goes wrong (network, server, a strange address) concerns this mail alone.
    except Exception as error:  # noqa: BLE001
        mailer.close()
        # The kind of error only: its text may hold the person's address.
        logger.warning("mail_not_sent id=%s error=%s", email.pk, type(error).__name__)
        return _retry_or_give_up(email, error)
    _write(email, status=STATUS.sent, **_without_secret(email))
    return "sent"


class Letter(EmailMultiAlternatives):
    """A mail in two parts, with the logo in its HTML (RFC 2387), and its event in a third.

    The event says its method (RFC 6047, 2.4).
    """

    def message(self, *, policy: Policy | None = None) -> Message:
        built: Message = super().message() if policy is None else super().message(policy=policy)
        for part in list(built.walk()):
            if part.get_content_type() == "text/calendar":
                found = re.search(r"^METHOD:([A-Z]+)", str(part.get_content()), re.MULTILINE)
                part.set_param("method", found[1] if found else "PUBLISH")
            elif part.get_content_type() == "text/html" and (logo := town_logo()):
                # « related »: programs show it in its place, and list no file.
                part.add_related(
                    logo.content, "image", "png", cid=f"<{LOGO_NAME}>", disposition="inline"
                )
        return built


def _letter(email: Email) -> Letter:
    """What leaves: the text, the same as HTML, and the event for a calendar if there is one.

    The event stands twice, as Google and Outlook send theirs: in the alternatives, where
    programs act on it, and as a file that a person can open.
    """
    text = mail_text(email)
    letter = Letter(
        subject=email.subject,
        body=text,
        from_email=email.from_email,
        to=email.to,
        cc=email.cc,
        bcc=email.bcc,
        headers=email.email_message().extra_headers,
    )
    letter.attach_alternative(mail_html(email.subject, text), "text/html")
    if calendar := (email.context or {}).get("calendar"):
        letter.attach_alternative(calendar, "text/calendar")
        letter.attach("rendez-vous.ics", calendar.encode(), "application/ics")
    return letter


def _retry_or_give_up(email: Email, error: Exception) -> str:
    tries = email.number_of_retries or 0
    if _is_permanent(error) or tries >= len(RETRY_AFTER):
        return _give_up(email, type(error).__name__, str(error))
    again = timezone.now() + RETRY_AFTER[tries]
    # Unless it was given up meanwhile: a text whose appointment has changed leaves no more.
    Email.objects.filter(pk=email.pk, status__in=WAITING).update(
        last_updated=timezone.now(),
        status=STATUS.requeued,
        number_of_retries=tries + 1,
        scheduled_time=awake(timezone.localtime(again)) if is_text(email) else again,
    )
    return "retried"


def give_up_waiting(mails: QuerySet[Email], kind: str) -> int:
    """Let these rows leave no more; how many there were. Those that left stay sent.

    `kind` is what `mail_fate` tells. One that is outdated has not failed, and has no status:
    nobody has anything to do about it.
    """
    status = None if kind == SUPERSEDED else STATUS.failed
    given_up, now = 0, timezone.now()
    for pk in list(mails.filter(status__in=WAITING).values_list("pk", flat=True)):
        waiting = Email.objects.filter(pk=pk, status__in=WAITING)
        if waiting.update(status=status, last_updated=now):
            Log.objects.create(email_id=pk, status=STATUS.failed, exception_type=kind)
            given_up += 1
    return given_up


def _give_up(email: Email, kind: str, message: str) -> str:
    Log.objects.create(
        email=email, status=STATUS.failed, exception_type=kind, message=message[:500]
    )
    _write(email, status=STATUS.failed, **_without_secret(email))
    return "failed"


def note_return(bounce: Bounce) -> bool:
    """Write down that a mail of ours came back; False when the report is of none that left.

    The address must be the one the mail went to: whoever has seen the number of a mail could
    write about it, and says no more than that it did not arrive.
    """
    sent = Email.objects.filter(status=STATUS.sent, message_id=bounce.message_id)
    with transaction.atomic():
        for email in sent.select_for_update(of=("self",)):
            if bounce.recipient and bounce.recipient not in [one.lower() for one in email.to]:
                continue
            _give_up(email, RETURNED, bounce.code)
            return True
    return False


class Told(Enum):
    """What a receipt was worth."""

    NOTED = auto()
    #: Its text has a receipt already: the first one is believed, whoever repeats or contradicts it.
    KNOWN = auto()
    #: Its text is being handed over: ask again.
    EARLY = auto()
    UNKNOWN = auto()


def note_receipt(receipt: Receipt) -> Told:
    """Write down what became of a text that left, once."""
    rows = Email.objects.filter(backend_alias=TEXT, message_id=_as_message_id(receipt.key))
    with transaction.atomic():
        email = rows.select_for_update(of=("self",)).first()
        if email is None:
            return Told.UNKNOWN
        if email.status in WAITING:
            return Told.EARLY
        if email.status != STATUS.sent or email.logs.exists():
            return Told.KNOWN
        if receipt.is_delivered:
            Log.objects.create(
                email=email, status=STATUS.sent, exception_type=DELIVERED, message=receipt.code
            )
            _write(email)
        else:
            _give_up(email, RETURNED, receipt.code)
        return Told.NOTED


def _write(email: Email, **fields: Any) -> None:
    """Say what became of a leased mail: asked again while the row is held, for a minute at most.

    What has left and is not written leaves twice, once the lease has ended.
    """
    row = Email.objects.filter(pk=email.pk)
    for tries_left in reversed(range(WRITES)):
        try:
            # Not `email.save()`: it validates the whole row, and refuses a lease that outlasts it.
            row.update(last_updated=timezone.now(), **fields)
            return
        except OperationalError as error:
            if not (tries_left and is_locked(error)):
                raise


def _without_secret(email: Email) -> dict[str, str]:
    """A code is not kept once it has left, nor once it is dead (in DEBUG, it is read here)."""
    return {"message": ""} if is_secret(email) and not settings.DEBUG else {}


def _is_permanent(error: Exception) -> bool:
    """The server refuses this address or this text for good; a refusal of ours is not that."""
    if isinstance(error, TextRefused):
        return True
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500


def mail_fate(email: Email | None) -> str:
    """What became of a mail, for agents."""
    if email is None:
        return "Aucun mail : pas d’adresse connue"
    when = timezone.localtime(email.last_updated)
    at = f"le {day_fr(when)} à {hour_fr(when)}"
    if email.status == STATUS.sent:
        if not is_text(email):
            return f"Remis au serveur de messagerie {at}"
        # The only log of a text that left is its receipt.
        return (
            f"Reçu par le téléphone {at}"
            if _last_log(email)
            else f"Remis à l’opérateur de SMS {at}"
        )
    if email.status in (STATUS.failed, None):
        log = _last_log(email)
        if log is not None and log.exception_type == RETURNED:
            if is_text(email):
                code = f" (code {log.message})" if log.message else ""
                return f"Non reçu {at}{NBSP}: le téléphone ne l’a pas eu, dit l’opérateur{code}"
            return f"Revenu {at}{NBSP}: {_why_returned(log.message)}"
        why = _why_no_text(log) if is_text(email) else _why_failed(log)
        return f"Non envoyé{NBSP}: {why}"
    if email.number_of_retries:
        again = timezone.localtime(email.scheduled_time)
        return f"Envoi retardé, nouvel essai le {day_fr(again)} à {hour_fr(again)}"
    return "En attente d’envoi"


def _last_log(email: Email) -> Log | None:
    # Not a query of its own: a list of mails has read the logs of all of them.
    return max(email.logs.all(), key=lambda one: one.pk, default=None)


def _why_returned(code: str) -> str:
    """RFC 3463: what the code of the reader's server means."""
    if code.startswith("5.1."):
        return "cette adresse n’existe pas"
    if code == "5.2.2":
        return "la boîte de réception est pleine"
    return "le serveur du destinataire l’a refusé"


def _why_failed(log: Log | None) -> str:
    kind = log.exception_type if log else ""
    return {
        "SMTPRecipientsRefused": "l’adresse a été refusée",
        "SMTPDataError": "le message a été refusé par le serveur de messagerie",
        "expired": "le délai était passé",
    }.get(kind, "le serveur de messagerie est resté injoignable")


def _why_no_text(log: Log | None) -> str:
    kind = log.exception_type if log else ""
    return {
        "TextRefused": "l’opérateur de SMS a refusé ce numéro ou ce texte",
        "expired": "le délai était passé",
        "off": "la mairie n’envoie plus de SMS",
        UNWANTED: "la personne n’accepte plus les SMS sur ce numéro",
        SUPERSEDED: "le rendez-vous a changé avant son départ",
    }.get(kind, "l’opérateur de SMS est resté injoignable")
