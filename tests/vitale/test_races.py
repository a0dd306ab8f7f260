"""The same thing asked twice at the very same time is done once, on either database."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.core.management import call_command
from django.db import connection
from post_office.models import Email

from demarches.actions import SlotTaken
from demarches.models import Appointment, User
from tests.support.followups import (
    fixed,
    help_agenda,
    make_demande,
    make_suivi,
    proposed,
    slot_after,
)
from vitale.actions.aide import ask_for_help
from vitale.actions.meetings import choose, confirm
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
    call_command("loaddata", "mairie", "opening_hours", verbosity=0)
    names = ("vitale_references", "vitale_situations", "vitale_offsets", "vitale_help")
    call_command("loaddata", *names, verbosity=0)


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
