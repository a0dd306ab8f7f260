"""The link of a mail that moves or cancels one appointment, for whoever knows three letters."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from demarches.mail.emails import is_secret, mail_text
from demarches.models import Appointment, RateCounter, User
from demarches.rules.texts import begins_like, letters_of
from pacs.actions.appointments import cancel_appointment, confirm_slot, hold_slot
from pacs.actions.dossiers import stop_dossier
from pacs.actions.upkeep import remind_appointments
from pacs.models import Dossier, Partenaire
from pacs.reads.appointment_links import PASS_LIFE, SESSION_KEY, change_token, reader_of_token
from pacs.rules.enums import Door
from pacs.views.appointment_link import NOT_TOGETHER, PAPERS
from tests.support.appointments import make_complete
from tests.support.dossiers import make_dossier

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
FIRST = datetime(2026, 12, 8, 8, tzinfo=PARIS)
SECOND = FIRST + timedelta(days=7)
CHOICE = {"creneau": f"{SECOND:%Y-%m-%dT%H:%M%z}"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def booked(reference_data: None, alice: User, bob: User, agent: User) -> Dossier:
    dossier = make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)
    hold_slot(person(dossier), FIRST, at=NOW)
    confirm_slot(person(dossier), at=NOW, by=alice)
    # Too old in February.
    issued = NOW.date() - timedelta(days=30)
    dossier.pieces.filter(key="1-P11_naissance_fr").update(issued_on=issued)
    return Dossier.objects.get(pk=dossier.pk)


def person(dossier: Dossier, position: int = 1) -> Partenaire:
    return Partenaire.objects.select_related("dossier").get(dossier=dossier, position=position)


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def link(dossier: Dossier, position: int = 1) -> str:
    """The address of the last mail to this person."""
    address = f"{ {1: 'alice', 2: 'bob'}[position] }@example.org"
    texts = [mail_text(m) for m in Email.objects.order_by("-pk") if m.to == [address]]
    found = (re.search(r"https?://[^/]+(/pacs/rendez-vous/\S+)", text) for text in texts)
    return next(match[1] for match in found if match)


def opened(url: str, letters: str = "Lem") -> Client:
    """A browser in which the letters were given."""
    client = Client()
    answer = client.post(url, {"letters": letters})
    assert (answer.status_code, answer["Location"]) == (302, f"{url}changer/")
    return client


def read(client: Client, url: str) -> str:
    """What a page of these shows as read, for its form."""
    found = re.search(r'name="lu" value="([^"]*)"', client.get(url).content.decode())
    assert found is not None
    return found[1]


# The letters


@pytest.mark.parametrize(
    ("typed", "name", "known"),
    [
        ("lem", "Lemoine", True),
        ("LEM", "Lemoine", True),
        ("lémoine", "Lemoine", True),
        ("le", "Lemoine", False),
        ("lex", "Lemoine", False),
        ("dal", "d’Almeida-Ünal", True),
        ("D'Al", "d’Almeida-Ünal", True),
        ("d al", "d’Almeida-Ünal", True),
        ("alm", "d’Almeida-Ünal", False),
        ("leg", "Le Gall", True),
        ("Le-G", "Le Gall", True),
        ("eli", "Élie", True),
        ("oeu", "Œuvrard", True),
        ("œuv", "Œuvrard", True),
        ("ngu", "Nguyễn", True),
        ("luk", "Łukasz", True),
        ("sor", "Sørensen", True),
        ("li", "Li", True),
        ("lis", "Li", False),
        ("l", "Li", False),
        ("o", "Ô", True),
        ("x", "", False),
        ("", "", False),
        ("", "Li", False),
        ("-'’", "-", False),
        ("123", "Lemoine", False),
    ],
)
def test_how_names_are_compared(typed: str, name: str, known: bool) -> None:
    assert begins_like(typed, name) is known


def test_letters_alone() -> None:
    assert letters_of(" D’Œuvre-Ñu 3 ") == "doeuvrenu"


# The link


def test_the_link_holds_nobody_and_its_mail_is_sealed(booked: Dossier) -> None:
    mails = list(Email.objects.filter(subject="Votre rendez-vous à la mairie est confirmé"))

    assert len(mails) == 2
    assert all(is_secret(mail) for mail in mails)
    assert not any("rendez-vous" in mail.message for mail in mails)
    assert link(booked, 1) != link(booked, 2)
    token = link(booked).split("/")[3]
    assert not re.search(r"@|alice|lemoine", str(signing.b64_decode(token.split(":")[0].encode())))


def test_each_mail_lists_what_its_reader_brings(booked: Dossier) -> None:
    """The second has a curatelle: the first's mail knows nothing of it."""
    texts = {m.to[0]: mail_text(m) for m in Email.objects.filter(subject__contains="confirmé")}

    lists = {to: re.findall(r"^– (.+)$", text, re.MULTILINE) for to, text in texts.items()}
    assert all(lists.values())
    own = set(lists["bob@example.org"]) - set(lists["alice@example.org"])
    assert any("curat" in line.lower() for line in own) or own
    assert "curat" not in texts["alice@example.org"].lower()


