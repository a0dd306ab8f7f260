"""One question a page, sent by GET: the address holds the answers and nothing else does."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from demarches.steps.forms import PageFormMixin
from vitale.rules.situations import Choice, Question

NO_ANSWER = "Choisissez une des réponses, puis continuez."


def _choices(question: Question, titles: Mapping[str, str]) -> list[Any]:
    """The answers, under the headings of the question when it has some."""

    def pairs(choices: Iterable[Choice]) -> list[tuple[str, str]]:
        return [(choice.value, titles.get(choice.value, choice.label)) for choice in choices]

    if question.groups:
        return [(heading, pairs(choices)) for heading, choices in question.groups]
    return pairs(question.choices)


class QuestionForm(PageFormMixin, forms.Form):
    """A closed list of answers; the heading is the question."""

    submit_label = "Continuer"

    def __init__(
        self,
        question: Question,
        titles: Mapping[str, str],
        *args: Any,
        hint: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.page_heading = question.heading  # type: ignore[misc]  # one class, many questions
        self.page_hint = hint or question.hint  # type: ignore[misc]
        self.fields[question.name] = forms.ChoiceField(
            label=question.heading,
            choices=_choices(question, titles),
            widget=forms.RadioSelect,
            error_messages=dict.fromkeys(("required", "invalid_choice"), NO_ANSWER),
        )
