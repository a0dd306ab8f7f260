from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours, State

from demarches.rules import opening_hours as oh
from demarches.rules.deadlines import add_working_days
from demarches.rules.holidays import LocalHolidays, holiday_name, holidays_between, holidays_of
from demarches.rules.opening_hours import PARIS, ClosurePeriod, WeeklyHours

MORNING = (time(8), time(12))
AFTERNOON = (time(13, 30), time(16, 45))
USUAL = [WeeklyHours(weekday, *span) for weekday in range(4) for span in (MORNING, AFTERNOON)] + [
    WeeklyHours(4, *MORNING),
    WeeklyHours(4, time(13, 30), time(16, 15)),
]
ETAT_CIVIL = [*USUAL, WeeklyHours(5, *MORNING, weeks=(1, 3))]

ACCUEIL_EXPRESSION = "Mo-Th 08:00-12:00,13:30-16:45; Fr 08:00-12:00,13:30-16:15; PH off"
ETAT_CIVIL_EXPRESSION = (
    "Mo-Th 08:00-12:00,13:30-16:45; Fr 08:00-12:00,13:30-16:15; Sa[1,3] 08:00-12:00; PH off"
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def say(expression: str, moment: str) -> str:
    return plain(oh.sentence(oh.state_at(expression, at(moment))))


# Rows → expression


def test_usual_week_is_written_as_in_the_openstreetmap_specification() -> None:
    assert oh.compile_expression(USUAL) == ACCUEIL_EXPRESSION
    assert oh.compile_expression(ETAT_CIVIL) == ETAT_CIVIL_EXPRESSION


def test_order_of_the_rows_changes_nothing() -> None:
    assert oh.compile_expression(reversed(ETAT_CIVIL)) == ETAT_CIVIL_EXPRESSION


def test_touching_and_overlapping_rows_are_one_span() -> None:
    rows = [
        WeeklyHours(0, time(8), time(10)),
        WeeklyHours(0, time(10), time(12)),
        WeeklyHours(0, time(9), time(11)),
    ]

    assert oh.compile_expression(rows) == "Mo 08:00-12:00; PH off"


def test_week_of_the_month_adds_to_the_usual_hours_of_that_day() -> None:
    rows = [WeeklyHours(0, *MORNING), WeeklyHours(0, time(13), time(17), weeks=(2,))]

    assert oh.compile_expression(rows) == ("Mo 08:00-12:00; Mo[2] 08:00-12:00,13:00-17:00; PH off")


def test_hours_that_change_from_a_date_on_are_dated_rules() -> None:
    rows = [
        WeeklyHours(0, *MORNING, valid_until=date(2026, 8, 31)),
        WeeklyHours(1, *MORNING),
        WeeklyHours(2, *AFTERNOON, valid_from=date(2026, 9, 1)),
    ]

    assert oh.compile_expression(rows) == (
        "Mo-Tu 08:00-12:00; 2026 Sep 01+ off; 2026 Sep 01+ Tu 08:00-12:00;"
        " 2026 Sep 01+ We 13:30-16:45; PH off"
    )


@pytest.mark.parametrize(
    ("closure", "rule"),
    [
        (ClosurePeriod(date(2026, 12, 24), date(2026, 12, 24)), "2026 Dec 24 off"),
        (
            ClosurePeriod(date(2026, 12, 24), date(2027, 1, 2), reason="Fêtes"),
            '2026 Dec 24-2027 Jan 02 off "Fêtes"',
        ),
        (
            ClosurePeriod(date(2026, 12, 24), date(2026, 12, 24), from_time=time(14)),
            "2026 Dec 24 14:00-24:00 off",
        ),
        (
            ClosurePeriod(date(2026, 12, 24), date(2026, 12, 24), until_time=time(10)),
            "2026 Dec 24 00:00-10:00 off",
        ),
        (
            ClosurePeriod(
                date(2026, 12, 30), date(2027, 1, 4), time(14), time(10), reason="Inventaire"
            ),
            '2026 Dec 30 14:00-24:00 off "Inventaire"; 2027 Jan 04 00:00-10:00 off "Inventaire";'
            ' 2026 Dec 31-2027 Jan 03 off "Inventaire"',
        ),
        (
            ClosurePeriod(date(2026, 12, 30), date(2027, 1, 1), time(14), time(10)),
            "2026 Dec 30 14:00-24:00 off; 2027 Jan 01 00:00-10:00 off; 2026 Dec 31 off",
        ),
        (
            ClosurePeriod(date(2026, 12, 30), date(2026, 12, 31), time(14), time(10)),
            "2026 Dec 30 14:00-24:00 off; 2026 Dec 31 00:00-10:00 off",
        ),
        (
            ClosurePeriod(date(2026, 12, 24), date(2026, 12, 24), reason='Le "pont";\n|| off'),
            '2026 Dec 24 off "Le ’pont’; || off"',
        ),
    ],
)
def test_closure_is_an_off_rule(closure: ClosurePeriod, rule: str) -> None:
    expression = oh.compile_expression(USUAL, [closure])

    assert expression == f"{ACCUEIL_EXPRESSION}; {rule}"
    assert oh.state_at(expression, at("2026-12-24T16:00")).has_hours


def test_no_row_gives_no_expression_even_with_closures() -> None:
    closures = [ClosurePeriod(date(2026, 12, 24), date(2026, 12, 24))]

    assert oh.compile_expression([], closures) == ""


# Weeks of the month


def open_saturdays(expression: str, year: int, month: int) -> list[int]:
    first = date(year, month, 1)
    days = (first + timedelta(days=rank) for rank in range(31))
    return [
        day.day
        for day in days
        if day.month == month and day.weekday() == 5 and oh.day_hours(expression, day).spans
    ]


@pytest.mark.parametrize(
    ("year", "month", "expected"),
    [
        (2026, 8, [1]),  # begins on a Saturday, has a fifth one; the third is 15 August
        (2026, 10, [3, 17]),  # has a fifth Saturday, the 31st
        (2027, 5, [15]),  # begins on a Saturday which is 1 May
        (2026, 11, [7, 21]),
        (2027, 1, [2, 16]),
    ],
)
def test_first_and_third_saturdays(year: int, month: int, expected: list[int]) -> None:
    assert open_saturdays(ETAT_CIVIL_EXPRESSION, year, month) == expected


def test_fifth_saturday_can_be_chosen() -> None:
    expression = oh.compile_expression([WeeklyHours(5, *MORNING, weeks=(5,))])

    assert [open_saturdays(expression, 2026, month) for month in (8, 9, 10)] == [[29], [], [31]]


# Public holidays


@pytest.mark.parametrize(
    ("year", "easter_monday", "ascension", "pentecote"),
    [
        (2026, date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)),
        (2027, date(2027, 3, 29), date(2027, 5, 6), date(2027, 5, 17)),
        (2028, date(2028, 4, 17), date(2028, 5, 25), date(2028, 6, 5)),
        (2029, date(2029, 4, 2), date(2029, 5, 10), date(2029, 5, 21)),
        (2030, date(2030, 4, 22), date(2030, 5, 30), date(2030, 6, 10)),
    ],
)
def test_movable_holidays(year: int, easter_monday: date, ascension: date, pentecote: date) -> None:
    movable = {holiday.name: holiday.date for holiday in holidays_of(year)}

    assert movable["Lundi de Pâques"] == easter_monday
    assert movable["Ascension"] == ascension
    assert movable["Lundi de Pentecôte"] == pentecote
    assert len(movable) == 11


