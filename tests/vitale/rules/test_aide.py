"""The states of a request for help, and the counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.counts import hide_small
from demarches.rules.enums import AppointmentStatus, Status, Transition
from vitale.rules.aide import ALLOWED, Act, Code, Outcome, code_of, refuse


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (Status.SUBMITTED, Outcome.NONE, "recue"),
        (Status.UNDER_REVIEW, Outcome.NONE, "prise-en-charge"),
        (Status.COMPLETE, Outcome.ACCOMPANIED, "accompagnee"),
        (Status.COMPLETE, Outcome.ORIENTED, "orientee"),
        (Status.COMPLETE, Outcome.ANSWERED, "repondue"),
        (Status.WITHDRAWN, Outcome.NONE, "annulee"),
        (Status.CLOSED, Outcome.ORIENTED, "close"),
    ],
)
def test_the_shared_lifecycle_is_read_in_the_words_of_the_mairie(
    status: Status, outcome: Outcome, code: str
) -> None:
    for meeting in (None, *AppointmentStatus):
        if status is not Status.UNDER_REVIEW or meeting is None:
            assert code_of(status, outcome, meeting).value == code


@pytest.mark.parametrize(
    ("meeting", "code"),
    [
        (AppointmentStatus.HELD, "rdv-propose"),
        (AppointmentStatus.LAPSED, "rdv-propose"),
        (AppointmentStatus.BOOKED, "rdv-confirme"),
        (AppointmentStatus.ARRIVED, "rdv-confirme"),
        (AppointmentStatus.MISSED, "absent"),
        (AppointmentStatus.CANCELLED, "prise-en-charge"),
        (AppointmentStatus.DONE, "prise-en-charge"),
    ],
)
def test_the_appointment_tells_the_rest(meeting: AppointmentStatus, code: str) -> None:
    assert code_of(Status.UNDER_REVIEW, Outcome.NONE, meeting).value == code


def test_every_state_of_the_domain_is_reached() -> None:
    reached = {
        code_of(status, outcome, meeting)
        for status in Status
        for outcome in Outcome
        for meeting in (None, *AppointmentStatus)
    }

    assert reached == set(Code)


def test_only_what_means_something_here_may_happen() -> None:
    possible = {
        (what.value, code.value)
        for what in (*Transition, *Act)
        for code in Code
        if not refuse(what, code)
    }

    assert possible == {
        ("submit", "recue"),
        ("start_review", "recue"),
        ("accept", "prise-en-charge"),
        ("accept", "rdv-confirme"),
        ("close", "orientee"),
        ("close", "repondue"),
        ("close", "accompagnee"),
        ("close", "absent"),
        ("withdraw", "recue"),
        ("withdraw", "prise-en-charge"),
        ("withdraw", "rdv-propose"),
        ("withdraw", "rdv-confirme"),
        ("withdraw", "absent"),
        ("answer", "prise-en-charge"),
        ("propose", "prise-en-charge"),
        ("propose", "rdv-propose"),
        ("propose", "absent"),
        ("fix", "prise-en-charge"),
        ("fix", "rdv-propose"),
        ("fix", "rdv-confirme"),
        ("fix", "absent"),
        ("choose", "rdv-propose"),
        ("choose", "rdv-confirme"),
        ("give_up", "rdv-propose"),
        ("give_up", "rdv-confirme"),
        ("replace", "rdv-propose"),
        ("replace", "rdv-confirme"),
        ("accompany", "rdv-confirme"),
        ("miss", "rdv-confirme"),
    }
    assert set(ALLOWED) < {*Transition, *Act}


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ({}, {}),
        ({"a": 0, "b": 7}, {"b": 7}),
        ({"a": 5, "b": 7}, {"a": 5, "b": 7}),
        ({"a": 4}, {"a": None}),
        ({"a": 4, "b": 7, "c": 6}, {"a": None, "b": 7, "c": None}),
        ({"a": 4, "b": 1, "c": 6}, {"a": None, "b": None, "c": 6}),
    ],
)
def test_small_cells_are_hidden_and_never_alone(
    cells: dict[str, int], shown: dict[str, int | None]
) -> None:
    assert hide_small(cells) == shown


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 12), max_size=8))
def test_no_small_count_can_be_found_from_a_total(cells: dict[str, int]) -> None:
    shown = hide_small(cells)

    assert all(count is None or count >= 5 for count in shown.values())
    hidden = [name for name, count in shown.items() if count is None]
    assert len(hidden) != 1 or len(shown) == 1
