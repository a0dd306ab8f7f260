"""The public simulator: plain GET forms, a few questions a page, nothing kept anywhere.

Every answer stands in the address, so that the browser's Back works and the list can be shared
and printed. `read_journey` walks the pages in order and stops at the first one that is not
answered, or where an answer stops the procedure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms

from demarches.forms import PageFormMixin
from demarches.rules.typed_days import MAX_LENGTH
from pacs.forms.common import here_label
from pacs.forms.simulator_questions import (
    PAGES,
    PARAMETERS,
    UNKNOWN,
    Page,
    Question,
    Subject,
)
from pacs.forms.wished_day import wished_day_field
from pacs.rules.countries import FRANCE
from pacs.rules.eligibility import Outcome, outcomes
from pacs.rules.situation import (
    CoupleAnswers,
    Dematerialisation,
    Residence,
    derive_inputs,
)

#: The wished date.
DATE_PARAMETER = "date"
#: The page whose answers are being changed.
EDIT_PARAMETER = "etape"
#: The page that was just sent: what is missing there is an error, elsewhere it is yet to come.
SENT_PARAMETER = "envoi"

type Params = Mapping[str, str]


class SimulatorForm(PageFormMixin, forms.Form):
    """One page of questions."""

    submit_label = "Continuer"

    def __init__(
        self,
        page: Page,
        questions: list[Question],
        *args: Any,
        commune: str,
        today: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        for question in questions:
            self.fields[question.parameter(page.holder)] = forms.ChoiceField(
                label=question.label(page.holder),
                choices=_named_choices(question, commune),
                widget=forms.RadioSelect,
                help_text=question.hint,
                error_messages={
                    error: f"Répondez à la question « {question.label(page.holder)} »."
                    for error in ("required", "invalid_choice")
                },
            )
        if page.asks_date:
            self.fields[DATE_PARAMETER] = wished_day_field(
                "Quel jour souhaitez-vous vous pacser ?",
                "Par exemple 6/6/2027. L’âge des documents se compte ce jour-là. Cette date ne"
                " réserve rien.",
                today=today,
            )


def _named_choices(question: Question, commune: str) -> list[tuple[str, str]]:
    """The choices, with the name of the commune where they speak of it."""
    if question.fills != "residence" or not commune:
        return list(question.choices)
    here = (Residence.HERE.value, here_label(commune))
    return [here if choice[0] == Residence.HERE else choice for choice in question.choices]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer given, as it is shown beside « Modifier »."""

    page: Page
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Journey:
    """How far the answers of an address go."""

    answers: CoupleAnswers
    wished: date | None
    answered: tuple[Answered, ...]
    #: The answered parameters that count, in the order of the questions.
    params: dict[str, str]
    #: The form to show; None when there is nothing left to ask.
    form: SimulatorForm | None
    #: What keeps this couple from going on at this mairie.
    stopped: tuple[Outcome, ...]

    @property
    def is_complete(self) -> bool:
        return self.form is None and not self.stopped

    @property
    def query(self) -> str:
        """The answers as the end of an address."""
        return urlencode(self.params)

    @property
    def last_page(self) -> Page:
        """The page to go back to."""
        return self.answered[-1].page


def known_params(params: Params) -> dict[str, str]:
    """The parameters the simulator knows and whose values it may have; the rest is dropped."""
    kept = {name: value for name in PARAMETERS if (value := params.get(name)) in PARAMETERS[name]}
    wished = params.get(DATE_PARAMETER, "")
    if 0 < len(wished) <= MAX_LENGTH:
        kept[DATE_PARAMETER] = wished
    return {name: str(value) for name, value in kept.items()}


