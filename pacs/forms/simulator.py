"""The public simulator: plain GET forms, a few questions a page, nothing kept anywhere.

Every answer stands in the address, so that the browser's Back works and the list can be shared
and printed. `read_journey` walks the pages in order and stops at the first one that is not
answered, or where an answer stops the procedure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import get_language, gettext

from demarches.rules.typed_days import MAX_LENGTH
from demarches.steps.forms import PageFormMixin
from demarches.web.languages import FRENCH
from pacs.forms.common import WHERE, where_choices
from pacs.forms.simulator_questions import PAGES, PARAMETERS, UNKNOWN, Choice, Page, Question
from pacs.forms.wished_day import wished_day_field
from pacs.rules.countries import FRANCE
from pacs.rules.eligibility import Outcome, outcomes
from pacs.rules.situation import (
    CoupleAnswers,
    Dematerialisation,
    PartenaireAnswers,
    Protection,
    derive_inputs,
)

#: The wished date.
DATE_PARAMETER = "date"
#: The page whose answers are being changed.
EDIT_PARAMETER = "etape"
#: The month to look at on the page of the wished date, which is then shown again.
MONTH_PARAMETER = "mois"
#: The page that was just sent: what is missing there is an error, elsewhere it is yet to come.
SENT_PARAMETER = "envoi"
#: What the dossier asks in other words: one answer for the first two, a date of birth.
_ASKED_OTHERWISE = frozenset({"residence", "impediment", "youngest", "is_under_21"})

type Params = Mapping[str, str]


class SimulatorForm(PageFormMixin, forms.Form):
    """One page of questions; the answers to a question alone are buttons that send it."""

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
            label = _label(question, page)
            missing = gettext("Répondez à la question « %(question)s ».") % {"question": label}
            self.fields[question.parameter(page.holder)] = forms.ChoiceField(
                required=not page.is_optional,
                label=label,
                choices=_named_choices(question, commune),
                widget=forms.RadioSelect,
                help_text=gettext(question.hint),
                error_messages=dict.fromkeys(("required", "invalid_choice"), missing),
            )
        if page.asks_date:
            self.fields[DATE_PARAMETER] = wished_day_field(
                gettext("Quel jour souhaitez-vous vous pacser ?"),
                gettext(
                    "Par exemple 6/6/2027. L’âge des documents se compte ce jour-là. Cette date"
                    " ne réserve rien."
                ),
                today=today,
            )
            if get_language() != FRENCH:
                # What is half typed is told in one sentence, not in those of `typed_days`.
                self.fields[DATE_PARAMETER].error_messages["invalid"] = gettext(
                    "Écrivez la date ainsi : 6/6/2027."
                )

    @property
    def alone(self) -> forms.BoundField | None:
        """The question of a page that asks nothing else, and has to be answered."""
        fields = list(self)
        return fields[0] if len(fields) == 1 and fields[0].field.required else None

    @property
    def kept(self) -> str:
        """The answer to it that stands today, in words; empty without one."""
        one = self.alone
        value = self.initial.get(one.name) if one else None
        return dict(one.field.choices).get(value, "") if one else ""  # type: ignore[attr-defined]


def _label(question: Question, page: Page) -> str:
    return gettext(question.label(page.holder))


def _named_choices(question: Question, commune: str) -> list[tuple[str, str]]:
    """The choices in the language of the page, with the name of the commune where they say it."""
    choices = [(choice.value, choice.label) for choice in question.choices]
    if question.name == "adresse":
        choices = where_choices(commune)
    return [(value, gettext(label)) for value, label in choices]


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer given, as it is shown beside « Modifier »."""

    page: Page
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Said:
    """Attributes that answers give, of the couple, of the first and of the second."""

    parts: tuple[dict[str, Any], dict[str, Any], dict[str, Any]] = field(
        default_factory=lambda: ({}, {}, {})
    )

    def add(self, holder: int, choice: Choice) -> None:
        """One answer more; the later one counts."""
        self.parts[holder].update(choice.says)
        for person, says in zip(self.parts[1:], choice.of_people, strict=True):
            person.update(says)

    @property
    def answers(self) -> CoupleAnswers:
        couple, first, second = self.parts
        people = (PartenaireAnswers(**first), PartenaireAnswers(**second))
        return CoupleAnswers(**couple, people=people)


