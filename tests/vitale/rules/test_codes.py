"""References and secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitale.rules.codes import (
    ALPHABET,
    digest,
    new_reference,
    new_secret,
    opens,
    parse_code_reference,
)


def test_no_sign_is_misread_on_paper() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 31
    assert set("0O1IL") & set(ALPHABET) == set()


def test_codes_are_drawn_in_groups_and_never_twice() -> None:
    references = {new_reference() for _ in range(200)}

    assert len(references) == 200
    assert {len(reference) for reference in references} == {12}
    assert [len(group) for group in new_secret().split("-")] == [4, 4, 4, 4]


def test_a_secret_that_would_be_refused_when_typed_is_drawn_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = iter("BE78264526336648" + "AB3D9F7HAB3D9F7H")
    monkeypatch.setattr("secrets.choice", lambda signs: next(drawn))

    assert new_secret() == "AB3D-9F7H-AB3D-9F7H"


@given(st.text(alphabet=ALPHABET, min_size=8, max_size=8), st.sampled_from(["", "-", " "]))
def test_a_reference_is_read_as_people_type_it(signs: str, between: str) -> None:
    typed = f" cv{between}{signs[:4].lower()}{between}{signs[4:]} "

    assert parse_code_reference(typed) == f"CV-{signs[:4]}-{signs[4:]}"


@pytest.mark.parametrize(
    "typed",
    ["", "CV", "CV-7K4M-2PQ", "CV-7K4M-2PQXX", "CV-7K4M-2PQ0", "PACS-2026-000042-K", "7K4M-2PQX"],
)
def test_anything_else_is_no_reference(typed: str) -> None:
    assert parse_code_reference(typed) is None


def test_a_secret_opens_its_own_reference_only() -> None:
    kept = digest("CV-7K4M-2PQX", "AB3D-9F7H-AB3D-9F7H")

    assert opens(kept, "CV-7K4M-2PQX", " ab3d 9f7h ab3d9f7h")
    assert not opens(kept, "CV-7K4M-2PQY", "AB3D-9F7H-AB3D-9F7H")
    assert not opens(kept, "CV-7K4M-2PQX", "AB3D-9F7H-AB3D-9F7J")
    assert not opens("", "CV-7K4M-2PQX", "")
    assert "AB3D" not in kept
