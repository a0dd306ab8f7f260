"""One question a page, sent by GET: the address holds the answers and nothing else does."""

from collections.abc import Mapping
from typing import Any

from django import forms

from demarches.forms import PageFormMixin
from vitale.rules.situations import Question

NO_ANSWER = "Choisissez une des réponses, puis continuez."


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
            choices=[
                (choice.value, titles.get(choice.value, choice.label))
                for choice in question.choices
            ],
            widget=forms.RadioSelect,
            error_messages=dict.fromkeys(("required", "invalid_choice"), NO_ANSWER),
        )
