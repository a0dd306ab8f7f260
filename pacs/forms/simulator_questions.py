"""The questions of the public simulator: who is asked what, and what the rules read from it.

Only what changes the list is asked, and never more precisely than the rules read it: the
answers stand in the address of the page, which people share. The same questions are asked about
the two people, in the same order.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from demarches.rules.enums import LabelledStrEnum
from pacs.rules.countries import FRANCE, FRENCH_TERRITORIES, SOMEWHERE_ELSE, SOMEWHERE_IN_EU
from pacs.rules.pieces import FOREIGN_RECORDS, PROTECTED
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
    Residence,
    Situation,
    YesNo,
    derive_partenaire,
)

DONT_KNOW = YesNo.UNKNOWN.label
UNKNOWN = YesNo.UNKNOWN.value


class Place(LabelledStrEnum):
    """Where something happened, as far as the rules read it."""

    FRANCE = "france", "En France, outre-mer compris"
    EU = "ue", "Dans un autre pays de l’Union européenne"
    ELSEWHERE = "autre_pays", "Dans un autre pays"
    UNKNOWN = UNKNOWN, DONT_KNOW


class Nationality(LabelledStrEnum):
    FRENCH = "francaise", "Française, seule ou avec une autre"
    OTHER = "autre", "Une autre nationalité, ou aucune"
    UNKNOWN = UNKNOWN, DONT_KNOW


COUNTRY_OF: dict[str, str] = {
    Place.FRANCE: FRANCE,
    Place.EU: SOMEWHERE_IN_EU,
    Place.ELSEWHERE: SOMEWHERE_ELSE,
    Place.UNKNOWN: "",
}
NATIONALITIES_OF: dict[str, tuple[str, ...]] = {
    Nationality.FRENCH: (FRANCE,),
    Nationality.OTHER: (SOMEWHERE_ELSE,),
    Nationality.UNKNOWN: (),
}
YES_OR_NO = [(answer.value, answer.label) for answer in (YesNo.YES, YesNo.NO)]


def _values(enum: type[LabelledStrEnum]) -> dict[str, Any]:
    return {member.value: member for member in enum}


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a question is about, as far as they have answered: the couple, or one person."""

    couple: CoupleAnswers
    #: 0 for the couple.
    holder: int

    @property
    def person(self) -> PartenaireAnswers:
        return self.couple.people[self.holder - 1]

    @property
    def derived(self) -> PartenaireInputs:
        return derive_partenaire(self.person, Dematerialisation())


