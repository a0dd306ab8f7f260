"""The one field in which a day is typed, by citizens and by agents."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from demarches.agenda.booking import read_day
from demarches.rules.typed_days import UnreadableDay, read_typed_day

type Bound = date | Callable[[], date]

#: Nobody here writes of a day before, nor after: a year was mistyped.
OLDEST = date(1900, 1, 1)
FARTHEST = date(2150, 12, 31)


class DayInput(forms.TextInput):
    """A text box: a browser's own date field sends nothing at all when it is half filled in."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off", "size": "18", **(attrs or {})})


class DayField(forms.Field):
    """A day between two bounds, both included; what is wrong is said in words."""

    widget = DayInput
    default_error_messages = {"required": "Indiquez une date, par exemple 6/6/2027."}

    def __init__(
        self,
        *,
        first: Bound = OLDEST,
        last: Bound = FARTHEST,
        too_early: str = "Cette date est trop ancienne : vérifiez l’année.",
        too_late: str = "Cette date est trop lointaine : vérifiez l’année.",
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("help_text", "Par exemple 6/6/2027.")
        super().__init__(**kwargs)
        self.first, self.last = first, last
        self.too_early, self.too_late = too_early, too_late

    def prepare_value(self, value: Any) -> Any:
        """A day as it is typed, « 6/6/2027 »; what was typed as it was."""
        if isinstance(value, date):
            return f"{value.day}/{value.month}/{value.year}"
        return value

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, date):
            return value
        text = str(value or "").strip()
        if not text:
            return None
        try:
            return read_typed_day(text)
        except UnreadableDay as refused:
            message = self.error_messages.get("invalid", str(refused))
            raise ValidationError(message, code="invalid") from None

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is None:
            return
        if value < _day_of(self.first):
            raise ValidationError(gettext(self.too_early), code="too_early")
        if value > _day_of(self.last):
            raise ValidationError(gettext(self.too_late), code="too_late")


def _day_of(bound: Bound) -> date:
    return bound if isinstance(bound, date) else bound()


def day_of_address(raw: str, *, today: date) -> tuple[date, str]:
    """The day that an address asks for, as a link writes it or as it is typed; and what is wrong.

    Today when nothing is asked, or nothing that can be read.
    """
    if not raw:
        return today, ""
    if (day := read_day(raw)) is not None:
        return day, ""
    try:
        return DayField().clean(raw), ""
    except ValidationError as wrong:
        return today, " ".join(wrong.messages)
