"""A process that prepares the couples of the crashes, plays the mairie, and looks for halves.

Answers like `tests.race.worker`, of which it is a longer one.
"""

from datetime import date, timedelta
from io import StringIO
from typing import Any

import tests.race.worker as race
from tests.support.present import the

# isort: split
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate
from post_office.models import Email

from demarches.agenda.seats import offered_days
from demarches.files import storage
from demarches.models import Agenda, Officer, User
from demarches.rules.enums import Transition
from pacs.actions import desk
from pacs.actions.registration import Ceremony, originals_of, register_pacs
from pacs.models import Dossier, PieceFile, Registration
from pacs.reads.booking import asked_by
from tests.support.dossiers import OTHER, PERSON, accept_everything, dates_read, make_dossier

AGENT = "agent@example.org"


def prepare() -> None:
    """A migrated database, an agent, an officer."""
    race.prepare(0)
    Officer.objects.create(name="Claire Martin", quality="adjointe", in_force_from=date(2020, 1, 1))
    Agenda.objects.update(capacity=10)


def draft(rank: int) -> dict[str, Any]:
    """A dossier that both have filled in and attested: only its papers are missing."""
    people = [User.objects.create_user(f"c{rank}-{who}@example.org") for who in (1, 2)]
    # Nobody has two PACS: each couple is other people.
    born = {"birth_year": 1940 + rank % 60, "birth_day": 1 + rank // 60}
    dossier = make_dossier(*people, people=({**PERSON, **born}, {**OTHER, **born}))
    sessions = []
    for one in people:
        client = Client()
        client.force_login(one, backend="django.contrib.auth.backends.ModelBackend")
        sessions.append(client.cookies["sessionid"].value)
    return {"pk": dossier.pk, "reference": dossier.reference, "sessions": sessions}


def complete(pk: int) -> None:
    """The mairie accepts every piece, and declares the dossier complete."""
    dossier, agent = Dossier.objects.get(pk=pk), User.objects.get(email=AGENT)
    accept_everything(dossier, agent)
    desk.declare_complete(dossier, by=agent, at=timezone.now(), version=None)


def slots_of(pk: int) -> list[str]:
    """The free hours of this couple, the first ones."""
    dossier, agenda = Dossier.objects.get(pk=pk), Agenda.objects.get(slug="pacs")
    now = timezone.now()
    asked = asked_by(dossier, agenda, reader=dossier.people[0], at=now)
    days = offered_days(agenda, now, now + timedelta(days=90), asked)
    return [slot.key for day in days for slot in day.slots][:3]


def register(pk: int) -> None:
    """The officer registers, when the couple's hour has come."""
    dossier = Dossier.objects.get(pk=pk)
    start = the(dossier.appointment).starts_at
    with time_machine.travel(start + timedelta(minutes=15)):
        ceremony = Ceremony(
            officer=Officer.objects.get(),
            registered_at=timezone.now(),
            identified=[1, 2],
            originals=[piece.key for piece, _ in originals_of(dossier)],
            dates=dates_read(dossier, localdate()),
            convention_visa=True,
            convention_returned=True,
        )
        agent = User.objects.get(email=AGENT)
        register_pacs(dossier, ceremony, by=agent, at=timezone.now(), version=None)


def how_far(pk: int) -> dict[str, Any]:
    """What the database says of this dossier, for who goes on with it."""
    dossier = Dossier.objects.get(pk=pk)
    return {
        "status": dossier.status,
        "files": PieceFile.objects.filter(piece__dossier=dossier).count(),
        "missing": dossier.pieces.required().filter(status="missing").count(),
        "sent": dossier.events.filter(transition=Transition.SUBMIT.value).count(),
        "told": dossier.mails.filter(kind="acknowledgement", email__isnull=False).count(),
        "booked": dossier.mails.filter(kind="appointment_booked", email__isnull=False).count(),
        "registered": dossier.events.filter(transition=Transition.REGISTER.value).count(),
        "avis": dossier.registration.avis.count() if hasattr(dossier, "registration") else 0,
    }


def broken() -> list[str]:
    """What a kill must never leave; empty when all is whole. Orphan files are swept on the way."""
    wrong = race.halves()
    for dossier in Dossier.objects.select_related("registration"):
        far = how_far(dossier.pk)
        is_sent = dossier.status != "draft"
        if (dossier.submitted_at is not None, far["sent"], far["told"]) != (
            is_sent,
            int(is_sent),
            2 * is_sent,
        ):
            wrong.append(f"{dossier} is {dossier.status}, sent half: {far}")
        line = getattr(dossier, "registration", None)
        if (line is not None) != (dossier.status == "registered"):
            wrong.append(f"{dossier} is {dossier.status} with {line}")
        if line is not None and (len(line.people), far["avis"], far["registered"]) != (2, 2, 1):
            wrong.append(f"{line} has half of its rows: {far}")
    for name in storage.orphans(before=timezone.now()):
        storage.delete(name)
    wrong += [f"lost file {name}" for name in storage.damaged_names()]
    wrong += [f"orphan {name}" for name in storage.orphans(before=timezone.now())]
    twice = Email.objects.values("message_id").annotate(n=Count("pk")).filter(n__gt=1)
    wrong += [f"{row['n']} mails of one Message-ID" for row in twice.exclude(message_id=None)]
    try:
        call_command("verify_journal", verbosity=0, stdout=StringIO())
    except CommandError as error:
        wrong.append(str(error))
    return wrong


def harm() -> None:
    """Take away what a kill might: for the check of the check."""
    line = Registration.objects.get()
    line.avis.all()[0].delete()
    the(line.dossier).mails.filter(kind="acknowledgement")[0].delete()
    for name in storage.owned_names():
        storage.delete(name)


VERBS = race.VERBS | {
    verb.__name__: verb
    for verb in (prepare, draft, complete, slots_of, register, how_far, broken, harm)
}

if __name__ == "__main__":
    race.serve(VERBS)
