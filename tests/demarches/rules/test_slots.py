"""Slots: what can be booked on each day, or the one reason why nothing can."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.opening_hours import (
    ClosurePeriod,
    WeeklyHours,
    compile_expression,
)
from demarches.rules.slots import (
    AgendaChange,
    AgendaRules,
    Asked,
    DayLimit,
    Slot,
    Taken,
    day_slots,
    day_starts,
    find_slot,
    fits,
    nearest,
    slots_between,
    steps_of,
)

PARIS = ZoneInfo("Europe/Paris")
#: État civil: Monday to Thursday with a lunch break, Friday until 16 h 15, 1st and 3rd Saturdays.
HOURS = [
    *(WeeklyHours(day, time(8), time(12)) for day in range(5)),
    *(WeeklyHours(day, time(13, 30), time(16, 45)) for day in range(4)),
    WeeklyHours(4, time(13, 30), time(16, 15)),
    WeeklyHours(5, time(8, 30), time(12), weeks=(1, 3)),
]
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
TUESDAY = date(2026, 12, 8)


def rules(
    *closures: ClosurePeriod, hours: list[WeeklyHours] | None = None, **more: Any
) -> AgendaRules:
    return AgendaRules(compile_expression(hours or HOURS, closures), **{"slot_minutes": 30, **more})


def asked(**more: Any) -> Asked:
    return Asked(**{"now": NOW, "first_day": NOW.date(), "last_day": date(2031, 1, 1), **more})


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), PARIS)


def starts(day: date, agenda: AgendaRules | None = None, *taken: Taken, **more: Any) -> list[str]:
    found = day_slots(agenda or rules(), day, taken, asked(**more))
    return [f"{slot.starts_at:%H:%M}" for slot in found.slots]


def reason(day: date, agenda: AgendaRules | None = None, *taken: Taken, **more: Any) -> str:
    found = day_slots(agenda or rules(), day, taken, asked(**more))
    assert found.slots == ()
    return found.reason


MORNING = ["08:00", "08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
AFTERNOON = ["13:30", "14:00", "14:30", "15:00", "15:30", "16:00"]


def test_a_day_has_a_lunch_break_and_no_slot_past_closing() -> None:
    assert starts(TUESDAY) == MORNING + AFTERNOON
    assert starts(TUESDAY + timedelta(days=3)) == MORNING + AFTERNOON[:-1]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 12, 5), ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]),
        (date(2026, 12, 19), ["08:30", "09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]),
    ],
)
def test_first_and_third_saturdays(day: date, expected: list[str]) -> None:
    assert starts(day) == expected


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 12, 12), "Fermé ce samedi."),
        (date(2026, 12, 13), "Fermé le dimanche."),
        (date(2026, 12, 25), "Fermé : Noël."),
        (date(2027, 3, 29), "Fermé : Lundi de Pâques."),
        (date(2028, 4, 17), "Fermé : Lundi de Pâques."),
        (date(2029, 4, 2), "Fermé : Lundi de Pâques."),
        (date(2030, 4, 22), "Fermé : Lundi de Pâques."),
        (date(2027, 5, 1), "Fermé : Fête du Travail."),
        (date(2030, 5, 1), "Fermé : Fête du Travail."),
        (date(2026, 11, 22), "Ce jour est passé."),
    ],
)
def test_why_a_day_is_closed(day: date, why: str) -> None:
    assert reason(day) == why


def test_the_last_day_of_a_year_is_a_day_like_another() -> None:
    assert starts(date(2026, 12, 31)) == MORNING + AFTERNOON


def test_a_closure_says_its_reason_and_an_hour_of_it_takes_that_hour() -> None:
    whole = ClosurePeriod(TUESDAY, TUESDAY, reason="inventaire")
    part = ClosurePeriod(TUESDAY, TUESDAY, time(8), time(10), "réunion")

    assert reason(TUESDAY, rules(whole)) == "Fermé : inventaire."
    assert starts(TUESDAY, rules(part)) == MORNING[4:] + AFTERNOON


def test_hours_that_change_from_a_date_on() -> None:
    new = [
        WeeklyHours(1, time(8), time(12), valid_until=TUESDAY - timedelta(days=1)),
        WeeklyHours(1, time(9), time(10), valid_from=TUESDAY),
    ]

    assert starts(TUESDAY - timedelta(days=7), rules(hours=new)) == MORNING
    assert starts(TUESDAY, rules(hours=new)) == ["09:00", "09:30"]


def test_half_days_of_the_agenda() -> None:
    afternoons = rules(half_days=frozenset({(1, True)}))

    assert starts(TUESDAY, afternoons) == AFTERNOON
    assert reason(TUESDAY + timedelta(days=1), afternoons) == "Pas de rendez-vous le mercredi."


def test_a_service_open_all_day_is_not_cut_at_one() -> None:
    straight = rules(hours=[WeeklyHours(1, time(12), time(14, 15))], slot_minutes=45)

    assert starts(TUESDAY, straight) == ["12:00", "12:45", "13:30"]


def test_staff_close_an_hour_or_a_day_and_open_another() -> None:
    hour = AgendaChange(TUESDAY, is_added=False, from_time=time(9), until_time=time(11))
    day = AgendaChange(TUESDAY, is_added=False, reason="formation")
    bare = AgendaChange(TUESDAY, is_added=False)
    holiday = date(2026, 12, 25)
    extra = AgendaChange(holiday, is_added=True, from_time=time(10), until_time=time(11))

    kept = ["08:00", "08:30", "11:00", "11:30", *AFTERNOON]
    assert starts(TUESDAY, rules(changes=(hour,))) == kept
    assert reason(TUESDAY, rules(changes=(day,))) == "Fermé : formation."
    assert reason(TUESDAY, rules(changes=(bare,))) == "Fermé : agenda fermé ce jour-là."
    assert starts(holiday, rules(changes=(extra,))) == ["10:00", "10:30"]


def test_a_change_that_joins_the_hours_makes_one_span() -> None:
    lunch = AgendaChange(TUESDAY, is_added=True, from_time=time(12), until_time=time(13, 30))

    found = starts(TUESDAY, rules(changes=(lunch,)))

    assert found[8:11] == ["12:00", "12:30", "13:00"]


def test_gap_between_two_slots() -> None:
    assert starts(TUESDAY, rules(gap_minutes=15))[:3] == ["08:00", "08:45", "09:30"]


def test_slots_begin_on_five_minutes() -> None:
    odd = rules(hours=[WeeklyHours(1, time(8, 7), time(9, 15))])

    assert starts(TUESDAY, odd) == ["08:10", "08:40"]


def test_every_seat_is_given_in_turn() -> None:
    agenda = rules(capacity=3, counter_seats=1)
    one = Taken(at(TUESDAY, 8), at(TUESDAY, 8, 30), 1)
    two = Taken(at(TUESDAY, 8), at(TUESDAY, 8, 30), 2)

    online = day_slots(agenda, TUESDAY, [one], asked())
    counter = day_slots(agenda, TUESDAY, [one], asked(at_counter=True))

    assert online.slots[0].free_seats == (2,)
    assert counter.slots[0].free_seats == (3, 2)
    assert starts(TUESDAY, agenda, one, two)[0] == "08:30"


def test_an_appointment_of_another_length_takes_what_it_overlaps() -> None:
    long = Taken(at(TUESDAY, 8, 15), at(TUESDAY, 9, 15), 1)

    assert starts(TUESDAY, rules(), long)[:2] == ["09:30", "10:00"]


def test_a_full_day_says_so() -> None:
    everything = Taken(at(TUESDAY, 8), at(TUESDAY, 17), 1)

    assert reason(TUESDAY, rules(), everything) == "Complet : tous les créneaux sont pris."


def test_lead_time_and_horizon() -> None:
    early: dict[str, Any] = {"first_day": TUESDAY, "first_reason": "La mairie prépare votre venue."}

    assert reason(date(2026, 12, 7), **early) == "La mairie prépare votre venue."
    assert reason(date(2026, 12, 7), first_day=TUESDAY) == (
        "Possible à partir du 8\u00a0décembre 2026."
    )
    assert starts(TUESDAY, **early) == MORNING + AFTERNOON
    assert reason(date(2026, 12, 9), last_day=TUESDAY) == (
        "Pas encore ouvert : les rendez-vous se prennent jusqu’au 8\u00a0décembre 2026."
    )


def test_today_only_what_is_still_to_come() -> None:
    assert starts(NOW.date()) == ["10:30", "11:00", "11:30", *AFTERNOON]


def test_papers_refuse_days_each_with_its_reason() -> None:
    limits = (
        DayLimit("Acte de Camille.", last=TUESDAY),
        DayLimit("Acte de Noé.", last=TUESDAY - timedelta(days=1)),
        DayLimit("Pas avant.", first=TUESDAY - timedelta(days=4)),
    )
    wednesday = TUESDAY + timedelta(days=1)

    assert reason(wednesday, limits=limits) == "Acte de Camille. Acte de Noé."
    assert reason(TUESDAY, limits=limits) == "Acte de Noé."
    assert reason(date(2026, 12, 3), limits=limits) == "Pas avant."
    assert starts(date(2026, 12, 7), limits=limits) == MORNING + AFTERNOON
    shown = day_slots(rules(), wednesday, (), asked(limits=limits, is_overriding=True))
    assert (shown.is_open, shown.reason) == (True, "Acte de Camille. Acte de Noé.")


def test_a_month_is_its_days_each_with_slots_or_one_reason() -> None:
    month = slots_between(rules(), date(2026, 12, 1), date(2026, 12, 31), (), asked())

    assert [day.day.day for day in month] == list(range(1, 32))
    assert [bool(day.slots) != bool(day.reason) for day in month] == [True] * 31
    assert [bool(day.slots) != bool(day.short_reason) for day in month] == [True] * 31
    assert month[7].label == "mardi 8\u00a0décembre 2026"


def test_taken_seats_count_on_their_own_day() -> None:
    taken = [Taken(at(TUESDAY, 8), at(TUESDAY, 8, 30), 1)]

    monday, tuesday = slots_between(rules(), TUESDAY - timedelta(days=1), TUESDAY, taken, asked())

    assert [len(monday.slots), len(tuesday.slots)] == [14, 13]


def test_the_nearest_slots_are_the_closest_in_time_in_order() -> None:
    days = slots_between(rules(), TUESDAY - timedelta(days=1), TUESDAY, (), asked())

    close = nearest(days, at(TUESDAY, 8, 10), count=3)

    assert [slot.label for slot in close] == [
        "mardi 8\u00a0décembre 2026 à\u00a08\u00a0h",
        "mardi 8\u00a0décembre 2026 à\u00a08\u00a0h\u00a030",
        "mardi 8\u00a0décembre 2026 à\u00a09\u00a0h",
    ]


def test_a_slot_is_found_by_its_moment_and_by_nothing_else() -> None:
    day = day_slots(rules(), TUESDAY, (), asked())

    found = find_slot(day, datetime.fromisoformat("2026-12-08T08:30+01:00"))

    assert isinstance(found, Slot)
    assert (found.key, found.hour_label) == ("2026-12-08T08:30+01:00", "8\u00a0h\u00a030")
    assert find_slot(day, at(TUESDAY, 8, 35)) is None


def test_appointments_that_stand_or_not_after_a_change() -> None:
    shorter = rules(hours=[WeeklyHours(1, time(8), time(9))])

    assert fits(shorter, at(TUESDAY, 8, 30), at(TUESDAY, 9))
    assert not fits(shorter, at(TUESDAY, 8, 45), at(TUESDAY, 9, 15))


@pytest.mark.parametrize("day", [date(2026, 10, 25), date(2027, 3, 28)])
def test_slots_last_thirty_minutes_on_the_nights_when_the_clock_changes(day: date) -> None:
    night = AgendaChange(day, is_added=True, from_time=time(1), until_time=time(4))
    spans = list(day_starts(rules(changes=(night,)), day))

    assert {end.timestamp() - start.timestamp() for start, end in spans} == {1800.0}
    # Four hours pass that night in autumn, two in spring.
    assert len(spans) == (8 if day.month == 10 else 4)
    assert len({start.timestamp() for start, _ in spans}) == len(spans)


@pytest.mark.parametrize("day", [date(2026, 10, 23), date(2026, 10, 26), date(2027, 3, 29)])
def test_hours_stay_on_the_wall_on_both_sides_of_a_change(day: date) -> None:
    now = datetime(2026, 10, 1, tzinfo=PARIS)
    found = day_slots(rules(), day, (), asked(now=now, first_day=now.date()))
    expected = [] if day == date(2027, 3, 29) else ["08:00"]

    assert [f"{slot.starts_at:%H:%M}" for slot in found.slots][:1] == expected


def test_a_night_until_midnight_is_a_span_to_the_end_of_the_day() -> None:
    late = AgendaChange(TUESDAY, is_added=True, from_time=time(23), until_time=None)

    assert starts(TUESDAY, rules(changes=(late,)))[-2:] == ["23:00", "23:30"]


def test_no_hours_no_slot() -> None:
    assert reason(TUESDAY, AgendaRules("", slot_minutes=30)) == "Fermé le mardi."


def test_steps_cover_the_span() -> None:
    steps = list(steps_of(at(TUESDAY, 8), at(TUESDAY, 8, 20)))

    assert [f"{step:%H:%M}" for step in steps] == ["07:00", "07:05", "07:10", "07:15"]


def test_two_spans_that_overlap_have_a_step_in_common_wherever_they_start() -> None:
    first = set(steps_of(at(TUESDAY, 8), at(TUESDAY, 8, 20)))
    half = timedelta(seconds=30)

    assert first & set(steps_of(at(TUESDAY, 8) + half, at(TUESDAY, 8, 5) + half))
    assert not first & set(steps_of(at(TUESDAY, 8, 20), at(TUESDAY, 8, 30)))


@given(
    day=st.dates(date(2026, 11, 24), date(2030, 12, 31)),
    minutes=st.integers(1, 24).map(lambda value: value * 5),
    gap=st.integers(0, 6).map(lambda value: value * 5),
)
def test_slots_never_overlap_nor_leave_the_hours(day: date, minutes: int, gap: int) -> None:
    agenda = rules(slot_minutes=minutes, gap_minutes=gap)
    found = day_slots(agenda, day, (), asked())

    assert bool(found.slots) != bool(found.reason)
    ends = [slot.ends_at for slot in found.slots]
    for slot, end in zip(found.slots[1:], ends, strict=False):
        assert slot.starts_at >= end
    for slot in found.slots:
        assert fits(agenda, slot.starts_at, slot.ends_at)
        assert slot.ends_at - slot.starts_at == timedelta(minutes=minutes)
