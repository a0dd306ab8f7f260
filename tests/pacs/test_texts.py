"""SMS about an appointment: who agrees and where, what is told to whom, what the desk reads."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from post_office.models import STATUS, Email

from demarches.mail.emails import TEXT, deliver_due, mail_fate
from demarches.models import User
from demarches.rules.read import imprint
from pacs.actions import desk
from pacs.actions.appointments import (
    book_for,
    cancel_appointment,
    cancel_for,
    confirm_slot,
    hold_slot,
)
from pacs.actions.dossiers import choose_door, choose_private_code, open_dossier, stop_dossier
from pacs.actions.endings import end_dossier, undo_ending
from pacs.actions.part import empty_part
from pacs.actions.refusals import ActionRefused
from pacs.actions.upkeep import delete_if_due, purge_dossiers, remind_appointments, warn_of_deletion
from pacs.models import Door, Dossier, Partenaire, SentMail
from pacs.pages.review import own_lines
from pacs.pages.tracking import answers_of
from pacs.reads.shown import place_shown
from pacs.reads.thread import thread_of
from tests.pacs.test_admin_answers import as_it_stands
from tests.support.appointments import make_complete
from tests.support.dossiers import COMMON, PERSON, make_dossier
from tests.support.forms import answer
from tests.support.gateway import Gateway, open_gateway
from tests.support.mailbox import Mailbox
from tests.support.pages import Page
from tests.support.present import the

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
FIRST = datetime(2026, 12, 8, 8, tzinfo=PARIS)
SECOND = FIRST + timedelta(minutes=30)
THIRD = FIRST + timedelta(hours=1)
MOBILE = "+33612345678"
HOME = {"street": "9 place aux Herbes", "postcode": "30700", "city": "Uzès"}
SAID = {"situation": "celibataire", "measure": "aucune", **HOME}
PHONE = ": 04 66 03 48 48"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    with open_gateway(settings) as gateway:
        yield gateway


@pytest.fixture
def lent(reference_data: None, alice: User) -> Dossier:
    """Alice has opened a dossier; the second fills in on her device."""
    dossier = open_dossier(at=NOW, user=alice, couple=COMMON, people=(PERSON, {}))
    choose_door(second(dossier), Door.SAME_DEVICE, by=alice, at=NOW)
    choose_private_code(second(dossier), "lavande30", at=NOW)
    return Dossier.objects.get()


@pytest.fixture
def booked(reference_data: None, alice: User, bob: User, agent: User) -> Dossier:
    """An appointment; the second has no address, and agreed to SMS."""
    dossier = make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)
    Partenaire.objects.filter(dossier=dossier, position=2).update(
        user=None, contact_email="", invited_email="", phone=MOBILE, texts_agreed_at=NOW
    )
    book_for(dossier, FIRST, by=agent, at=NOW)
    return fresh(dossier)


def second(dossier: Dossier) -> Partenaire:
    return person(dossier, 2)


def person(dossier: Dossier, position: int) -> Partenaire:
    rows = Partenaire.objects.select_related("dossier", "user")
    return rows.get(dossier=dossier, position=position)


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def texts() -> list[str]:
    """What waits to leave, or has left, as SMS."""
    rows = Email.objects.filter(backend_alias=TEXT).order_by("pk")
    return [row.message for row in rows if row.status in (STATUS.queued, STATUS.sent)]


def on_device(dossier: Dossier, client: Client) -> str:
    """The device is the second's for now; the address of their page."""
    session = client.session
    session["pacs_handed_over"] = second(dossier).pk
    session.save()
    client.post(reverse("pacs:partner-unlock", args=[dossier.reference]), {"code": "lavande30"})
    return reverse("pacs:own-step", args=[dossier.reference, "situation"])


# Agreeing


