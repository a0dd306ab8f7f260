"""What is asked before a plan, and in which order: the caisse first, because it changes the rest.

At most five questions. Nothing typed: each answer is one of a closed list, and no answer names
a person, a number or a date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from demarches.rules.enums import LabelledStrEnum


class Regime(LabelledStrEnum):
    """Who issues the card of this person."""

    CPAM = "cpam", "La CPAM (compte ameli)"
    MSA = "msa", "La MSA (régime agricole)"
    OTHER = "autre", "Une autre caisse"
    UNKNOWN = "inconnue", "Je ne sais pas"


class Channel(LabelledStrEnum):
    """How the request is made."""

    ONLINE = "en-ligne", "Sur un site Internet"
    APP = "appli", "Avec une application sur mon téléphone"
    PHONE = "telephone", "Par téléphone"
    DESK = "guichet", "Au guichet de la caisse"
    POST = "courrier", "Par courrier"
    TERMINAL = "borne", "À une borne"


class Situation(StrEnum):
    """What brings people here; the words stand in the data."""

    LOSS = "perte"
    THEFT = "vol"
    FAULT = "panne"
    FIRST = "premiere"
    CHILD = "enfant-12-15"
    SIXTEEN = "seize-ans"
    NEWCOMER = "arrivee"
    MSA = "msa"
    RETIRED_ABROAD = "retraite-etranger"
    APP = "appli"
    UPDATE = "maj"
    IDENTITY = "identite"
    COPY_ERROR = "erreur-copie"
    PROOF = "attestation"
    RIGHTS_END = "fin-droits"
    FOUND = "retrouvee"
    FRAUD = "fraude"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer; a settled one leaves no channel to choose."""

    value: str
    label: str
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One page: the parameter of the address, the words, the answers."""

    name: str
    heading: str
    choices: tuple[Choice, ...]
    hint: str = ""

    def choice(self, value: str | None) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == value), None)


REGIME_QUESTION = Question(
    "caisse",
    "Quelle est votre caisse ?",
    tuple(Choice(regime.value, regime.label) for regime in Regime),
)
SITUATION_QUESTION = Question(
    "situation",
    "Quelle est votre situation ?",
    tuple(Choice(situation.value, situation.value) for situation in Situation),
)
CHANNEL_NAME = "voie"
CHANNEL_HEADING = "Comment préférez-vous faire ?"

_NUMBER = Question(
    "numero",
    "Avez-vous déjà un numéro de sécurité sociale ?",
    (
        Choice("sans-numero", "Non, aucun numéro", is_settled=True),
        Choice("nia", "J’ai un numéro d’attente (NIA)", is_settled=True),
        Choice("definitif", "Oui, un numéro définitif"),
        Choice("numero-inconnu", "Je ne sais pas", is_settled=True),
    ),
    "Ne nous donnez jamais ce numéro : dites seulement si vous l’avez.",
)
_ORDERED = Question(
    "commande",
    "La carte a-t-elle déjà été commandée sur Internet ?",
    (
        Choice("deja-commandee", "Oui", is_settled=True),
        Choice("pas-commandee", "Non, ou je ne sais pas"),
    ),
)
_RECORD = Question(
    "acte",
    "L’erreur est-elle aussi dans votre acte de naissance ?",
    (
        Choice("acte-juste", "Non, mon acte de naissance est juste"),
        Choice("acte-faux", "Oui, mon acte de naissance est faux aussi"),
        Choice("acte-inconnu", "Je ne sais pas"),
    ),
)
_BIRTH = Question(
    "naissance",
    "Quel est votre lieu de naissance ?",
    (
        Choice("naissance-insee", "La France, outre-mer compris"),
        Choice("naissance-ailleurs", "L’étranger, la Nouvelle-Calédonie ou Wallis-et-Futuna"),
    ),
    "Le lieu change l’administration qui corrige.",
)
_CHANGE = Question(
    "changement",
    "Votre situation a-t-elle changé ?",
    (
        Choice("changement", "Oui, et ma caisse ne le sait peut-être pas"),
        Choice("sans-changement", "Non, c’est la mise à jour de l’année"),
    ),
    "Une naissance, un déménagement, une union, un autre travail, par exemple.",
)
_WHOSE = Question(
    "carte",
    "Quelle carte avez-vous retrouvée ?",
    (
        Choice("mienne-declaree", "La mienne, après l’avoir déclarée perdue ou volée"),
        Choice("mienne", "La mienne, sans l’avoir déclarée perdue"),
        Choice("autrui", "La carte de quelqu’un d’autre"),
    ),
)
_ANSWERED_FRAUD = Question(
    "reponse",
    "Avez-vous répondu à ce message ou à cet appel ?",
    (
        Choice("rien-donne", "Non, je n’ai rien donné"),
        Choice("banque-donnee", "Oui, j’ai donné des coordonnées bancaires ou payé"),
        Choice("code-donne", "Oui, j’ai donné un mot de passe ou un code"),
    ),
)
_FRANCE_IDENTITE = Question(
    "activation",
    "Avez-vous activé l’application France Identité ?",
    (
        Choice("france-identite", "Oui, avec ma carte d’identité au nouveau format"),
        Choice("video", "Non, ou je ne sais pas"),
    ),
)

_ALL = frozenset(Regime)
#: What else changes the answer, and for which caisses.
CASE_QUESTIONS: dict[Situation, tuple[tuple[Question, frozenset[Regime]], ...]] = {
    Situation.NEWCOMER: ((_NUMBER, _ALL - {Regime.OTHER}),),
    Situation.SIXTEEN: ((_ORDERED, frozenset({Regime.CPAM, Regime.UNKNOWN})),),
    Situation.IDENTITY: ((_RECORD, _ALL), (_BIRTH, _ALL)),
    Situation.UPDATE: ((_CHANGE, _ALL),),
    Situation.FOUND: ((_WHOSE, _ALL),),
    Situation.FRAUD: ((_ANSWERED_FRAUD, _ALL),),
    Situation.APP: ((_FRANCE_IDENTITE, _ALL),),
}
CASES = frozenset(
    choice.value
    for questions in CASE_QUESTIONS.values()
    for question, _ in questions
    for choice in question.choices
)

_ORDER = (Channel.ONLINE, Channel.APP, Channel.POST)
_REPLACE = (Channel.ONLINE, Channel.APP, Channel.PHONE, Channel.DESK)
_CPAM_CHANNELS: dict[Situation, tuple[Channel, ...]] = {
    Situation.FIRST: _ORDER,
    Situation.SIXTEEN: _ORDER,
    Situation.NEWCOMER: _ORDER,
    Situation.LOSS: _REPLACE,
    Situation.THEFT: _REPLACE,
    Situation.FAULT: _REPLACE,
    # F265: the request for a child is made on the parent's account and nowhere else.
    Situation.CHILD: (Channel.ONLINE,),
    Situation.RETIRED_ABROAD: (Channel.ONLINE, Channel.PHONE, Channel.POST),
    Situation.PROOF: (Channel.ONLINE, Channel.TERMINAL, Channel.PHONE),
    Situation.UPDATE: (Channel.TERMINAL,),
    Situation.APP: (Channel.APP,),
}
_MSA_CHANNELS: dict[Situation, tuple[Channel, ...]] = {
    **dict.fromkeys(
        (
            Situation.FIRST,
            Situation.CHILD,
            Situation.NEWCOMER,
            Situation.LOSS,
            Situation.THEFT,
            Situation.FAULT,
            Situation.PROOF,
        ),
        (Channel.ONLINE,),
    ),
    Situation.UPDATE: (Channel.TERMINAL,),
    Situation.APP: (Channel.APP,),
}
_OTHER_CHANNELS: dict[Situation, tuple[Channel, ...]] = {
    Situation.UPDATE: (Channel.TERMINAL,),
    Situation.APP: (Channel.APP,),
}
CHANNELS: dict[Regime, dict[Situation, tuple[Channel, ...]]] = {
    Regime.CPAM: _CPAM_CHANNELS,
    Regime.MSA: _MSA_CHANNELS,
    Regime.OTHER: _OTHER_CHANNELS,
    # The CPAM offers every channel the MSA does: its list serves both.
    Regime.UNKNOWN: _CPAM_CHANNELS,
}


@dataclass(frozen=True, slots=True)
class Answers:
    """What a plan is made from."""

    regime: Regime
    situation: Situation
    cases: frozenset[str] = frozenset()
    channel: Channel | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the answers of an address go: what was given, what is asked next, or the end."""

    given: tuple[tuple[Question, Choice], ...]
    asked: Question | None = None
    answers: Answers | None = None

    @property
    def params(self) -> dict[str, str]:
        """The answers that count, in the order of the questions."""
        return {question.name: choice.value for question, choice in self.given}


