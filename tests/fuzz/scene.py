"""A mairie with a dossier in each state, and everybody who may come to its door."""

from dataclasses import dataclass

from django.test import Client
from django.utils import timezone

from demarches.demo import Demo, demo_agents
from demarches.models import User
from pacs.demo.dossiers import STAGES, make_dossiers
from pacs.models import Dossier
from tests.support.followups import answered, closed, fixed, make_demande, make_suivi, proposed


@dataclass(frozen=True)
class Actor:
    """Somebody with a browser; `starts` are the addresses of their own rows."""

    name: str
    client: Client
    starts: tuple[str, ...] = ()
    #: How many rows of one kind this actor looks at.
    variants: int = 1


def _browser(user: User | None = None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def make_scene() -> list[Actor]:
    """Make the rows with the portal's own actions; needs the reference data."""
    now = timezone.now()
    actors = [Actor("nobody", _browser()), Actor("stranger", _browser(_user("stranger")))]
    agents = demo_agents(password=None)
    reviewer = agents["instructeur"]
    made = make_dossiers(Demo(reviewer, agents["officier"], now, len(STAGES)))
    for stage, dossier in zip(STAGES, list(made), strict=True):
        home = (Dossier.objects.get(pk=dossier.pk).get_absolute_url(),)
        for rank, person in enumerate(dossier.people, 1):
            if person.user is not None:
                actors.append(Actor(f"{stage} {rank}", _browser(person.user), home))
    actors += _followed(reviewer)
    # An administrateur of everything too: no permission hides an error from it.
    root = User.objects.create_superuser("root@example.org", "x" * 20, full_name="Racine")
    agents["superuser"] = root
    for name, user in agents.items():
        many = len(STAGES) if name == "officier" else 1
        actors.append(Actor(f"desk {name}", _browser(user), ("/agents/",), many))
    return actors


def _user(name: str) -> User:
    return User.objects.create_user(f"{name}@example.org")


def _followed(agent: User) -> list[Actor]:
    """Requests for help in each state, and an aide-mémoire, each with its resident."""
    now = timezone.now()
    rows = {}
    for name in ("sent", "answered", "proposed", "fixed", "closed"):
        demande = make_demande(_user(f"help-{name}"))
        match name:
            case "answered":
                answered(demande, by=agent, at=now)
            case "proposed":
                proposed(demande, by=agent, at=now)
            case "fixed":
                fixed(demande, by=agent, at=now)
            case "closed":
                closed(answered(demande, by=agent, at=now), by=agent, at=now)
        rows[name] = (demande.owner, demande.get_absolute_url())
    owner = _user("suivi")
    rows["suivi"] = (
        owner,
        make_suivi(owner=owner, reminders_to="suivi@example.org").get_absolute_url(),
    )
    return [Actor(f"help {name}", _browser(who), (url,)) for name, (who, url) in rows.items()]
