"""A box whose doubtful value is asked about once, and never refused.

The page that asks holds what was typed in a hidden field: sent again unchanged, it is what the
person means. Nothing is kept in the session.
"""

from typing import Any

from django import forms
from django.utils.safestring import SafeString


class Typed(str):
    """What was typed; `is_kept` once the person has been asked, and typed the same again."""

    is_kept: bool = False


class AskedOnceInput(forms.TextInput):
    """A text box; beside a value that was asked about, the memory of it.

    `asks` is put by whoever asks, on the widget of that form alone.
    """

    asks = False
    #: A doubtful value that is stored was asked about when it was typed.
    trusts_stored = False

    def canonical(self, value: Any) -> str:
        """One form of the value, however it is typed; "" when it cannot be read."""
        raise NotImplementedError

    def is_doubtful(self, canonical: str) -> bool:
        """Whether to ask about a value in that form."""
        raise NotImplementedError

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        box = super().render(name, value, attrs, renderer)
        # What was typed comes back as `Typed`; anything else was stored.
        is_kept = value.is_kept if isinstance(value, Typed) else self.trusts_stored
        if not (self.asks or is_kept):
            return box
        canonical = self.canonical(value)
        if not canonical or not self.is_doubtful(canonical):
            return box
        return box + forms.HiddenInput().render(_asked(name), canonical, None, renderer)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = data.get(name)
        if typed is None:
            return None
        value = Typed(typed)
        value.is_kept = bool(typed) and data.get(_asked(name), "") == self.canonical(typed)
        return value


def _asked(name: str) -> str:
    return f"{name}-asked"
