"""The questions of the public simulator: who is asked what, and what the rules read from it.

Only what changes the list is asked, and never more precisely than the rules read it: the
answers stand in the address of the page, which people share. What the two share is asked once
for both, with its detail only where the detail matters; the rest is asked about each of them, in
the same order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from demarches.rules.enums import LabelledStrEnum
from pacs.forms.common import WHERE, where_choices
from pacs.rules.countries import FRANCE, FRENCH_TERRITORIES, SOMEWHERE_ELSE, SOMEWHERE_IN_EU
from pacs.rules.eligibility import is_under_foreign_law
from pacs.rules.pieces import FOREIGN_RECORDS
from pacs.rules.situation import (
    AgeBand,
    Convention,
    CoupleAnswers,
    Dematerialisation,
    Impediment,
    Kinship,
    Measure,
    PartenaireAnswers,
    PartenaireInputs,
    Protection,
    Situation,
    YesNo,
    derive_partenaire,
    has_protector,
)

DONT_KNOW = YesNo.UNKNOWN.label
UNKNOWN = YesNo.UNKNOWN.value
YES, NO = YesNo.YES.value, YesNo.NO.value
#: Somebody whom the Ofpra protects. The rules read that there is a status, not which one: the
#: dossier asks.
SOME_PROTECTION = Protection.REFUGEE


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer, and what it says: attributes of `CoupleAnswers` or of `PartenaireAnswers`."""

    value: str
    label: str
    #: Of the couple, or of the person whom the question is about.
    says: Mapping[str, Any] = field(default_factory=dict)
    #: An answer about both: of the first, then of the second.
    of_people: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a question is about, as far as they have answered: the couple, or one person."""

    couple: CoupleAnswers
    #: 0 for the couple.
    holder: int
    #: The answers so far, as the address has them.
    given: Mapping[str, str]

    @property
    def person(self) -> PartenaireAnswers:
        return self.couple.people[self.holder - 1]

    @property
    def derived(self) -> PartenaireInputs:
        return _inputs(self.person)

    def said(self, name: str) -> str:
        """The answer about this person to the question of this name; empty without one."""
        return self.given.get(f"{name}{self.holder}", "")


def _inputs(person: PartenaireAnswers) -> PartenaireInputs:
    return derive_partenaire(person, Dematerialisation())


def _always(subject: Subject) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `labels` say « vous », then « votre partenaire »."""

    name: str
    labels: tuple[str, str]
    choices: Sequence[Choice]
    hint: str = ""
    applies: Callable[[Subject], bool] = _always

    def parameter(self, holder: int) -> str:
        """Its name in the address."""
        return f"{self.name}{holder}" if holder else self.name

    def label(self, holder: int) -> str:
        return self.labels[holder == 2]

    def choice(self, value: str) -> Choice:
        """The choice of this value."""
        return next(choice for choice in self.choices if choice.value == value)


@dataclass(frozen=True, slots=True)
class Page:
    """A few questions about the same thing, or one question that its answers send."""

    name: str
    holder: int
    heading: str
    questions: Sequence[Question]
    hint: str = ""
    asks_date: bool = False
    #: Never in the way: shown to whoever opens it, and each of its questions may stay without
    #: answer.
    is_optional: bool = False

    @property
    def slug(self) -> str:
        return f"{self.name}{self.holder}" if self.holder else self.name

    def asked(self, couple: CoupleAnswers, given: Mapping[str, str]) -> list[Question]:
        """The questions that these answers leave open."""
        subject = Subject(couple, self.holder, given)
        return [question for question in self.questions if question.applies(subject)]


def _each(
    attribute: str, members: Iterable[LabelledStrEnum], *, but: Iterable[LabelledStrEnum] = ()
) -> list[Choice]:
    """A choice a member, which says just that."""
    left_out = set(but)
    return [
        Choice(one.value, one.label, {attribute: one}) for one in members if one not in left_out
    ]