def read_journey(
    params: Params,
    *,
    today: date,
    dematerialisation: Dematerialisation,
    commune: str = "",
) -> Journey:
    """Walk the questions with these answers.

    Whatever is unknown or wrong in the address is an error of its page, never of the portal.
    """
    couple, wished = CoupleAnswers(), None
    answered: list[Answered] = []
    counted: dict[str, str] = {}
    for page in PAGES:
        subject = Subject(couple, page.holder)
        questions = [question for question in page.questions if question.applies(subject)]
        if not questions:
            continue
        form = _form_for(page, questions, params, commune=commune, today=today)
        if not form.is_bound or not form.is_valid():
            return Journey(couple, wished, tuple(answered), counted, form, ())
        for question, value in _values_of(form, page, questions):
            couple = _filled(couple, page.holder, question, value)
            counted[question.parameter(page.holder)] = value
            label = dict(_named_choices(question, commune))[value]
            answered.append(Answered(page, question.label(page.holder), label))
        if page.asks_date and (wished := form.cleaned_data[DATE_PARAMETER]):
            counted[DATE_PARAMETER] = wished.isoformat()
        found = outcomes(derive_inputs(couple, dematerialisation), on=wished or today)
        if stopped := tuple(outcome for outcome in found if outcome.stops):
            return Journey(couple, wished, tuple(answered), counted, None, stopped)
    return Journey(couple, wished, tuple(answered), counted, None, ())


def _form_for(
    page: Page, questions: list[Question], params: Params, *, commune: str, today: date
) -> SimulatorForm:
    """Bound when this page was answered or sent; otherwise a form to fill in."""
    names = [question.parameter(page.holder) for question in questions]
    has_answers = all(name in params for name in names)
    is_wrong = any(name in params and params[name] not in PARAMETERS[name] for name in names)
    is_sent = params.get(SENT_PARAMETER) == page.slug
    # One value a name: a QueryDict unpacked with ** would give lists.
    data = {name: params[name] for name in params}
    data[DATE_PARAMETER] = data.get(DATE_PARAMETER, "")[: MAX_LENGTH + 1]
    is_edited = params.get(EDIT_PARAMETER) == page.slug and not is_sent
    if is_edited or not (has_answers or is_wrong or is_sent):
        return SimulatorForm(
            page, questions, initial=known_params(params), commune=commune, today=today
        )
    return SimulatorForm(page, questions, data, commune=commune, today=today)


def _values_of(
    form: SimulatorForm, page: Page, questions: list[Question]
) -> Iterator[tuple[Question, str]]:
    for question in questions:
        yield question, form.cleaned_data[question.parameter(page.holder)]


def _filled(couple: CoupleAnswers, holder: int, question: Question, value: str) -> CoupleAnswers:
    """The answers with one more."""
    change = {question.fills: question.values[value]}
    if not holder:
        return replace(couple, **change)
    people = list(couple.people)
    people[holder - 1] = replace(people[holder - 1], **change)
    return replace(couple, people=(people[0], people[1]))


def hidden_params(params: Params, form: SimulatorForm) -> dict[str, str]:
    """What the form on the page carries along: every known answer of the other pages."""
    return {name: value for name, value in known_params(params).items() if name not in form.fields}


def answers_from_params(params: Params, *, today: date) -> CoupleAnswers:
    """The couple's answers in an address, as far as they go."""
    return read_journey(params, today=today, dematerialisation=Dematerialisation()).answers


def model_fields_from_params(
    params: Params, *, today: date
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Columns of `Dossier` and of its two `Partenaire`s that these answers already fill.

    « Je ne sais pas » and what the simulator asks less precisely than the dossier are left out:
    the dossier asks again.
    """
    journey = read_journey(params, today=today, dematerialisation=Dematerialisation())
    columns: tuple[dict[str, Any], dict[str, Any], dict[str, Any]] = ({}, {}, {})
    if journey.wished is not None:
        columns[0]["wished_date"] = journey.wished
    for page in PAGES:
        for question in page.questions:
            value = journey.params.get(question.parameter(page.holder), UNKNOWN)
            if value != UNKNOWN and (column := _column(question, value)):
                columns[page.holder][column[0]] = column[1]
    return columns


def _column(question: Question, value: str) -> tuple[str, Any] | None:
    """The column and what it holds; None for an age band, or a country that was not named."""
    held = question.values[value]
    if question.fills == "nationalities":
        return (question.fills, list(held)) if held == (FRANCE,) else None
    if question.fills.endswith("country"):
        return (question.fills, held) if held == FRANCE else None
    if question.fills == "age":
        return None
    return question.fills, held if isinstance(held, bool) else value
