"""What a page showed, in a few signs that come back with its form.

Whoever presses a button acts on what they read. The page says what that was, value by value,
without repeating it; when the form comes back, each value is compared with the one of now.
"""

import hashlib
import json
from collections.abc import Mapping

#: Name -> value, as the page showed it.
type Shown = Mapping[str, object]

#: The hidden field of a form that carries it.
FIELD = "lu"
#: No answer, whatever column it is missing from; « no » is an answer.
BLANK: tuple[object, ...] = ("", None, [])


def imprint(shown: Shown) -> str:
    """One mark for each value, to be written into the form."""
    return " ".join(_mark(name, value) for name, value in shown.items())


def changed_names(read: str, now: Shown) -> tuple[str, ...]:
    """What is not as it was read, in the order of `now`; all of it when nothing was."""
    seen = set(read.split())
    return tuple(name for name, value in now.items() if _mark(name, value) not in seen)


def is_as_read(read: str, now: Shown) -> bool:
    """Nothing changed, came or went since."""
    return set(read.split()) == set(imprint(now).split())


def is_same(one: object, other: object) -> bool:
    """Two values that a page would show alike."""
    return _mark("", one) == _mark("", other)


def is_among(read: str, name: str, value: object) -> bool:
    """Whether this value is the one that was read under this name."""
    return _mark(name, value) in set(read.split())


def _mark(name: str, value: object) -> str:
    told = "" if value in BLANK else value
    text = json.dumps([name, told], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