@pytest.mark.parametrize("year", range(2024, 2060))
def test_named_holidays_are_those_the_evaluator_closes(year: int) -> None:
    """Eleven a year: neither Good Friday nor 26 December, which only Alsace-Moselle has."""
    always = OpeningHours("24/7; PH off", country="FR", timezone=PARIS)
    span = (datetime(year, 1, 1, tzinfo=PARIS), datetime(year + 1, 1, 1, tzinfo=PARIS))

    closed = {
        begin.date() + timedelta(days=rank)
        for begin, end, state, _ in always.intervals(*span)
        if state == State.CLOSED
        for rank in range((end.date() - begin.date()).days)
    }

    assert closed == {holiday.date for holiday in holidays_of(year)}


def test_holidays_between_two_years() -> None:
    found = holidays_between(date(2026, 12, 25), date(2027, 1, 1))

    assert [(h.date, h.name) for h in found] == [
        (date(2026, 12, 25), "Noël"),
        (date(2027, 1, 1), "Jour de l’an"),
    ]
    assert holidays_between(date(2026, 12, 26), date(2026, 12, 31)) == ()


def test_a_place_adds_its_own_holidays() -> None:
    good_friday, boxing_day = date(2027, 3, 26), date(2027, 12, 26)
    alsace = LocalHolidays.ALSACE_MOSELLE_GOOD_FRIDAY

    named = [holiday_name(day, alsace) for day in (good_friday, boxing_day)]

    assert named == ["Vendredi saint", "Saint-Étienne"]
    assert holiday_name(good_friday, LocalHolidays.ALSACE_MOSELLE) == ""
    assert holiday_name(date(2027, 12, 20), LocalHolidays.REUNION) == "Abolition de l’esclavage"
    assert add_working_days(date(2027, 3, 25), 1, alsace) == date(2027, 3, 30)