def _always(subject: Subject) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `labels` say « vous », then « votre partenaire »."""

    name: str
    #: The attribute of `CoupleAnswers` or `PartenaireAnswers` that it fills.
    fills: str
    labels: tuple[str, str]
    choices: Sequence[tuple[str, str]]
    values: Mapping[str, Any]
    hint: str = ""
    applies: Callable[[Subject], bool] = _always

    def parameter(self, holder: int) -> str:
        """Its name in the address."""
        return f"{self.name}{holder}" if holder else self.name

    def label(self, holder: int) -> str:
        return self.labels[holder == 2]


@dataclass(frozen=True, slots=True)
class Page:
    """A few questions about the same thing."""

    name: str
    holder: int
    heading: str
    questions: Sequence[Question]
    hint: str = ""
    asks_date: bool = False

    @property
    def slug(self) -> str:
        return f"{self.name}{self.holder}" if self.holder else self.name


def _is_foreign(subject: Subject) -> bool:
    return subject.derived.is_foreign is YesNo.YES


def _has_foreign_record(subject: Subject) -> bool:
    """Asked when the record is foreign for sure, or may be and the nationality too."""
    records = subject.derived.records
    return bool(records & FOREIGN_RECORDS) and subject.derived.is_born_abroad is not YesNo.NO


def _may_have_coutume(subject: Subject) -> bool:
    return _is_foreign(subject) and not subject.derived.has_ofpra_status


def _may_be_in_nantes(subject: Subject) -> bool:
    one = subject.derived
    return one.is_foreign is YesNo.NO and one.is_born_abroad is not YesNo.NO


def _proves_union(subject: Subject) -> bool:
    person = subject.person
    if person.situation is Situation.DIVORCED:
        return person.divorce_mentioned is not YesNo.YES
    return person.situation is Situation.WIDOWED


def _union_proved_abroad(subject: Subject) -> bool:
    return _proves_union(subject) and subject.person.union_record_country not in FRENCH_TERRITORIES


def _cannot_live_together(subject: Subject) -> bool:
    return subject.couple.impediment is Impediment.NO_COMMON_RESIDENCE


COUPLE_QUESTIONS = (
    Question(
        "adresse",
        "residence",
        ("Où habiterez-vous ensemble, le jour du Pacs ?",) * 2,
        Residence.choices(),
        _values(Residence),
        "Votre adresse principale. Vous n’avez pas besoin d’y habiter déjà, et aucun"
        " justificatif n’est demandé.",
    ),
    Question(
        "lien",
        "kinship",
        ("Avez-vous un lien de famille ?",) * 2,
        Kinship.choices(),
        _values(Kinship),
    ),
    Question(
        "empechement",
        "impediment",
        ("Avez-vous un empêchement grave ?",) * 2,
        Impediment.choices(),
        _values(Impediment),
        "Hospitalisation, maladie, détention… Sinon, choisissez « Non ».",
    ),
)
CONVENTION_QUESTION = Question(
    "convention",
    "convention",
    ("Qui écrit votre convention ?",) * 2,
    Convention.choices(),
    _values(Convention),
    "La convention dit comment vous partagez les dépenses et les biens.",
)
BIRTH_QUESTIONS = (
    Question(
        "age",
        "age",
        ("Quel âge aurez-vous le jour du Pacs ?", "Quel âge aura votre partenaire ce jour-là ?"),
        AgeBand.choices(),
        _values(AgeBand),
    ),
    Question(
        "naissance",
        "birth_country",
        ("Où êtes-vous né(e) ?", "Où est né(e) votre partenaire ?"),
        Place.choices(),
        COUNTRY_OF,
    ),
    Question(
        "nationalite",
        "nationalities",
        ("Quelle est votre nationalité ?", "Quelle est la nationalité de votre partenaire ?"),
        Nationality.choices(),
        NATIONALITIES_OF,
    ),
    Question(
        "habite",
        "lives_here",
        (
            "La commune de cette mairie est-elle aujourd’hui la vôtre ?",
            "La commune de cette mairie est-elle aujourd’hui celle de votre partenaire ?",
        ),
        YesNo.choices(),
        _values(YesNo),
        applies=_cannot_live_together,
    ),
)
RECORD_QUESTIONS = (
    Question(
        "acte_francais",
        "has_french_record",
        (
            "Existe-t-il un acte de naissance français à votre nom ?",
            "Existe-t-il un acte de naissance français au nom de votre partenaire ?",
        ),
        YesNo.choices(),
        _values(YesNo),
        "Les Français nés à l’étranger en ont presque tous un, au service central d’état civil de"
        " Nantes.",
        applies=_may_be_in_nantes,
    ),
    Question(
        "protection",
        "protection",
        (
            "L’Ofpra vous protège-t-il ?",
            "L’Ofpra protège-t-il votre partenaire ?",
        ),
        Protection.choices(),
        _values(Protection),
        "Réfugié, apatride ou protection subsidiaire : l’Ofpra tient alors votre état civil.",
        applies=_is_foreign,
    ),
)
SITUATION_QUESTIONS = (
    Question(
        "situation",
        "situation",
        ("Quelle est votre situation ?", "Quelle est la situation de votre partenaire ?"),
        [*Situation.choices(), (UNKNOWN, DONT_KNOW)],
        {**_values(Situation), UNKNOWN: None},
    ),
    Question(
        "mesure",
        "measure",
        (
            "Une mesure de protection vous concerne-t-elle ?",
            "Une mesure de protection concerne-t-elle votre partenaire ?",
        ),
        Measure.choices(),
        _values(Measure),
        "Une mesure décidée par un juge, comme une curatelle ou une tutelle.",
    ),
)
UNION_QUESTIONS = (
    Question(
        "divorce_inscrit",
        "divorce_mentioned",
        (
            "Le divorce est-il inscrit sur votre acte de naissance ?",
            "Le divorce est-il inscrit sur son acte de naissance ?",
        ),
        YesNo.choices(),
        _values(YesNo),
        "C’est écrit dans la marge ou à la fin de l’acte.",
        applies=lambda subject: subject.person.situation is Situation.DIVORCED,
    ),
    Question(
        "protecteur",
        "protector_is_partenaire",
        (
            "Votre partenaire est-il votre curateur ou votre tuteur ?",
            "Êtes-vous le curateur ou le tuteur de votre partenaire ?",
        ),
        YES_OR_NO,
        {YesNo.YES.value: True, YesNo.NO.value: False},
        applies=lambda subject: subject.person.measure in PROTECTED,
    ),
)
UNION_RECORD_QUESTIONS = (
    Question(
        "lieu_acte",
        "union_record_country",
        (
            "Où a été fait l’acte de ce mariage ou de ce décès ?",
            "Où a été fait l’acte de ce mariage ou de ce décès ?",
        ),
        Place.choices(),
        COUNTRY_OF,
        "Pour un divorce, l’acte de mariage. Pour un veuvage, l’acte de décès.",
        applies=_proves_union,
    ),
)
PAPER_QUESTIONS = (
    Question(
        "acte_en_francais",
        "birth_record_in_french",
        (
            "Votre acte de naissance est-il en français, ou plurilingue ?",
            "Son acte de naissance est-il en français, ou plurilingue ?",
        ),
        YesNo.choices(),
        _values(YesNo),
        applies=_has_foreign_record,
    ),
    Question(
        "pays_a_jour",
        "country_updates_records",
        (
            "Le pays qui garde cet acte le met-il à jour ?",
            "Le pays qui garde cet acte le met-il à jour ?",
        ),
        YesNo.choices(),
        _values(YesNo),
        "Quelques pays n’ajoutent jamais rien à un acte : un acte ancien y vaut un acte récent.",
        applies=_has_foreign_record,
    ),
    Question(
        "coutume",
        "country_issues_coutume",
        (
            "Votre pays délivre-t-il un certificat de coutume ?",
            "Son pays délivre-t-il un certificat de coutume ?",
        ),
        YesNo.choices(),
        _values(YesNo),
        "Votre consulat le sait. Presque tous en délivrent un.",
        applies=_may_have_coutume,
    ),
    Question(
        "coutume_en_francais",
        "coutume_in_french",
        ("Ce certificat sera-t-il en français ?",) * 2,
        YesNo.choices(),
        _values(YesNo),
        applies=_may_have_coutume,
    ),
    Question(
        "preuve_en_francais",
        "union_record_in_french",
        ("L’acte de ce mariage ou de ce décès est-il en français, ou plurilingue ?",) * 2,
        YesNo.choices(),
        _values(YesNo),
        applies=_union_proved_abroad,
    ),
)


def _pages_of_person(holder: int) -> list[Page]:
    who = "Vous" if holder == 1 else "Votre partenaire"
    about_papers = (
        "Si vous ne savez pas, dites-le : la liste restera juste, avec des pièces marquées"
        " « peut-être »."
    )
    return [
        Page("naissance", holder, f"{who} : âge, naissance, nationalité", BIRTH_QUESTIONS),
        Page("acte", holder, f"{who} : l’acte de naissance", RECORD_QUESTIONS, about_papers),
        Page("situation", holder, f"{who} : situation", SITUATION_QUESTIONS),
        Page("union", holder, f"{who} : précisions", UNION_QUESTIONS),
        Page("preuve", holder, f"{who} : l’acte à montrer", UNION_RECORD_QUESTIONS),
        Page("documents", holder, f"{who} : documents étrangers", PAPER_QUESTIONS, about_papers),
    ]


PAGES: tuple[Page, ...] = (
    Page("ensemble", 0, "Vous deux", COUPLE_QUESTIONS),
    *_pages_of_person(1),
    *_pages_of_person(2),
    Page("projet", 0, "Votre projet", (CONVENTION_QUESTION,), asks_date=True),
)
#: Every parameter that carries a choice, with the values it may have.
PARAMETERS: dict[str, frozenset[str]] = {
    question.parameter(page.holder): frozenset(value for value, _ in question.choices)
    for page in PAGES
    for question in page.questions
}