def channels(situation: Situation, regime: Regime) -> tuple[Channel, ...]:
    """The ways of asking that this caisse offers; none when there is nothing to ask."""
    return CHANNELS[regime].get(situation, ())


def channel_question(offered: tuple[Channel, ...]) -> Question:
    choices = tuple(Choice(channel.value, channel.label) for channel in offered)
    return Question(CHANNEL_NAME, CHANNEL_HEADING, choices)


def case_questions(situation: Situation, regime: Regime) -> tuple[Question, ...]:
    """The questions of this situation that change something for this caisse."""
    return tuple(
        question for question, regimes in CASE_QUESTIONS.get(situation, ()) if regime in regimes
    )


#: Every answer there is, by the parameter that carries it.
ANSWERS: dict[str, frozenset[str]] = {
    question.name: frozenset(choice.value for choice in question.choices)
    for question in (
        REGIME_QUESTION,
        SITUATION_QUESTION,
        *(question for questions in CASE_QUESTIONS.values() for question, _ in questions),
        channel_question(tuple(Channel)),
    )
}


def known_answers(params: Mapping[str, str]) -> dict[str, str]:
    """The answers of an address that exist, asked or not; the rest is dropped."""
    return {name: params[name] for name, values in ANSWERS.items() if params.get(name) in values}


