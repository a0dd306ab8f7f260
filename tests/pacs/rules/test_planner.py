"""The plan back from the wished date."""

from datetime import date

import pytest

from pacs.rules.days import Days, Delays
from pacs.rules.pieces import RequiredPiece
from pacs.rules.planner import PlannedPiece, Timing, plan_pieces
from pacs.rules.validity import MaxAge

DECLARATION = RequiredPiece("P01_declaration", 0)
BIRTH = RequiredPiece("P11_naissance_fr", 1)
FOREIGN_BIRTH = RequiredPiece("P14_naissance_etranger", 2)
VERIFIED = RequiredPiece("P10_naissance_comedec", 1)
AGES = {
    "P01_declaration": None,
    "P11_naissance_fr": MaxAge(3, strict=True),
    "P14_naissance_etranger": MaxAge(6, strict=False),
    "P10_naissance_comedec": MaxAge(3, strict=True),
}


def days_of(today: date) -> Days:
    """By phone, ten working days to check, then fifteen days."""
    return Days(today=today, delays=Delays(10, 15), opening=None, horizon=date(2027, 1, 1))


def test_plan_back_from_the_wished_date() -> None:
    plan = plan_pieces(
        [DECLARATION, BIRTH, FOREIGN_BIRTH],
        ages=AGES,
        wished=date(2026, 6, 6),
        days=days_of(date(2026, 1, 10)),
    )

    assert plan.file_by == date(2026, 5, 6)
    assert plan.pieces == (
        PlannedPiece(DECLARATION, None, Timing.ANY_TIME),
        PlannedPiece(BIRTH, date(2026, 3, 7), Timing.TOO_EARLY),
        PlannedPiece(FOREIGN_BIRTH, date(2025, 12, 6), Timing.NOW),
    )
    assert plan.come_back_on == date(2026, 3, 7)
    assert not plan.is_too_soon


def test_come_back_when_the_last_piece_may_be_asked_for() -> None:
    plan = plan_pieces(
        [BIRTH, FOREIGN_BIRTH],
        ages=AGES,
        wished=date(2026, 12, 5),
        days=days_of(date(2026, 1, 10)),
    )

    assert [one.not_before for one in plan.pieces] == [date(2026, 9, 6), date(2026, 6, 5)]
    assert plan.come_back_on == date(2026, 9, 6)


@pytest.mark.parametrize(
    ("today", "timing"),
    [(date(2026, 3, 6), Timing.TOO_EARLY), (date(2026, 3, 7), Timing.NOW)],
)
def test_the_first_day_that_serves_is_not_too_early(today: date, timing: Timing) -> None:
    plan = plan_pieces([BIRTH], ages=AGES, wished=date(2026, 6, 6), days=days_of(today))

    assert [one.timing for one in plan.pieces] == [timing]


def test_without_a_wish_everything_may_be_asked_for() -> None:
    plan = plan_pieces([BIRTH], ages=AGES, wished=None, days=days_of(date(2026, 1, 10)))

    assert plan.pieces == (PlannedPiece(BIRTH, None, Timing.ANY_TIME),)
    assert (plan.file_by, plan.come_back_on, plan.is_too_soon) == (None, None, False)
    assert plan.earliest == date(2026, 2, 7)


def test_what_the_mairie_verifies_is_no_errand() -> None:
    plan = plan_pieces(
        [VERIFIED], ages=AGES, wished=date(2026, 6, 6), days=days_of(date(2026, 1, 10))
    )

    assert plan.pieces == (PlannedPiece(VERIFIED, None, Timing.ANY_TIME),)


@pytest.mark.parametrize(
    ("wished", "too_soon"), [(date(2026, 2, 6), True), (date(2026, 2, 7), False)]
)
def test_wish_before_the_mairie_can_check(wished: date, too_soon: bool) -> None:
    plan = plan_pieces([BIRTH], ages=AGES, wished=wished, days=days_of(date(2026, 1, 10)))

    assert plan.is_too_soon is too_soon