@pytest.mark.parametrize("local", LocalHolidays)
def test_the_expression_closes_on_every_holiday_of_the_place(local: LocalHolidays) -> None:
    expression = oh.compile_expression(
        [WeeklyHours(day, *MORNING) for day in range(7)], local=local
    )
    days = [date(2027, 1, 1) + timedelta(days=rank) for rank in range(365)]

    closed = {day for day in days if not oh.day_hours(expression, day).spans}

    assert closed == {holiday.date for holiday in holidays_of(2027, local)}


def test_elsewhere_days_of_alsace_moselle_are_working_days() -> None:
    good_friday = oh.day_hours(ACCUEIL_EXPRESSION, date(2026, 4, 3))
    day_after_christmas = oh.day_hours(ACCUEIL_EXPRESSION, date(2028, 12, 26))

    assert plain(good_friday.label) == "8 h à 12 h, 13 h 30 à 16 h 15"
    assert plain(day_after_christmas.label) == "8 h à 12 h, 13 h 30 à 16 h 45"


# Sentences


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T07:59:59", "Fermé, ouvre à 8 h"),
        ("2026-11-23T08:00", "Ouvert jusqu’à 12 h"),
        ("2026-11-23T11:59:59", "Ouvert jusqu’à 12 h"),
        ("2026-11-23T12:00", "Fermé, ouvre à 13 h 30"),
        ("2026-11-23T16:44:59", "Ouvert jusqu’à 16 h 45"),
        ("2026-11-23T16:45", "Fermé, ouvre demain à 8 h"),
        ("2026-11-27T16:15", "Fermé, ouvre lundi à 8 h"),
        ("2026-11-28T10:00", "Fermé, ouvre lundi à 8 h"),
        ("2026-11-29T23:59:59", "Fermé, ouvre demain à 8 h"),
        # Ascension, then the bridge is a working day.
        ("2026-05-14T10:00", "Fermé (jour férié : Ascension), ouvre demain à 8 h"),
        ("2026-05-13T18:00", "Fermé, ouvre vendredi à 8 h"),
        ("2026-12-31T17:00", "Fermé, ouvre lundi à 8 h"),
        ("2027-01-01T00:00", "Fermé (jour férié : Jour de l’an), ouvre lundi à 8 h"),
    ],
)
def test_sentence_of_the_front_desk(moment: str, expected: str) -> None:
    assert say(ACCUEIL_EXPRESSION, moment) == expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-08-01T09:00", "Ouvert jusqu’à 12 h"),
        ("2026-08-08T09:00", "Fermé, ouvre lundi à 8 h"),
        ("2026-08-15T09:00", "Fermé (jour férié : Assomption), ouvre lundi à 8 h"),
        ("2026-12-31T17:00", "Fermé, ouvre samedi à 8 h"),
        ("2027-01-01T12:00", "Fermé (jour férié : Jour de l’an), ouvre demain à 8 h"),
    ],
)
def test_sentence_of_the_etat_civil(moment: str, expected: str) -> None:
    assert say(ETAT_CIVIL_EXPRESSION, moment) == expected


