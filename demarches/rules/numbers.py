"""Numbers: read from an address or a form, and said with a noun."""

#: More than any row will ever have, and a length that `int` reads at once.
LONGEST = 18
#: From here on French says the plural.
SMALLEST_PLURAL = 2


def read_number(raw: str) -> int | None:
    """The whole number, or None for anything else: words, signs, thousands of digits."""
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) <= LONGEST else None


def plural(count: int, mark: str = "s") -> str:
    """The mark of the plural for so many things: in French, zero is singular as one is.

    `mark` may hold both, the singular first: « attend,attendent ».
    """
    one, _, many = mark.rpartition(",")
    return many if count >= SMALLEST_PLURAL else one


def counted(count: int, one: str, many: str = "") -> str:
    """« 0 dossier », « 1 dossier », « 2 dossiers »; `many` when it is more than an « s »."""
    return f"{count} {plural(count, f'{one},{many or one + "s"}')}"
