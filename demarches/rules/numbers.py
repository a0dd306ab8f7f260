"""Numbers that come from an address or a form."""

#: More than any row will ever have, and a length that `int` reads at once.
LONGEST = 18


def read_number(raw: str) -> int | None:
    """The whole number, or None for anything else: words, signs, thousands of digits."""
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= LONGEST else None
