"""The piles of the home page: what is to do, how much of it, since when, and where it is done.

A procedure gives rules; every count of one model is read by one statement, however many piles.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import IntegerField, Model, QuerySet, Subquery

#: Piles are counted so far: nobody works through more in a day.
COUNTED = 100


class Lane(StrEnum):
    """Where a pile stands on the page: the order of the law."""

    #: Shown row by row, by the page itself.
    TODAY = "today"
    LATE = "late"
    NEAR = "near"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class PileRule[M: Model]:
    """One pile before it is counted.

    `read`: its rows, in the order in which they are to be done; asked only when it is opened or
    counted. `since`: the column whose earliest value says how old the pile is. `why`: the
    article, or the promise.
    """

    title: str
    read: Callable[[], QuerySet[M]]
    since: str
    lane: Lane = Lane.WORK
    why: str = ""
    #: Also for whoever receives people, and decides nothing.
    at_counter: bool = False


@dataclass(frozen=True, slots=True)
class Pile:
    """One pile as the page shows it; `start`: the address that opens its first row."""

    title: str
    count: int
    url: str
    start: str = ""
    since: date | datetime | None = None
    lane: Lane = Lane.WORK
    why: str = ""
    #: What the button says.
    verb: str = "Commencer"

    @property
    def how_many(self) -> str:
        """« 12 »; « plus de 99 » of what was not counted to its end."""
        return str(self.count) if self.count < COUNTED else f"plus de {COUNTED - 1}"


class _HowMany(Subquery):
    """How many rows a query gives; it is sliced by whoever gives it."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def count_piles[M: Model](
    rows: QuerySet[M], rules: Mapping[str, PileRule[M]]
) -> dict[str, tuple[int, Any]]:
    """How many rows each pile has, to `COUNTED` at most, and since when, in one statement.

    `rows`: all of the model. A pile is counted by reading no more than that: what a department
    leaves waiting costs what a village does.
    """
    asked: dict[str, Any] = {}
    for number, rule in enumerate(rules.values()):
        pile, since = rule.read().order_by(), rule.since
        asked[f"count_{number}"] = _HowMany(pile.values("pk")[:COUNTED])
        oldest = pile.exclude(**{since: None}).order_by(since).values(since)[:1]
        asked[f"since_{number}"] = Subquery(oldest)
    found = rows.order_by("pk").annotate(**asked).values(*asked).first() if asked else None
    if found is None:
        return dict.fromkeys(rules, (0, None))
    return {
        slug: (found[f"count_{number}"], found[f"since_{number}"])
        for number, slug in enumerate(rules)
    }


def by_lane(piles: Sequence[Pile]) -> dict[Lane, list[Pile]]:
    """The piles that hold something, lane by lane."""
    return {lane: [one for one in piles if one.count and one.lane is lane] for lane in Lane}
