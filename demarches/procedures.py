"""What a procedure gives the portal: one descriptor, registered by its app in `ready()` (ADR 0086).

Menus, the site map, the home of the desk, « Mes données », the closing of a day and the legal
pages read the descriptors and name no procedure. Dossiers and other rows of « Mes démarches » need
no word here: they are found by their base class (`models/dossier.py`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.db.models import Model
from django.urls import reverse

from demarches.agenda.closing import Procedure as MovesAppointments
from demarches.agenda.desk import Procedure as ShowsGuests
from demarches.demo import Demo
from demarches.desk.health import Finding
from demarches.desk.jobs import JobType
from demarches.desk.jobs import register as register_jobs
from demarches.desk.piles import Pile
from demarches.dossiers.mine import Kept, Look, Part, register_kept
from demarches.models import Agenda, User
from demarches.rules.processing import KeptFor, Sheet, told
from demarches.serving.revision import register_content
from demarches.web.request_memory import TOWN

type May = Callable[[User], bool]


def anybody(user: User) -> bool:
    """For a link of the desk that its page itself guards."""
    return True


def having(permission: str) -> May:
    """Agents who hold this right: « app.right_model »."""
    return lambda user: user.has_perm(permission)


@dataclass(frozen=True, slots=True)
class Link:
    """A public page: its words and its address, by name."""

    label: str
    route: str
    query: str = ""

    @property
    def url(self) -> str:
        return reverse(self.route) + self.query


@dataclass(frozen=True, slots=True)
class DeskLink:
    """A page of the desk, shown to whom it may open."""

    label: str
    route: str
    may: May
    #: What the page calls itself, so that its line of the menu is marked.
    tab: str = ""
    is_button: bool = False

    @property
    def url(self) -> str:
        return reverse(self.route)


@dataclass(frozen=True, slots=True)
class Gives:
    """Where a free seat is given to somebody who waits: a page that reads « ?creneau= »."""

    link: DeskLink
    #: The agenda whose seats it gives; None when it has none.
    agenda: Callable[[], Agenda | None]


@dataclass(frozen=True, slots=True)
class DeskSearch:
    """The field in the head of the desk: a list that reads « q »."""

    label: str
    placeholder: str
    route: str
    may: May

    @property
    def url(self) -> str:
        return reverse(self.route)


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody expected today; `note`: what to know before they come."""

    at: datetime
    title: str
    url: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Confided:
    """What a colleague gave to this agent, lately."""

    title: str
    url: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """Something else to do, with the pages where it is done: words and address."""

    title: str
    text: str
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DeskHome:
    """What one procedure shows one agent on the home of the desk."""

    piles: Sequence[Pile] = ()
    expected: Sequence[Expected] = ()
    confided: Sequence[Confided] = ()
    #: Where the others are, when not all that was confided is named.
    confided_more: str = ""
    notices: Sequence[Notice] = ()
    #: Its appointments of the day are this agent's business, even when there is none.
    has_day: bool = False
    #: The page of that day, in words and by its address.
    day_page: tuple[str, str] | None = None


class Mine(Protocol):
    """What is a resident's own in a procedure, for « Mes données » and « Faire effacer »."""

    def parts(self, user: User) -> Iterable[Part]:
        """Every row that is theirs."""

    def kept(self, user: User) -> Iterable[Kept]:
        """What is kept of them, why, and until when."""

    def looks(self, user: User) -> Iterable[Look]:
        """Who looked at it."""

    def erase_own(self, user: User) -> None:
        """Delete what nobody but them needs, as their account closes."""


@dataclass(frozen=True, slots=True)
class Answers:
    """How its pages answer a POST, where it is not as everywhere (ADR 0065); names of addresses."""

    #: Answered at once, each with its reason.
    at_once: Mapping[str, str] = field(default_factory=dict)
    #: Addresses that take only what a button sends: the page that shows their answer.
    shown_at: Mapping[str, str] = field(default_factory=dict)
    #: Where somebody says who they are.
    doors: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """One procedure, as the rest of the portal knows it.

    `name` is the label of its app and the namespace of its addresses. What a procedure does not
    have keeps its default: nothing is shown for it.
    """

    name: str
    #: In menus and headings: « Pacs ».
    title: str
    #: Its door on the home page.
    home: str
    door: str
    promise: str
    #: Its pages on the site map, below `home`; and questions of some, below the doors.
    pages: Sequence[Link] = ()
    asides: Sequence[Link] = ()
    #: Addresses of no use to a search engine.
    hidden: Sequence[str] = ()
    #: Its part of the legal pages: « data », « lawful », « readers », « uses », « sending »,
    #: « engages », « reuse » → a template, which may read `figures`.
    legal: Mapping[str, str] = field(default_factory=dict)
    figures: Callable[[], object] = dict
    #: Its sheets in the register of processing; how long things are kept is told on the page about
    #: personal data.
    processing: Callable[[], Sequence[Sheet]] = tuple
    #: Rows that its public pages show: a change of them empties the kept pages.
    content: Sequence[type[Model]] = ()
    jobs: Sequence[JobType] = ()
    #: « times, seconds » a scope, where `settings.RATE_LIMITS` says nothing.
    limits: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    answers: Answers = Answers()
    #: Keys of a session that let somebody in without an account.
    ways_in: Sequence[str] = ()
    mine: Mine | None = None
    closing: MovesAppointments | None = None
    #: Who moves its appointments, and what the people of a closed day are told (a template).
    may_move: May = anybody
    closing_told: str = ""
    #: Who has its appointments, for the agenda of the desk, and who may see them there.
    guests: ShowsGuests | None = None
    may_see_guests: May = anybody
    #: Its page of one day, which reads « ?jour= ».
    day_page: DeskLink | None = None
    gives: Gives | None = None
    desk_menu: Sequence[DeskLink] = ()
    desk_links: Sequence[DeskLink] = ()
    desk_search: DeskSearch | None = None
    desk_home: Callable[[User, datetime], DeskHome] | None = None
    #: What `manage.py doctor` asks about it.
    findings: Callable[[datetime], Iterator[Finding]] | None = None
    #: Believable rows for trying the desk, one by one; none when they are there already.
    demo: Callable[[Demo], Iterator[object]] | None = None
    #: After another national guide came: what changed, in words.
    on_new_guide: Callable[[], Iterable[str]] | None = None

    @property
    def kept_for(self) -> list[KeptFor]:
        """What everybody reads of how long its data are kept."""
        return told(self.processing())


_registered: dict[str, Procedure] = {}


def register(procedure: Procedure) -> None:
    """Add a procedure, from `ready()`; refuses a second one of the same name."""
    if procedure.name in _registered:
        raise ValueError(f"The procedure {procedure.name!r} is registered twice.")
    _registered[procedure.name] = procedure
    register_jobs(*procedure.jobs)
    register_content(TOWN, *procedure.content)
    if procedure.mine is not None:
        register_kept(procedure.mine.kept)
    for scope, limit in procedure.limits.items():
        settings.RATE_LIMITS.setdefault(scope, limit)


def procedures() -> list[Procedure]:
    """Those of this installation, in the order of their apps."""
    return list(_registered.values())


def own_rows() -> list[Mine]:
    """What each says of a resident."""
    return [one.mine for one in procedures() if one.mine is not None]


def with_appointments() -> list[Procedure]:
    """Those whose appointments an agent can move when a day closes."""
    return [one for one in procedures() if one.closing is not None]