def read_answers(params: Mapping[str, str]) -> Reading:
    """Walk the questions; stop at the first whose answer is missing or unknown.

    Whatever else the address holds is left out.
    """
    given: list[tuple[Question, Choice]] = []
    regime_choice = REGIME_QUESTION.choice(params.get(REGIME_QUESTION.name))
    if regime_choice is None:
        return Reading((), asked=REGIME_QUESTION)
    given.append((REGIME_QUESTION, regime_choice))
    situation_choice = SITUATION_QUESTION.choice(params.get(SITUATION_QUESTION.name))
    if situation_choice is None:
        return Reading(tuple(given), asked=SITUATION_QUESTION)
    given.append((SITUATION_QUESTION, situation_choice))
    regime, situation = Regime(regime_choice.value), Situation(situation_choice.value)

    cases: list[Choice] = []
    for question in case_questions(situation, regime):
        choice = question.choice(params.get(question.name))
        if choice is None:
            return Reading(tuple(given), asked=question)
        given.append((question, choice))
        cases.append(choice)
    named = frozenset(choice.value for choice in cases)

    offered = channels(situation, regime)
    if any(choice.is_settled for choice in cases) or not offered:
        return Reading(tuple(given), answers=Answers(regime, situation, named))
    if len(offered) == 1:
        return Reading(tuple(given), answers=Answers(regime, situation, named, offered[0]))
    asked = channel_question(offered)
    chosen = asked.choice(params.get(CHANNEL_NAME))
    if chosen is None:
        return Reading(tuple(given), asked=asked)
    given.append((asked, chosen))
    answers = Answers(regime, situation, named, Channel(chosen.value))
    return Reading(tuple(given), answers=answers)
