"""Every way through the questions, generated from the rules themselves."""

from collections.abc import Iterator

from vitale.rules.situations import Answers, Reading, Regime, Situation, read_answers


def every_reading(params: dict[str, str] | None = None) -> Iterator[Reading]:
    """The end of each way: follow every choice of every question asked."""
    params = params or {}
    reading = read_answers(params)
    if reading.asked is None:
        yield reading
        return
    for choice in reading.asked.choices:
        yield from every_reading({**params, reading.asked.name: choice.value})


READINGS = list(every_reading())


def answers_of(reading: Reading) -> Answers:
    assert reading.answers is not None
    return reading.answers


def readings_of(
    *, regime: Regime | None = None, situation: Situation | None = None
) -> list[Reading]:
    return [
        reading
        for reading in READINGS
        if (regime is None or answers_of(reading).regime == regime)
        and (situation is None or answers_of(reading).situation == situation)
    ]
