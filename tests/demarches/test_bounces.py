"""Mails that come back: what is believed of whom, over a real connection."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from post_office.models import STATUS, Email

from demarches.desk.jobs import job_types, plan, run_due
from demarches.mail.bounces import MOST_BYTES, read_returns
from demarches.mail.emails import deliver_due, mail_fate, queue_mail
from demarches.rules.bounces import read_bounce
from tests.support.imap import Mailbox, mailbox

TO = "lea@example.org"


def report(
    message_id: str, *, code: str = "5.1.1", action: str = "failed", to: str = TO, more: str = ""
) -> bytes:
    """What a server sends back (RFC 3464)."""
    return f"""From: MAILER-DAEMON@mx.example.net
To: ne-pas-repondre@example.fr
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I'm sorry to have to inform you.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {to}
Action: {action}
Status: {code}

--b
Content-Type: message/rfc822

Message-ID: {message_id}
To: {to}
Subject: Votre dossier

{more}
--b--
""".replace("\n", "\r\n").encode()


@pytest.fixture
def box(settings: Any) -> Iterator[Mailbox]:
    with mailbox() as box:
        settings.BOUNCES_HOST, settings.BOUNCES_PORT = "127.0.0.1", box.port
        settings.BOUNCES_USER, settings.BOUNCES_PASSWORD = "retours", box.password
        settings.BOUNCES_USE_TLS = False
        yield box


@pytest.fixture
def sent(db: None) -> Email:
    """A mail that the server took."""
    mail = queue_mail(to=TO, template="pacs/emails/dossier_assigned", context={}, key="event:1")
    deliver_due()
    return Email.objects.get(pk=mail.pk, status=STATUS.sent)


def fresh(mail: Email) -> Email:
    return Email.objects.get(pk=mail.pk)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("5.1.1", "cette adresse n’existe pas"),
        ("5.2.2", "la boîte de réception est pleine"),
        ("5.7.1", "le serveur du destinataire l’a refusé"),
    ],
)
def test_a_mail_that_came_back_is_told_as_such(
    box: Mailbox, sent: Email, code: str, words: str
) -> None:
    box.receive(report(sent.message_id, code=code))

    first, again = read_returns(), read_returns()

    assert (first.read, first.returned, again.read) == (1, 1, 0)
    assert fresh(sent).status == STATUS.failed
    assert mail_fate(fresh(sent)).startswith("Revenu le ")
    assert mail_fate(fresh(sent)).endswith(words)
    assert box.mails == {}  # it held an address


def test_nothing_else_is_believed(box: Mailbox, sent: Email) -> None:
    """Delays, other people's mails, answers, forgeries, nonsense: nothing changes."""
    ours = sent.message_id
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
        for n in range(2500)
    )
    kept = [
        report(ours, action="delayed", code="4.4.1"),
        report(ours, action="delivered", code="2.0.0"),
        report(ours).replace(b"multipart/report", b"multipart/mixed"),
        b"From: lea@example.org\r\nSubject: Re: Votre dossier\r\n\r\nMerci, " + ours.encode(),
        b"",
        b"\xff\xfe\x00" * 500,
        b'Content-Type: multipart/report; boundary="0"\r\n\r\n--0\r\n' + deep,
        report(ours)[:300],
    ]
    for one in kept:
        box.receive(one)
    # Reports that are read as such, about none of our mails, or about another address.
    for one in (
        report(f"<{'0' * 40}@example.org>"),
        report(ours, to="autre@example.org"),
    ):
        box.receive(one)

    found = read_returns()

    assert (found.read, found.returned) == (len(kept) + 2, 0)
    assert fresh(sent).status == STATUS.sent
    assert sorted(box.mails.values()) == sorted(kept)
    assert read_returns().read == 0


def test_of_a_huge_mail_the_beginning_is_read(box: Mailbox, sent: Email) -> None:
    box.receive(report(sent.message_id, more="a" * (3 * MOST_BYTES)))

    assert read_returns().returned == 1
    assert fresh(sent).status == STATUS.failed


def test_a_mail_that_waits_cannot_come_back(box: Mailbox, db: None) -> None:
    mail = queue_mail(to=TO, template="pacs/emails/dossier_assigned", context={}, key="event:2")
    box.receive(report(mail.message_id))

    assert read_returns().returned == 0
    assert fresh(mail).status == STATUS.queued


def test_the_headers_alone_are_enough_and_the_first_address_that_refused_counts() -> None:
    message_id = f"<{'a' * 40}@uzes.example>"
    raw = report(message_id).replace(b"message/rfc822", b"text/rfc822-headers")

    found = read_bounce(raw)

    assert found is not None
    assert (found.message_id, found.code, found.recipient) == (message_id, "5.1.1", TO)


def test_the_job_runs_where_a_mailbox_is_configured_and_says_why_it_failed(
    box: Mailbox, sent: Email, settings: Any
) -> None:
    now = timezone.now()
    box.receive(report(sent.message_id))
    plan(at=now)

    [job] = run_due(at=now, only="read_bounces")
    settings.BOUNCES_PASSWORD = "faux"
    [refused] = run_due(at=now, only="read_bounces")
    settings.BOUNCES_HOST = ""

    assert (job.report, job.failure) == ("Lus : 1. Revenus : 1.", "")
    assert refused.failure == "La boîte de retour ne peut pas être lue : error."
    assert "faux" not in refused.failure
    assert "read_bounces" not in [one.command for one in job_types()]
    with pytest.raises(CommandError):
        call_command("read_bounces")
