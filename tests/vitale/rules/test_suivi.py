"""The dates of an aide-mémoire: table 7.4 and traps 7.5 of the domain reference."""

import re
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vitale.answers import READINGS, answers_of
from vitale.rules import aide
from vitale.rules.situations import Channel, Regime, Situation
from vitale.rules.suivi import (
    COUNTED_FROM,
    FOLLOWED,
    STEPS,
    Expected,
    Journey,
    add,
    asks_twice,
    due_dates,
    expected,
    journey,
    journey_channels,
    refuse_date,
    refuse_reminder_day,
    step_of,
)

TODAY = date(2027, 3, 15)
J = date(2027, 3, 1)


@dataclass(frozen=True)
class Row:
    """A delay, or a row of the table of offsets."""

    regimes: tuple[str, ...] = ("cpam",)
    channels: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    min_days: int = 14
    max_days: int = 21
    journey: str = "remplacement-en-ligne"
    situations: tuple[str, ...] = ()
    purpose: str = "rappel"
    from_step: str = "commandee"
    amount: int = 21
    unit: str = "jours"
    until_step: str = "recue"


@pytest.mark.parametrize(
    ("situation", "regime", "channel", "found"),
    [
        (Situation.FIRST, Regime.CPAM, Channel.ONLINE, Journey.ORDER_ONLINE),
        (Situation.FIRST, Regime.CPAM, Channel.APP, Journey.ORDER_ONLINE),
        (Situation.FIRST, Regime.CPAM, Channel.POST, Journey.ORDER_POST),
        (Situation.SIXTEEN, Regime.CPAM, Channel.POST, Journey.ORDER_POST),
        (Situation.CHILD, Regime.CPAM, Channel.ONLINE, Journey.ORDER_ONLINE),
        (Situation.NEWCOMER, Regime.CPAM, None, Journey.NEWCOMER),
        (Situation.LOSS, Regime.CPAM, Channel.ONLINE, Journey.REPLACE_ONLINE),
        (Situation.THEFT, Regime.UNKNOWN, Channel.APP, Journey.REPLACE_ONLINE),
        (Situation.FAULT, Regime.CPAM, Channel.DESK, Journey.REPLACE_DESK),
        (Situation.LOSS, Regime.CPAM, Channel.PHONE, Journey.REPLACE_PHONE),
        (Situation.LOSS, Regime.MSA, Channel.ONLINE, Journey.MSA),
        (Situation.NEWCOMER, Regime.MSA, None, Journey.MSA),
        (Situation.MSA, Regime.CPAM, None, Journey.MSA),
        (Situation.LOSS, Regime.OTHER, None, Journey.OTHER),
        (Situation.IDENTITY, Regime.MSA, None, Journey.IDENTITY),
        (Situation.UPDATE, Regime.OTHER, None, Journey.UPDATE),
        (Situation.APP, Regime.MSA, None, Journey.APP),
        (Situation.RETIRED_ABROAD, Regime.CPAM, None, Journey.RETIRED_ABROAD),
        (Situation.PROOF, Regime.CPAM, Channel.ONLINE, None),
        (Situation.FRAUD, Regime.CPAM, None, None),
    ],
)
def test_each_request_has_its_steps(
    situation: Situation, regime: Regime, channel: Channel | None, found: Journey | None
) -> None:
    assert journey(situation, regime, channel) is found


def test_every_plan_that_is_followed_leads_to_steps() -> None:
    for reading in READINGS:
        answers = answers_of(reading)
        offered = journey_channels(answers.situation, answers.regime)
        channel = (answers.channel or offered[0]) if offered else None

        found = journey(answers.situation, answers.regime, channel)

        assert (found is not None) == (answers.situation in FOLLOWED)
        assert found is None or STEPS[found]


def test_the_two_requests_of_a_lost_card_are_two_boxes() -> None:
    """The trap of the whole guide: declaring alone brings no card."""
    assert [step.key for step in STEPS[Journey.REPLACE_ONLINE]][:2] == ["declaree", "commandee"]


