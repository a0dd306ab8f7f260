"""Where a person lives today, from plain values."""

import pytest

from pacs.rules.home import Address, Home, home_of

COMMON = Address("3 rue des Lilas", "", "30700", "Uzès")
OWN = Address("9 rue Basse", "", "30000", "Nîmes")
BEGUN = Address(city="Nîmes")
NONE = Address()


@pytest.mark.parametrize(
    ("own", "shared", "is_first", "expected"),
    [
        (NONE, COMMON, True, Home(COMMON, is_common=True)),
        (NONE, COMMON, False, Home(COMMON, is_common=True)),
        # The first said it of themselves; the second may say otherwise, and has begun to.
        (OWN, COMMON, True, Home(COMMON, is_common=True)),
        (OWN, COMMON, False, Home(OWN)),
        (BEGUN, COMMON, False, Home(BEGUN)),
        # Not said.
        (NONE, None, True, Home(NONE)),
        (OWN, None, True, Home(OWN)),
        (OWN, None, False, Home(OWN)),
    ],
)
def test_home_of(own: Address, shared: Address | None, is_first: bool, expected: Home) -> None:
    assert home_of(own=own, shared=shared, is_first=is_first) == expected


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (COMMON, "3 rue des Lilas, 30700 Uzès"),
        (
            Address("3 rue X", "Bât. B", "00186", "Rome", "Italie"),
            "3 rue X, Bât. B, 00186 Rome, Italie",
        ),
        (BEGUN, "Nîmes"),
        (Address(country="Italie"), ""),
    ],
)
def test_an_address_in_one_line(address: Address, words: str) -> None:
    assert str(address) == words