def _places(attribute: str) -> list[Choice]:
    """Where something happened, as far as the rules read it."""
    return [
        Choice("france", "En France, outre-mer compris", {attribute: FRANCE}),
        Choice("ue", "Dans un autre pays de l’Union européenne", {attribute: SOMEWHERE_IN_EU}),
        Choice("autre_pays", "Dans un autre pays", {attribute: SOMEWHERE_ELSE}),
        Choice(UNKNOWN, DONT_KNOW, {attribute: ""}),
    ]


def _is_foreign(subject: Subject) -> bool:
    return subject.derived.is_foreign is YesNo.YES


def _has_foreign_record(subject: Subject) -> bool:
    """Asked when the record is foreign, or may be."""
    return bool(subject.derived.records & FOREIGN_RECORDS)


def _may_have_coutume(subject: Subject) -> bool:
    return _is_foreign(subject) and not subject.derived.has_ofpra_status


def _may_be_in_nantes(subject: Subject) -> bool:
    one = subject.derived
    return one.is_foreign is YesNo.NO and one.is_born_abroad is not YesNo.NO


def _proves_divorce(subject: Subject) -> bool:
    person = subject.person
    is_divorced = person.situation is Situation.DIVORCED
    return is_divorced and person.divorce_mentioned is not YesNo.YES


def _proves_death(subject: Subject) -> bool:
    return subject.person.situation is Situation.WIDOWED


def _union_proved_abroad(subject: Subject) -> bool:
    proves = _proves_divorce(subject) or _proves_death(subject)
    return proves and subject.person.union_record_country not in FRENCH_TERRITORIES


def _has_foreign_papers(subject: Subject) -> bool:
    return any(
        one(subject) for one in (_has_foreign_record, _may_have_coutume, _union_proved_abroad)
    )


def _country_was_not_named(subject: Subject) -> bool:
    """Born abroad and French, with a foreign record alone: of the Union, or not."""
    return (
        subject.said("origine") == "etranger_francaise"
        and subject.person.has_french_record is YesNo.NO
    )


def _age_is_doubtful(subject: Subject) -> bool:
    """One of them is 18 to 20, and the law of a foreign country may say when one is of age."""
    return subject.couple.youngest is AgeBand.YOUNG_ADULT and any(
        is_under_foreign_law(_inputs(person)) for person in subject.couple.people
    )


