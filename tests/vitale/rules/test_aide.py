"""The states of a request for help, and the counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.enums import Status, Transition
from vitale.rules.aide import ALLOWED, Code, Outcome, code_of, refuse
from vitale.rules.counts import hide_small


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [
        (Status.SUBMITTED, Outcome.NONE, "recue"),
        (Status.UNDER_REVIEW, Outcome.NONE, "prise-en-charge"),
        (Status.COMPLETE, Outcome.ORIENTED, "orientee"),
        (Status.COMPLETE, Outcome.ANSWERED, "repondue"),
        (Status.WITHDRAWN, Outcome.NONE, "annulee"),
        (Status.CLOSED, Outcome.ORIENTED, "close"),
    ],
)
def test_the_shared_lifecycle_is_read_in_the_words_of_the_mairie(
    status: Status, outcome: Outcome, code: str
) -> None:
    assert code_of(status, outcome).value == code


def test_only_what_means_something_here_may_happen() -> None:
    possible = {
        (transition.value, code.value)
        for transition in Transition
        for code in Code
        if not refuse(transition, code)
    }

    assert possible == {
        ("submit", "recue"),
        ("start_review", "recue"),
        ("accept", "prise-en-charge"),
        ("close", "orientee"),
        ("close", "repondue"),
        ("withdraw", "recue"),
        ("withdraw", "prise-en-charge"),
    }
    assert set(ALLOWED) < set(Transition)


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
