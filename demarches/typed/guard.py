"""What a free text must be, on whatever path it comes: short enough, and no private number.

The length comes first: nothing longer than a column may hold is ever read for numbers.
"""

from typing import Any, Final

from django.core.exceptions import ValidationError

from demarches.rules.nir import find_passage

LONGEST_TEXT: Final = 20_000
"""Signs that the longest free text may have; a column may say less by its `max_length`."""


class TextRefused(ValidationError):
    """A text that no column of ours may hold. Its message is one sentence for whoever typed it."""


def check_text(text: str, *, longest: int | None = None) -> None:
    """Raise `TextRefused` for a text that is too long or holds a NIR, an IBAN or a card.

    The message of the latter shows where, by the first signs of the passage.
    """
    most = min(longest or LONGEST_TEXT, LONGEST_TEXT)
    if len(text) > most:
        raise TextRefused(
            f"Ce texte a {_figures(len(text))} signes, {_figures(most)} au plus :"
            " raccourcissez-le, puis envoyez à nouveau.",
            code="max_length",
        )
    if passage := find_passage(text):
        raise TextRefused(passage.refusal(text), code=passage.kind.value)


def check_texts_in(value: Any) -> None:
    """The same for every text of a JSON value, at any depth."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            check_text(one)
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple):
            waiting += one


def _figures(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")
