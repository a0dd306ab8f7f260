"""A day closed at the very same time as something else happens, on either database."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection

from demarches.agenda.closing_actions import ClosingRefused, confirm
from demarches.agenda.seats import SlotTaken
from demarches.models import Appointment, Closing, Closure, SeatTime, User
from demarches.web.as_read import ChangedSince
from pacs.actions.appointments import book_apart, book_for
from pacs.models import Dossier
from tests.support.closing import HALF_HOUR, NOW, THURSDAY, begin, couple, mark
from tests.support.present import the
from tests.support.reference import load
from uzes_portal.closing_desk import closers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def officer(transactional_db: None) -> User:
    names = ("mairie", "opening_hours", "agendas", "pacs_settings", "pacs_pieces", "groups")
    load(*names)
    user = User.objects.create_user("agent@example.org", full_name="Nour Vidal", is_staff=True)
    user.groups.add(Group.objects.get(name="officier"))
    return user


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run them in threads that start together; what each returned or raised, in order."""
    barrier, results = Barrier(len(acts)), [object()] * len(acts)

    def run(rank: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[rank] = act()
        except Exception as error:  # noqa: BLE001 -- the test reads it
            results[rank] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=one) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_last_press_four_times_at_once_is_once(officer: User) -> None:
    couples = [couple(officer, rank) for rank in range(2)]
    closing = begin(officer)
    read = mark(closing)

    results: list[Any] = at_once(
        *[lambda: confirm(closing, closers(), read=read, by=officer, at=NOW)] * 4
    )

    assert [one for one in results if isinstance(one, Exception)] == []
    assert sum(one.moved for one in results) == 2
    assert Closure.objects.count() == 1
    for one in couples:
        assert one.events.filter(kind="appointment_moved").count() == 1
    assert Appointment.objects.filter(status="held").count() == 0


def test_two_agents_who_start_at_once_the_second_is_told(officer: User) -> None:
    couple(officer)
    other = User.objects.create_user("b@example.org", full_name="Sam Roux", is_staff=True)

    results = at_once(lambda: begin(officer), lambda: begin(other))

    assert sorted(type(one).__name__ for one in results) == ["Closing", "ClosingRefused"]
    assert any(isinstance(one, ClosingRefused) for one in results)
    assert Closing.objects.unfinished().count() == 1


def test_the_couple_moves_while_the_day_closes(officer: User) -> None:
    dossier = couple(officer)
    target: datetime = THURSDAY + timedelta(days=4) + 3 * HALF_HOUR
    closing = begin(officer)
    read = mark(closing)

    pressed, _ = at_once(
        lambda: confirm(closing, closers(), read=read, by=officer, at=NOW),
        lambda: book_for(Dossier.objects.get(), target, by=officer, at=NOW),
    )

    assert not isinstance(pressed, ChangedSince)
    now = Dossier.objects.select_related("appointment").get(pk=dossier.pk)
    # Whichever came first, they have one appointment, not on the day that closed.
    booked = Appointment.objects.filter(status="booked")
    assert [one.pk for one in booked] == [now.appointment_id]
    assert the(now.appointment).starts_at.date() != THURSDAY.date()
    assert Appointment.objects.filter(status="held").count() == 0


def test_a_couple_moves_a_little_while_another_wants_that_hour(officer: User) -> None:
    """What they have stays theirs until the new hour is: nobody waits for anybody who waits."""
    mine, other = couple(officer, 0), couple(officer, 1)

    def apart(dossier: Dossier, start: datetime) -> Appointment:
        now = Dossier.objects.get(pk=dossier.pk)
        agreed: dict[str, Any] = {
            "minutes": 30,
            "place": "",
            "why": "Hôpital",
            "version": now.version,
        }
        return book_apart(now, start, **agreed, by=officer, at=NOW)

    for rank in range(4):
        start = THURSDAY + timedelta(days=3 + rank, hours=12)
        later = start + HALF_HOUR / 2
        apart(mine, start)

        moved, refused = at_once(lambda: apart(mine, later), lambda: apart(other, later))  # noqa: B023

        assert isinstance(moved, Appointment), moved
        assert isinstance(refused, SlotTaken), refused
        times = SeatTime.objects.filter(at__range=(start, later + HALF_HOUR))
        assert list(times.values_list("appointment", flat=True)) == [moved.pk] * 6