COUPLE_QUESTIONS = (
    Question(
        "adresse",
        ("Où habiterez-vous ensemble, le jour du Pacs ?",) * 2,
        [
            Choice(value, label, {"residence": WHERE[value][0], "impediment": WHERE[value][1]})
            for value, label in where_choices("")
        ],
        "Votre adresse principale. Empêchement grave : hospitalisation, maladie, détention…",
    ),
    Question(
        "lien",
        ("Avez-vous un lien de famille, même par alliance ?",) * 2,
        [
            Choice("aucun", "Aucun lien de famille", {"kinship": Kinship.NONE}),
            Choice("oui", "Oui"),
            Choice(UNKNOWN, "Nous ne savons pas", {"kinship": Kinship.UNKNOWN}),
        ],
    ),
    Question(
        "age",
        ("Quel âge aura le plus jeune de vous deux, ce jour-là ?",) * 2,
        _each("youngest", AgeBand),
    ),
    Question(
        "mesure",
        ("L’un de vous est-il sous une mesure de protection ?",) * 2,
        [
            Choice(
                "aucune",
                "Non, aucun de nous deux",
                of_people=({"measure": Measure.NONE}, {"measure": Measure.NONE}),
            ),
            Choice("oui", "Oui, ou nous ne savons pas"),
        ],
        "Une mesure décidée par un juge, comme une curatelle ou une tutelle.",
    ),
)
KINSHIP_QUESTION = Question(
    "quel_lien",
    ("Quel est votre lien de famille ?",) * 2,
    _each("kinship", Kinship, but=(Kinship.NONE, Kinship.UNKNOWN)),
    applies=lambda subject: subject.given.get("lien") == "oui",
)
HOME_QUESTION = Question(
    "habite",
    ("L’un de vous habite-t-il déjà dans la commune de cette mairie ?",) * 2,
    [
        Choice(
            value,
            label,
            of_people=({"lives_here": first}, {"lives_here": second}),
        )
        for value, label, first, second in (
            ("vous", "Vous seulement", YesNo.YES, YesNo.NO),
            ("partenaire", "Votre partenaire seulement", YesNo.NO, YesNo.YES),
            ("deux", "Vous deux", YesNo.YES, YesNo.YES),
            ("aucun", "Aucun de vous deux", YesNo.NO, YesNo.NO),
            (UNKNOWN, DONT_KNOW, YesNo.UNKNOWN, YesNo.UNKNOWN),
        )
    ],
    applies=lambda subject: subject.couple.impediment is Impediment.NO_COMMON_RESIDENCE,
)
MAJORITY_QUESTION = Question(
    "qui",
    ("Qui de vous deux aura 18, 19 ou 20 ans ?",) * 2,
    [
        Choice(
            value,
            label,
            of_people=({"is_under_21": first}, {"is_under_21": second}),
        )
        for value, label, first, second in (
            ("vous", "Vous seulement", True, False),
            ("partenaire", "Votre partenaire seulement", False, True),
            ("deux", "Vous deux", True, True),
        )
    ],
    "Quelques pays fixent la majorité après 18 ans.",
    applies=_age_is_doubtful,
)
CONVENTION_QUESTION = Question(
    "convention",
    ("Qui écrit votre convention ?",) * 2,
    _each("convention", Convention),
    "La convention dit comment vous partagez les dépenses et les biens.",
)
ORIGIN_QUESTION = Question(
    "origine",
    ("Votre naissance et votre nationalité", "Sa naissance et sa nationalité"),
    [
        Choice(
            "france_francaise",
            "Naissance en France, nationalité française",
            {"birth_country": FRANCE, "nationalities": (FRANCE,)},
        ),
        Choice(
            "etranger_francaise",
            "Naissance à l’étranger, nationalité française",
            {"birth_country": SOMEWHERE_ELSE, "nationalities": (FRANCE,)},
        ),
        Choice(
            "ofpra",
            "Protection de l’Ofpra : réfugié, apatride ou protection subsidiaire",
            {"nationalities": (SOMEWHERE_ELSE,), "protection": SOME_PROTECTION},
        ),
        Choice(
            "france_autre",
            "Naissance en France, autre nationalité ou aucune",
            {
                "birth_country": FRANCE,
                "nationalities": (SOMEWHERE_ELSE,),
                "protection": Protection.NONE,
            },
        ),
        Choice(
            "ue",
            "Naissance dans un autre pays de l’Union européenne, autre nationalité ou aucune",
            {
                "birth_country": SOMEWHERE_IN_EU,
                "nationalities": (SOMEWHERE_ELSE,),
                "protection": Protection.NONE,
            },
        ),
        Choice(
            "autre_pays",
            "Naissance dans un autre pays, autre nationalité ou aucune",
            {
                "birth_country": SOMEWHERE_ELSE,
                "nationalities": (SOMEWHERE_ELSE,),
                "protection": Protection.NONE,
            },
        ),
        Choice(UNKNOWN, "Autre cas, ou je ne sais pas"),
    ],
    "La France comprend l’outre-mer. Une double nationalité, française et autre, compte comme"
    " française.",
)
SITUATION_QUESTION = Question(
    "situation",
    ("Quelle est votre situation ?", "Quelle est la situation de votre partenaire ?"),
    [*_each("situation", Situation), Choice(UNKNOWN, DONT_KNOW, {"situation": None})],
)
MEASURE_QUESTION = Question(
    "mesure",
    (
        "Quelle mesure de protection vous concerne ?",
        "Quelle mesure de protection concerne votre partenaire ?",
    ),
    _each("measure", Measure),
    applies=lambda subject: subject.given.get("mesure") == "oui",
)
BIRTH_QUESTIONS = (
    Question(
        "naissance",
        (
            "Où a eu lieu votre naissance ?",
            "Où a eu lieu la naissance de votre partenaire ?",
        ),
        _places("birth_country"),
        applies=lambda subject: subject.said("origine") in ("ofpra", UNKNOWN),
    ),
    Question(
        "nationalite",
        ("Quelle est votre nationalité ?", "Quelle est la nationalité de votre partenaire ?"),
        [
            Choice("francaise", "Française, seule ou avec une autre", {"nationalities": (FRANCE,)}),
            Choice(
                "autre", "Une autre nationalité, ou aucune", {"nationalities": (SOMEWHERE_ELSE,)}
            ),
            Choice(UNKNOWN, DONT_KNOW, {"nationalities": ()}),
        ],
        applies=lambda subject: subject.said("origine") == UNKNOWN,
    ),
)
PROTECTION_QUESTION = Question(
    "protection",
    ("L’Ofpra vous protège-t-il ?", "L’Ofpra protège-t-il votre partenaire ?"),
    [
        Choice(YES, YesNo.YES.label, {"protection": SOME_PROTECTION}),
        Choice(NO, YesNo.NO.label, {"protection": Protection.NONE}),
        Choice(UNKNOWN, DONT_KNOW, {"protection": Protection.UNKNOWN}),
    ],
    "Réfugié, apatride ou protection subsidiaire : l’Ofpra tient alors votre état civil.",
    applies=lambda subject: subject.said("origine") == UNKNOWN and _is_foreign(subject),
)
FRENCH_RECORD_QUESTION = Question(
    "acte_francais",
    (
        "Existe-t-il un acte de naissance français à votre nom ?",
        "Existe-t-il un acte de naissance français au nom de votre partenaire ?",
    ),
    _each("has_french_record", YesNo),
    "Les Français nés à l’étranger en ont presque tous un, au service central d’état civil de"
    " Nantes.",
    applies=_may_be_in_nantes,
)
UNION_QUESTION = Question(
    "pays_ue",
    (
        "Votre pays de naissance est-il dans l’Union européenne ?",
        "Le pays de naissance de votre partenaire est-il dans l’Union européenne ?",
    ),
    [
        Choice(YES, YesNo.YES.label, {"birth_country": SOMEWHERE_IN_EU}),
        Choice(NO, YesNo.NO.label, {"birth_country": SOMEWHERE_ELSE}),
    ],
    applies=_country_was_not_named,
)
DIVORCE_QUESTION = Question(
    "divorce_inscrit",
    (
        "Le divorce est-il inscrit sur votre acte de naissance ?",
        "Le divorce est-il inscrit sur l’acte de naissance de votre partenaire ?",
    ),
    _each("divorce_mentioned", YesNo),
    "C’est écrit dans la marge ou à la fin de l’acte.",
    applies=lambda subject: subject.person.situation is Situation.DIVORCED,
)
PROOF_QUESTIONS = (
    Question(
        "lieu_acte",
        (
            "Où a été fait l’acte de votre ancien mariage ?",
            "Où a été fait l’acte de l’ancien mariage de votre partenaire ?",
        ),
        _places("union_record_country"),
        applies=_proves_divorce,
    ),
    Question(
        "lieu_acte",
        (
            "Votre veuvage : où a été fait l’acte de décès ?",
            "Le veuvage de votre partenaire : où a été fait l’acte de décès ?",
        ),
        _places("union_record_country"),
        applies=_proves_death,
    ),
)
PROTECTOR_QUESTION = Question(
    "protecteur",
    (
        "Est-ce votre partenaire qui vous assiste, pour cette curatelle ou tutelle ?",
        "Est-ce vous qui assistez votre partenaire, pour cette curatelle ou tutelle ?",
    ),
    [
        Choice(YES, YesNo.YES.label, {"protector_is_partenaire": True}),
        Choice(NO, YesNo.NO.label, {"protector_is_partenaire": False}),
    ],
    applies=lambda subject: has_protector(subject.person.measure),
)
LANGUAGE_QUESTION = Question(
    "papiers",
    (
        "Vos documents étrangers seront-ils en français ?",
        "Les documents étrangers de votre partenaire seront-ils en français ?",
    ),
    [
        Choice(
            value,
            label,
            {
                "birth_record_in_french": answer,
                "coutume_in_french": answer,
                "union_record_in_french": answer,
            },
        )
        for value, label, answer in (
            (YES, "Oui, tous", YesNo.YES),
            (NO, "Non, aucun", YesNo.NO),
            (UNKNOWN, "Pas tous, ou je ne sais pas", YesNo.UNKNOWN),
        )
    ],
    "Acte de naissance, certificat de coutume, acte de mariage ou de décès. Un acte plurilingue"
    " compte comme un acte en français.",
    applies=_has_foreign_papers,
)
PAPER_QUESTIONS = (
    Question(
        "acte_en_francais",
        (
            "Votre acte de naissance est-il en français, ou plurilingue ?",
            "Son acte de naissance est-il en français, ou plurilingue ?",
        ),
        _each("birth_record_in_french", YesNo),
        applies=_has_foreign_record,
    ),
    Question(
        "pays_a_jour",
        ("Le pays qui garde cet acte le met-il à jour ?",) * 2,
        _each("country_updates_records", YesNo),
        "Quelques pays n’ajoutent jamais rien à un acte : un acte ancien y vaut un acte récent.",
        applies=_has_foreign_record,
    ),
    Question(
        "coutume",
        (
            "Votre pays délivre-t-il un certificat de coutume ?",
            "Son pays délivre-t-il un certificat de coutume ?",
        ),
        _each("country_issues_coutume", YesNo),
        "Votre consulat le sait. Presque tous en délivrent un.",
        applies=_may_have_coutume,
    ),
    Question(
        "coutume_en_francais",
        ("Ce certificat sera-t-il en français ?",) * 2,
        _each("coutume_in_french", YesNo),
        applies=_may_have_coutume,
    ),
    Question(
        "preuve_en_francais",
        ("L’acte de ce mariage ou de ce décès est-il en français, ou plurilingue ?",) * 2,
        _each("union_record_in_french", YesNo),
        applies=_union_proved_abroad,
    ),
)
#: The page that makes the foreign documents of a person more precise, by its holder.
PAPERS_PAGE = "documents"


