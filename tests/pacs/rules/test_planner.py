"""The plan back from the wished date."""

from dataclasses import replace
from datetime import date

import pytest

from demarches.rules.enums import Status
from pacs.rules.days import Days, Delays
from pacs.rules.pieces import RequiredPiece
from pacs.rules.planner import PlannedPiece, Timing, Window, plan_pieces, when_to_ask, whose_turn
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
        PlannedPiece(DECLARATION, None),
        PlannedPiece(BIRTH, Window(date(2026, 3, 7), date(2026, 5, 6), Timing.TOO_EARLY)),
        PlannedPiece(FOREIGN_BIRTH, Window(date(2025, 12, 6), date(2026, 5, 6), Timing.NOW)),
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

    assert plan.pieces == (PlannedPiece(BIRTH, None),)
    assert (plan.file_by, plan.come_back_on, plan.is_too_soon) == (None, None, False)
    assert plan.earliest == date(2026, 2, 7)


def test_what_the_mairie_verifies_is_no_errand() -> None:
    plan = plan_pieces(
        [VERIFIED], ages=AGES, wished=date(2026, 6, 6), days=days_of(date(2026, 1, 10))
    )

    assert plan.pieces == (PlannedPiece(VERIFIED, None),)


@pytest.mark.parametrize(
    ("wished", "too_soon"), [(date(2026, 2, 6), True), (date(2026, 2, 7), False)]
)
def test_wish_before_the_mairie_can_check(wished: date, too_soon: bool) -> None:
    plan = plan_pieces([BIRTH], ages=AGES, wished=wished, days=days_of(date(2026, 1, 10)))

    assert plan.is_too_soon is too_soon


@pytest.mark.parametrize(
    ("day", "words"),
    [
        # Twelve weeks ahead it may be asked for today: the plan says until when to send.
        (date(2026, 4, 9), "dès maintenant"),
        (date(2026, 6, 6), "entre le 7 mars et le 6 mai 2026"),
        (date(2027, 2, 15), "entre le 16 novembre 2026 et le 17 janvier 2027"),
    ],
)
def test_when_to_ask_is_told_in_words(day: date, words: str) -> None:
    age, days = AGES["P11_naissance_fr"], days_of(date(2026, 1, 10))
    window = when_to_ask("P11_naissance_fr", age, on=day, days=days)

    assert window is not None
    assert window.words.replace("\u00a0", " ") == words


def test_once_it_is_sent_no_last_day_is_left_to_ask() -> None:
    sent = replace(days_of(date(2026, 1, 10)), sent_on=date(2026, 1, 9))
    window = when_to_ask(
        "P11_naissance_fr", AGES["P11_naissance_fr"], on=date(2026, 6, 6), days=sent
    )

    assert window is not None
    assert window.words.replace("\u00a0", " ") == "à partir du 7 mars 2026, pas avant"


def test_nobody_is_told_to_come_on_a_day_that_has_passed() -> None:
    said = whose_turn(Status.SCHEDULED, is_mine=False, is_theirs=False, other="Karim", is_over=True)

    assert said == "C’est à la mairie : elle note ce qu’il en est du rendez-vous."


@pytest.mark.parametrize(
    ("status", "is_mine", "is_theirs", "words"),
    [
        (Status.DRAFT, True, True, "C’est à vous, puis à Karim."),
        (Status.DRAFT, True, False, "C’est à vous."),
        (Status.DRAFT, False, True, "C’est à Karim."),
        (Status.DRAFT, False, False, "Tout est prêt : c’est à vous d’envoyer le dossier."),
        (Status.UNDER_REVIEW, False, False, "C’est à la mairie."),
        (Status.UNDER_REVIEW, True, False, "C’est à la mairie, et à vous."),
        (Status.PIECES_REQUESTED, False, True, "C’est à Karim."),
        (Status.COMPLETE, False, False, "C’est à vous deux : prenez rendez-vous."),
        (Status.SCHEDULED, False, False, "C’est à vous deux : venez ensemble, avec les originaux."),
        (Status.REGISTERED, False, False, ""),
    ],
)
def test_who_acts_next(status: Status, is_mine: bool, is_theirs: bool, words: str) -> None:
    assert whose_turn(status, is_mine=is_mine, is_theirs=is_theirs, other="Karim") == words
