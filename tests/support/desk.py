"""The whole desk at once: a row for every address, and one agent of each group."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver

from demarches.models import (
    AgendaDayChange,
    Closing,
    ClosingLine,
    Closure,
    DeletionRequest,
    FeedbackCount,
    FicheSet,
    Mairie,
    Officer,
    User,
)
from pacs.actions.appointments import book_for
from pacs.actions.dossiers import open_dossier
from pacs.actions.endings import end_dossier
from pacs.actions.pieces import add_file
from pacs.actions.registration import Ceremony, open_act, originals_of, register_pacs
from pacs.models import Dossier, PieceFile
from tests.support.appointments import make_complete
from tests.support.dossiers import OTHER, PERSON, dates_read, make_dossier, send
from tests.support.files import jpeg
from tests.support.followups import help_agenda, make_demande
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=PARIS)
START = datetime(2026, 11, 23, 9, tzinfo=PARIS)
GROUPS = ("accueil", "instructeur", "officier", "administrateur")


@dataclass
class Scene:
    """What stands behind the addresses."""

    agents: dict[str, User] = field(default_factory=dict)
    pks: dict[str, int] = field(default_factory=dict)
    dossiers: dict[str, Dossier] = field(default_factory=dict)


def make_scene() -> Scene:
    """Dossiers in every state, a register, a request for help, and the agents; needs the fixtures.

    The clock stands at `NOW`.
    """
    scene = Scene()
    for name in GROUPS:
        agent = User.objects.create_user(f"{name}@mairie.example", full_name=name, is_staff=True)
        agent.groups.add(Group.objects.get(name=name))
        scene.agents[name] = agent
    asker = User.objects.create_user("demande@example.org")
    DeletionRequest.objects.create(account=asker, asked_at=NOW)
    FeedbackCount.objects.count_answers("pacs", [("clear", "yes")], day=NOW.date())
    decider = scene.agents["officier"]
    officer = Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=NOW.date()
    )
    complete = make_complete(make_dossier(*_couple("complete"), at=NOW), decider, at=NOW)
    book_for(complete, START + timedelta(minutes=60), by=decider, at=NOW)
    # Other people than those of the other dossiers, since they come into the register.
    first, second = ({**one, "birth_year": one["birth_year"] - 1} for one in (PERSON, OTHER))
    theirs = make_dossier(*_couple("done"), at=NOW, people=(first, second))
    done = make_complete(theirs, decider, at=NOW)
    book_for(done, START, by=decider, at=NOW)
    done = Dossier.objects.get(pk=done.pk)
    row = register_pacs(
        done,
        Ceremony(
            officer,
            START,
            [1, 2],
            [piece.key for piece, _ in originals_of(done)],
            dates_read(done, START.date()),
            convention_visa=True,
            convention_returned=True,
        ),
        by=decider,
        at=START,
        version=None,
    )
    act = open_act(
        row,
        kind="modification",
        received_on=NOW.date(),
        by_post=False,
        pieces=(),
        event_on=None,
        by=decider,
        at=NOW,
    )
    draft = make_dossier(*_couple("sent"), at=NOW)
    file = _file_of(draft)
    sent = send(draft, at=NOW)
    refused = send(make_dossier(*_couple("refused"), at=NOW), at=NOW)
    end_dossier(
        refused,
        "irrecevable",
        reason="Un mariage est en cours.",
        by=decider,
        at=NOW,
        version=None,
        names_one=True,
    )
    typed = open_dossier(at=NOW, agent=scene.agents["accueil"])
    agenda = help_agenda()
    AgendaDayChange.objects.create(agenda=agenda, day=date(2027, 5, 3), reason="pont")
    Closure.objects.create(
        mairie=Mairie.objects.get(), first_day=date(2027, 5, 3), last_day=date(2027, 5, 3)
    )
    closing = Closing.objects.create(
        mairie=Mairie.objects.get(),
        day=NOW.date(),
        last_day=NOW.date(),
        reason="formation",
        by=decider,
        at=NOW,
        held_until=NOW + timedelta(minutes=30),
    )
    booked = the(Dossier.objects.get(pk=complete.pk).appointment)
    ClosingLine.objects.create(closing=closing, appointment=booked)
    FicheSet.objects.create(source_name="guide.zip", sha256="0" * 64, imported_at=NOW, count=0)
    demande = make_demande(at=NOW)
    scene.dossiers = {
        "scheduled": Dossier.objects.get(pk=complete.pk),
        "registered": done,
        "sent": sent,
        "inadmissible": Dossier.objects.get(pk=refused.pk),
        "typed": typed,
    }
    scene.pks = {name: dossier.pk for name, dossier in scene.dossiers.items()} | {
        "file": file.pk,
        "registration": row.pk,
        "avis": row.avis.order_by("pk")[0].pk,
        "act": act.pk,
        "demande": demande.pk,
        "closing": closing.pk,
        "piece": sent.pieces.required().order_by("pk")[0].pk,
        "person": sent.people[0].pk,
        "user": User.objects.create_user("neuf@mairie.example", is_staff=True).pk,
    }
    return scene


def _couple(name: str) -> tuple[User, User]:
    first, second = (User.objects.create_user(f"{name}-{n}@example.org") for n in (1, 2))
    return first, second


def _file_of(draft: Dossier) -> PieceFile:
    one = draft.people[0]
    piece = draft.pieces.select_related("dossier").get(key="1-P03_identite")
    picture = SimpleUploadedFile("carte.jpg", jpeg(), content_type="image/jpeg")
    kept, _ = add_file(piece, picture, "carte.jpg", partenaire=one, at=NOW)
    return kept


def desk_patterns(
    patterns: list[Any] | None = None, prefix: str = "", *, inside: bool = False
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, route and names of the parts, of everything under the desk."""
    for one in patterns if patterns is not None else get_resolver().url_patterns:
        text = str(one.pattern)
        if isinstance(one, URLResolver):
            is_desk = inside or one.namespace == "admin"
            yield from desk_patterns(one.url_patterns, prefix + text, inside=is_desk)
        elif inside and isinstance(one, URLPattern):
            yield str(one.name or ""), "/" + prefix + text, tuple(one.pattern.converters)


def filled(route: str, values: dict[str, object]) -> str:
    """A route with these values in its parts."""
    for name, value in values.items():
        route = re.sub(rf"<(\w+:)?{name}>", str(value), route)
    return route
