"""Which day? One answer for every page."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.slots import AgendaChange, AgendaRules
from pacs.rules.days import DayAnswer, Days, Delays, latest_wish, lead_days

USUAL = Delays(review_days=10, lead_days=15)
MONDAY = date(2027, 3, 1)
WEEKDAYS = AgendaRules("Mo-Fr 09:00-12:00; PH off", slot_minutes=30)


def days(today: date = MONDAY, *, rules: AgendaRules | None = WEEKDAYS, **known: date) -> Days:
    return Days(
        today=today,
        delays=USUAL,
        opening=rules,
        horizon=today + timedelta(days=90),
        **known,
    )


delays = st.builds(
    Delays,
    review_days=st.integers(min_value=0, max_value=60),
    lead_days=st.integers(min_value=0, max_value=120),
)
some_day = st.dates(min_value=date(2026, 1, 1), max_value=date(2040, 1, 1))


@given(delays=delays, wished=some_day)
def test_the_last_day_to_send_leaves_just_enough_time(delays: Delays, wished: date) -> None:
    last = delays.file_by(wished)

    assert delays.ready_on(last) <= wished
    assert delays.ready_on(last + timedelta(days=1)) > wished


@given(delays=delays, today=some_day)
def test_for_the_first_day_it_is_still_time_to_send_today(delays: Delays, today: date) -> None:
    last = delays.file_by(delays.ready_on(today))

    assert last >= today
    assert delays.ready_on(last) == delays.ready_on(today)


def test_before_sending_the_check_then_the_lead_time() -> None:
    # Ten working days: Monday 15 March; fifteen days more.
    assert USUAL.ready_on(MONDAY) == date(2027, 3, 30)


def test_once_sent_the_check_is_counted_from_the_day_of_reception() -> None:
    sent = date(2027, 2, 22)

    assert USUAL.ready_on(MONDAY, sent_on=sent) == date(2027, 3, 23)


def test_a_check_that_is_late_counts_from_today() -> None:
    assert USUAL.ready_on(MONDAY, sent_on=date(2026, 12, 1)) == date(2027, 3, 16)


def test_once_complete_the_lead_time_alone_and_never_today() -> None:
    assert USUAL.ready_on(MONDAY, complete_on=date(2027, 2, 22)) == date(2027, 3, 9)
    assert USUAL.ready_on(MONDAY, complete_on=date(2027, 1, 1)) == date(2027, 3, 2)


def test_the_first_day_is_one_on_which_the_mairie_receives() -> None:
    # 12 March + 15 days is Saturday the 27th; Monday the 29th is Easter Monday.
    assert days(complete_on=date(2027, 3, 12)).first == date(2027, 3, 30)


def test_the_law_may_allow_no_day_before_another() -> None:
    assert days(not_before=date(2027, 4, 24)).first == date(2027, 4, 26)


def test_the_last_day_is_the_first_of_the_horizon_and_the_papers() -> None:
    assert days().last == date(2027, 5, 30)
    assert days(papers_last=date(2027, 4, 20)).last == date(2027, 4, 20)
    assert days(papers_last=date(2027, 9, 1)).last == date(2027, 5, 30)


def test_nothing_is_left_to_send_once_it_is_sent() -> None:
    wished = date(2027, 6, 4)

    assert days().file_by(wished) == date(2027, 5, 4)
    assert days(sent_on=MONDAY).file_by(wished) is None


def test_an_open_day_is_possible() -> None:
    assert days().about(date(2027, 6, 4)) == DayAnswer(date(2027, 6, 4))


@pytest.mark.parametrize(
    ("day", "reason", "nearest"),
    [
        (
            date(2027, 6, 6),
            "Fermé le dimanche.",
            (date(2027, 6, 4), date(2027, 6, 7)),
        ),
        (
            date(2027, 7, 14),
            "Fermé : 14 juillet.",
            (date(2027, 7, 13), date(2027, 7, 15)),
        ),
    ],
)
def test_a_closed_day_is_told_with_the_nearest_open_ones(
    day: date, reason: str, nearest: tuple[date, ...]
) -> None:
    answer = days().about(day)

    assert (answer.is_closed, answer.is_too_soon, answer.nearest) == (True, False, nearest)
    assert answer.reason.split(":")[0] == reason.split(":")[0]


def test_a_day_closed_by_staff_is_closed() -> None:
    friday = date(2027, 6, 4)
    rules = AgendaRules(
        WEEKDAYS.expression,
        slot_minutes=30,
        changes=(AgendaChange(friday, is_added=False, reason="inventaire"),),
    )

    answer = days(rules=rules).about(friday)

    assert answer.reason == "Fermé : inventaire."
    assert answer.nearest == (date(2027, 6, 3), date(2027, 6, 7))


def test_a_day_too_soon_is_told_with_the_first_ones() -> None:
    answer = days().about(date(2027, 3, 10))

    assert answer.reason == (
        "Ce jour est trop proche : le premier jour possible est le mardi 30\u00a0mars 2027."
    )
    assert (answer.is_too_soon, answer.is_closed) == (True, False)
    assert answer.nearest == (date(2027, 3, 30),)


def test_by_phone_sundays_and_holidays_are_known() -> None:
    by_phone = days(rules=None)

    assert by_phone.closed_reason(date(2027, 6, 6)) == "Fermé le dimanche."
    assert by_phone.closed_reason(date(2027, 12, 25)) == "Fermé : Noël."
    assert by_phone.closed_reason(date(2027, 6, 5)) == ""


def test_hours_not_known_yet_leave_the_wait() -> None:
    assert days(rules=AgendaRules("", slot_minutes=30)).first == date(2027, 3, 30)


def test_papers_from_abroad_take_longer_to_check() -> None:
    assert lead_days(["P01_declaration", "P11_naissance_fr"], usual=15, foreign=30) == 15
    assert lead_days(["P01_declaration", "P14_naissance_etranger"], usual=15, foreign=30) == 30


def test_nobody_plans_further_than_three_years() -> None:
    assert latest_wish(date(2028, 2, 29)) == date(2031, 2, 28)
