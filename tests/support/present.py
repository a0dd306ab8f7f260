"""What a test knows to be there, said to the reader and to the type checker at once."""

import re


def the[T](value: T | None) -> T:
    """The value; raises AssertionError when there is none."""
    assert value is not None
    return value


def found(pattern: str, text: str) -> re.Match[str]:
    """Where the pattern stands first; raises AssertionError with the text it is not in."""
    match = re.search(pattern, text)
    assert match, f"{pattern!r} is not in {text!r}"
    return match
