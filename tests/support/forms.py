"""What a browser sends for a page of questions that somebody leaves as it is shown."""

from typing import Any

from django import forms
from django.test import Client


def as_shown(form: forms.BaseForm) -> dict[str, Any]:
    """Field by field, as the widgets send it; boxes that are not ticked are not sent."""
    shown: dict[str, Any] = {}
    for name in form.fields:
        value, widget = form[name].value(), form.fields[name].widget
        if isinstance(widget, forms.CheckboxInput):
            if value:
                shown[form[name].html_name] = "on"
        elif value not in (None, ""):
            shown[form[name].html_name] = str(value)
        elif not isinstance(widget, forms.RadioSelect):
            shown[form[name].html_name] = ""
    return shown


def answer(client: Client, url: str, **typed: Any) -> Any:
    """Open the page, change these answers, press the button; returns the response."""
    context = client.get(url).context
    return client.post(url, {**as_shown(context["form"]), "lu": context["lu"], **typed})


def pieces_as_shown(response: Any) -> dict[str, Any]:
    """What the page of the pieces sends when nothing is said on it."""
    shown: dict[str, Any] = {"piece": response.context["to_bring"]}
    for card in response.context["cards"]:
        if card.form is not None:
            shown |= {**as_shown(card.form), f"{card.row.piece.key}-lu": card.read}
    return shown


def answer_pieces(client: Client, response: Any, key: str = "", **typed: Any) -> Any:
    """Send that page, read earlier, with this said of one piece; only saved."""
    about = {f"{key}-{name}": value for name, value in typed.items()}
    page = response.request["PATH_INFO"]
    return client.post(page, {**pieces_as_shown(response), **about})