def test_too_late_to_change_there_is_no_link(booked: Dossier, clock: Any) -> None:
    clock.move_to(FIRST - timedelta(hours=20))
    remind_appointments(at=FIRST - timedelta(hours=20))

    mail = Email.objects.latest("pk")
    assert mail.subject == "Rappel : votre rendez-vous à la mairie"
    assert is_secret(mail)
    assert "/pacs/rendez-vous/" not in mail_text(mail)
    assert "appelez la mairie" in mail_text(mail)


def move_on_the_pages(dossier: Dossier) -> None:
    hold_slot(person(dossier), SECOND, at=NOW)
    confirm_slot(person(dossier), at=NOW, by=None)


DEATHS: dict[str, Any] = {
    "moved": lambda d: move_on_the_pages(d),
    "cancelled": lambda d: cancel_appointment(person(d), at=NOW, by=None),
    "stopped": lambda d: stop_dossier(person(d), at=NOW, by=None),
    "another hour in the same row": lambda d: Appointment.objects.filter(holder=d.reference).update(
        starts_at=SECOND, ends_at=SECOND + timedelta(minutes=30)
    ),
    "missed": lambda d: Appointment.objects.filter(holder=d.reference).update(status="missed"),
}


@pytest.mark.parametrize("how", sorted(DEATHS))
def test_the_link_dies_with_the_appointment(how: str, booked: Dossier) -> None:
    url = link(booked)
    client = opened(url)

    DEATHS[how](fresh(booked))

    assert Client().post(url, {"letters": "lem"}).status_code == 422
    assert client.get(f"{url}changer/")["Location"] == url
    assert client.get(f"{url}deplacer/")["Location"] == url
    before = list(Appointment.objects.values_list("pk", "status", "starts_at"))
    assert client.post(f"{url}changer/", {"lu": f"0-{booked.appointment_id}"})["Location"] == url
    assert list(Appointment.objects.values_list("pk", "status", "starts_at")) == before


def test_the_link_dies_when_the_hour_comes(booked: Dossier) -> None:
    appointment = booked.appointment
    assert appointment is not None
    token = change_token(appointment, person(booked))

    assert reader_of_token(token, at=FIRST - timedelta(seconds=1)) is not None
    assert reader_of_token(token, at=FIRST) is None


def test_a_link_is_of_one_reader_and_one_dossier(booked: Dossier, agent: User) -> None:
    people = [User.objects.create_user(f"{n}@example.org") for n in ("dan", "eve")]
    other = make_complete(make_dossier(*people, at=NOW), agent, at=NOW)
    appointment = booked.appointment
    assert appointment is not None

    assert reader_of_token(change_token(appointment, person(other)), at=NOW) is None
    assert reader_of_token("x" * 5000, at=NOW) is None
    assert reader_of_token("a:b:c", at=NOW) is None


# The page


def test_a_wrong_name_and_an_unknown_link_read_the_same(booked: Dossier) -> None:
    url, unknown = link(booked), reverse("pacs:appointment-link", args=["x:y:z"])
    pages = []
    for address in (url, unknown):
        client = Client()
        for answer in (client.get(address), client.post(address, {"letters": "zzz"})):
            text = answer.content.decode().replace(address, "")
            text = re.sub(r'(nonce|csrfmiddlewaretoken" value)="[^"]+"', "", text)
            pages.append((answer.status_code, text))

    assert pages[0] == pages[2]
    assert pages[1] == pages[3]
    assert (pages[0][0], pages[1][0]) == (200, 422)
    assert NOT_TOGETHER[:40] in pages[1][1]
    assert "8\u00a0décembre" not in pages[0][1] + pages[1][1]