def _pages_of_person(holder: int) -> list[Page]:
    who = "Vous" if holder == 1 else "Votre partenaire"
    return [
        Page("personne", holder, who, (ORIGIN_QUESTION, SITUATION_QUESTION, MEASURE_QUESTION)),
        Page("naissance", holder, f"{who} : naissance, nationalité", BIRTH_QUESTIONS),
        Page("protection", holder, who, (PROTECTION_QUESTION,)),
        Page("acte", holder, who, (FRENCH_RECORD_QUESTION,)),
        Page("pays", holder, who, (UNION_QUESTION,)),
        Page("divorce", holder, who, (DIVORCE_QUESTION,)),
        Page("preuve", holder, who, PROOF_QUESTIONS),
        Page("protecteur", holder, who, (PROTECTOR_QUESTION,)),
        Page("papiers", holder, who, (LANGUAGE_QUESTION,)),
        Page(
            PAPERS_PAGE,
            holder,
            f"{who} : documents étrangers",
            PAPER_QUESTIONS,
            "Répondez à ce que vous savez : sans réponse, la liste reste juste, avec des pièces"
            " marquées « peut-être ».",
            is_optional=True,
        ),
    ]


PAGES: tuple[Page, ...] = (
    Page("ensemble", 0, "Vous deux", COUPLE_QUESTIONS),
    Page("famille", 0, "Vous deux", (KINSHIP_QUESTION,)),
    Page("domicile", 0, "Vous deux", (HOME_QUESTION,)),
    *_pages_of_person(1),
    *_pages_of_person(2),
    Page("majorite", 0, "Vous deux", (MAJORITY_QUESTION,)),
    Page("projet", 0, "Votre projet", (CONVENTION_QUESTION,), asks_date=True),
)
#: Every parameter that carries a choice, with the values it may have.
PARAMETERS: dict[str, frozenset[str]] = {
    question.parameter(page.holder): frozenset(choice.value for choice in question.choices)
    for page in PAGES
    for question in page.questions
}