def test_sentence_counts_the_day_in_paris_whatever_the_zone_of_the_clock() -> None:
    just_after_midnight_in_paris = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)

    state = oh.state_at(ACCUEIL_EXPRESSION, just_after_midnight_in_paris)

    assert plain(oh.sentence(state)) == "Fermé, ouvre à 8 h"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        # Clocks go back on Sunday 25 October 2026, forward on Sunday 28 March 2027.
        ("2026-10-24T23:00", "Fermé, ouvre lundi à 8 h"),
        ("2026-10-25T02:30", "Fermé, ouvre demain à 8 h"),
        ("2026-10-26T08:00", "Ouvert jusqu’à 12 h"),
        ("2027-03-28T01:59", "Fermé, ouvre mardi à 8 h"),
        ("2027-03-29T09:00", "Fermé (jour férié : Lundi de Pâques), ouvre demain à 8 h"),
        ("2027-03-30T11:59", "Ouvert jusqu’à 12 h"),
    ],
)
def test_clock_changes_shift_no_hour(moment: str, expected: str) -> None:
    assert say(ACCUEIL_EXPRESSION, moment) == expected


def test_instants_around_the_clock_changes_are_exact() -> None:
    before = oh.open_spans(ACCUEIL_EXPRESSION, at("2026-10-23T00:00"), at("2026-10-24T00:00"))
    after = oh.open_spans(ACCUEIL_EXPRESSION, at("2026-10-26T00:00"), at("2026-10-27T00:00"))

    assert before[0][0].astimezone(UTC) == datetime(2026, 10, 23, 6, tzinfo=UTC)
    assert after[0][0].astimezone(UTC) == datetime(2026, 10, 26, 7, tzinfo=UTC)


def test_leap_day_is_a_day_like_the_others() -> None:
    assert say(ACCUEIL_EXPRESSION, "2028-02-29T11:00") == "Ouvert jusqu’à 12 h"
    assert say(ACCUEIL_EXPRESSION, "2028-02-28T20:00") == "Fermé, ouvre demain à 8 h"


def test_closure_that_straddles_midnight_and_the_year() -> None:
    closure = ClosurePeriod(
        date(2026, 12, 30), date(2027, 1, 4), time(14), time(10), reason="inventaire"
    )
    expression = oh.compile_expression(USUAL, [closure])

    assert say(expression, "2026-12-30T13:45") == "Ouvert jusqu’à 14 h"
    assert say(expression, "2026-12-30T14:00") == "Fermé (inventaire), ouvre lundi à 10 h"
    assert say(expression, "2026-12-31T23:59:59") == "Fermé (inventaire), ouvre lundi à 10 h"
    assert say(expression, "2027-01-01T00:00") == "Fermé (inventaire), ouvre lundi à 10 h"
    assert say(expression, "2027-01-04T09:59") == "Fermé (inventaire), ouvre à 10 h"
    assert say(expression, "2027-01-04T10:00") == "Ouvert jusqu’à 12 h"


def test_next_opening_far_away_is_said_with_its_date() -> None:
    august = ClosurePeriod(date(2026, 7, 20), date(2026, 8, 16), reason="travaux")
    winter = ClosurePeriod(date(2026, 12, 21), date(2027, 1, 10), reason="travaux")

    in_august = oh.compile_expression(USUAL, [august])
    in_winter = oh.compile_expression(USUAL, [winter])

    assert say(in_august, "2026-07-20T09:00") == "Fermé (travaux), ouvre lundi 17 août à 8 h"
    assert say(in_winter, "2026-12-21T09:00") == (
        "Fermé (travaux), ouvre lundi 11 janvier 2027 à 8 h"
    )


