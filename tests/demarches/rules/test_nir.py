"""The detector of numéros de sécurité sociale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.nir import contains_nir
from demarches.rules.reference import format_reference

SEPARATORS = st.sampled_from(["", " ", ".", "-", "\u00a0", "\u202f"])


@st.composite
def numbers(draw: st.DrawFn) -> list[str]:
    """The parts of a number, key included."""
    department = draw(
        st.sampled_from(["2A", "2B", "99", "97", *[f"{n:02d}" for n in range(1, 96)]])
    )
    parts = [
        draw(st.sampled_from("123478")),
        f"{draw(st.integers(0, 99)):02d}",
        f"{draw(st.integers(1, 12)):02d}",
        department,
        f"{draw(st.integers(1, 999)):03d}",
        f"{draw(st.integers(1, 999)):03d}",
    ]
    digits = "".join(parts).replace("2A", "19").replace("2B", "18")
    return [*parts, f"{97 - int(digits) % 97:02d}"]


@given(numbers(), SEPARATORS, st.booleans())
def test_every_number_in_every_spacing_is_found(
    parts: list[str], separator: str, with_key: bool
) -> None:
    written = separator.join(parts if with_key else parts[:-1])

    assert contains_nir(f"Mon numéro est {written}, merci.")


@given(st.integers(0, 99_999_999), SEPARATORS, st.sampled_from(["0", "+33 ", "0033"]))
def test_a_phone_number_is_not_one(number: int, separator: str, prefix: str) -> None:
    digits = f"6{number:08d}"
    pairs = [digits[0], *(digits[i : i + 2] for i in range(1, 9, 2))]

    assert not contains_nir(f"Appelez le {prefix}{separator.join(pairs)} le soir.")


@given(st.integers(1, 999_999))
def test_a_reference_is_not_one(number: int) -> None:
    assert not contains_nir(f"Dossier {format_reference('PACS', 2026, number)} du 12/03/2027")


@pytest.mark.parametrize(
    "text",
    ["", "Nés le 04/05/1990 et le 17.11.1988", "30700 Uzès, 12 rue de 1945", "FR76 3000 4000"],
)
def test_ordinary_text_is_not_one(text: str) -> None:
    assert not contains_nir(text)
