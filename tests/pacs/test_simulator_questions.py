"""What the simulator asks is enough for the list, and no question is asked for nothing."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from typing import Any

import pytest

from pacs.forms.simulator import Said, answers_from_params
from pacs.forms.simulator_questions import PAGES, SOME_PROTECTION, Question
from pacs.rules.countries import FRANCE, SOMEWHERE_ELSE, SOMEWHERE_IN_EU
from pacs.rules.eligibility import outcomes
from pacs.rules.pieces import required_pieces
from pacs.rules.situation import (
    CoupleAnswers,
    Dematerialisation,
    PartenaireAnswers,
    Protection,
    Situation,
    YesNo,
    derive_inputs,
)
from tests.pacs.simulator_answers import COMMON, FRENCH, params_of

pytestmark = pytest.mark.no_database

TODAY = date(2026, 11, 23)
type Result = tuple[Any, ...]


def result_of(answers: CoupleAnswers) -> Result:
    """The list of these answers, uncertain pieces marked, and what stands in the way."""
    couple = derive_inputs(answers, Dematerialisation())
    found = outcomes(couple, on=TODAY)
    stops = [(one.type.code, one.holder) for one in found if one.stops]
    return ("stopped", *stops) if stops else (*required_pieces(couple), *found)


@dataclass
class Walk:
    """Every way through the questions; `fixed` holds the answers that are not tried."""

    fixed: Mapping[str, str]
    opens_optional: bool = False
    asked: set[str] = field(default_factory=set)
    #: Questions all of whose answers lead to the same lists, with the answers before them.
    useless: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def go(self, said: Said | None = None, given: Any = None, at: int = 0) -> frozenset[Result]:
        said, given = said or Said(), given or {}
        for place, page in enumerate(PAGES[at:], start=at):
            if page.is_optional and not self.opens_optional:
                continue
            if questions := page.asked(said.answers, given):
                return self.ask(questions, page.holder, said, given, place)
        return frozenset([result_of(said.answers)])

    def ask(
        self, questions: list[Question], holder: int, said: Said, given: Any, at: int
    ) -> frozenset[Result]:
        if not questions:
            found = result_of(said.answers)
            return frozenset([found]) if found[0] == "stopped" else self.go(said, given, at + 1)
        question, *others = questions
        name = question.parameter(holder)
        found_by = {}
        for choice in question.choices:
            if choice.value != self.fixed.get(name, choice.value):
                continue
            more = deepcopy(said)
            more.add(holder, choice)
            answers = given | {name: choice.value}
            found_by[choice.value] = self.ask(others, holder, more, answers, at)
        if name not in self.fixed:
            self.asked.add(name)
            # On a page of several questions, an answer may stop all before the next is read.
            is_open = result_of(said.answers)[0] != "stopped"
            if is_open and len(set(found_by.values())) == 1:
                self.useless.append((name, given))
        return frozenset().union(*found_by.values())


def fixed(*free: str, **answers: str) -> dict[str, str]:
    """A couple of two French singles, but for what is answered here, or left free."""
    whole = (
        params_of(FRENCH, FRENCH, **answers) | {"mesure1": "aucune", "mesure2": "aucune"} | answers
    )
    return {name: value for name, value in whole.items() if name not in free}


WALKS = {
    "the couple": Walk(fixed(*COMMON, "quel_lien", "habite", "mesure1", "convention")),
    "one person": Walk(fixed("origine1", "situation1")),
    "the other person": Walk(fixed("origine2", "situation2")),
    "a measure": Walk(fixed("mesure1", mesure="oui")),
    "who is young": Walk(fixed(age="18_20", origine1="autre_pays", papiers1="oui")),
    "both are young": Walk(
        fixed(age="18_20", origine1="ue", origine2="ue", papiers1="oui", papiers2="oui")
    ),
    "foreign documents": Walk(
        fixed(origine1="autre_pays", situation1="veuf", lieu_acte1="ue", papiers1="inconnu"),
        opens_optional=True,
    ),
}


def test_no_question_is_asked_whose_answers_all_give_the_same_list() -> None:
    for walk in WALKS.values():
        walk.go()

    assert {name: walk.useless for name, walk in WALKS.items()} == {name: [] for name in WALKS}
    tried = {name.rstrip("12") for walk in WALKS.values() for name in walk.asked}
    assert tried == {question.name for page in PAGES for question in page.questions}


PLACES = {"france": FRANCE, "ue": SOMEWHERE_IN_EU, "autre_pays": SOMEWHERE_ELSE, "inconnu": ""}
NATIONALITIES: dict[str, tuple[str, ...]] = {
    "francaise": (FRANCE,),
    "autre": (SOMEWHERE_ELSE,),
    "inconnu": (),
}
PROTECTIONS = {"oui": SOME_PROTECTION, "non": Protection.NONE, "inconnu": Protection.UNKNOWN}


def births() -> Iterator[tuple[dict[str, str], PartenaireAnswers]]:
    """Every birth and nationality the rules tell apart: as answered one by one, and as read."""
    for place, nationality in product(PLACES, NATIONALITIES):
        params = {"origine": "inconnu", "naissance": place, "nationalite": nationality}
        person = PartenaireAnswers(
            birth_country=PLACES[place],
            nationalities=NATIONALITIES[nationality],
            situation=Situation.SINGLE,
        )
        if nationality == "francaise" and place != "france":
            for record in YesNo:
                yield (
                    params | {"acte_francais": record.value},
                    PartenaireAnswers(
                        birth_country=person.birth_country,
                        nationalities=person.nationalities,
                        situation=person.situation,
                        has_french_record=record,
                    ),
                )
        elif nationality == "autre":
            for answer, protection in PROTECTIONS.items():
                yield (
                    params | {"protection": answer},
                    PartenaireAnswers(
                        birth_country=person.birth_country,
                        nationalities=person.nationalities,
                        situation=person.situation,
                        protection=protection,
                    ),
                )
        else:
            yield params, person


BIRTHS = list(births())
#: The same in fewer answers.
SHORT = [
    ({"origine": "france_francaise"}, ("france", "francaise", None)),
    ({"origine": "france_autre"}, ("france", "autre", "non")),
    ({"origine": "ue"}, ("ue", "autre", "non")),
    ({"origine": "autre_pays"}, ("autre_pays", "autre", "non")),
    *(({"origine": "ofpra", "naissance": place}, (place, "autre", "oui")) for place in PLACES),
    *(
        (
            {"origine": "etranger_francaise", "acte_francais": record, "pays_ue": in_union},
            (place, "francaise", record),
        )
        for record in YesNo
        for in_union, place in (("oui", "ue"), ("non", "autre_pays"))
    ),
]


def list_of(person: dict[str, str]) -> Result:
    known = FRENCH | person | {"papiers": "inconnu"}
    return result_of(answers_from_params(params_of(first=known), today=TODAY))


@pytest.mark.parametrize(("params", "person"), BIRTHS)
def test_each_birth_and_nationality_gives_the_list_of_the_rules(
    params: dict[str, str], person: PartenaireAnswers
) -> None:
    others = answers_from_params(params_of(), today=TODAY)

    assert list_of(params) == result_of(
        CoupleAnswers(
            residence=others.residence,
            convention=others.convention,
            kinship=others.kinship,
            people=(person, others.people[1]),
        )
    )


@pytest.mark.parametrize(("short", "known"), SHORT)
def test_one_answer_gives_the_list_of_those_it_stands_for(
    short: dict[str, str], known: tuple[str, str, str | None]
) -> None:
    place, nationality, detail = known
    whole = {"origine": "inconnu", "naissance": place, "nationalite": nationality}
    if detail:
        whole["acte_francais" if nationality == "francaise" else "protection"] = detail

    assert list_of(short) == list_of(whole)
