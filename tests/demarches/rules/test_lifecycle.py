"""The table of transitions, and references."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.enums import Status, Transition
from demarches.rules.lifecycle import ALLOWED, EDITABLE, ENDED, OPEN, allowed, next_status
from demarches.rules.reference import check_character, format_reference, parse_reference


def test_the_statuses_are_shared_between_draft_open_and_ended() -> None:
    assert {Status.DRAFT} | OPEN | ENDED == set(Status)
    assert frozenset() == OPEN & ENDED
    assert Status.REGISTERED in ENDED


@pytest.mark.parametrize("status", sorted(ENDED - {Status.REGISTERED}))
def test_nothing_follows_an_end_without_a_pacs(status: Status) -> None:
    assert allowed(status) == ()


def test_the_people_may_withdraw_whenever_the_dossier_is_not_ended() -> None:
    assert ALLOWED[Transition.WITHDRAW][0] == OPEN | {Status.DRAFT}


def test_answers_are_frozen_while_the_mairie_checks() -> None:
    assert {Status.DRAFT, Status.SUBMITTED, Status.PIECES_REQUESTED} == EDITABLE


@pytest.mark.parametrize("transition", list(Transition))
@pytest.mark.parametrize("status", list(Status))
def test_next_status_says_what_the_table_says(transition: Transition, status: Status) -> None:
    sources, target = ALLOWED[transition]

    assert next_status(transition, status) == (target if status in sources else None)
    assert (transition in allowed(status)) == (status in sources)


@given(st.integers(2020, 2099), st.integers(1, 999_999))
def test_a_reference_is_read_back_however_it_is_typed(year: int, number: int) -> None:
    reference = format_reference("PACS", year, number)

    assert parse_reference(reference) == reference
    assert parse_reference(f" {reference.lower().replace('-', '')} ") == reference


@given(st.integers(1, 999_999), st.integers(0, 5), st.integers(1, 9))
def test_one_wrong_digit_is_refused(number: int, place: int, shift: int) -> None:
    digits = f"{number:06d}"
    wrong = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    check = check_character("PACS", 2026, number)

    assert parse_reference(f"PACS-2026-{wrong}-{check}") is None


@given(st.integers(1, 999_999), st.integers(0, 4))
def test_two_swapped_digits_are_refused(number: int, place: int) -> None:
    digits = f"{number:06d}"
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    check = check_character("PACS", 2026, number)

    expected = format_reference("PACS", 2026, number) if swapped == digits else None
    assert parse_reference(f"PACS-2026-{swapped}-{check}") == expected


@pytest.mark.parametrize("text", ["", "PACS", "PACS-2026-000000-0", "x" * 500, "PACS-2026-42-K"])
def test_what_is_no_reference_is_none(text: str) -> None:
    assert parse_reference(text) is None


@pytest.mark.parametrize("number", [0, 1_000_000])
def test_a_number_out_of_range_cannot_be_written(number: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        format_reference("PACS", 2026, number)
