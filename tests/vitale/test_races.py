"""The same thing asked twice at the very same time is done once, on either database."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from post_office.models import Email

from demarches.agenda.seats import SlotTaken
from demarches.dossiers.refusals import StaleDossier
from demarches.models import Appointment, User
from demarches.web.as_read import ChangedSince
from tests.support.followups import (
    fixed,
    help_agenda,
    make_demande,
    make_suivi,
    proposed,
    slot_after,
)
from tests.support.reference import load
from vitale.actions.aide import ask_for_help
from vitale.actions.meetings import choose, confirm, fix, give_up
from vitale.actions.suivi import open_suivi
from vitale.actions.upkeep import remind
from vitale.models import Demande, Reason, Suivi, SuiviReminder, Tally
from vitale.rules.situations import Channel, Regime, Situation

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2027, 3, 15, 9, tzinfo=UTC)
KEY = "a" * 32
AT_ONCE = 4


@pytest.fixture(autouse=True)
def guide(transactional_db: None) -> None:
    load("mairie", "opening_hours")
    names = ("vitale_references", "vitale_situations", "vitale_offsets", "vitale_help")
    load(*names)


def at_once(act: Callable[[], object]) -> list[object]:
    """Run it in several threads that start together; what each returned or raised."""
    barrier, results = Barrier(AT_ONCE), list[object]()

    def run() -> None:
        barrier.wait()
        try:
            results.append(act())
        except Exception as error:  # noqa: BLE001 -- the test reads it
            results.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_aide_memoire() -> None:
    results = at_once(
        lambda: open_suivi(
            situation=Situation.LOSS,
            regime=Regime.CPAM,
            channel=Channel.DESK,
            owner=None,
            form_key=KEY,
            at=NOW,
        )
    )

    assert results == [Suivi.objects.get()] * AT_ONCE
    assert Tally.objects.get().count == 1


def test_one_request_for_help() -> None:
    reason = Reason.objects.get(pk="compte")
    results = at_once(
        lambda: ask_for_help(
            reason=reason,
            regime=Regime.CPAM,
            name="",
            email="alice@example.org",
            phone="",
            owner=None,
            form_key=KEY,
            at=NOW,
        )
    )

    assert results == [Demande.objects.get()] * AT_ONCE
    assert (Email.objects.count(), Tally.objects.get().count) == (1, 1)


def test_one_reminder() -> None:
    make_suivi(at=NOW, ticks={"declaree": date(2027, 3, 15)}, reminders_to="alice@example.org")

    results = at_once(lambda: remind(at=NOW + timedelta(days=2)))

    assert sorted(map(str, results)) == ["0", "0", "0", "1"]
    assert (SuiviReminder.objects.count(), Email.objects.count()) == (1, 1)


def test_one_seat_for_those_who_choose_it_together() -> None:
    agent = User.objects.create_user("agent@example.org", is_staff=True)
    agenda = help_agenda()
    wanted = slot_after(agenda, at=NOW, rank=-1)
    demandes = [make_demande(at=NOW) for _ in range(AT_ONCE)]
    for rank, demande in enumerate(demandes):
        fixed(demande, by=agent, at=NOW, rank=-2 - rank)
    waiting = iter(demandes)

    results = at_once(lambda: choose(next(waiting), wanted, by=None, at=NOW - timedelta(days=3)))

    booked = [one for one in results if isinstance(one, Appointment)]
    assert len(booked) == 1
    assert {type(one) for one in results if one not in booked} == {SlotTaken}
    assert Appointment.objects.filter(starts_at=wanted, status="booked").count() == 1
    assert Demande.objects.filter(appointment__status="booked").count() == AT_ONCE


def test_one_appointment_for_two_clicks_on_confirm() -> None:
    agent = User.objects.create_user("agent@example.org", is_staff=True)
    demande = proposed(make_demande(email="alice@example.org", at=NOW), by=agent, at=NOW)

    results = at_once(lambda: confirm(demande, by=None, at=NOW))

    assert results == [Appointment.objects.get()] * AT_ONCE
    assert Email.objects.count() == 3


def test_one_giving_up_for_several_clicks() -> None:
    agent = User.objects.create_user("agent@example.org", is_staff=True)
    demande = fixed(make_demande(email="alice@example.org", at=NOW), by=agent, at=NOW)
    booked = Appointment.objects.get()

    results = at_once(lambda: give_up(demande, by=None, at=NOW, seen=booked.pk))

    assert results == [booked] * AT_ONCE
    assert demande.events.filter(kind="meeting_given_up").count() == 1
    assert (Appointment.objects.get().status, Email.objects.count()) == ("cancelled", 3)


def test_the_person_gives_up_while_an_agent_moves() -> None:
    """Whoever comes second is told; the other's act stands, and no seat is left to nobody."""
    agent = User.objects.create_user("agent@example.org", is_staff=True)
    demande = fixed(make_demande(email="alice@example.org", at=NOW), by=agent, at=NOW)
    booked, start = Appointment.objects.get(), slot_after(help_agenda(), at=NOW)
    acts: Iterator[Callable[[], object]] = iter(
        [
            *[lambda: give_up(demande, by=None, at=NOW, seen=booked.pk)] * 2,
            *[lambda: fix(demande, start, by=agent, at=NOW, version=demande.version)] * 2,
        ]
    )

    results = at_once(lambda: next(acts)())

    demande.refresh_from_db()
    given_up = [one for one in results if one == booked]
    moved = [one for one in results if isinstance(one, Appointment) and one != booked]
    refused = [type(one) for one in results if not isinstance(one, Appointment)]
    if given_up:
        assert (len(given_up), moved, refused) == (2, [], [StaleDossier] * 2)
        assert demande.appointment is None
    else:
        assert (len(moved), sorted(map(str, refused))) == (
            1,
            sorted(map(str, [ChangedSince] * 2 + [StaleDossier])),
        )
        assert demande.appointment == moved[0]
    assert Appointment.objects.filter(status="booked").count() == len(moved)