def test_same_weekday_next_week_is_said_with_its_date() -> None:
    expression = oh.compile_expression([WeeklyHours(0, *MORNING)])

    assert say(expression, "2026-11-23T12:00") == "Fermé, ouvre lundi 30 novembre à 8 h"
    assert say(expression, "2026-11-24T12:00") == "Fermé, ouvre lundi à 8 h"


def test_hours_that_change_from_a_date_on() -> None:
    rows = [
        WeeklyHours(0, time(8), time(12), valid_until=date(2026, 12, 31)),
        WeeklyHours(0, time(9), time(11), valid_from=date(2027, 1, 1)),
    ]
    expression = oh.compile_expression(rows)

    assert say(expression, "2026-12-28T08:30") == "Ouvert jusqu’à 12 h"
    assert say(expression, "2027-01-04T08:30") == "Fermé, ouvre à 9 h"
    assert say(expression, "2027-01-04T10:59") == "Ouvert jusqu’à 11 h"


def test_service_that_stops_has_no_next_opening() -> None:
    expression = oh.compile_expression([WeeklyHours(0, *MORNING, valid_until=date(2026, 12, 31))])

    state = oh.state_at(expression, at("2027-01-01T08:30"))

    assert (state.is_open, state.until, state.next_opening) == (False, None, None)
    assert plain(oh.sentence(state)) == (
        "Fermé (jour férié : Jour de l’an), sans réouverture annoncée"
    )
    assert plain(oh.short_sentence(state)) == "Fermé, sans réouverture annoncée"


def test_no_hours_at_all_claims_nothing() -> None:
    state = oh.state_at("", at("2026-11-23T09:00"))

    assert (state.is_open, state.has_hours) == (False, False)
    assert oh.sentence(state) == "Horaires non communiqués"
    assert oh.open_spans("", at("2026-11-23T00:00"), at("2026-11-24T00:00")) == ()
    assert oh.day_hours("", date(2026, 11, 11)) == oh.DayHours(
        date(2026, 11, 11), (), "Armistice de 1918"
    )


# Days and weeks


def test_week_has_real_dates_and_reasons() -> None:
    closure = ClosurePeriod(date(2026, 5, 15), date(2026, 5, 15), reason="pont de l’Ascension")
    expression = oh.compile_expression(ETAT_CIVIL, [closure])

    week = oh.week_hours(expression, date(2026, 5, 16))

    assert [(day.date.day, plain(day.label), day.note) for day in week] == [
        (11, "8 h à 12 h, 13 h 30 à 16 h 45", ""),
        (12, "8 h à 12 h, 13 h 30 à 16 h 45", ""),
        (13, "8 h à 12 h, 13 h 30 à 16 h 45", ""),
        (14, "Fermé", "Ascension"),
        (15, "Fermé", "pont de l’Ascension"),
        (16, "8 h à 12 h", ""),
        (17, "Fermé", ""),
    ]


def test_day_cut_by_a_closure_shows_what_is_left_and_why() -> None:
    closure = ClosurePeriod(date(2026, 11, 23), date(2026, 11, 23), time(10), time(15), "panne")
    expression = oh.compile_expression(USUAL, [closure])

    day = oh.day_hours(expression, date(2026, 11, 23))

    assert (plain(day.label), day.note) == ("8 h à 10 h, 15 h à 16 h 45", "panne")


