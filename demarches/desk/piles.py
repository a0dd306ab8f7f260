"""The piles of the home page: what is to do, how much of it, since when, and where it is done.

A procedure gives rules; every count of one model is read by one statement, however many piles.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import F, Model, QuerySet, Subquery, TextField
from django.utils.dateparse import parse_date, parse_datetime

from demarches.rules.numbers import read_number

#: Piles are counted so far: nobody works through more in a day.
COUNTED = 100
#: Rows that a list, or a pile worked through, leads to.
LISTED = 1000


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands in the pile it was opened from; `rank` is 0 once it has left."""

    slug: str
    title: str
    rank: int
    count: int | str


def keys_of[M: Model](rule: PileRule[M]) -> list[int]:
    """The keys of a pile in its order, `LISTED` at most."""
    return list(rule.read().values_list("pk", flat=True)[:LISTED])


def place_of[M: Model](pk: int, slug: str, rule: PileRule[M]) -> Place:
    """Where this row stands in this pile."""
    keys = keys_of(rule)
    rank = keys.index(pk) + 1 if pk in keys else 0
    return Place(
        slug, rule.title, rank, len(keys) if len(keys) < LISTED else f"plus de {LISTED - 1}"
    )


def next_key(keys: Sequence[int], *, after: int, but: Collection[int]) -> int | None:
    """The row to do after this one, from the top again at the end; None when none is left.

    `but`: those that somebody else has open. A row that has left the pile is followed by the first.
    """
    start = keys.index(after) + 1 if after in keys else 0
    turn = [*keys[start:], *keys[:start]]
    return next((pk for pk in turn if pk not in but and pk != after), None)


#: Columns whose first value an index gives, however many rows wait.
SERVED = frozenset({"waiting_since"})


class _Counted(Subquery):
    """« 12 2026-11-25 »: how many rows a query gives, and the first of their `since`.

    One text, so that the rows are read once; the query is sliced by whoever gives it.
    """

    template = (
        "(SELECT COUNT(*) || ' ' || COALESCE(CAST(MIN(counted.since) AS text), '')"
        " FROM (%(subquery)s) AS counted)"
    )
    output_field = TextField()
    #: Of a query that Django knows to give nothing.
    empty_result_set_value = "0 "


def count_piles[M: Model](
    rows: QuerySet[M], rules: Mapping[str, PileRule[M]]
) -> dict[str, tuple[int, date | datetime | None]]:
    """How many rows each pile has, to `COUNTED` at most, and since when, in one statement.

    `rows`: all of the model. A pile is counted by reading no more than that: what a department
    leaves waiting costs what a village does. Since when is not told of a pile that was not counted
    to its end (None), unless an index tells it.
    """
    asked: dict[str, Any] = {}
    for number, rule in enumerate(rules.values()):
        pile, since = rule.read().order_by(), rule.since
        some = pile.annotate(since=F(since)).values("since")[:COUNTED]
        asked[f"counted_{number}"] = _Counted(some)
        if since in SERVED:
            oldest = pile.exclude(**{since: None}).order_by(since).values(since)[:1]
            asked[f"since_{number}"] = Subquery(oldest)
    found = rows.order_by("pk").annotate(**asked).values(*asked).first() if asked else None
    if found is None:
        return dict.fromkeys(rules, (0, None))
    told: dict[str, tuple[int, date | datetime | None]] = {}
    for number, (slug, rule) in enumerate(rules.items()):
        text, _, first = found[f"counted_{number}"].partition(" ")
        count = read_number(text) or 0
        known = _moment(first) if count < COUNTED else None
        told[slug] = count, found[f"since_{number}"] if rule.since in SERVED else known
    return told


def _moment(text: str) -> date | datetime | None:
    """What a column holds, from how the database writes it: in UTC."""
    if len(text) <= len("2026-11-25"):
        return parse_date(text)
    moment = parse_datetime(text)
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def by_lane(piles: Sequence[Pile]) -> dict[Lane, list[Pile]]:
    """The piles that hold something, lane by lane."""
    return {lane: [one for one in piles if one.count and one.lane is lane] for lane in Lane}
