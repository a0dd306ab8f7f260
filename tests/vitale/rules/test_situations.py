"""Which questions are asked, and in which order."""

import pytest

from tests.vitale.answers import READINGS, answers_of, readings_of
from vitale.rules.situations import (
    CASES,
    CHANNELS,
    REGIME_QUESTION,
    SITUATION_QUESTION,
    Answers,
    Channel,
    Regime,
    Situation,
    case_questions,
    channels,
    known_answers,
    read_answers,
)


def asked_after(**params: str) -> str | None:
    asked = read_answers(params).asked
    return asked.name if asked else None


def test_the_caisse_is_asked_first_whatever_else_is_known() -> None:
    assert read_answers({}).asked is REGIME_QUESTION
    assert read_answers({"situation": "perte", "voie": "en-ligne"}).asked is REGIME_QUESTION


def test_the_situation_comes_next() -> None:
    reading = read_answers({"caisse": "msa"})

    assert (reading.asked, reading.params) == (SITUATION_QUESTION, {"caisse": "msa"})


def test_every_way_has_at_most_five_questions() -> None:
    lengths = {len(reading.given) for reading in READINGS}

    assert lengths == {2, 3, 4}


def test_no_two_ways_ask_the_same_question_twice() -> None:
    for reading in READINGS:
        names = [question.name for question, _ in reading.given]
        assert len(names) == len(set(names))


def test_every_situation_is_reached_for_every_caisse() -> None:
    reached = {(answers_of(r).regime, answers_of(r).situation) for r in READINGS}

    assert reached == {(regime, situation) for regime in Regime for situation in Situation}


def test_every_channel_offered_is_reached() -> None:
    for regime in Regime:
        for situation in Situation:
            found = {answers_of(r).channel for r in readings_of(regime=regime, situation=situation)}
            assert found - {None} == set(channels(situation, regime))


def test_a_child_is_ordered_for_on_one_channel_only() -> None:
    assert [channels(Situation.CHILD, regime) for regime in Regime] == [
        (Channel.ONLINE,),
        (Channel.ONLINE,),
        (),
        (Channel.ONLINE,),
    ]


def test_the_cpam_offers_what_the_msa_offers() -> None:
    for situation, offered in CHANNELS[Regime.MSA].items():
        assert set(offered) <= set(channels(situation, Regime.CPAM))


def test_without_a_definitive_number_no_channel_is_asked() -> None:
    start = {"caisse": "cpam", "situation": "arrivee"}

    settled = [
        value
        for value in ("sans-numero", "nia", "definitif", "numero-inconnu")
        if read_answers({**start, "numero": value}).answers
    ]

    assert settled == ["sans-numero", "nia", "numero-inconnu"]
    assert asked_after(**start, numero="definitif") == "voie"


def test_a_card_ordered_already_ends_the_questions_at_sixteen() -> None:
    start = {"caisse": "cpam", "situation": "seize-ans"}

    assert asked_after(**start) == "commande"
    assert read_answers({**start, "commande": "deja-commandee"}).answers == Answers(
        Regime.CPAM, Situation.SIXTEEN, frozenset({"deja-commandee"})
    )
    assert asked_after(**start, commande="pas-commandee") == "voie"


def test_a_question_that_changes_nothing_for_a_caisse_is_not_asked() -> None:
    assert case_questions(Situation.SIXTEEN, Regime.MSA) == ()
    assert case_questions(Situation.NEWCOMER, Regime.OTHER) == ()


def test_the_only_channel_is_not_asked() -> None:
    assert read_answers({"caisse": "msa", "situation": "perte"}).answers == Answers(
        Regime.MSA, Situation.LOSS, frozenset(), Channel.ONLINE
    )


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({"caisse": "x" * 5000}, "caisse"),
        ({"caisse": "cpam", "situation": "\x00"}, "situation"),
        ({"caisse": "cpam", "situation": "perte", "voie": "courrier"}, "voie"),
        ({"caisse": "cpam", "situation": "identite", "acte": "nia"}, "acte"),
        (
            {"caisse": "cpam", "situation": "identite", "acte": "acte-juste", "naissance": "1"},
            "naissance",
        ),
    ],
)
def test_an_unknown_answer_is_asked_again(params: dict[str, str], asked: str) -> None:
    assert asked_after(**params) == asked


def test_only_answers_that_exist_are_carried_along() -> None:
    params = {"caisse": "cpam", "situation": "nope", "voie": "borne", "nir": "269054958815780"}

    assert known_answers(params) == {"caisse": "cpam", "voie": "borne"}


def test_each_case_has_a_name_of_its_own() -> None:
    named = [
        choice.value
        for situation in Situation
        for question in case_questions(situation, Regime.CPAM)
        for choice in question.choices
    ]

    assert sorted(named) == sorted(CASES)