def test_opening_the_link_changes_nothing(booked: Dossier) -> None:
    """Mail programs and their guards follow every link, also those of the pages behind."""
    url, before = link(booked), fresh(booked).version
    for client in (Client(), opened(url)):
        for path in ("", "changer/", "deplacer/"):
            for method in (client.get, client.head):
                method(url + path)

    after = fresh(booked)
    assert (after.version, after.appointment, after.held_appointment) == (
        before,
        booked.appointment,
        None,
    )


def test_the_pages_show_a_day_and_an_hour_only(booked: Dossier) -> None:
    url = link(booked)
    client = opened(url)

    for path in ("changer/", "deplacer/", "deplacer/?mois=2027-02"):
        answer = client.get(url + path)
        text = answer.content.decode()
        assert answer.status_code == 200
        assert "8\u00a0décembre 2026" in text or "mois" in path
        for word in (booked.reference, "Lemoine", "Camille", "Noé", "Almeida", "example.org"):
            assert word not in text
        assert not re.search(r"acte de naissance|curat", text, re.IGNORECASE)
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"
        assert '<meta name="robots" content="noindex">' in text
    assert PAPERS[:26] in text or PAPERS in text.replace("\u00a0", " ")


def test_cancelling_tells_both_and_the_journal(booked: Dossier) -> None:
    url = link(booked, 2)
    client = opened(url, "d'al")
    lu = read(client, f"{url}changer/")
    Email.objects.all().delete()

    answer = client.post(f"{url}changer/", {"lu": lu}, follow=True)
    again = client.post(f"{url}changer/", {"lu": lu}, follow=True)

    dossier = fresh(booked)
    assert (dossier.appointment, dossier.status) == (None, "complete")
    assert "est annulé" in answer.content.decode()
    assert "est annulé" in again.content.decode()
    mails = Email.objects.filter(subject="Votre rendez-vous à la mairie est annulé")
    assert sorted(m.to[0] for m in mails) == ["alice@example.org", "bob@example.org"]
    event = dossier.events.filter(transition="unschedule").get()
    assert (event.by, event.reason) == (
        None,
        "Annulé par le couple, par le lien du mail de la personne 2, sans connexion",
    )


def test_moving_is_chosen_read_then_done(booked: Dossier) -> None:
    url = link(booked)
    client, move = opened(url), f"{link(booked)}deplacer/"
    lu = read(client, move)
    Email.objects.all().delete()

    question = client.post(move, {**CHOICE, "lu": lu}).content.decode()
    assert "15\u00a0décembre 2026" in question
    assert fresh(booked).appointment == booked.appointment
    answer = client.post(move, {**CHOICE, "lu": lu, "oui": "1"}, follow=True)

    dossier = fresh(booked)
    assert dossier.appointment is not None
    assert dossier.appointment.starts_at == SECOND
    assert dossier.held_appointment is None
    assert "15\u00a0décembre 2026" in answer.content.decode()
    event = dossier.events.filter(kind="appointment_moved").get()
    assert event.reason.endswith(", par le lien du mail de la personne 1, sans connexion")
    mails = Email.objects.filter(subject="Votre rendez-vous à la mairie a changé")
    assert sorted(m.to[0] for m in mails) == ["alice@example.org", "bob@example.org"]
    assert link(booked) != url
    assert opened(link(booked)).get(f"{link(booked)}changer/").status_code == 200


