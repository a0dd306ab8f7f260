"""The plan of some answers, from the rows that agents edit, ready to be shown or printed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from vitale.models import Contact, Delay, PlanLine, Source, Sourced
from vitale.rules.plan import Plan, Track, build_plan
from vitale.rules.situations import FUND_QUESTION, Answers, Regime, Situation

#: The contact that stands for the caisse nobody has named yet.
ANY_FUND = "autre-caisse"
#: Of rows of `PlanLine` and `Delay`, whose columns mypy does not know yet when it reads this.
type RowTrack = Track[Any, Any]
type RowPlan = Plan[Any, Any]
_ABROAD = frozenset({Situation.ABROAD, Situation.RETIRED_ABROAD})


@dataclass(frozen=True, slots=True)
class Part:
    """What one caisse asks for, and whom to ask at the end; nobody when two caisses share it."""

    track: RowTrack
    ask: Contact | None


@dataclass(frozen=True, slots=True)
class Reference:
    """A source, once: the date of what was copied, and the day it was last read there."""

    source: Source
    as_of: date | None
    checked_on: date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a plan says."""

    plan: RowPlan
    parts: Sequence[Part]
    common: Sequence[PlanLine]
    references: Sequence[Reference]


def sheet_of(answers: Answers) -> Sheet:
    """Read the rows of these answers: three queries."""
    rows: list[Any] = list(PlanLine.objects.of(answers.situation))
    common = [row for row in rows if row.situation_id is None and not row.regimes]
    delays: Any = Delay.objects.filter(situation=answers.situation).select_related("source")
    plan = build_plan(answers, [row for row in rows if row not in common], delays)
    contacts = Contact.objects.select_related("link").in_bulk(
        {key for track in plan.tracks for key in _asked(track, answers)}
    )
    fund = contacts.get(_fund(answers))
    if fund is not None:
        for line in (line for track in plan.tracks for line in track.lines):
            if line.contact_id == ANY_FUND:
                line.contact = fund
    told: list[Sourced] = [
        *plan.first,
        *(line for track in plan.tracks for line in track.lines),
        *(track.delay for track in plan.tracks if track.delay),
        *common,
    ]
    parts = [
        Part(track, next((contacts[k] for k in _asked(track, answers) if k in contacts), None))
        for track in plan.tracks
    ]
    return Sheet(plan, parts, common, references(told))


def _fund(answers: Answers) -> str:
    """The key of the caisse that was named; that of any other when none was."""
    named = {choice.value for choice in FUND_QUESTION.choices} & answers.cases
    return next(iter(named), ANY_FUND)


def _asked(track: RowTrack, answers: Answers) -> tuple[str, ...]:
    """Whom to ask about this track, the best first."""
    if len(track.regimes) > 1:
        return ()
    match track.regimes[0]:
        case Regime.CPAM:
            return ("3646-etranger" if answers.situation in _ABROAD else "3646",)
        case Regime.MSA:
            return ("msa",)
        case _:
            return (_fund(answers), ANY_FUND)


def references(told: Iterable[Sourced]) -> list[Reference]:
    """Each source once, with the oldest of the dates that its texts have."""
    rows: dict[str, list[Sourced]] = {}
    for row in told:
        rows.setdefault(row.source_id, []).append(row)
    return [
        Reference(
            group[0].source,
            min((row.as_of for row in group if row.as_of), default=None),
            # One text that nobody read again is enough for the source not to say so.
            None
            if any(row.checked_on is None for row in group)
            else min(row.checked_on for row in group if row.checked_on),
        )
        for group in rows.values()
    ]
