"""A mail that comes back, from the report to the button « Renvoyer », for both procedures."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import STATUS, Email

from demarches.mail.bounces import read_returns
from demarches.mail.emails import deliver_due
from demarches.models import User
from pacs.actions import desk
from pacs.models import Dossier, SentMail
from pacs.reads.thread import thread_of
from tests.demarches.test_bounces import report
from tests.support.dossiers import bring_everything, send
from tests.support.followups import fixed, fresh, make_demande
from tests.support.imap import Mailbox, mailbox
from tests.support.pages import Page
from tests.support.present import the
from vitale.actions import aide, meetings
from vitale.models import Demande, DemandeMail

AGAIN = ">Renvoyer<span"


@pytest.fixture
def box(settings: Any) -> Iterator[Mailbox]:
    with mailbox() as box:
        settings.BOUNCES_HOST, settings.BOUNCES_PORT = "127.0.0.1", box.port
        settings.BOUNCES_USER, settings.BOUNCES_PASSWORD = "retours", box.password
        settings.BOUNCES_USE_TLS = False
        yield box


def come_back(box: Mailbox, mail: Email) -> None:
    """It leaves, then its server brings it back, by its Message-ID."""
    deliver_due()
    sent = Email.objects.get(pk=mail.pk, status=STATUS.sent)
    box.receive(report(sent.message_id, to=sent.to[0]))
    assert read_returns().returned == 1


def test_a_mail_of_a_couple_comes_back_and_is_sent_again_once(
    box: Mailbox, draft: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    bring_everything(draft)
    sent = send(draft)
    mail = SentMail.objects.filter(dossier=sent, kind="acknowledgement")[0]
    come_back(box, mail.email)
    browser, path = client_of(agent), reverse("admin:pacs_dossier_exchanges", args=[sent.pk])

    shown = browser.get(path).content.decode()
    act = reverse("admin:pacs_dossier_act", args=[sent.pk, "renvoyer"])
    done = browser.post(act, {"mail": mail.pk})
    after = browser.get(path).content.decode()

    assert "Revenu le" in shown
    assert "cette adresse n’existe pas" in shown
    assert AGAIN in shown
    assert done.status_code == 302
    assert AGAIN not in after
    assert "En attente d’envoi" in after
    assert browser.post(act, {"mail": mail.pk}).status_code == 422
    deliver_due()
    last = SentMail.objects.filter(kind="acknowledgement").latest("pk")
    assert the(last.email).status == STATUS.sent


def test_a_mail_of_a_request_for_help_comes_back_and_is_sent_again_once(
    box: Mailbox, reference_data: None, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    demande = make_demande(email="lea@example.org", at=timezone.now())
    mail = DemandeMail.objects.get(demande=demande)
    come_back(box, mail.email)
    agent.is_superuser = True
    agent.save()
    browser = client_of(agent)
    path = reverse("admin:vitale_demande_change", args=[demande.pk])
    act = reverse("admin:vitale_demande_act", args=[demande.pk, "renvoyer"])
    page = Page.open(browser, path)
    assert "cette adresse n’existe pas" in page.html
    # They gave another address by telephone.
    Demande.objects.filter(pk=demande.pk).update(email="leo@example.org")

    done = page.press(action=act)
    again = browser.post(act, {"mail": mail.pk})
    html = browser.get(path).content.decode()

    assert (done.status_code, again.status_code) == (302, 422)
    assert act not in html
    assert "Mail renvoyé (Accusé de réception)" in html
    last = DemandeMail.objects.latest("pk")
    again_sent = the(last.email)
    assert (last.kind, again_sent.to) == ("aide_received", ["leo@example.org"])
    assert again_sent.message_id != the(mail.email).message_id
    # The person reads what concerns them: not what the mairie did with its mails.
    assert not fresh(demande).events.filter(kind="mail_again").exclude(by=agent).exists()


def test_what_a_later_mail_made_untrue_is_not_sent_again(
    reference_data: None, agent: User, sent: Dossier
) -> None:
    now = timezone.now()
    demande = fixed(make_demande(email="lea@example.org", at=now), by=agent, at=now)
    booked = DemandeMail.objects.get(kind="aide_meeting_booked")
    Email.objects.filter(pk=booked.email_id).update(status=STATUS.failed)
    meetings.give_up_for(demande, by=agent, at=now, version=fresh(demande).version)
    with pytest.raises(ValidationError, match="plus récent"):
        aide.send_again(demande, booked.pk, by=agent, at=now)

    first = sent.people[0]
    old, _ = (
        SentMail.objects.create(
            dossier=sent,
            partenaire=first,
            kind=kind,
            at=now + timedelta(minutes=minutes),
            email=Email.objects.get(pk=booked.email_id),
        )
        for minutes, kind in enumerate(("appointment_booked", "appointment_cancelled"))
    )
    with pytest.raises(ValidationError, match="plus récent"):
        desk.send_again(sent, old.pk, by=agent, at=now)
    buttons = [one.text for one in thread_of(sent) if one.failed_mail]
    assert buttons == ["Rendez-vous annulé"]
    with pytest.raises(ValidationError, match="Ce mail n’est pas de ceux"):
        desk.send_again(sent, 0, by=agent, at=now)
