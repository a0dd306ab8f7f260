"""The task list: steps that know whether they apply and whether they are complete.

An address of a page, once given (a bookmark, a mail, a request), leads for ever to the page that
asks the question today.

Completeness is read from the database each time; nothing about progress is stored.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from demarches.steps.forms import StepForm


@dataclass(frozen=True)
class Step[S: Model]:
    """One page of questions about one row."""

    slug: str
    title: str
    form_class: type[StepForm[Any]]
    #: The answers still missing, as labels; empty means complete.
    missing: Callable[[S], Sequence[str]]
    applies: Callable[[S], bool] = lambda subject: True

    def is_complete(self, subject: S) -> bool:
        return not self.missing(subject)


class StepList[S: Model]:
    """Ordered steps about one row.

    `former`: slugs of pages that were, with those of the pages that ask their question today,
    the first that applies.
    """

    def __init__(
        self, steps: Sequence[Step[S]], former: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.steps = tuple(steps)
        self.former = former or {}

    def for_subject(self, subject: S) -> list[Step[S]]:
        """The steps that apply to this row, in order."""
        return [step for step in self.steps if step.applies(subject)]

    def get(self, slug: str, subject: S) -> Step[S] | None:
        return next((s for s in self.for_subject(subject) if s.slug == slug), None)

    def asking(self, slug: str, subject: S) -> Step[S] | None:
        """The step that asks this row the question of the page `slug`, of today or of before."""
        found = (self.get(one, subject) for one in self.former.get(slug, (slug,)))
        return next((step for step in found if step is not None), None)

    def first_incomplete(self, subject: S) -> Step[S] | None:
        return next((s for s in self.for_subject(subject) if not s.is_complete(subject)), None)

    def missing(self, subject: S) -> list[tuple[Step[S], str]]:
        """Every missing answer with the page where it is given."""
        return [(s, label) for s in self.for_subject(subject) for label in s.missing(subject)]
