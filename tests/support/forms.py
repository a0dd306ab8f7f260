"""What a browser sends for a page of questions that somebody leaves as it is shown."""

from typing import Any

from django import forms
from django.test import Client


def as_shown(form: forms.BaseForm) -> dict[str, Any]:
    """Field by field, as the widgets send it; boxes that are not ticked are not sent."""
    shown: dict[str, Any] = {}
    for name in form.fields:
        value = form[name].value()
        if value in (None, "", False):
            if not isinstance(form.fields[name].widget, forms.CheckboxInput | forms.RadioSelect):
                shown[form[name].html_name] = ""
        else:
            shown[form[name].html_name] = "on" if value is True else str(value)
    return shown


def answer(client: Client, url: str, **typed: Any) -> Any:
    """Open the page, change these answers, press the button; returns the response."""
    context = client.get(url).context
    return client.post(url, {**as_shown(context["form"]), "lu": context["lu"], **typed})
