"""Which questions are asked, and in which order."""

import pytest

from tests.vitale.answers import READINGS, answers_of, readings_of
from vitale.rules.situations import (
    CASES,
    CHANNELS,
    GROUPS,
    QUESTION_OF,
    SITUATION_QUESTION,
    Answers,
    Channel,
    Regime,
    Situation,
    asks,
    channels,
    known_answers,
    read_answers,
)


def asked_after(**params: str) -> str | None:
    asked = read_answers(params).asked
    return asked.name if asked else None


def test_what_happened_is_asked_first_whatever_else_is_known() -> None:
    assert read_answers({}).asked is SITUATION_QUESTION
    assert read_answers({"caisse": "cpam", "voie": "en-ligne"}).asked is SITUATION_QUESTION


def test_the_caisse_comes_next() -> None:
    assert asked_after(situation="perte") == "caisse"


def test_every_situation_stands_in_one_group() -> None:
    grouped = [situation for members in GROUPS.values() for situation in members]

    assert sorted(grouped) == sorted(Situation)
    assert [choice.value for choice in SITUATION_QUESTION.choices] == grouped
    assert next(iter(GROUPS.values()))[0] is Situation.LOSS


@pytest.mark.parametrize("means", ["sms", "appel", "e-mail"])
def test_a_suspect_message_never_asks_for_the_caisse(means: str) -> None:
    reading = read_answers({"situation": "fraude", "moyen": means, "reponse": "rien-donne"})

    assert asked_after(situation="fraude") == "moyen"
    assert reading.answers == Answers(
        Regime.UNKNOWN, Situation.FRAUD, frozenset({means, "rien-donne"})
    )


def test_the_caisse_is_asked_only_where_it_corrects() -> None:
    start = {"situation": "identite", "acte": "acte-juste"}

    assert read_answers({**start, "naissance": "naissance-insee"}).answers is not None
    assert asked_after(**start, naissance="naissance-ailleurs") == "caisse"


def test_another_caisse_is_named() -> None:
    start = {"situation": "perte", "caisse": "autre"}

    assert asked_after(**start) == "organisme"
    assert read_answers({**start, "organisme": "mgen"}).answers == Answers(
        Regime.OTHER, Situation.LOSS, frozenset({"mgen"})
    )


def test_every_way_has_at_most_five_questions() -> None:
    lengths = {len(reading.given) for reading in READINGS}

    assert lengths == {2, 3, 4, 5}


def test_no_two_ways_ask_the_same_question_twice() -> None:
    for reading in READINGS:
        names = [question.name for question, _ in reading.given]
        assert len(names) == len(set(names))


def test_every_situation_is_reached() -> None:
    assert {answers_of(reading).situation for reading in READINGS} == set(Situation)


def test_every_channel_offered_to_a_known_caisse_is_reached() -> None:
    for regime in set(Regime) - {Regime.UNKNOWN}:
        for situation in Situation:
            read = readings_of(regime=regime, situation=situation)
            found = {answers_of(reading).channel for reading in read}
            assert not read or found - {None} == set(channels(situation, regime))


def test_an_unknown_caisse_is_asked_no_channel() -> None:
    start = {"situation": "perte", "caisse": "inconnue"}

    assert read_answers(start).answers == Answers(
        Regime.UNKNOWN, Situation.LOSS, frozenset(), Channel.ONLINE
    )
    # An address kept from before still leads where it led.
    kept = read_answers({**start, "voie": "guichet"})
    assert (kept.answers and kept.answers.channel, kept.params["voie"]) == ("guichet", "guichet")


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


def test_the_only_channel_is_not_asked() -> None:
    assert read_answers({"caisse": "msa", "situation": "perte"}).answers == Answers(
        Regime.MSA, Situation.LOSS, frozenset(), Channel.ONLINE
    )


@pytest.mark.parametrize(
    ("params", "asked"),
    [
        ({"situation": "x" * 5000}, "situation"),
        ({"caisse": "cpam", "situation": "\x00"}, "situation"),
        ({"situation": "perte", "caisse": "cpam", "voie": "courrier"}, "voie"),
        ({"situation": "identite", "acte": "nia"}, "acte"),
        ({"situation": "identite", "acte": "acte-juste", "naissance": "1"}, "naissance"),
    ],
)
def test_an_unknown_answer_is_asked_again(params: dict[str, str], asked: str) -> None:
    assert asked_after(**params) == asked


def test_only_answers_that_exist_are_carried_along() -> None:
    params = {"caisse": "cpam", "situation": "nope", "voie": "borne", "nir": "269054958815780"}

    assert known_answers(params) == {"caisse": "cpam", "voie": "borne"}


def test_each_answer_belongs_to_one_question() -> None:
    named = {
        (choice.value, ask.question.name)
        for situation in Situation
        for ask in asks(situation)
        if ask.question.name != "caisse"
        for choice in ask.question.choices
    }

    assert sorted(value for value, _ in named) == sorted(CASES)
    assert dict(named) == QUESTION_OF