def test_steps_come_after_steps_that_exist() -> None:
    for chosen, steps in STEPS.items():
        keys = [step.key for step in steps]
        assert len(keys) == len(set(keys))
        for rank, step in enumerate(steps):
            assert set(step.after) <= set(keys[:rank])
        assert COUNTED_FROM.get(chosen, keys[0]) in keys


def test_no_label_pretends_to_know_the_caisse() -> None:
    said = [step.label for steps in STEPS.values() for step in steps]
    said += [code.label for code in aide.Code] + [chosen.label for chosen in Journey]
    forbidden = re.compile(r"accept|refus|fabrication|expédi|valid|en retard", re.IGNORECASE)

    assert len(said) > 50
    assert [words for words in said if forbidden.search(words)] == []


# Dates that are possible


def refusal(key: str, day: date, noted: dict[str, date], chosen: Journey) -> str:
    step = step_of(chosen, key)
    assert step is not None
    return refuse_date(step, day, chosen=chosen, noted=noted, today=TODAY)


@pytest.mark.parametrize(
    ("key", "day", "noted", "words"),
    [
        ("commandee", TODAY, {}, ""),
        ("commandee", date(2027, 3, 16), {}, "Cette date est à venir."),
        ("commandee", date(2026, 3, 15), {}, ""),
        ("commandee", date(2026, 3, 14), {}, "Cette date a plus de 12 mois."),
        ("commandee", J, {"declaree": J}, ""),
        ("commandee", date(2027, 2, 28), {"declaree": J}, "Cette date est avant"),
        ("declaree", date(2027, 3, 2), {"commandee": J}, "Cette date est après"),
        ("declaree", J, {"commandee": J}, ""),
        ("attestation", date(2027, 2, 1), {"declaree": J}, ""),
        ("commandee", date(2027, 3, 2), {"commandee": J}, ""),
    ],
)
def test_a_date_is_refused_with_what_to_do(
    key: str, day: date, noted: dict[str, date], words: str
) -> None:
    found = refusal(key, day, noted, Journey.REPLACE_ONLINE)

    assert found.startswith(words)
    assert bool(found) == bool(words)


def test_a_newcomer_may_note_older_dates() -> None:
    assert refusal("depose", date(2025, 12, 15), {}, Journey.NEWCOMER) == ""
    assert "15 mois" in refusal("depose", date(2025, 12, 14), {}, Journey.NEWCOMER)


@given(st.dates(date(2026, 4, 1), TODAY), st.dates(date(2026, 4, 1), TODAY))
def test_two_dates_are_taken_in_one_order_whichever_is_typed_first(
    first: date, second: date
) -> None:
    one = refusal("commandee", second, {"declaree": first}, Journey.REPLACE_ONLINE)
    other = refusal("declaree", first, {"commandee": second}, Journey.REPLACE_ONLINE)

    assert (one == "") == (other == "") == (first <= second)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (TODAY, "Choisissez un jour à venir."),
        (date(2027, 3, 16), ""),
        (date(2028, 3, 15), ""),
        (date(2028, 3, 16), "Choisissez un jour dans les 12 mois."),
    ],
)
def test_a_chosen_day_is_near_enough(day: date, words: str) -> None:
    assert refuse_reminder_day(day, today=TODAY) == words


# Dates that are expected


def when(
    chosen: Journey,
    noted: dict[str, date],
    *delays: Row,
    regime: Regime = Regime.CPAM,
    channel: Channel | None = Channel.ONLINE,
) -> tuple[date, date] | None:
    found = expected(chosen, noted, delays, regime=regime, channel=channel)
    return (found.first, found.last) if found else None


def test_the_delay_counts_from_the_order_not_from_the_declaration() -> None:
    row = Row(channels=("en-ligne", "appli"))

    assert when(Journey.REPLACE_ONLINE, {"declaree": J}, row) is None
    assert when(Journey.REPLACE_ONLINE, {"declaree": J, "commandee": date(2027, 3, 4)}, row) == (
        date(2027, 3, 18),
        date(2027, 3, 25),
    )


def test_nothing_is_expected_once_it_came() -> None:
    noted = {"commandee": J, "recue": date(2027, 3, 10)}

    assert when(Journey.REPLACE_ONLINE, noted, Row()) is None