@pytest.mark.parametrize(
    ("closure", "text"),
    [
        (ClosurePeriod(date(2027, 1, 1), date(2027, 1, 1)), "le vendredi 1er janvier 2027"),
        (
            ClosurePeriod(date(2026, 12, 24), date(2026, 12, 26)),
            "du 24 au 26 décembre 2026",
        ),
        (ClosurePeriod(date(2026, 5, 1), date(2026, 5, 3)), "du 1er au 3 mai 2026"),
        (
            ClosurePeriod(date(2026, 7, 31), date(2026, 8, 2)),
            "du 31 juillet au 2 août 2026",
        ),
        (
            ClosurePeriod(date(2026, 12, 24), date(2027, 1, 2)),
            "du 24 décembre 2026 au 2 janvier 2027",
        ),
        (
            ClosurePeriod(date(2026, 12, 24), date(2026, 12, 24), from_time=time(14)),
            "le jeudi 24 décembre 2026 à partir de 14 h",
        ),
        (
            ClosurePeriod(date(2026, 12, 24), date(2026, 12, 24), until_time=time(10, 15)),
            "le jeudi 24 décembre 2026 jusqu’à 10 h 15",
        ),
        (
            ClosurePeriod(date(2026, 12, 24), date(2026, 12, 24), time(10), time(14)),
            "le jeudi 24 décembre 2026 de 10 h à 14 h",
        ),
        (
            ClosurePeriod(date(2026, 12, 30), date(2027, 1, 4), time(14), time(10)),
            "du mercredi 30 décembre 2026 à 14 h au lundi 4 janvier 2027 à 10 h",
        ),
        (
            ClosurePeriod(date(2026, 12, 30), date(2027, 1, 4), from_time=time(14)),
            "du mercredi 30 décembre 2026 à 14 h au lundi 4 janvier 2027",
        ),
        (
            ClosurePeriod(date(2026, 12, 30), date(2027, 1, 4), until_time=time(10)),
            "du mercredi 30 décembre 2026 au lundi 4 janvier 2027 à 10 h",
        ),
    ],
)
def test_closure_says_its_days_in_french(closure: ClosurePeriod, text: str) -> None:
    assert plain(str(closure)) == text


# What the header says


def today(moment: str, *services: tuple[str, str]) -> tuple[str, str, bool]:
    said = oh.today([(label, oh.state_at(hours, at(moment))) for label, hours in services])
    return plain(said.sentence), plain(said.short), said.is_open


BOTH = (("Accueil", ACCUEIL_EXPRESSION), ("État civil", ETAT_CIVIL_EXPRESSION))


def test_today_is_one_sentence_when_the_services_agree() -> None:
    assert today("2026-11-23T09:00", *BOTH) == (
        "Ouvert jusqu’à 12 h",
        "Ouvert jusqu’à 12 h",
        True,
    )


def test_today_names_the_service_that_is_open_alone() -> None:
    assert today("2026-08-01T09:00", *BOTH) == (
        "Fermé, ouvre lundi à 8 h. État civil : ouvert jusqu’à 12 h",
        "État civil : ouvert jusqu’à 12 h",
        True,
    )


def test_today_names_the_service_that_opens_first() -> None:
    assert today("2026-07-31T18:00", *BOTH) == (
        "Fermé, ouvre lundi à 8 h. État civil : fermé, ouvre demain à 8 h",
        "Fermé, ouvre lundi à 8 h",
        False,
    )


def test_today_keeps_the_reason_out_of_the_short_sentence() -> None:
    assert today("2026-05-14T09:00", *BOTH) == (
        "Fermé (jour férié : Ascension), ouvre demain à 8 h",
        "Fermé, ouvre demain à 8 h",
        False,
    )


def test_today_without_any_service_claims_nothing() -> None:
    assert today("2026-11-23T09:00") == (
        "Horaires non communiqués",
        "Horaires non communiqués",
        False,
    )


# Rows that contradict each other


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (WeeklyHours(0, time(8), time(12)), WeeklyHours(0, time(11), time(13)), True),
        (WeeklyHours(0, time(8), time(12)), WeeklyHours(0, time(9), time(10)), True),
        (WeeklyHours(0, time(8), time(12)), WeeklyHours(0, time(12), time(13)), False),
        (WeeklyHours(0, time(12), time(13)), WeeklyHours(0, time(8), time(12)), False),
        (WeeklyHours(0, time(8), time(12)), WeeklyHours(1, time(8), time(12)), False),
        (
            WeeklyHours(0, *MORNING, weeks=(1, 3)),
            WeeklyHours(0, *MORNING, weeks=(2, 4)),
            False,
        ),
        (WeeklyHours(0, *MORNING, weeks=(1, 3)), WeeklyHours(0, *MORNING), True),
        (
            WeeklyHours(0, *MORNING, valid_until=date(2026, 12, 31)),
            WeeklyHours(0, *MORNING, valid_from=date(2027, 1, 1)),
            False,
        ),
        (
            WeeklyHours(0, *MORNING, valid_from=date(2027, 1, 1)),
            WeeklyHours(0, *MORNING, valid_until=date(2026, 12, 31)),
            False,
        ),
        (
            WeeklyHours(0, *MORNING, valid_until=date(2027, 1, 1)),
            WeeklyHours(0, *MORNING, valid_from=date(2027, 1, 1)),
            True,
        ),
    ],
)
def test_conflict_between_two_rows(one: WeeklyHours, other: WeeklyHours, clash: bool) -> None:
    assert oh.conflict([one, other]) == ((one, other) if clash else None)


