import base64
import re
import smtplib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.mail import send_mail
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from post_office.models import STATUS, Email
from psycopg.errors import LockNotAvailable

from demarches.files.storage import FileDamaged
from demarches.mail import emails
from demarches.mail.emails import Delivery, deliver_due, mail_fate, mail_text, queue_mail
from demarches.management.commands import run_jobs, send_mails
from demarches.models import User
from demarches.web.locked import is_locked
from tests.support.mailbox import Mailbox, text_of, use_server

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEMPLATES = Path(django_settings.BASE_DIR) / "templates"


def queue(to: str = "camille@exemple.fr", key: str = "event:1", **options: Any) -> Email:
    return queue_mail(
        to=to,
        template="account/email/code",
        context={"code": "1234 5678", "minutes": 10},
        key=key,
        **options,
    )


# Writing


@pytest.mark.django_db
def test_mail_is_a_row_with_its_texts(settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "demarches@mairie.example"

    mail = queue()

    assert mail.status == STATUS.queued
    assert (mail.from_email, mail.to) == ("demarches@mairie.example", ["camille@exemple.fr"])
    assert mail.subject == "Votre code de connexion"
    assert mail.message.startswith("Bonjour,\n\n")
    assert "1234 5678" in mail.message
    assert mail.html_message == ""


@pytest.mark.django_db
def test_same_event_gives_the_same_message_id() -> None:
    first, again = queue(key="submitted:42"), queue(key="submitted:42")
    other_event, other_person = queue(key="submitted:43"), queue("paul@exemple.fr", "submitted:42")

    assert first.message_id == again.message_id
    assert len({m.message_id for m in (first, other_event, other_person)}) == 3
    assert re.fullmatch(r"<[0-9a-f]{40}@127\.0\.0\.1>", first.message_id)


@pytest.mark.django_db(transaction=True)
def test_mail_of_a_decision_that_failed_is_never_sent(mailoutbox: list[Any]) -> None:
    def decide() -> None:
        with transaction.atomic():
            queue()
            raise RuntimeError("the decision failed")

    with pytest.raises(RuntimeError):
        decide()
    deliver_due()

    assert Email.objects.count() == 0
    assert mailoutbox == []


@pytest.mark.django_db
def test_mails_that_django_sends_pass_by_the_outbox(mailbox: Mailbox) -> None:
    send_mail("Sujet", "Texte", None, ["camille@exemple.fr"])

    assert mailbox.received == []
    assert deliver_due() == Delivery(sent=1)
    assert mailbox.received[0]["Subject"] == "Sujet"


SUBJECTS = sorted(TEMPLATES.rglob("*.subject.txt"))


@pytest.mark.parametrize("path", SUBJECTS, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_subject_is_neutral_and_has_its_text(path: Path) -> None:
    """A subject is read on a locked phone: no name, no variable at all, never « Pacs »."""
    subject = path.read_text(encoding="utf-8")

    assert re.search(r"pacs|{{|{%|carte vitale", subject, re.IGNORECASE) is None
    assert 5 <= len(subject.strip()) <= 70
    assert "\n" not in subject.strip()
    assert path.with_name(path.name.replace(".subject.txt", ".txt")).is_file()


def test_there_are_subjects_to_check() -> None:
    assert len(SUBJECTS) >= 2


# Sending


@pytest.mark.django_db
def test_mail_reaches_the_server_as_it_was_written(mailbox: Mailbox) -> None:
    mail = queue()

    done = deliver_due()

    assert done == Delivery(sent=1)
    (received,) = mailbox.received
    assert received["To"] == "camille@exemple.fr"
    assert received["Subject"] == "Votre code de connexion"
    assert received["Message-ID"] == mail.message_id
    assert received["Auto-Submitted"] == "auto-generated"
    assert received.get_content_type() == "multipart/alternative"
    assert text_of(received) == mail.message
    mail.refresh_from_db()
    assert mail.status == STATUS.sent
    assert deliver_due() == Delivery()


@pytest.mark.django_db
def test_urgent_mails_leave_first(mailbox: Mailbox) -> None:
    queue("a@exemple.fr")
    queue("b@exemple.fr", urgent=True)

    deliver_due()

    assert [m["To"] for m in mailbox.received] == ["b@exemple.fr", "a@exemple.fr"]


@pytest.mark.django_db
def test_address_refused_for_good_is_not_tried_again(mailbox: Mailbox) -> None:
    refused, good = queue("inconnu@exemple.fr"), queue()

    done = deliver_due()

    assert done == Delivery(sent=1, failed=1)
    refused.refresh_from_db()
    assert mail_fate(refused) == "Non envoyé\u00a0: l’adresse a été refusée"
    assert [m["To"] for m in mailbox.received] == good.to


@pytest.mark.django_db
def test_message_refused_for_good_is_not_tried_again(mailbox: Mailbox) -> None:
    mailbox.answers = ["554 5.7.1 looks like spam"]
    mail = queue()

    assert deliver_due() == Delivery(failed=1)
    mail.refresh_from_db()
    assert mail_fate(mail) == (
        "Non envoyé\u00a0: le message a été refusé par le serveur de messagerie"
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("trouble", "fate"),
    [
        ("full mailbox", "l’adresse a été refusée"),
        ("greylisting", "le message a été refusé par le serveur de messagerie"),
        ("no server", "le serveur de messagerie est resté injoignable"),
    ],
)
def test_passing_trouble_is_retried_later_and_later_then_given_up(
    settings: Any, mailbox: Mailbox, trouble: str, fate: str
) -> None:
    if trouble == "no server":
        use_server(settings, 1)
    elif trouble == "greylisting":
        mailbox.answers = ["451 4.7.1 try again later"] * 10
    with time_machine.travel(NOW, tick=False) as clock:
        mail = queue("plein@exemple.fr" if trouble == "full mailbox" else "camille@exemple.fr")
        waits = []
        while deliver_due() == Delivery(retried=1):
            mail.refresh_from_db()
            waits.append(mail.scheduled_time - datetime.now(tz=UTC))
            assert deliver_due() == Delivery()  # not before its time
            clock.move_to(mail.scheduled_time)

    mail.refresh_from_db()
    assert waits == list(emails.RETRY_AFTER)
    assert waits == sorted(set(waits))
    assert mail.status == STATUS.failed
    assert mail_fate(mail) == f"Non envoyé\u00a0: {fate}"


@pytest.mark.django_db
def test_mail_waits_for_a_server_that_comes_back(settings: Any, mailbox: Mailbox) -> None:
    mailbox.answers = ["451 4.7.1 try again later"]
    with time_machine.travel(NOW, tick=False) as clock:
        mail = queue()
        deliver_due()
        mail.refresh_from_db()
        fate = mail_fate(mail)
        clock.move_to(NOW + timedelta(minutes=1))
        done = deliver_due()

    assert fate == ("Envoi retardé, nouvel essai le 23\u00a0novembre 2026 à 10\u00a0h\u00a001")
    assert done == Delivery(sent=1)
    mail.refresh_from_db()
    assert mail_fate(mail) == (
        "Remis au serveur de messagerie le 23\u00a0novembre 2026 à 10\u00a0h\u00a001"
    )


@pytest.mark.django_db
def test_mail_that_came_too_late_is_dropped_with_its_secret(mailbox: Mailbox) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        mail = queue(expires_at=NOW + timedelta(minutes=10), secret=True)
        clock.move_to(NOW + timedelta(minutes=10))
        done = deliver_due()

    mail.refresh_from_db()
    assert done == Delivery(failed=1)
    assert mailbox.received == []
    assert mail.message == ""
    assert mail_fate(mail) == "Non envoyé\u00a0: le délai était passé"


@pytest.mark.django_db
def test_mail_about_to_expire_is_sent_once(mailbox: Mailbox) -> None:
    """The lease of the sender ends after the mail itself."""
    with time_machine.travel(NOW, tick=False) as clock:
        mail = queue(expires_at=NOW + timedelta(minutes=10), secret=True)
        clock.move_to(NOW + timedelta(minutes=9))
        done = deliver_due()
        clock.move_to(NOW + timedelta(days=2))
        again = deliver_due()

    mail.refresh_from_db()
    assert (done, again) == (Delivery(sent=1), Delivery())
    assert len(mailbox.received) == 1
    assert mail.message == ""


@pytest.mark.django_db
def test_secret_mail_can_be_read_afterwards_in_development_only(
    mailbox: Mailbox, settings: Any
) -> None:
    settings.DEBUG = True
    mail = queue(secret=True)

    deliver_due()
    page = Client().get(reverse("demarches:courriel", args=[mail.pk])).content.decode()

    assert "1234 5678" in page


@pytest.mark.django_db
def test_a_secret_text_cannot_be_read_in_the_database(mailbox: Mailbox) -> None:
    mail = queue(secret=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM post_office_email")
        row = " ".join(str(value) for value in cursor.fetchone())

    assert "1234" not in row.replace(mail.message, "")
    assert b"1234 5678" not in base64.b64decode(mail.message)
    assert mail_text(mail).startswith("Bonjour,\n\n")
    deliver_due()
    assert "1234 5678" in text_of(mailbox.received[0])


@pytest.mark.django_db
def test_a_secret_text_opens_in_its_own_mail_only(mailbox: Mailbox) -> None:
    mail, other = queue(secret=True), queue(key="event:2", secret=True)
    Email.objects.filter(pk=other.pk).update(message=mail.message)
    other.refresh_from_db()

    with pytest.raises(FileDamaged):
        mail_text(other)

    assert deliver_due() == Delivery(sent=1, retried=1)


@pytest.mark.django_db
def test_a_secret_mail_queued_before_texts_were_sealed_still_leaves(mailbox: Mailbox) -> None:
    mail = queue()
    Email.objects.filter(pk=mail.pk).update(context={"secret": True})

    assert deliver_due() == Delivery(sent=1)

    assert "1234 5678" in text_of(mailbox.received[0])
    mail.refresh_from_db()
    assert mail.message == ""


@pytest.mark.django_db
def test_killed_sender_leaves_its_mail_to_the_next_one(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """Like SIGKILL, nothing may catch it."""

    def die(*args: Any, **kwargs: Any) -> None:
        raise Killed

    with time_machine.travel(NOW, tick=False) as clock:
        queue()
        with monkeypatch.context() as patch:
            patch.setattr(smtplib.SMTP, "sendmail", die)
            patch.setattr(smtplib.SMTP, "send_message", die)
            with pytest.raises(Killed):
                deliver_due()
        assert deliver_due() == Delivery()  # leased
        clock.move_to(NOW + emails.LEASE)
        assert deliver_due() == Delivery(sent=1)

    assert len(mailbox.received) == 1


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_each_mail_once(mailbox: Mailbox) -> None:
    for rank in range(20):
        queue(key=str(rank))
    barrier = threading.Barrier(2)
    done: list[Delivery] = []

    def send() -> None:
        barrier.wait()
        try:
            done.append(deliver_due())
        finally:
            connection.close()

    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert sum(each.sent for each in done) == 20
    assert len({m["Message-ID"] for m in mailbox.received}) == len(mailbox.received) == 20


@pytest.mark.django_db
def test_command_sends_once(mailbox: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
    queue()

    call_command("send_mails")
    call_command("send_mails")

    assert capsys.readouterr().out == "Envoyés : 1. À réessayer : 0. Échoués : 0.\n"


@pytest.mark.django_db
def test_sender_survives_a_database_that_restarts(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Three rounds: a normal one, one in which the database is away, a normal one."""
    command = send_mails.Command()
    rounds: list[str] = []

    def send() -> None:
        rounds.append("round")
        if len(rounds) == 2:
            raise OperationalError("server closed the connection")

    def sleep(seconds: float) -> None:
        assert seconds == 0.5
        if len(rounds) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(command, "send", send)
    # The command's own name: other threads of this process sleep as they like.
    monkeypatch.setattr(send_mails, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(send_mails, "close_old_connections", lambda: None)

    with pytest.raises(KeyboardInterrupt):
        command.handle(loop=0.5)

    assert len(rounds) == 3
    assert "outbox_unreachable" in caplog.text


@pytest.fixture
def held_file(settings: Any) -> Iterator[None]:
    """The file of SQLite, held by another writer; whoever asks for it waits a moment only."""
    if connection.vendor != "sqlite":
        pytest.skip("one writer alone is SQLite's")
    connection.ensure_connection()
    with closing(sqlite3.connect(connection.settings_dict["NAME"], uri=True)) as other:
        connection.connection.execute("PRAGMA busy_timeout = 20")
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["outbox", "jobs"])
def test_a_file_that_is_held_is_told_in_one_line(
    held_file: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def sleep(seconds: float) -> None:
        raise KeyboardInterrupt

    module = {"outbox": send_mails, "jobs": run_jobs}[name]
    monkeypatch.setattr(module, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(module, "close_old_connections", lambda: None)
    monkeypatch.setattr(run_jobs, "plan", lambda at: None)

    with pytest.raises(KeyboardInterrupt):
        call_command({"outbox": "send_mails", "jobs": "run_jobs"}[name], loop=0.5)

    ours = [one for one in caplog.records if one.name == module.__name__]
    assert [(one.getMessage(), one.exc_info) for one in ours] == [
        (f"{name}_waits database=locked", None)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("held", "is_written"), [(5, True), (6, False)])
def test_what_has_left_is_written_once_the_row_is_free(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, held: int, is_written: bool
) -> None:
    """A row that is held when its mail has just left makes no second mail."""
    queue("a@exemple.fr")
    write, waits = QuerySet.update, list[int]()

    def update(self: Any, **fields: Any) -> int:
        if fields.get("status") == STATUS.sent and len(waits) < held:
            waits.append(1)
            raise OperationalError from LockNotAvailable()
        return write(self, **fields)

    monkeypatch.setattr(QuerySet, "update", update)
    with nullcontext() if is_written else pytest.raises(OperationalError):
        deliver_due()

    assert len(mailbox.received) == 1
    assert (Email.objects.get().status == STATUS.sent) == is_written
    assert len(waits) == held


def test_a_database_that_is_away_is_not_a_row_that_is_held() -> None:
    assert not is_locked(OperationalError("server closed the connection"))


@pytest.mark.django_db
def test_trouble_is_logged_without_the_address(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    queue("plein@exemple.fr")

    deliver_due()

    assert "mail_not_sent" in caplog.text
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("demarches")]
    assert "exemple.fr" not in " ".join(ours)


def test_fate_of_a_mail_that_was_never_written() -> None:
    assert mail_fate(None) == "Aucun mail : pas d’adresse connue"


@pytest.mark.django_db
def test_fate_of_a_mail_that_waits() -> None:
    assert mail_fate(queue()) == "En attente d’envoi"


# Reading them in a demonstration


@pytest.mark.django_db
def test_mails_can_be_read_in_development(client: Client, settings: Any) -> None:
    settings.DEBUG = True
    first, second = queue(key="1"), queue(key="2")

    page = client.get(reverse("demarches:courriels"))
    detail = client.get(reverse("demarches:courriel", args=[first.pk]))

    assert [mail.pk for mail in page.context["mails"]] == [second.pk, first.pk]
    assert "1234 5678" in detail.content.decode()
    assert "En attente d’envoi" in detail.content.decode()
    assert client.get(reverse("demarches:courriel", args=[999])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["anonymous", "resident", "superuser"])
def test_mails_do_not_exist_for_anyone_in_production(client: Client, who: str) -> None:
    mail = queue()
    if who == "resident":
        client.force_login(User.objects.create_user("camille@exemple.fr"))
    elif who == "superuser":
        client.force_login(User.objects.create_superuser("admin@mairie.example", "x" * 20))

    assert client.get(reverse("demarches:courriels")).status_code == 404
    assert client.get(reverse("demarches:courriel", args=[mail.pk])).status_code == 404
