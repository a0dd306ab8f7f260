"""What the pages of a follow-up show, built for its reader; flat numbers of queries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timezone import localdate

from demarches.dossiers.timeline import Moment
from demarches.rules.dates_fr import NBSP, day_fr
from demarches.rules.enums import Status
from vitale.models import (
    Delay,
    Demande,
    Link,
    PlanLine,
    Suivi,
    SuiviOffset,
    SuiviRoute,
    SuiviTick,
)
from vitale.models.aide import MEETING_EVENTS
from vitale.rules import situations
from vitale.rules import suivi as rules
from vitale.rules.aide import Code, Outcome, code_of
from vitale.rules.plan import Kind
from vitale.rules.situations import Channel, Regime, Situation
from vitale.rules.suivi import Due, Expected, Purpose, Step, Unit


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the way, ticked or not: a line of the task list."""

    step: Step
    tick: SuiviTick | None
    url: str

    @property
    def title(self) -> str:
        return self.step.label

    @property
    def label(self) -> str:
        return "Fait" if self.tick else "À cocher"

    @property
    def tone(self) -> str:
        return "done" if self.tick else "todo"

    @property
    def hint(self) -> str:
        if self.tick is None:
            return ""
        answer = dict(self.step.choices).get(self.tick.choice, "")
        told = f"{NBSP}: {answer.lower()}" if answer else ""
        return f"Le {day_fr(self.tick.done_on)}{told}"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may be expected of one caisse; a caisse without a published delay says so."""

    caisse: str
    expected: Expected[Delay] | None
    days_past: int
    estimates: Sequence[Due[SuiviOffset]]
    #: Nothing came: what to do, from its day on.
    helps: Sequence[Due[SuiviOffset]]


@dataclass(frozen=True, slots=True)
class Book:
    """An aide-mémoire at a day, ready to be shown, printed or put in a calendar."""

    suivi: Suivi
    route: SuiviRoute
    rows: Sequence[StepRow]
    outlooks: Sequence[Outlook]
    reminders: Sequence[date]
    asks_twice: bool
    history: Sequence[tuple[SuiviRoute, Sequence[StepRow]]]
    #: The official services of this way, in the order of its plan.
    links: Sequence[Link]
    keep_until: date

    @property
    def plan_url(self) -> str:
        """The plan it came from; what it does not keep is asked again there."""
        return f"{reverse('vitale:router')}?{urlencode(_plan_params(self.route))}"

    @property
    def is_done(self) -> bool:
        return all(row.tick for row in self.rows)

    @property
    def dates(self) -> list[date]:
        """The days worth looking at again."""
        ends = [o.expected.last for o in self.outlooks if o.expected]
        estimates = [due.day for o in self.outlooks for due in o.estimates]
        return sorted({*ends, *estimates, *self.reminders})


def _plan_params(route: SuiviRoute) -> dict[str, str]:
    params = {"situation": route.suivi.situation_id, "caisse": route.regime}
    return {**params, "voie": route.channel} if route.channel else params


@dataclass(frozen=True, slots=True)
class Said:
    """What the plan says of a step, and of which caisse and answer where there are several."""

    line: PlanLine
    when: str


def said_of(route: SuiviRoute, step: Step) -> list[Said]:
    """The lines of the plan about this step, by this caisse and this way: one query.

    The answers of the plan are not kept: where lines differ by one, each says which.
    """
    lines = [
        line
        for line in PlanLine.objects.of(route.suivi.situation_id).filter(followed_step=step.key)
        if _is_of(line, route)
    ]
    several = len({tuple(line.cases) for line in lines}) > 1
    is_unknown = route.chosen_regime is Regime.UNKNOWN
    return [
        Said(
            line,
            ", ".join(
                words
                for words in (
                    " ou ".join(Regime(one).label for one in line.regimes if is_unknown),
                    " ou ".join(Channel(one).label for one in line.channels if not route.channel),
                    situations.cases_in_words(line.cases) if several else "",
                )
                if words
            ),
        )
        for line in lines
    ]


def _is_of(line: PlanLine, route: SuiviRoute) -> bool:
    """Whether a line is of this caisse and this way; one that is not known may be any."""
    is_unknown = route.chosen_regime is Regime.UNKNOWN
    return (
        not line.regimes
        or route.regime in line.regimes
        or (is_unknown and set(line.regimes) <= {Regime.CPAM, Regime.MSA})
    ) and (not line.channels or not route.channel or route.channel in line.channels)


def _links(route: SuiviRoute) -> list[Link]:
    """Where the steps are done: of this caisse and this way, each address once."""
    lines = PlanLine.objects.filter(
        situation=route.suivi.situation_id, kind=Kind.STEP.value
    ).exclude(link=None)
    found = [
        line.link
        for line in lines.select_related("link")
        if _is_of(line, route) and line.link is not None
    ]
    return list({link.pk: link for link in found}.values())


def _rows(suivi: Suivi, route: SuiviRoute) -> list[StepRow]:
    ticks = {tick.step: tick for tick in route.ticks.all()}
    return [
        StepRow(
            step,
            ticks.get(step.key),
            reverse("vitale:suivi-step", args=[suivi.reference, step.key]),
        )
        for step in route.steps
    ]


def book(suivi: Suivi, *, at: datetime) -> Book:
    """Everything the people noted, and what their dates lead to."""
    today = localdate(at)
    routes = list(suivi.routes.select_related("suivi__situation").prefetch_related("ticks"))
    route = next(one for one in routes if one.ended_at is None)
    noted = {tick.step: tick.done_on for tick in route.ticks.all()}
    offsets = SuiviOffset.objects.filter(journey=route.journey.value).select_related("source")
    dues = rules.due_dates(route.journey, suivi.chosen_situation, noted, offsets)
    delays = list(Delay.objects.filter(situation=suivi.situation_id).select_related("source"))
    ticked = {tick.step for one in routes for tick in one.ticks.all()}
    return Book(
        suivi=suivi,
        route=route,
        rows=_rows(suivi, route),
        outlooks=_outlooks(route, noted, delays, dues, today=today),
        reminders=[
            # No mail leaves for a day that was over when it became known: none is promised.
            day
            for day in _reminder_days(suivi, _of(dues, Purpose.REMINDER))
            if day >= today
        ],
        asks_twice=rules.asks_twice(ticked),
        links=_links(route),
        history=[(one, _rows(suivi, one)) for one in routes if one.ended_at is not None],
        keep_until=rules.add(today, suivi.keep_months, Unit.MONTHS),
    )


def _of(dues: Sequence[Due[SuiviOffset]], purpose: Purpose) -> list[Due[SuiviOffset]]:
    return [due for due in dues if due.offset.purpose == purpose]


def _reminder_days(suivi: Suivi, dues: Sequence[Due[SuiviOffset]]) -> list[date]:
    if suivi.reminder_on is not None:
        if suivi.chosen_situation is Situation.UPDATE:
            return [suivi.reminder_on]
        return [suivi.reminder_on, *(due.day for due in dues)]
    return [due.day for due in dues]


def _outlooks(
    route: SuiviRoute,
    noted: dict[str, date],
    delays: Sequence[Delay],
    dues: Sequence[Due[SuiviOffset]],
    *,
    today: date,
) -> list[Outlook]:
    """One caisse, or the CPAM and the MSA apart: no delay of one is read as of the other."""
    regime = route.chosen_regime
    is_unknown = regime is Regime.UNKNOWN and route.journey in rules.COUNTED_FROM
    helps = [due for due in _of(dues, Purpose.HELP) if due.day <= today]
    found = []
    for one in (Regime.CPAM, Regime.MSA) if is_unknown else (regime,):
        is_other = is_unknown and one is Regime.MSA
        expected = rules.expected(
            route.journey, noted, delays, regime=one, channel=route.chosen_channel
        )
        found.append(
            Outlook(
                caisse=("la CPAM" if one is Regime.CPAM else "la MSA") if is_unknown else "",
                expected=expected,
                days_past=expected.days_past(today) if expected else 0,
                # The steps of an unknown caisse are those of the CPAM, and so is their advice.
                estimates=_of(dues, Purpose.EXPECTED) if not is_other else (),
                helps=helps if not is_other else (),
            )
        )
    return found


#: What comes next, without a promise of when.
_NEXT: dict[Code, Sequence[tuple[str, str]]] = {
    Code.RECEIVED: (
        (Code.TAKEN.label, ""),
        (Code.ANSWERED.label, "Par mail ou par téléphone."),
    ),
    Code.TAKEN: ((Code.ANSWERED.label, "Par mail ou par téléphone."),),
    Code.PROPOSED: (("Vous confirmez, ou choisissez un autre créneau", ""),),
    Code.BOOKED: (("Vous faites la démarche, un agent à côté de vous", ""),),
}


def moments(demande: Demande) -> list[Moment]:
    """What the mairie did, when; and what it will do next, without a promise."""
    found = [Moment(Code.RECEIVED.label, "done", demande.submitted_at)]
    for event in demande.events.all():
        if event.kind in MEETING_EVENTS:
            found.append(Moment(event.label, "done", event.at, text=event.reason))
        elif event.to_status == Status.UNDER_REVIEW.value:
            found.append(Moment(Code.TAKEN.label, "done", event.at))
        elif event.to_status == Status.COMPLETE.value:
            found.append(Moment(_outcome_label(demande), "done", event.at))
    if demande.is_ended:
        return [*found, Moment(demande.code.label, "done", demande.ended_at)]
    if len(found) > 1:
        found[-1] = replace(found[-1], state="now")
    return found + [Moment(title, "next", text=text) for title, text in _NEXT.get(demande.code, ())]


def _outcome_label(demande: Demande) -> str:
    outcome = Outcome(demande.outcome)
    code = code_of(Status.COMPLETE, outcome, None)
    if demande.orientation is not None:
        return f"{code.label} vers{NBSP}: {demande.orientation.name}"
    return code.label