def test_usual_week_has_no_conflict() -> None:
    assert oh.conflict(ETAT_CIVIL) is None


@pytest.mark.parametrize(("opens", "closes"), [(12, 8), (8, 8)])
def test_backward_span_is_refused(opens: int, closes: int) -> None:
    with pytest.raises(ValueError, match="closes after it opens"):
        WeeklyHours(0, time(opens), time(closes))


@pytest.mark.parametrize(
    "closure",
    [
        (date(2026, 12, 24), date(2026, 12, 23)),
        (date(2026, 12, 24), date(2026, 12, 24), time(14), time(14)),
        (date(2026, 12, 24), date(2026, 12, 25), time(14), time(0)),
    ],
)
def test_backward_closure_is_refused(closure: tuple[date, date]) -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        ClosurePeriod(*closure)


# The expression means what the rows say


def is_open_by_hand(
    rows: list[WeeklyHours], closures: list[ClosurePeriod], moment: datetime
) -> bool:
    """The same answer, written without any expression."""
    day, clock = moment.date(), moment.time()
    week = (day.day - 1) // 7 + 1
    for closure in closures:
        start = datetime.combine(closure.first_day, closure.from_time or time.min)
        end = datetime.combine(closure.last_day, closure.until_time or time.max)
        if start <= moment.replace(tzinfo=None) < end:
            return False
    return not holiday_name(day) and any(
        row.weekday == day.weekday()
        and row.opens <= clock < row.closes
        and week in (row.weeks or oh.ALL_WEEKS)
        and row.is_valid_on(day)
        for row in rows
    )


days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


@st.composite
def weekly_rows(draw: st.DrawFn) -> WeeklyHours:
    opens, closes = sorted(draw(st.lists(quarters, min_size=2, max_size=2, unique=True)))
    since, until = sorted(draw(st.lists(days, min_size=2, max_size=2)))
    return WeeklyHours(
        draw(st.integers(0, 6)),
        opens,
        closes,
        tuple(sorted(draw(st.sets(st.sampled_from(oh.ALL_WEEKS), max_size=3)))),
        draw(st.sampled_from([None, since])),
        draw(st.sampled_from([None, until])),
    )


@st.composite
def closure_periods(draw: st.DrawFn) -> ClosurePeriod:
    first = draw(days)
    last = first + timedelta(days=draw(st.integers(0, 12)))
    start, end = draw(st.none() | quarters), draw(st.none() | quarters)
    if end == time.min or (first == last and start and end and start >= end):
        end = None
    return ClosurePeriod(first, last, start, end, draw(st.sampled_from(["", "pont"])))


@settings(max_examples=300)
@given(
    rows=st.lists(weekly_rows(), min_size=1, max_size=8),
    closures=st.lists(closure_periods(), max_size=3),
    day=days,
    clock=quarters,
)
@example(
    rows=ETAT_CIVIL,
    closures=[ClosurePeriod(date(2026, 12, 30), date(2027, 1, 4), time(14), time(10))],
    day=date(2027, 1, 2),
    clock=time(9),
)
def test_expression_means_what_the_rows_say(
    rows: list[WeeklyHours], closures: list[ClosurePeriod], day: date, clock: time
) -> None:
    # Through UTC: in March, an hour of the clock does not exist.
    moment = datetime.combine(day, clock, PARIS).astimezone(UTC).astimezone(PARIS)

    expression = oh.compile_expression(rows, closures)

    assert oh.state_at(expression, moment).is_open is is_open_by_hand(rows, closures, moment)
