"""References of dossiers: « PACS-2026-000042-K », with a check character.

The check character (ISO 7064, MOD 37-2 pattern restricted to unambiguous letters and
digits) makes a mistyped reference a refusal, never somebody else's dossier.
"""

import re

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUVWXYZ"
#: Without the letters read as digits (I, O) or as another letter (S): 33 signs, and a
#: multiplier coprime with 33 so that single typos and swaps of neighbours are caught.
MODULUS = len(ALPHABET)
MULTIPLIER = 2
PATTERN = re.compile(r"^([A-Z]{2,5})-?(\d{4})-?(\d{6})-?([0-9A-Z])$")


def check_character(prefix: str, year: int, number: int) -> str:
    """The sign that ends the reference."""
    total = 0
    for sign in f"{prefix}{year:04d}{number:06d}":
        total = (total * MULTIPLIER + int(sign, 36)) % MODULUS
    return ALPHABET[total * MULTIPLIER % MODULUS]


def format_reference(prefix: str, year: int, number: int) -> str:
    """Write a reference; `number` is between 1 and 999999."""
    if not 1 <= number <= 999_999:
        raise ValueError(f"number out of range: {number}")
    return f"{prefix}-{year:04d}-{number:06d}-{check_character(prefix, year, number)}"


def parse_reference(text: str) -> str | None:
    """Read what a person typed (spaces, case, missing dashes); None when it is not a reference."""
    match = PATTERN.match(re.sub(r"\s+", "", text).upper())
    if match is None:
        return None
    prefix, year, number, check = match.groups()
    if not int(number) or check_character(prefix, int(year), int(number)) != check:
        return None
    return format_reference(prefix, int(year), int(number))


def meant_reference(text: str) -> str | None:
    """The reference whose last sign alone was mistyped; None when more is wrong, or nothing.

    Only to say « vouliez-vous… ? »: no row is opened by it.
    """
    match = PATTERN.match(re.sub(r"\s+", "", text).upper())
    if match is None or parse_reference(text) is not None or not int(match[3]):
        return None
    return format_reference(match[1], int(match[2]), int(match[3]))


def may_hold(prefix: str, word: str) -> bool:
    """Whether references of this prefix may hold this word, written without dashes.

    A name is seldom in a reference: nobody looks for « martin » in a hundred thousand of them.
    """
    return len(word) == 1 or word.isdecimal() or word.upper() in prefix