def test_a_delay_of_another_caisse_or_way_is_never_told() -> None:
    noted = {"commandee": J, "demande": J}

    assert when(Journey.REPLACE_ONLINE, noted, Row(channels=("guichet",))) is None
    for regime in (Regime.MSA, Regime.OTHER, Regime.UNKNOWN):
        assert when(Journey.REPLACE_ONLINE, noted, Row(), regime=regime) is None
    assert when(Journey.MSA, noted, Row(regimes=("cpam", "msa")), regime=Regime.MSA) is None


def test_a_newcomer_sees_one_span_of_the_delays_for_those_with_a_number() -> None:
    delays = (
        Row(cases=("sans-numero",), min_days=0, max_days=270),
        Row(cases=("definitif",), channels=("en-ligne",), min_days=14, max_days=14),
        Row(cases=("definitif",), channels=("courrier",), min_days=21, max_days=21),
    )

    assert when(Journey.NEWCOMER, {"commandee": J}, *delays, channel=None) == (
        date(2027, 3, 15),
        date(2027, 3, 22),
    )


def test_a_delay_is_past_and_never_late() -> None:
    row = Expected(date(2027, 3, 1), date(2027, 3, 8), (Row(),))

    assert [row.days_past(date(2027, 3, day)) for day in (1, 8, 9, 15)] == [0, 0, 1, 7]
    assert row.words == "du 1er au 8\u00a0mars 2027, environ"
    assert Expected(J, J, (Row(),)).words == "vers le 1er\u00a0mars 2027"


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 5, 31), 9, date(2027, 2, 28)),
        (date(2027, 5, 31), 9, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 1, 15), 8, date(2027, 9, 15)),
    ],
)
def test_months_are_calendar_months_and_their_ends_are_clamped(
    day: date, months: int, found: date
) -> None:
    assert add(day, months, "mois") == found


def test_a_date_is_due_from_its_step_until_the_other_is_ticked() -> None:
    rows = [
        Row(),
        Row(from_step="declaree", amount=2, until_step="commandee"),
        Row(journey="msa", from_step="declaree"),
        Row(situations=("vol",)),
    ]

    def days(noted: dict[str, date], situation: Situation = Situation.LOSS) -> list[date]:
        found = due_dates(Journey.REPLACE_ONLINE, situation, noted, rows)
        return [due.day for due in found]

    assert days({}) == []
    assert days({"declaree": J}) == [date(2027, 3, 3)]
    assert days({"declaree": J, "commandee": J}) == [date(2027, 3, 22)]
    assert days({"declaree": J, "commandee": J}, Situation.THEFT) == [date(2027, 3, 22)] * 2
    assert days({"declaree": J, "commandee": J, "recue": J}) == []


def test_an_order_and_a_form_ask_twice() -> None:
    assert not asks_twice(["commandee", "recue"])
    assert not asks_twice(["formulaire", "envoye"])
    assert asks_twice(["envoye", "recue", "commandee"])


def test_an_order_holds_through_a_step_that_was_skipped() -> None:
    """The card came before it was declared lost: refused, also when the order was not noted."""
    noted = {"declaree": date(2027, 3, 10)}

    said = refuse_date(
        step_of(Journey.REPLACE_ONLINE, "recue"),  # type: ignore[arg-type]
        date(2027, 3, 5),
        chosen=Journey.REPLACE_ONLINE,
        noted=noted,
        today=TODAY,
    )
    back = refuse_date(
        step_of(Journey.REPLACE_ONLINE, "declaree"),  # type: ignore[arg-type]
        date(2027, 3, 12),
        chosen=Journey.REPLACE_ONLINE,
        noted={"verifiee": date(2027, 3, 8)},
        today=TODAY,
    )

    assert "avant" in said
    assert "après" in back


def test_a_card_that_came_needs_no_second_request() -> None:
    row = Row(from_step="declaree", until_step="commandee", amount=2)
    noted = {"declaree": J, "recue": J}

    assert due_dates(Journey.REPLACE_ONLINE, Situation.LOSS, noted, [row]) == []
