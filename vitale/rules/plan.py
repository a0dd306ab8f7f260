"""From the answers to a plan: which lines are told, for which caisse, and how long it takes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from demarches.rules.enums import LabelledStrEnum
from vitale.rules.situations import QUESTION_OF, Answers, Channel, Regime, channels


class Kind(LabelledStrEnum):
    """What a line of a plan says."""

    WHO = "who", "Pour qui"
    NEED = "need", "Avant de commencer"
    STEP = "step", "Étape"
    BRING = "bring", "À avoir sous la main"
    MEANWHILE = "meanwhile", "En attendant"
    WARNING = "warning", "À savoir"
    AFTER = "after", "Ensuite"


class Conditional(Protocol):
    """Said only for these caisses, channels and cases; an empty list means all of them.

    Cases that answer one question are alternatives; those of two questions are both needed.
    """

    @property
    def regimes(self) -> Collection[str]: ...
    @property
    def channels(self) -> Collection[str]: ...
    @property
    def cases(self) -> Collection[str]: ...


class PlanRow(Conditional, Protocol):
    """One thing to say."""

    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Track[L: PlanRow, D: Conditional]:
    """The plan of one caisse, or of two that say the same."""

    regimes: tuple[Regime, ...]
    channel: Channel | None
    lines: tuple[L, ...]
    delay: D | None

    @property
    def groups(self) -> dict[str, list[L]]:
        """The lines by kind, each kind present."""
        return {kind.value: [line for line in self.lines if line.kind == kind] for kind in Kind}


@dataclass(frozen=True, slots=True)
class Plan[L: PlanRow, D: Conditional]:
    """What to do: first find the caisse when it is not known, then a track a caisse."""

    first: tuple[L, ...]
    tracks: tuple[Track[L, D], ...]

    @property
    def is_split(self) -> bool:
        """Two caisses, told apart: nothing of one is read as being of the other."""
        return len(self.tracks) > 1


def applies(
    row: Conditional, *, regime: Regime, channel: Channel | None, cases: frozenset[str]
) -> bool:
    """True when nothing in the answers excludes the row."""
    return (
        (not row.regimes or regime in row.regimes)
        and (not row.channels or channel in row.channels)
        and all(
            not cases.isdisjoint(alternatives) for alternatives in by_question(row.cases).values()
        )
    )


def by_question(cases: Iterable[str]) -> dict[str, set[str]]:
    """The answers a row asks for, by the question they answer."""
    found: dict[str, set[str]] = {}
    for case in cases:
        found.setdefault(QUESTION_OF.get(case, case), set()).add(case)
    return found


def build_plan[L: PlanRow, D: Conditional](
    answers: Answers, lines: Iterable[L], delays: Iterable[D]
) -> Plan[L, D]:
    """The plan of these answers; `lines` and `delays` are those of the situation, in order.

    An unknown caisse gives the CPAM and the MSA apart, unless both say the same.
    """
    lines, delays = tuple(lines), tuple(delays)
    if answers.regime is not Regime.UNKNOWN:
        return Plan((), (_track(answers.regime, answers, lines, delays),))
    first = tuple(line for line in lines if Regime.UNKNOWN in line.regimes)
    cpam, msa = (_track(regime, answers, lines, delays) for regime in (Regime.CPAM, Regime.MSA))
    if (cpam.lines, cpam.delay) == (msa.lines, msa.delay):
        return Plan((), (Track((Regime.CPAM, Regime.MSA), cpam.channel, cpam.lines, cpam.delay),))
    return Plan(first, (cpam, msa))


def _track[L: PlanRow, D: Conditional](
    regime: Regime, answers: Answers, lines: tuple[L, ...], delays: tuple[D, ...]
) -> Track[L, D]:
    channel = _channel(regime, answers)
    told = tuple(
        line for line in lines if applies(line, regime=regime, channel=channel, cases=answers.cases)
    )
    delay = next(
        (
            delay
            for delay in delays
            if applies(delay, regime=regime, channel=channel, cases=answers.cases)
        ),
        None,
    )
    return Track((regime,), channel, told, delay)


def _channel(regime: Regime, answers: Answers) -> Channel | None:
    """The chosen channel, or the only one of a caisse that does not offer it."""
    if answers.channel is None:
        return None
    offered = channels(answers.situation, regime)
    if answers.channel in offered:
        return answers.channel
    return offered[0] if offered else None
