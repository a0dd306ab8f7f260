"""A process of its own that acts on the database of a race: it prepares, books as the desk, counts.

Reads one JSON list a line, [verb, arguments…], and answers one JSON value a line.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from datetime import datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.race.settings")
django.setup()

from django.contrib.auth.models import Group  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count, F, Q  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from post_office.models import Email  # noqa: E402

from demarches.agenda.seats import SlotTaken, offered_days  # noqa: E402
from demarches.desk import jobs  # noqa: E402
from demarches.models import Agenda, Appointment, Job, SeatTime, User  # noqa: E402
from demarches.rules.slots import STEP  # noqa: E402
from pacs.actions.appointments import book_for  # noqa: E402
from pacs.models import Dossier  # noqa: E402
from pacs.reads.booking import asked_by  # noqa: E402
from tests.support.appointments import make_complete  # noqa: E402
from tests.support.dossiers import make_dossier  # noqa: E402
from tests.support.reference import REFERENCE_FIXTURES  # noqa: E402

GUARDS = {
    Appointment: "demarches_appointment_seat_once",
    SeatTime: "demarches_seattime_once",
}


def prepare(couples: int) -> list[dict[str, Any]]:
    """A migrated database with as many complete dossiers; who may book each, and how."""
    with redirect_stdout(sys.stderr):  # ours carries the answers
        call_command("migrate", verbosity=0)
        call_command("loaddata", *REFERENCE_FIXTURES, verbosity=0)
        call_command("build_assets", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
    agent = User.objects.create_user("agent@example.org", is_staff=True, full_name="Nour Vidal")
    agent.groups.add(Group.objects.get(name="officier"))
    Agenda.objects.update(horizon_days=300)
    found = []
    for rank in range(couples):
        people = [User.objects.create_user(f"p{rank}-{who}@example.org") for who in (1, 2)]
        dossier = make_complete(make_dossier(*people), agent, at=timezone.now())
        client = Client()
        client.force_login(people[0], backend="django.contrib.auth.backends.ModelBackend")
        found.append(
            {
                "pk": dossier.pk,
                "reference": dossier.reference,
                "session": client.cookies["sessionid"].value,
            }
        )
    return found


def draft() -> dict[str, Any]:
    """A couple that has not sent its pieces; one of them, signed in."""
    rank = User.objects.count()
    people = [User.objects.create_user(f"draft{rank}-{who}@example.org") for who in (1, 2)]
    client = Client()
    client.force_login(people[0], backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies["sessionid"].value
    return {"reference": make_dossier(*people).reference, "session": session}


def hasten_jobs() -> list[str]:
    """Every job is due; their names."""
    jobs.plan(at=timezone.now())
    Job.objects.update(next_at=timezone.now() - timedelta(minutes=1))
    return list(Job.objects.order_by("name").values_list("name", flat=True))


def slots(count: int) -> list[str]:
    """So many free slots, far enough apart not to overlap."""
    dossier, agenda = Dossier.objects.order_by("pk")[0], Agenda.objects.get(slug="pacs")
    first, _ = dossier.people
    asked = asked_by(dossier, agenda, reader=first, at=timezone.now())
    start = timezone.now()
    days = offered_days(agenda, start, start + timedelta(days=280), asked)
    return [slot.key for day in days for slot in day.slots][:count]


def capacity(value: int) -> None:
    Agenda.objects.update(capacity=value)


def book(pk: int, key: str) -> str:
    """As an agent does at the desk."""
    agent = User.objects.get(email="agent@example.org")
    try:
        book_for(
            Dossier.objects.get(pk=pk), datetime.fromisoformat(key), by=agent, at=timezone.now()
        )
    except SlotTaken:
        return "lost"
    return "won"


def taken(key: str) -> int:
    """How many have the slot, held or booked."""
    rows = Appointment.objects.taking_a_seat(at=timezone.now())
    return rows.filter(starts_at=datetime.fromisoformat(key)).count()


def drop_guards() -> None:
    """Take the constraints away, for the control run."""
    with connection.schema_editor() as editor:
        for model, name in GUARDS.items():
            guard = next(one for one in model._meta.constraints if one.name == name)
            # SQLite makes the table again from what the model says.
            assert isinstance(model._meta.constraints, list)
            model._meta.constraints.remove(guard)
            editor.remove_constraint(model, guard)


def halves() -> list[str]:
    """What a booking that was killed must never leave; empty when all is whole."""
    wrong = []
    seated = Appointment.objects.filter(seat__isnull=False).annotate(steps=Count("seat_times"))
    for pk, start, end, steps in seated.values_list("pk", "starts_at", "ends_at", "steps"):
        if steps != (end - start) / STEP:
            wrong.append(f"appointment {pk} has {steps} steps")
    loose = SeatTime.objects.filter(
        Q(appointment__seat__isnull=True) | ~Q(seat=F("appointment__seat"))
    )
    wrong += [f"seat time {one.pk} of nobody" for one in loose]
    for dossier in Dossier.objects.select_related("appointment"):
        booked = dossier.appointment
        wanted = {"scheduled": "booked", "registered": "done"}.get(dossier.status)
        if (booked and booked.status) != wanted:
            wrong.append(f"{dossier} is {dossier.status} with {booked}")
    kept = Dossier.objects.exclude(appointment=None).values("appointment")
    lost = Appointment.objects.filter(status="booked").exclude(pk__in=kept)
    wrong += [f"appointment {one.pk} of no dossier" for one in lost]
    return wrong


def booked_for(pk: int) -> list[int]:
    """Appointments this dossier ever booked, and the mails about it."""
    dossier = Dossier.objects.get(pk=pk)
    rows = Appointment.objects.filter(holder=dossier.reference)
    rows = rows.filter(status__in=["booked", "cancelled"])
    mails = Email.objects.filter(subject__contains="est confirmé", message__contains="confirmé")
    return [rows.count(), mails.filter(pk__in=dossier.mails.values("email")).count()]


VERBS: dict[str, Callable[..., Any]] = {
    verb.__name__: verb
    for verb in (
        *(prepare, draft, slots, capacity, book, taken, drop_guards, halves, booked_for),
        hasten_jobs,
    )
}


def serve(verbs: Mapping[str, Callable[..., Any]]) -> None:
    """Answer each line of the standard input, until it ends."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(verbs[name](*arguments)), flush=True)


if __name__ == "__main__":
    serve(VERBS)
