"""Seats: what the database refuses whoever asks, what comes back and when."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from demarches.agenda.seats import SlotTaken, free_lapsed, give_back, release_returning, take_seat
from demarches.models import (
    Agenda,
    AgendaDayChange,
    Appointment,
    Closure,
    OpeningHours,
    SeatTime,
    User,
)
from demarches.rules.enums import AppointmentStatus
from demarches.rules.slots import Slot
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
START = datetime(2026, 12, 8, 9, tzinfo=PARIS)


@pytest.fixture
def agenda(reference_data: None) -> Agenda:
    return Agenda.objects.get(slug="pacs")


def row(agenda: Agenda, **values: Any) -> Appointment:
    start = values.pop("starts_at", START)
    return Appointment.objects.create(
        **{
            "agenda": agenda,
            "starts_at": start,
            "ends_at": start + timedelta(minutes=30),
            "seat": 1,
            "capacity": 1,
            "status": "booked",
            "created_at": NOW,
            **values,
        }
    )


def slot(*seats: int, start: datetime = START) -> Slot:
    return Slot(start, start + timedelta(minutes=30), seats)


def take(agenda: Agenda, *seats: int, start: datetime = START, **more: Any) -> Appointment:
    values = {"status": AppointmentStatus.BOOKED, "holder": "X", "at": NOW, **more}
    with transaction.atomic():
        return take_seat(agenda, slot(*seats, start=start), **values)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seat": 2},
        {"seat": 0},
        {"seat": None},
        {"status": "held"},
        {"status": "cancelled"},
        {"status": "lapsed"},
        {"status": "unknown"},
        {"ends_at": START},
    ],
)
def test_the_database_refuses_what_must_never_be(agenda: Agenda, wrong: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        row(agenda, **wrong)


def test_the_database_refuses_the_same_seat_twice(agenda: Agenda) -> None:
    row(agenda)

    with pytest.raises(IntegrityError), transaction.atomic():
        row(agenda, status="held", held_until=NOW)


def test_the_database_refuses_seats_that_overlap(agenda: Agenda) -> None:
    first = take(agenda, 1)
    other = row(agenda, starts_at=START + timedelta(minutes=10), seat=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        SeatTime.objects.create(
            appointment=other, agenda=agenda, seat=1, at=START + timedelta(minutes=10)
        )
    assert first.seat_times.count() == 6


def test_each_free_seat_is_taken_then_nothing_is(agenda: Agenda) -> None:
    agenda.capacity = 3

    seats = [take(agenda, 1, 2, 3).seat for _ in range(3)]

    assert seats == [1, 2, 3]
    with pytest.raises(SlotTaken) as refused:
        take(agenda, 1, 2, 3)
    assert refused.value.messages == ["Ce créneau vient d’être pris par quelqu’un d’autre."]
    assert Appointment.objects.count() == 3


def test_an_overlapping_start_finds_no_seat(agenda: Agenda) -> None:
    take(agenda, 1)

    with pytest.raises(SlotTaken):
        take(agenda, 1, start=START + timedelta(minutes=15))
    assert (Appointment.objects.count(), SeatTime.objects.count()) == (1, 6)


def test_a_seat_given_back_returns_at_a_moment_nobody_foresees(agenda: Agenda) -> None:
    waits = set()
    for rank in range(40):
        start = START + timedelta(hours=rank)
        one = take(agenda, 1, start=start)
        give_back(one, at=NOW)
        waits.add((the(one.returns_at) - NOW) / timedelta(minutes=1))

    assert min(waits) >= 10
    assert max(waits) <= 60
    assert len(waits) > 5


def test_a_seat_given_back_is_taken_until_its_time_has_come(agenda: Agenda) -> None:
    one = take(agenda, 1)
    give_back(one, at=NOW)

    with pytest.raises(SlotTaken):
        take(agenda, 1)
    later = take(agenda, 1, at=one.returns_at)

    one.refresh_from_db()
    assert (one.status, one.seat, later.seat) == ("cancelled", None, 1)
    assert [found.appointment_id for found in SeatTime.objects.all()] == [later.pk] * 6


def test_those_who_wait_may_have_it_before(agenda: Agenda) -> None:
    give_back(take(agenda, 1), at=NOW)

    with transaction.atomic():
        release_returning(agenda, slot(1), at=NOW)

    assert take(agenda, 1).seat == 1


def test_a_hold_lapses_and_is_freed_by_whoever_comes_next(agenda: Agenda) -> None:
    until = NOW + timedelta(minutes=15)
    held = take(agenda, 1, status=AppointmentStatus.HELD, held_until=until)

    with pytest.raises(SlotTaken):
        take(agenda, 1, at=until - timedelta(seconds=1))
    assert take(agenda, 1, at=until).seat == 1
    held.refresh_from_db()
    assert (held.status, held.seat, held.is_held(NOW)) == ("lapsed", None, False)


@pytest.mark.parametrize("minutes", [-30, -20, 0, 20, 30])
@pytest.mark.parametrize("given_back", [False, True])
def test_what_lapsed_is_seen_where_it_stands_in_the_way(
    agenda: Agenda, given_back: bool, minutes: int
) -> None:
    """In SQL by hand, it says what `lapsed` says."""
    until = NOW + timedelta(minutes=15)
    how = {"status": "cancelled", "returns_at": until} if given_back else {"status": "held"}
    row(agenda, **how, held_until=until)
    span = (START + timedelta(minutes=minutes), START + timedelta(minutes=minutes + 30))

    overlaps = abs(minutes) < 30
    for at, has_ended in ((until - timedelta(seconds=1), False), (until, True)):
        assert agenda.appointments.lapsed(at=at).exists() is has_ended
        assert agenda.has_lapsed(*span, at=at) is (overlaps and has_ended)


def test_a_hold_let_go_is_free_at_once(agenda: Agenda) -> None:
    held = take(agenda, 1, status=AppointmentStatus.HELD, held_until=NOW + timedelta(hours=1))

    give_back(held, at=NOW)

    assert take(agenda, 1).seat == 1


def test_freeing_twice_frees_once(agenda: Agenda) -> None:
    give_back(take(agenda, 1), at=NOW)
    later = NOW + timedelta(hours=2)

    with transaction.atomic():
        assert [free_lapsed(agenda, at=later), free_lapsed(agenda, at=later)] == [1, 0]


def test_taken_counts_what_keeps_a_seat(agenda: Agenda) -> None:
    around = (START - timedelta(hours=1), START + timedelta(hours=1))
    give_back(take(agenda, 1), at=NOW)

    assert len(agenda.taken(*around, at=NOW)) == 1
    assert agenda.taken(*around, at=NOW, with_returning=False) == []
    assert agenda.taken(*around, at=NOW + timedelta(hours=2)) == []


@pytest.fixture
def admin_client(reference_data: None) -> Client:
    client = Client()
    admin = User.objects.create_superuser(email="admin@mairie.test", password="not-for-real-use")
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def closure_data(day: datetime, **more: str) -> dict[str, str]:
    mairie = the(OpeningHours.objects.first()).service.mairie_id
    return {
        "mairie": str(mairie),
        "first_day": day.date().isoformat(),
        "last_day": day.date().isoformat(),
        "reason": "travaux",
        **more,
    }


def test_closing_over_an_appointment_is_refused_and_names_it(
    clock: None, agenda: Agenda, admin_client: Client
) -> None:
    row(agenda, holder="PACS-2026-000042-X")
    address = reverse("admin:demarches_closure_add")

    refused = admin_client.post(address, closure_data(START))
    allowed = admin_client.post(address, closure_data(START + timedelta(days=1)))

    html = refused.content.decode()
    assert (refused.status_code, allowed.status_code) == (200, 302)
    assert "mardi 8\u00a0décembre 2026 à\u00a09\u00a0h (PACS-2026-000042-X)" in html
    assert 'value="travaux"' in html
    assert [one.first_day for one in Closure.objects.all()] == [(START + timedelta(days=1)).date()]


def test_a_closure_with_wrong_dates_has_its_own_message(
    clock: None, agenda: Agenda, admin_client: Client
) -> None:
    answer = admin_client.post(
        reverse("admin:demarches_closure_add"),
        closure_data(START, last_day="2026-12-01"),
    )

    assert "La fin de la fermeture doit suivre son début" in answer.content.decode()


def test_shortening_hours_over_an_appointment_is_refused(
    clock: None, agenda: Agenda, admin_client: Client
) -> None:
    row(agenda, holder="PACS-2026-000042-X")
    service = agenda.service
    rows = list(service.hours.all())
    data = {
        "mairie": service.mairie_id,
        "label": service.label,
        "slug": service.slug,
        "position": service.position,
        "hours-TOTAL_FORMS": len(rows),
        "hours-INITIAL_FORMS": len(rows),
        "_save": "1",
    }
    for rank, one in enumerate(rows):
        morning = one.weekday == 1 and one.opens == time(8)
        data |= {
            f"hours-{rank}-id": one.pk,
            f"hours-{rank}-service": service.pk,
            f"hours-{rank}-weekday": one.weekday,
            f"hours-{rank}-opens": "10:00" if morning else one.opens,
            f"hours-{rank}-closes": one.closes,
            f"hours-{rank}-weeks": one.weeks.split(",") if one.weeks else [],
        }

    address = reverse("admin:demarches_service_change", args=[service.pk])
    refused = admin_client.post(address, data)
    Appointment.objects.all().delete()
    allowed = admin_client.post(address, data)

    assert (refused.status_code, allowed.status_code) == (200, 302)
    assert "PACS-2026-000042-X" in refused.content.decode()


def test_closing_a_day_of_the_agenda_over_an_appointment_is_refused(
    clock: None, agenda: Agenda, client: Client
) -> None:
    row(agenda, holder="PACS-2026-000042-X")
    agent = User.objects.create_user("agent@example.org", is_staff=True)
    agent.user_permissions.add(
        *Permission.objects.filter(codename__endswith="agendadaychange", codename__contains="_")
    )
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    data = {"agenda": agenda.pk, "is_added": "False", "day": "2026-12-08", "reason": "formation"}
    address = reverse("admin:demarches_agendadaychange_add")

    refused = client.post(address, data)
    beside = client.post(address, {**data, "from_time": "14:00", "until_time": "15:00"})

    assert (refused.status_code, beside.status_code) == (200, 302)
    assert "PACS-2026-000042-X" in refused.content.decode()
    assert [str(change) for change in AgendaDayChange.objects.all()] == [
        "Fermé le mardi 8\u00a0décembre 2026 à partir de 14\u00a0h jusqu’à 15\u00a0h"
    ]


def test_the_form_of_the_agenda_spares_appointments(
    clock: None, agenda: Agenda, admin_client: Client
) -> None:
    row(agenda, holder="PACS-2026-000042-X")
    address = reverse("admin:demarches_agenda_change", args=[agenda.pk])
    fields = [
        "label",
        "slug",
        "service",
        "slot_minutes",
        "gap_minutes",
        "capacity",
        "counter_seats",
        "lead_time_days",
        "lead_time_days_foreign",
        "horizon_days",
        "change_until_hours",
        "hold_minutes",
        "return_minutes_min",
        "return_minutes_max",
        "offer_hours",
    ]
    data = {
        **{name: getattr(agenda, f"{name}_id" if name == "service" else name) for name in fields},
        "changes-TOTAL_FORMS": 0,
        "changes-INITIAL_FORMS": 0,
    }

    refused = admin_client.post(address, {**data, "half_days": ["1a"]})
    allowed = admin_client.post(address, {**data, "half_days": ["1m", "1a", "3m"]})

    assert (refused.status_code, allowed.status_code) == (200, 302)
    agenda.refresh_from_db()
    assert agenda.half_days == "1a 1m 3m"