@dataclass(frozen=True, slots=True)
class Journey:
    """How far the answers of an address go."""

    said: Said
    wished: date | None
    answered: tuple[Answered, ...]
    #: The answered parameters that count, in the order of the questions.
    params: dict[str, str]
    #: The form to show; None when there is nothing left to ask.
    form: SimulatorForm | None
    #: What keeps this couple from going on at this mairie.
    stopped: tuple[Outcome, ...]

    @property
    def answers(self) -> CoupleAnswers:
        return self.said.answers

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
    said, wished = Said(), None
    answered: list[Answered] = []
    counted: dict[str, str] = {}
    for page in PAGES:
        questions = page.asked(said.answers, counted)
        if not questions:
            continue
        form = _form_for(page, questions, params, commune=commune, today=today)
        if not form.is_bound or not form.is_valid():
            return Journey(said, wished, tuple(answered), counted, form, ())
        for question in questions:
            name = question.parameter(page.holder)
            if not (value := form.cleaned_data[name]):
                continue
            said.add(page.holder, question.choice(value))
            counted[name] = value
            label = dict(_named_choices(question, commune))[value]
            answered.append(Answered(page, _label(question, page), label))
        if page.asks_date and (wished := form.cleaned_data[DATE_PARAMETER]):
            counted[DATE_PARAMETER] = wished.isoformat()
        found = outcomes(derive_inputs(said.answers, dematerialisation), on=wished or today)
        if stopped := tuple(outcome for outcome in found if outcome.stops):
            return Journey(said, wished, tuple(answered), counted, None, stopped)
    return Journey(said, wished, tuple(answered), counted, None, ())


def asked_at_once(
    params: Params, *, today: date, dematerialisation: Dematerialisation, commune: str = ""
) -> list[SimulatorForm]:
    """Every page that these answers leave open, in order, for somebody who asks them aloud.

    Of a person, a page waits for those before it, whose answers may close it.
    """
    said, counted, found = Said(), dict[str, str](), list[SimulatorForm]()
    for page in PAGES:
        waits = page.holder and any(one.page.holder == page.holder for one in found)
        if page.is_optional or waits or not (questions := page.asked(said.answers, counted)):
            continue
        form = _form_for(page, questions, params, commune=commune, today=today)
        if form.is_bound and form.is_valid():
            for question in questions:
                name = question.parameter(page.holder)
                if value := form.cleaned_data[name]:
                    said.add(page.holder, question.choice(value))
                    counted[name] = value
            continue
        found.append(form)
    return found


def _form_for(
    page: Page, questions: list[Question], params: Params, *, commune: str, today: date
) -> SimulatorForm:
    """Bound when this page was answered or sent; otherwise a form to fill in."""
    names = [question.parameter(page.holder) for question in questions]
    has_answers = page.is_optional or all(name in params for name in names)
    is_wrong = any(name in params and params[name] not in PARAMETERS[name] for name in names)
    is_sent = params.get(SENT_PARAMETER) == page.slug
    # One value a name: a QueryDict unpacked with ** would give lists.
    data = {name: params[name] for name in params}
    data[DATE_PARAMETER] = data.get(DATE_PARAMETER, "")[: MAX_LENGTH + 1]
    is_edited = params.get(EDIT_PARAMETER) == page.slug and not is_sent
    if page.asks_date and params.get(MONTH_PARAMETER):
        is_edited = True  # what was chosen and typed stays on the page
    if is_edited or not (has_answers or is_wrong or is_sent):
        return SimulatorForm(
            page, questions, initial=known_params(params), commune=commune, today=today
        )
    return SimulatorForm(page, questions, data, commune=commune, today=today)


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
    couple, first, second = (
        {
            name: column
            for name, value in part.items()
            if (column := _column(name, value)) is not None
        }
        for part in journey.said.parts
    )
    where = journey.params.get("adresse", UNKNOWN)
    if where != UNKNOWN:
        residence, impediment = WHERE[where]
        couple |= {"residence": residence.value, "impediment": impediment.value}
    if journey.wished is not None:
        couple["wished_date"] = journey.wished
    return couple, first, second


def _column(name: str, value: Any) -> Any:
    """What the column of this name holds; None for what the dossier still has to ask."""
    if name in _ASKED_OTHERWISE or value in (None, UNKNOWN):
        return None
    if name == "nationalities":
        return list(value) if value == (FRANCE,) else None
    if name.endswith("country"):
        return value if value == FRANCE else None
    if name == "protection" and value is not Protection.NONE:
        return None  # which one was not asked
    return value if isinstance(value, bool) else value.value