REFUSED: dict[str, tuple[dict[str, str], int]] = {
    "no slot": ({"creneau": "x"}, 422),
    "too soon": ({"creneau": "2026-11-24T09:00+01:00"}, 409),
    "a paper too old": ({"creneau": "2027-02-16T09:00+01:00"}, 409),
    "another page": ({**CHOICE, "lu": "7-7"}, 409),
    "no page": ({**CHOICE, "lu": ""}, 409),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_a_slot_that_cannot_be_had_changes_nothing(what: str, booked: Dossier) -> None:
    url = link(booked)
    client, (sent, status) = opened(url), REFUSED[what]
    given = {"lu": read(client, f"{url}deplacer/"), "oui": "1", **sent}

    answer = client.post(f"{url}deplacer/", given)

    assert answer.status_code == status
    assert fresh(booked).appointment == booked.appointment
    assert fresh(booked).held_appointment is None
    assert "naissance" not in answer.content.decode().lower()


def test_another_slot_held_on_the_pages_meanwhile_is_not_lost(booked: Dossier) -> None:
    url = link(booked)
    client = opened(url)
    lu = read(client, f"{url}deplacer/")
    held = hold_slot(person(booked, 2), SECOND + timedelta(minutes=30), at=NOW)

    answer = client.post(f"{url}deplacer/", {**CHOICE, "lu": lu, "oui": "1"})

    assert answer.status_code == 409
    assert "entre-temps" in answer.content.decode()
    assert fresh(booked).appointment == booked.appointment
    assert fresh(booked).held_appointment == held


def test_too_late_the_page_says_whom_to_call(booked: Dossier, clock: Any) -> None:
    url = link(booked)
    clock.move_to(FIRST - timedelta(hours=47))
    client = opened(url)

    page = client.get(f"{url}changer/").content.decode()
    assert "trop tard" in page
    assert "Annuler le rendez-vous</button>" not in page
    answer = client.post(f"{url}changer/", {"lu": f"0-{booked.appointment_id}"})
    assert answer.status_code == 409
    assert client.get(f"{url}deplacer/")["Location"] == f"{url}changer/"
    assert fresh(booked).appointment == booked.appointment


def test_the_letters_open_for_a_while_and_in_one_browser(booked: Dossier, clock: Any) -> None:
    url = link(booked)
    client = opened(url)

    assert Client().get(f"{url}changer/")["Location"] == url
    assert client.get(f"{link(booked, 2)}changer/")["Location"] == link(booked, 2)
    clock.move_to(NOW + PASS_LIFE)
    assert client.get(f"{url}changer/")["Location"] == url


# Guessing


def test_letters_are_guessed_a_few_times_a_day_for_a_link(booked: Dossier) -> None:
    url = link(booked)
    answers = [
        Client(REMOTE_ADDR=f"203.0.113.{rank}").post(url, {"letters": "zz" + "abcdefgh"[rank]})
        for rank in range(8)
    ]
    right = Client(REMOTE_ADDR="203.0.113.99").post(url, {"letters": "lem"})

    assert [one.status_code for one in answers] == [422] * 6 + [429] * 2
    assert right.status_code == 429
    assert "Réessayez dans" in right.content.decode()
    assert 0 < int(right["Retry-After"]) <= 86_400
    # The other's link is another, and the day after opens again.
    other = Client(REMOTE_ADDR="203.0.113.98").post(link(booked, 2), {"letters": "dal"})
    assert other.status_code == 302


def test_letters_are_guessed_a_few_times_an_hour_from_a_place(booked: Dossier) -> None:
    statuses = []
    for rank in range(22):
        url = reverse("pacs:appointment-link", args=[f"x:{rank}"])
        statuses.append(Client(REMOTE_ADDR="203.0.113.7").post(url, {"letters": "lem"}).status_code)

    assert statuses == [422] * 20 + [429] * 2
    RateCounter.objects.all().delete()
    assert opened(link(booked)).get(f"{link(booked)}changer/").status_code == 200


def test_somebody_without_an_address_has_no_link(booked: Dossier) -> None:
    Partenaire.objects.filter(pk=person(booked, 2).pk).update(
        user=None, door=Door.SAME_DEVICE.value, invited_email="", contact_email=""
    )
    Email.objects.all().delete()

    hold_slot(person(booked), SECOND, at=NOW)
    confirm_slot(person(booked), at=NOW, by=None)

    assert {mail.to[0] for mail in Email.objects.all()} == {"alice@example.org"}


def test_a_single_name_opens_its_link(booked: Dossier) -> None:
    Partenaire.objects.filter(dossier=booked, position=1).update(
        birth_name="", first_names="Suharto", single_name=True
    )

    opened(link(booked), "suh")


def test_the_same_link_in_another_mail_has_no_more_tries(
    booked: Dossier, clock: time_machine.Traveller, settings: Any
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"mail_link": (2, 86_400)}
    first = reverse("pacs:appointment-link", args=[_token(booked)])
    clock.shift(timedelta(minutes=1))
    second = reverse("pacs:appointment-link", args=[_token(booked)])
    assert first != second

    for url in (first, second):
        assert Client().post(url, {"letters": "zzz"}).status_code != 429

    assert Client().post(second, {"letters": "lem"}).status_code == 429


def _token(dossier: Dossier) -> str:
    appointment = fresh(dossier).appointment
    assert appointment is not None
    return change_token(appointment, person(dossier))


def test_the_letters_change_the_key_of_the_session(booked: Dossier) -> None:
    client = Client()
    before = client.session.session_key  # reading it gives the browser one

    client.post(link(booked), {"letters": "lem"})

    assert SESSION_KEY in client.session
    assert client.session.session_key != before
