"""The numbers nobody may leave here: found in every spacing, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.nir import REFUSAL
from demarches.rules.private_numbers import (
    CARD_REFUSAL,
    IBAN_REFUSAL,
    contains_card,
    contains_iban,
    refusal_of,
)
from demarches.rules.reference import format_reference

SPACES = st.sampled_from(["", " ", ".", "-", "\u00a0", "\u202f"])


def spaced(digits: str, separator: str, size: int = 4) -> str:
    return separator.join(digits[at : at + size] for at in range(0, len(digits), size))


@given(st.integers(0, 10**23 - 1), SPACES, st.booleans())
def test_every_french_account_in_every_spacing_is_found(
    account: int, separator: str, small: bool
) -> None:
    bban = f"{account:023d}"
    key = 98 - int(bban + "152700") % 97
    written = spaced(f"FR{key:02d}{bban}", separator)

    assert contains_iban(f"Mon compte : {written.lower() if small else written}, merci.")


@given(st.integers(1, 10**15 - 1), SPACES)
def test_every_card_in_every_spacing_is_found(number: int, separator: str) -> None:
    start = f"{number:015d}"
    total = sum(
        sum(divmod(int(digit) * (2 if rank % 2 == 0 else 1), 10))
        for rank, digit in enumerate(reversed(start))
    )
    written = spaced(f"{start}{-total % 10}", separator)

    assert contains_card(f"Carte {written} (expire bientôt)")


@given(st.integers(0, 99_999_999), SPACES, st.sampled_from(["0", "+33 ", "0033"]))
def test_a_phone_number_is_none_of_them(number: int, separator: str, prefix: str) -> None:
    digits = f"6{number:08d}"
    pairs = [digits[0], *(digits[at : at + 2] for at in range(1, 9, 2))]

    assert refusal_of(f"Appelez le {prefix}{separator.join(pairs)} le soir.") == ""


@given(st.integers(1, 9_999))
def test_a_reference_is_none_of_them(number: int) -> None:
    assert refusal_of(f"{format_reference('PACS', 2026, number)}, 30334-2026-1-{number:04d}") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rien de tel, 30700 Uzès, le 12/03/2027 à 9 h 30", ""),
        ("", ""),
        ("FRANCE SERVICES 12 RUE DES LILAS 30700 UZES", ""),
        ("2 69 05 49 588 157 80", REFUSAL),
        ("FR76 3000 6000 0112 3456 7890 189", IBAN_REFUSAL),
        ("FR00 3000 6000 0112 3456 7890 189", IBAN_REFUSAL),  # mistyped key
        ("DE89 3704 0044 0532 0130 00 est le mien", IBAN_REFUSAL),
        ("4970 1012 3456 7892", ""),
        ("4111 1111 1111 1111", CARD_REFUSAL),
        ("0000 0000 0000 0000", ""),
    ],
)
def test_what_each_text_is_told(text: str, expected: str) -> None:
    assert refusal_of(text) == expected
