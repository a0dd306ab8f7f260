"""What is a resident's own, in the shape every procedure gives it in."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Field, JSONField, Model
from django.utils.timezone import localdate

from demarches.dossiers.words import value_in_words
from demarches.models import User


@dataclass(frozen=True, slots=True)
class Section:
    """One row: its name for people, its columns in words, and the same for a machine."""

    title: str
    lines: Sequence[tuple[str, str]]
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One dossier, request or aide-mémoire."""

    title: str
    reference: str
    sections: Sequence[Section]

    def as_json(self) -> dict[str, Any]:
        """For a machine: every row under the name of its model."""
        rows = [{"objet": one.title, **one.values} for one in self.sections]
        return {"reference": self.reference, "contenu": rows}


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody of the mairie saw it; `agent` None: its machine."""

    at: datetime
    reference: str
    #: Seen in a list or a sheet of the day, and perhaps not opened.
    in_passing: bool
    agent: int | None
    #: Somebody who helps them to fill in, at their wish; no agent.
    by_helper: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of somebody: why, until when, and the page that ends it at once, if any."""

    title: str
    reference: str
    why: str
    #: None: as long as it goes on.
    until: date | None
    act: str = ""
    url: str = ""
    #: Nobody but its owner needs it: it goes with the account.
    is_own: bool = False

    def shown(self) -> str:
        """What a page says of it, for its form."""
        return f"{self.why} {self.until} {self.act}"


type KeptOf = Callable[[User], Iterable[Kept]]

_procedures: list[KeptOf] = []


def register_kept(kept: KeptOf) -> None:
    """Add what a procedure keeps of a resident, from `ready()`."""
    _procedures.append(kept)


def kept_of(user: User) -> list[Kept]:
    """What is kept of them, procedure after procedure."""
    return [one for procedure in _procedures for one in procedure(user)]


@dataclass(frozen=True, slots=True)
class LookedDay:
    """The looks of one day at one dossier, as its people read them."""

    day: date
    reference: str
    opened: int
    listed: int
    agents: int
    #: Pages opened by whoever helps them.
    helped: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """How people read the columns of a kind of row, where the column does not say it by itself."""

    #: Columns read by a function; it gives nothing where people have nothing to read.
    words: Mapping[str, "Words"] = field(default_factory=dict)
    #: Columns whose own name is no word for people.
    labels: Mapping[str, str] = field(default_factory=dict)
    #: Keys of the machine: the copy for another machine has them, the one to read has not.
    hidden: frozenset[str] = frozenset()


type Words = Callable[[Any], str]


def section(row: Model, names: Iterable[str], told: Told = Told()) -> Section:
    """These columns of a row; rows it points to are told in words by `told` alone."""
    fields = [row._meta.get_field(name) for name in names]
    lines, values = [], {}
    for one in fields:
        if isinstance(one, Field):
            values[one.name] = _plain(one.value_from_object(row))
            if words := _words(row, one, told):
                lines.append((told.labels.get(one.name) or str(one.verbose_name), words))
    return Section(str(row._meta.verbose_name), lines, values)


def _plain(value: Any) -> Any:
    known = (bool, int, float, list, dict, type(None), date, datetime)
    return value if isinstance(value, known) else str(value)


def is_key(column: "Field[Any, Any]") -> bool:
    """Whether it only tells rows apart, or holds what a machine wrote for itself."""
    return column.is_relation or column.primary_key or isinstance(column, JSONField)


def _words(row: Model, column: "Field[Any, Any]", told: Told) -> str:
    if column.name in told.hidden:
        return ""
    if column.name in told.words:
        return told.words[column.name](row)
    return "" if is_key(column) else value_in_words(row, column.name, hours=True)


def by_day(looks: Iterable[Look]) -> list[LookedDay]:
    """The looks, a day and a dossier, the latest first."""
    days = defaultdict[tuple[date, str], list[Look]](list)
    for look in looks:
        days[localdate(look.at), look.reference].append(look)
    return [
        LookedDay(
            day,
            reference,
            opened=sum(not (look.in_passing or look.by_helper) for look in found),
            listed=sum(look.in_passing for look in found),
            agents=len({look.agent for look in found if not look.by_helper} - {None}),
            helped=sum(look.by_helper for look in found),
        )
        for (day, reference), found in sorted(days.items(), reverse=True)
    ]
