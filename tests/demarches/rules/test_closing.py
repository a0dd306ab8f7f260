"""Who goes where when a day closes, and the words about it; no database."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from demarches.rules.closing import (
    Toll,
    Wish,
    bounds,
    choices,
    day_in_words,
    left_open,
    share_out,
    suitable,
    why_closed,
)
from demarches.rules.opening_hours import ClosurePeriod
from demarches.rules.slots import (
    AgendaChange,
    AgendaRules,
    Asked,
    DayLimit,
    Slot,
    closed_for,
    closed_reason,
    day_slots,
    fits,
)

PARIS = ZoneInfo("Europe/Paris")
DAY = date(2026, 12, 3)
EIGHT = datetime(2026, 12, 3, 8, tzinfo=PARIS)
HALF_HOUR = timedelta(minutes=30)
OPEN = "Mo-Fr 08:00-12:00"


def slot(start: datetime, seats: int = 1) -> Slot:
    return Slot(start, start + HALF_HOUR, tuple(range(1, seats + 1)))


def wish(key: int, *, until: date | None = None, start: datetime = EIGHT) -> Wish:
    limits = (DayLimit("acte trop ancien", last=until),) if until else ()
    asked = Asked(
        now=EIGHT - timedelta(days=2),
        first_day=DAY,
        last_day=DAY + timedelta(days=90),
        limits=limits,
    )
    return Wish(key, start, asked)


def test_a_day_that_is_closed_anyway_says_its_own_reason() -> None:
    sunday = DAY + timedelta(days=3)
    paused = AgendaRules(OPEN, 30, pauses=(AgendaChange(DAY, False), AgendaChange(sunday, False)))

    assert closed_reason(paused, DAY).startswith("Plus de nouveau rendez-vous")
    assert closed_reason(paused, sunday) == "Fermé le dimanche."


def test_papers_that_end_first_choose_first_then_the_hour() -> None:
    friday = EIGHT + timedelta(days=1)
    slots = [slot(friday), slot(friday + HALF_HOUR), slot(friday + timedelta(days=3))]
    wishes = [
        wish(1),
        wish(2, start=EIGHT + HALF_HOUR),
        wish(3, until=friday.date(), start=EIGHT + 2 * HALF_HOUR),
    ]

    found = share_out(wishes, slots, not_before=EIGHT)

    assert {key: one.starts_at for key, one in found.items()} == {
        3: slots[0].starts_at,
        1: slots[1].starts_at,
        2: slots[2].starts_at,
    }


def test_a_slot_with_two_seats_serves_two_and_no_third() -> None:
    slots = [slot(EIGHT + timedelta(days=1), seats=2)]

    found = share_out([wish(1), wish(2), wish(3)], slots, not_before=EIGHT)

    assert set(found) == {1, 2}
    assert share_out([wish(1)], slots, not_before=EIGHT + timedelta(days=2)) == {}


def test_the_choice_spreads_over_days() -> None:
    days = [EIGHT + timedelta(days=one) for one in range(1, 7)]
    slots = [slot(day + rank * HALF_HOUR) for day in days for rank in range(5)]

    found = choices(slots, wish(1))

    assert [one.starts_at for one in found] == [
        day + rank * HALF_HOUR for day in days[:4] for rank in range(3)
    ]


def test_nobody_is_made_to_come_earlier_nor_after_their_papers() -> None:
    slots = [slot(EIGHT + timedelta(days=days)) for days in (-1, 0, 1, 2)]

    kept = suitable(slots, wish(1, until=DAY + timedelta(days=1)))

    assert kept == [slots[2]]


@pytest.mark.parametrize(
    ("opening", "closing", "left"),
    [
        ((9, 12), (None, None), []),
        ((9, 12), (10, 11), [(9, 10), (11, 12)]),
        ((9, 12), (11, None), [(9, 11)]),
        ((9, 12), (None, 10), [(10, 12)]),
        ((9, 12), (13, 14), [(9, 12)]),
    ],
)
def test_what_a_closing_leaves_of_an_exceptional_opening(
    opening: tuple[int, int],
    closing: tuple[int | None, int | None],
    left: list[tuple[int, int]],
) -> None:
    change = AgendaChange(DAY, True, time(opening[0]), time(opening[1]))
    since, until = (time(one) if one else None for one in closing)

    found = left_open(change, ClosurePeriod(DAY, DAY, since, until))

    spans = [(one.from_time, one.until_time) for one in found]
    # Beside it: the same span again, whichever side it is on.
    assert spans == [(time(a), time(b)) for a, b in left]


def test_a_pause_takes_away_what_was_opened_on_purpose_too() -> None:
    opened = AgendaChange(DAY, True, time(13), time(14))
    rules = AgendaRules(OPEN, 30, changes=(opened,))
    paused = AgendaRules(OPEN, 30, changes=(opened,), pauses=(AgendaChange(DAY, False),))
    asked = Asked(now=EIGHT - timedelta(days=1), first_day=DAY, last_day=DAY)

    assert len(day_slots(rules, DAY, (), asked).slots) == 10
    assert day_slots(paused, DAY, (), asked).slots == ()
    assert closed_reason(paused, DAY) == "Plus de nouveau rendez-vous ce jour-là pour le moment."
    assert closed_reason(paused, DAY + timedelta(days=1)) == ""
    assert fits(rules, EIGHT, EIGHT + HALF_HOUR)
    assert not fits(paused, EIGHT, EIGHT + HALF_HOUR)


def test_a_reason_that_says_closed_is_not_said_twice() -> None:
    assert closed_for("Fermé exceptionnellement") == "Fermé exceptionnellement."
    assert closed_for("formation") == "Fermé : formation."


def test_the_bounds_of_a_span() -> None:
    midnight = datetime(2026, 12, 3, tzinfo=PARIS)
    assert bounds(ClosurePeriod(DAY, DAY), zone=PARIS) == (midnight, midnight + timedelta(days=1))
    assert bounds(ClosurePeriod(DAY, DAY, time(9), time(11)), zone=PARIS) == (
        EIGHT + 2 * HALF_HOUR,
        EIGHT + 6 * HALF_HOUR,
    )


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ((None, None), "jeudi 3\u00a0décembre"),
        ((time(14), None), "jeudi 3\u00a0décembre à partir de 14\u00a0h"),
        ((None, time(10)), "jeudi 3\u00a0décembre jusqu’à 10\u00a0h"),
        ((time(9), time(10)), "jeudi 3\u00a0décembre de 9\u00a0h à 10\u00a0h"),
    ],
)
def test_the_day_in_words(hours: tuple[time | None, time | None], words: str) -> None:
    assert day_in_words(ClosurePeriod(DAY, DAY, *hours)) == words


def test_why_it_closed_in_words() -> None:
    period = ClosurePeriod(DAY, DAY, reason="dégât des eaux")

    assert why_closed(period) == (
        "La mairie ne reçoit pas le jeudi 3\u00a0décembre 2026. Dégât des eaux."
    )
    assert why_closed(period, "État civil").startswith("Le service « État civil » de la mairie ne")


@pytest.mark.parametrize(
    ("toll", "is_closed", "words"),
    [
        (
            Toll(7, 1, 13, 3),
            False,
            "Fermer jeudi, déplacer 7 rendez-vous, en annuler 1, écrire 13 mails,"
            " 3 appels à faire",
        ),
        (
            Toll(0, 1, 1, 1),
            False,
            "Fermer jeudi, annuler 1 rendez-vous, écrire 1 mail, 1 appel à faire",
        ),
        (Toll(), False, "Fermer jeudi"),
        (Toll(1, 0, 2, 0), True, "Déplacer 1 rendez-vous, écrire 2 mails"),
        (Toll(), True, "Terminer"),
    ],
)  # fmt: skip
def test_what_the_last_press_does_in_words(toll: Toll, is_closed: bool, words: str) -> None:
    assert toll.sentence("jeudi", is_closed=is_closed) == words


def test_what_was_done_in_words() -> None:
    assert Toll(7, 1, 13, 3).said == (
        "Journée fermée : 7 rendez-vous déplacés, 1 rendez-vous annulé, 13 mails, 3 appels à faire."
    )
    assert Toll().said == "Journée fermée."