def test_without_a_gateway_nothing_of_it_shows(
    lent: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    device = client_of(None)
    page = on_device(lent, device)

    assert "SMS" not in device.get(page).content.decode()
    answer(device, page, **SAID, phone=MOBILE, texts_agreed_at="on")
    assert second(lent).texts_agreed_at is None
    assert "SMS" not in client_of(None).get(reverse("privacy")).content.decode()


def test_whoever_was_lent_the_device_agrees_beside_their_number(
    gateway: Gateway, lent: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    device = client_of(None)
    page = on_device(lent, device)
    assert device.get(page).context["form"]["texts_agreed_at"].value() is None
    first_page = client_of(alice).get(page)
    assert "texts_agreed_at" not in first_page.context["form"].fields

    for number in ("", "04 66 03 48 48"):
        refused = answer(device, page, **SAID, phone=number, texts_agreed_at="on")
        assert list(refused.context["form"].errors) == ["phone"]
    assert answer(device, page, **SAID, phone=MOBILE).status_code == 302
    assert second(lent).texts_agreed_at is None
    answer(device, page, texts_agreed_at="on")

    assert second(lent).texts_agreed_at == NOW
    assert second(lent).text_number == MOBILE
    assert device.get(page).context["form"]["texts_agreed_at"].value() == NOW
    lines = [line for one in own_lines(second(lent)) for line in one.sentences]
    assert "SMS acceptés au sujet du rendez-vous." in lines
    assert "23/11/2026" in {one.value for one in answers_of(second(lent))}


def test_a_yes_is_for_one_number_and_is_taken_back(
    gateway: Gateway,
    lent: Dossier,
    clock: time_machine.Traveller,
    client_of: Callable[[User | None], Client],
    settings: Any,
) -> None:
    device = client_of(None)
    page = on_device(lent, device)
    answer(device, page, **SAID, phone=MOBILE, texts_agreed_at="on")
    clock.shift(timedelta(hours=1))

    answer(device, page, needs="rampe")
    assert second(lent).texts_agreed_at == NOW
    answer(device, page, phone="07 56 78 90 12")
    assert second(lent).texts_agreed_at == NOW + timedelta(hours=1)
    settings.SMS_GATEWAY_URL = ""
    answer(device, page, phone="07 56 78 90 13")
    assert second(lent).texts_agreed_at is None
    settings.SMS_GATEWAY_URL = gateway.url
    answer(device, page, texts_agreed_at="on")
    assert second(lent).texts_agreed_at is not None
    # The tick beside an address is no use.
    answer(device, page, contact_email="tom@example.org")

    assert second(lent).texts_agreed_at is None
    assert "texts_agreed_at" not in device.get(page).context["form"].fields


def test_an_agent_ticks_it_for_somebody_on_paper_and_the_journal_says_so(
    gateway: Gateway, booked: Dossier, agent: User, client_of: Callable[[User], Client]
) -> None:
    Partenaire.objects.filter(pk=second(booked).pk).update(texts_agreed_at=None)
    address = reverse("admin:pacs_dossier_answers", args=[booked.pk])
    assert "p1-texts_agreed_at" not in client_of(agent).get(address).content.decode()

    def press(**changed: str) -> Any:
        page = Page.open(client_of(agent), address)
        typed = {**page.fields(), **as_it_stands(booked), **changed}
        return client_of(agent).post(address, {k: v for k, v in typed.items() if v != ""})

    assert press(**{"p2-texts_agreed_at": "on"}).status_code == 302
    assert second(booked).texts_agreed_at == NOW
    [told] = the(booked.events.filter(kind="answers_by_agent").last()).changes
    assert told["label"].startswith("SMS acceptés le de ")
    assert (told["old"], told["new"]) == ("", "23\u00a0novembre 2026")

    # Sent again untouched, nothing changes; a number that is no mobile needs it taken back.
    press()
    assert booked.events.filter(kind="answers_by_agent").count() == 1
    assert press(**{"p2-phone": "04 66 03 48 48"}).status_code == 422
    assert second(booked).text_number == MOBILE
    press(**{"p2-phone": "04 66 03 48 48", "p2-texts_agreed_at": ""})
    assert (second(booked).texts_agreed_at, second(booked).text_number) == (None, None)


def test_the_counter_asks_it(
    gateway: Gateway, agent: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(agent)
    Page.open(client, reverse("admin:pacs_dossier_counter")).press()
    dossier = Dossier.objects.get()
    address = reverse("admin:pacs_dossier_guided", args=[dossier.pk, "personnes"])

    Page.open(client, address).press(
        {"later": "", "p2-situation-phone": MOBILE, "p2-situation-texts_agreed_at": "on"}
    )

    assert (person(dossier, 1).texts_agreed_at, second(dossier).texts_agreed_at) == (None, NOW)


# Telling


def test_the_reminder_goes_by_sms_to_whoever_has_no_address(
    gateway: Gateway, booked: Dossier, mailbox: Mailbox, clock: time_machine.Traveller
) -> None:
    Email.objects.all().delete()
    clock.move_to(FIRST - timedelta(days=7) + timedelta(hours=1))

    remind_appointments(at=FIRST - timedelta(days=7) + timedelta(hours=1))
    remind_appointments(at=FIRST - timedelta(days=7) + timedelta(hours=1))
    deliver_due()

    assert [mail["To"] for mail in mailbox.received] == ["alice@example.org"]
    assert [one["text"] for one in gateway.asked] == [
        f"Mairie d'Uzès : rendez-vous le 8/12 à 8 h. Pour déplacer ou annuler {PHONE}"
    ]
    [line] = [one for one in thread_of(booked) if one.kind == "SMS"]
    assert (line.text, line.to_call, line.failed_mail) == ("Rappel du rendez-vous", "", 0)
    assert line.fate == "Remis à l’opérateur de SMS le 1er\u00a0décembre 2026 à 9\u00a0h"


@pytest.mark.parametrize(
    "change",
    [
        {"texts_agreed_at": None},
        {"phone": "+33466034848"},
        {"phone": ""},
        {"contact_email": "tom@example.org"},
    ],
)
def test_nobody_else_gets_one(
    gateway: Gateway, booked: Dossier, agent: User, change: dict[str, Any]
) -> None:
    Partenaire.objects.filter(pk=second(booked).pk).update(**change)

    book_for(booked, SECOND, by=agent, at=NOW)
    cancel_for(booked, reason="L’officier est absent.", by=agent, at=NOW, version=None)

    assert texts() == []


def test_what_the_mairie_moves_and_cancels_is_told(
    gateway: Gateway, booked: Dossier, agent: User
) -> None:
    book_for(booked, SECOND, by=agent, at=NOW)
    assert texts() == [
        "Mairie d'Uzès : votre rendez-vous est déplacé au 8/12 à 8 h 30."
        f" Pour déplacer ou annuler {PHONE}"
    ]
    cancel_for(booked, reason="L’officier est absent.", by=agent, at=NOW, version=None)

    # The first one had not left, and was no longer true.
    assert texts() == [
        f"Mairie d'Uzès : le rendez-vous du 8/12 à 8 h 30 est annulé. Pour en reprendre un {PHONE}"
    ]
    [was, now] = [one for one in thread_of(booked) if one.kind == "SMS"]
    assert was.fate == "Non envoyé\u00a0: le rendez-vous a changé avant son départ"
    # It has not failed: nobody is to be called about it, and nothing is to be sent again.
    assert (was.to_call, was.failed_mail) == ("", 0)
    assert not Email.objects.filter(status=STATUS.failed).exists()
    assert now.fate == "En attente d’envoi"


def test_what_the_couple_does_is_not_told_and_outdates_what_waits(
    gateway: Gateway, booked: Dossier, agent: User
) -> None:
    book_for(booked, SECOND, by=agent, at=NOW)
    hold_slot(person(booked, 1), THIRD, at=NOW)
    confirm_slot(person(booked, 1), at=NOW, by=person(booked, 1).user)
    assert texts() == []

    book_for(booked, FIRST + timedelta(hours=2), by=agent, at=NOW)
    cancel_appointment(person(booked, 1), at=NOW, by=person(booked, 1).user)
    assert texts() == []
    assert deliver_due().failed == 0
    assert gateway.asked == []


def test_an_end_by_the_mairie_is_told_once_it_cannot_be_undone(
    gateway: Gateway, booked: Dossier, agent: User, clock: time_machine.Traveller
) -> None:
    ending = end_dossier(
        booked, "clore", reason="Dossier en double.", by=agent, at=NOW, version=None
    )
    deliver_due()
    assert gateway.asked == []
    undo_ending(ending, by=agent, at=NOW)
    assert texts() == []

    end_dossier(fresh(booked), "clore", reason="Dossier en double.", by=agent, at=NOW, version=None)
    clock.shift(timedelta(minutes=16))
    deliver_due()

    [asked] = gateway.asked
    assert asked["text"].startswith("Mairie d'Uzès : le rendez-vous du 8/12 à 8 h est annulé.")


def test_two_people_with_one_number_are_told_once(
    gateway: Gateway, booked: Dossier, agent: User
) -> None:
    Partenaire.objects.filter(dossier=booked).update(
        user=None, contact_email="", phone=MOBILE, texts_agreed_at=NOW
    )
    Dossier.objects.update(at_counter=True)

    book_for(fresh(booked), SECOND, by=agent, at=NOW)
    deliver_due()

    assert len(gateway.asked) == 1
    told = [one for one in thread_of(booked) if one.kind == "SMS"]
    assert [one.fate[:23] for one in told] == ["Remis à l’opérateur de "] * 2


def test_an_end_by_the_couple_is_not_told(gateway: Gateway, booked: Dossier, agent: User) -> None:
    book_for(booked, SECOND, by=agent, at=NOW)
    first = person(booked, 1)

    stop_dossier(first, at=NOW, by=first.user)

    assert texts() == []


def test_a_yes_taken_back_stops_what_waits(gateway: Gateway, booked: Dossier, agent: User) -> None:
    book_for(booked, SECOND, by=agent, at=NOW)
    read = imprint({"p2.phone": second(booked).phone, **place_shown(booked)})

    desk.save_answers_for(booked, {"p2": {"phone": ""}}, read=read, by=agent, at=NOW)

    row = Email.objects.get(backend_alias=TEXT)
    assert second(booked).texts_agreed_at is None
    assert mail_fate(row) == "Non envoyé\u00a0: la personne n’accepte plus les SMS sur ce numéro"
    deliver_due()
    assert gateway.asked == []


def test_who_takes_a_yes_back_takes_nobody_elses(
    gateway: Gateway, booked: Dossier, agent: User
) -> None:
    """They agreed on one number, and are told by one text."""
    Partenaire.objects.filter(dossier=booked).update(
        user=None, contact_email="", phone=MOBILE, texts_agreed_at=NOW
    )
    Dossier.objects.update(at_counter=True)
    book_for(fresh(booked), SECOND, by=agent, at=NOW)
    read = imprint({"p1.phone": person(booked, 1).phone, **place_shown(booked)})

    desk.save_answers_for(fresh(booked), {"p1": {"phone": ""}}, read=read, by=agent, at=NOW)
    deliver_due()

    assert len(gateway.asked) == 1


def test_a_yes_taken_back_while_the_gateway_is_off_stops_what_waits(
    gateway: Gateway, booked: Dossier, agent: User, settings: Any
) -> None:
    book_for(booked, SECOND, by=agent, at=NOW)
    there, settings.SMS_GATEWAY_URL = settings.SMS_GATEWAY_URL, ""
    read = imprint({"p2.phone": second(booked).phone, **place_shown(booked)})
    desk.save_answers_for(booked, {"p2": {"phone": ""}}, read=read, by=agent, at=NOW)

    settings.SMS_GATEWAY_URL = there
    deliver_due()

    assert gateway.asked == []


def test_an_emptied_part_keeps_no_yes(gateway: Gateway, booked: Dossier, agent: User) -> None:
    book_for(booked, SECOND, by=agent, at=NOW)

    empty_part(second(booked), fresh(booked), by=agent, at=NOW)

    assert (second(booked).texts_agreed_at, texts()) == (None, [])


# The desk


def failed_text(booked: Dossier, agent: User, gateway: Gateway) -> SentMail:
    gateway.answers = ["422"]
    book_for(booked, SECOND, by=agent, at=NOW)
    deliver_due()
    return SentMail.objects.get(email__backend_alias=TEXT, email__status=STATUS.failed)


def test_one_that_was_refused_is_called_for_and_sent_again(
    gateway: Gateway, booked: Dossier, agent: User, client_of: Callable[[User], Client]
) -> None:
    mail = failed_text(booked, agent, gateway)
    [line] = [one for one in thread_of(booked) if one.kind == "SMS"]
    assert (line.failed_mail, line.to_call) == (mail.pk, "06 12 34 56 78")
    Partenaire.objects.filter(pk=second(booked).pk).update(phone="+33756789012")

    page = client_of(agent).get(reverse("admin:pacs_dossier_exchanges", args=[booked.pk]))
    assert "Renvoyer" in page.content.decode()
    desk.send_again(booked, mail.pk, by=agent, at=NOW + timedelta(minutes=1))
    deliver_due()

    assert [one["to"] for one in gateway.asked] == [MOBILE, "+33756789012"]
    assert gateway.asked[0]["text"] == gateway.asked[1]["text"]
    assert gateway.asked[0]["id"] != gateway.asked[1]["id"]
    with pytest.raises(ActionRefused):
        desk.send_again(booked, mail.pk, by=agent, at=NOW)


def test_what_the_phone_never_got_is_called_for_and_sent_again(
    gateway: Gateway,
    booked: Dossier,
    agent: User,
    client: Client,
    client_of: Callable[[User], Client],
    settings: Any,
) -> None:
    settings.SMS_RECEIPT_TOKEN = "jeton-des-recus"
    book_for(booked, SECOND, by=agent, at=NOW)
    deliver_due()
    tell_fate(client, gateway.asked[0]["id"], "failed")
    [line] = [one for one in thread_of(booked) if one.kind == "SMS"]
    assert (line.fate[:8], line.to_call) == ("Non reçu", "06 12 34 56 78")
    page = client_of(agent).get(reverse("admin:pacs_dossier_exchanges", args=[booked.pk]))
    assert "le téléphone ne l’a pas eu" in page.content.decode()

    desk.send_again(booked, line.failed_mail, by=agent, at=NOW + timedelta(minutes=1))
    deliver_due()
    tell_fate(client, gateway.asked[1]["id"], "delivered")

    fates = [one.fate[:22] for one in thread_of(booked) if one.kind == "SMS"]
    assert sorted(fates) == ["Non reçu le 23\u00a0novembr", "Reçu par le téléphone "]


def tell_fate(client: Client, key: str, status: str) -> None:
    answer = client.post(
        reverse("demarches:sms-receipt"),
        json.dumps({"id": key, "status": status}),
        "application/json",
        headers={"Authorization": "Bearer jeton-des-recus"},
    )
    assert answer.status_code == 204


def test_one_that_is_no_longer_true_or_wanted_is_not_sent_again(
    gateway: Gateway, booked: Dossier, agent: User
) -> None:
    mail = failed_text(booked, agent, gateway)
    Partenaire.objects.filter(pk=second(booked).pk).update(texts_agreed_at=None)
    with pytest.raises(ActionRefused):
        desk.send_again(booked, mail.pk, by=agent, at=NOW)
    Partenaire.objects.filter(pk=second(booked).pk).update(texts_agreed_at=NOW)
    first = person(booked, 1)
    hold_slot(first, THIRD, at=NOW)
    confirm_slot(first, at=NOW, by=first.user)

    with pytest.raises(ActionRefused):
        desk.send_again(booked, mail.pk, by=agent, at=NOW)


def test_the_outbox_shows_whom_it_is_for(
    gateway: Gateway, booked: Dossier, client_of: Callable[[User], Client], agent: User
) -> None:
    book_for(booked, SECOND, by=agent, at=NOW)
    boss = User.objects.create_superuser("chef@example.org", "x")
    client = client_of(boss)

    row = Email.objects.get(backend_alias=TEXT)
    for page in (
        reverse("admin:post_office_email_changelist"),
        reverse("admin:post_office_email_change", args=[row.pk]),
    ):
        assert MOBILE in client.get(page).content.decode()


def test_texts_go_with_their_dossier(gateway: Gateway, booked: Dossier, agent: User) -> None:
    book_for(booked, SECOND, by=agent, at=NOW)
    end_dossier(fresh(booked), "clore", reason="En double.", by=agent, at=NOW, version=None)
    assert Email.objects.filter(backend_alias=TEXT).exists()
    later = NOW + timedelta(days=200)
    warn_of_deletion(at=later)

    purge_dossiers(at=later + timedelta(days=15))

    assert delete_if_due(booked.pk, at=later) is None
    assert not Email.objects.filter(backend_alias=TEXT).exists()


def test_the_public_page_says_who_reads_the_number(
    gateway: Gateway, reference_data: None, client_of: Callable[[User | None], Client]
) -> None:
    page = client_of(None).get(reverse("privacy")).content.decode()

    assert "L’opérateur qui remet les SMS" in page
