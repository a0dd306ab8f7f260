"""Contested bookings a second, beside the same rows written by bare SQL on the same database.

Run as a process of its own with DATABASE_URL (empty: SQLite): python -m tests.bench.bookings
"""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from demarches.agenda.seats import SlotTaken, take_seat  # noqa: E402
from demarches.models import Agenda, Appointment, SeatTime  # noqa: E402
from demarches.rules.enums import AppointmentStatus  # noqa: E402
from demarches.rules.slots import Slot, steps_of  # noqa: E402
from tests.support.reference import REFERENCE_FIXTURES  # noqa: E402

CLIENTS, SLOTS = 4, 150
INSERT = (
    "INSERT INTO demarches_appointment (agenda_id, starts_at, ends_at, seat, capacity, status,"
    " holder, at_counter, is_exceptional, place, created_at, held_until, uid, sequence)"
    " VALUES (%s, %s, %s, 1, 1, 'held', '', %s, FALSE, '', %s, %s, %s, 0) RETURNING id"
)
STEP = "INSERT INTO demarches_seattime (appointment_id, agenda_id, seat, at) VALUES (%s, %s, 1, %s)"


def slots() -> list[Slot]:
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
    moments = [start + timedelta(minutes=30 * rank) for rank in range(SLOTS)]
    return [Slot(one, one + timedelta(minutes=30), (1,)) for one in moments]


def ours(agenda: Agenda, slot: Slot) -> None:
    now = timezone.now()
    try:
        with transaction.atomic():
            take_seat(
                agenda,
                slot,
                status=AppointmentStatus.HELD,
                holder="",
                at=now,
                held_until=now + timedelta(minutes=15),
            )
    except SlotTaken:
        pass


def bare(agenda: Agenda, slot: Slot) -> None:
    now = timezone.now()
    row = Appointment(agenda=agenda, starts_at=slot.starts_at, ends_at=slot.ends_at)
    adapt = connection.ops.adapt_datetimefield_value
    uid = row.uid if connection.vendor == "postgresql" else row.uid.hex
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            moments = (slot.starts_at, slot.ends_at)
            times = (now, now + timedelta(minutes=15))
            cursor.execute(
                INSERT, [agenda.pk, *map(adapt, moments), False, *map(adapt, times), uid]
            )
            (key,) = cursor.fetchone()
            steps = steps_of(slot.starts_at, slot.ends_at)
            cursor.executemany(STEP, [(key, agenda.pk, adapt(step)) for step in steps])
    except IntegrityError:
        pass


def rate(book: Callable[[Agenda, Slot], None]) -> float:
    """Slots sold a second while every client asks for each of them."""
    SeatTime.objects.all().delete()
    Appointment.objects.all().delete()
    agenda, wanted = Agenda.objects.get(slug="pacs"), slots()

    def client() -> None:
        for slot in wanted:
            book(agenda, slot)
        connection.close()

    threads = [Thread(target=client) for _ in range(CLIENTS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - start
    sold = Appointment.objects.filter(seat=1).count()
    if sold != SLOTS:
        raise RuntimeError(f"{sold} sold of {SLOTS}")
    return sold / elapsed


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    if not Agenda.objects.exists():
        call_command("loaddata", *REFERENCE_FIXTURES, verbosity=0)
    rates = [(rate(ours), rate(bare)) for _ in range(3)]
    mine, theirs = (sorted(one)[1] for one in zip(*rates, strict=True))
    print(f"{connection.vendor:<22}{mine:>10.0f}{theirs:>12.0f}{mine / theirs:>9.2f}")
