"""What is asked before a plan, and in which order: what happened, then the caisse if it matters.

At most five questions, each asked only where its answers lead to different plans. Nothing typed:
each answer is one of a closed list, and no answer names a person, a number or a date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from demarches.rules.dates_fr import NBSP
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
    ABROAD = "etranger"
    NAME = "nom"


class Group(LabelledStrEnum):
    """How people name what happened to them, the likeliest first."""

    MISSING = "perdue", "Ma carte est perdue ou volée"
    BROKEN = "panne", "Ma carte ne marche plus, ou dit quelque chose de faux"
    FIRST = "premiere", "Une première carte, ou une carte sur téléphone"
    CHANGE = "changement", "Quelque chose change dans ma vie"
    MESSAGE = "message", "On m’a écrit, ou on m’a appelé"
    PROOF = "preuve", "Je dois prouver mes droits"


#: The situations of each group, the likeliest first.
GROUPS: dict[Group, tuple[Situation, ...]] = {
    Group.MISSING: (Situation.LOSS, Situation.THEFT, Situation.ABROAD, Situation.FOUND),
    Group.BROKEN: (Situation.FAULT, Situation.IDENTITY, Situation.COPY_ERROR),
    Group.FIRST: (
        Situation.FIRST,
        Situation.CHILD,
        Situation.SIXTEEN,
        Situation.NEWCOMER,
        Situation.APP,
    ),
    Group.CHANGE: (
        Situation.UPDATE,
        Situation.NAME,
        Situation.MSA,
        Situation.RETIRED_ABROAD,
        Situation.RIGHTS_END,
    ),
    Group.MESSAGE: (Situation.FRAUD,),
    Group.PROOF: (Situation.PROOF,),
}


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
    #: The choices under headings; empty when they stand in one list.
    groups: tuple[tuple[str, tuple[Choice, ...]], ...] = ()

    def choice(self, value: str | None) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == value), None)


REGIME_QUESTION = Question(
    "caisse",
    "Quelle est votre caisse ?",
    tuple(Choice(regime.value, regime.label) for regime in Regime),
)
_SITUATIONS = tuple(
    (group.label, tuple(Choice(one.value, one.value) for one in members))
    for group, members in GROUPS.items()
)
SITUATION_QUESTION = Question(
    "situation",
    "Quelle est votre situation ?",
    tuple(choice for _, choices in _SITUATIONS for choice in choices),
    groups=_SITUATIONS,
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
    "Un déménagement, une naissance, un médecin traitant, une affection de longue durée, une autre"
    " caisse, par exemple.",
)
_NAME_CHANGE = Question(
    "evenement",
    "Qu’est-ce qui a changé ?",
    (
        Choice("nom-usage", "Je prends ou je quitte un nom d’usage"),
        Choice("mariage", "Je me suis marié"),
        Choice("divorce", "J’ai divorcé"),
        Choice("veuvage", "Mon conjoint est décédé"),
        Choice("nom-etat-civil", "Mon nom ou mon prénom a changé à l’état civil"),
    ),
    "Une faute dans votre nom est une autre démarche : « Il y a une erreur sur mon nom ».",
)
#: The caisses other than the CPAM and the MSA, by the key of their row among the contacts.
FUND_QUESTION = Question(
    "organisme",
    "Laquelle ?",
    (
        Choice("mgen", "La MGEN"),
        Choice("sncf", "La caisse de la SNCF (CPRP)"),
        Choice("ratp", "La caisse de la RATP (CCAS)"),
        Choice("cnmss", "La caisse des militaires (CNMSS)"),
        Choice("enim", "La caisse des marins (Enim)"),
        Choice("crpcen", "La caisse des clercs et employés de notaires (CRPCEN)"),
        Choice("autre-organisme", "Une autre encore"),
    ),
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
_MEANS = Question(
    "moyen",
    "Comment vous a-t-on contacté ?",
    (
        Choice("sms", "Par SMS"),
        Choice("appel", "Par téléphone, ou par un message sur mon répondeur"),
        Choice("e-mail", "Par e-mail"),
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


@dataclass(frozen=True, slots=True)
class Ask:
    """A question of a situation, asked when each of these others got one of these answers."""

    question: Question
    when: tuple[tuple[str, frozenset[str]], ...] = ()

    def is_due(self, given: Mapping[str, str]) -> bool:
        return all(given.get(name) in values for name, values in self.when)


def _after(question: Question, *values: str) -> tuple[tuple[str, frozenset[str]], ...]:
    return ((question.name, frozenset(values)),)


_REGIME = Ask(REGIME_QUESTION)
_IS_OTHER = _after(REGIME_QUESTION, Regime.OTHER)
_IS_NOT_OTHER = _after(REGIME_QUESTION, Regime.CPAM, Regime.MSA, Regime.UNKNOWN)
_FUND = Ask(FUND_QUESTION, _IS_OTHER)
#: What is asked of each situation after its name, in order; the channel comes last.
_ASKS: dict[Situation, tuple[Ask, ...]] = {
    Situation.NEWCOMER: (_REGIME, _FUND, Ask(_NUMBER, _IS_NOT_OTHER)),
    Situation.SIXTEEN: (
        _REGIME,
        _FUND,
        Ask(_ORDERED, _after(REGIME_QUESTION, Regime.CPAM, Regime.UNKNOWN)),
    ),
    Situation.IDENTITY: (
        Ask(_RECORD),
        Ask(_BIRTH),
        Ask(REGIME_QUESTION, _after(_BIRTH, "naissance-ailleurs")),
        _FUND,
    ),
    Situation.UPDATE: (
        Ask(_CHANGE),
        Ask(REGIME_QUESTION, _after(_CHANGE, "changement")),
        _FUND,
    ),
    Situation.NAME: (_REGIME, _FUND, Ask(_NAME_CHANGE)),
    Situation.FOUND: (Ask(_WHOSE), Ask(REGIME_QUESTION, _after(_WHOSE, "mienne-declaree")), _FUND),
    # Nobody loses a page to name their caisse before an emergency: the plan is the same for all.
    Situation.FRAUD: (Ask(_MEANS), Ask(_ANSWERED_FRAUD)),
    Situation.APP: (_REGIME, Ask(_FRANCE_IDENTITE)),
}
_USUAL = (_REGIME, _FUND)
#: The question that each answer belongs to: two answers to one question exclude each other.
QUESTION_OF: dict[str, str] = {
    choice.value: ask.question.name
    for asks in (_USUAL, *_ASKS.values())
    for ask in asks
    if ask.question is not REGIME_QUESTION
    for choice in ask.question.choices
}
CASES = frozenset(QUESTION_OF)
#: The words of each answer: its question, then itself.
_ASKED: dict[str, tuple[str, str]] = {
    choice.value: (ask.question.heading, choice.label)
    for asks in (_USUAL, *_ASKS.values())
    for ask in asks
    if ask.question is not REGIME_QUESTION
    for choice in ask.question.choices
}
#: What agents read of an answer, beside its box.
CASE_LABELS: dict[str, str] = {
    case: f"{heading} {label}" for case, (heading, label) in _ASKED.items()
}


def cases_in_words(cases: Iterable[str]) -> str:
    """Each question once, with the answers that fit: « Question ? A ou B, et Autre ? C »."""
    asked: dict[str, list[str]] = {}
    for case in cases:
        heading, label = _ASKED[case]
        asked.setdefault(heading, []).append(f"«{NBSP}{label}{NBSP}»")
    return ", et ".join(f"{heading} {' ou '.join(said)}" for heading, said in asked.items())


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
    Situation.ABROAD: (Channel.ONLINE, Channel.PHONE),
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
            Situation.ABROAD,
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


def asks(situation: Situation) -> tuple[Ask, ...]:
    """What may be asked of this situation, in order, before the channel."""
    return _ASKS.get(situation, _USUAL)


#: Every answer there is, by the parameter that carries it.
ANSWERS: dict[str, frozenset[str]] = {
    question.name: frozenset(choice.value for choice in question.choices)
    for question in (
        SITUATION_QUESTION,
        *(ask.question for situation in Situation for ask in asks(situation)),
        channel_question(tuple(Channel)),
    )
}


def known_answers(params: Mapping[str, str]) -> dict[str, str]:
    """The answers of an address that exist, asked or not; the rest is dropped."""
    return {name: params[name] for name, values in ANSWERS.items() if params.get(name) in values}


def read_answers(params: Mapping[str, str]) -> Reading:
    """Walk the questions; stop at the first whose answer is missing or unknown.

    Whatever else the address holds is left out. A caisse that is not asked is unknown.
    """
    situation_choice = SITUATION_QUESTION.choice(params.get(SITUATION_QUESTION.name))
    if situation_choice is None:
        return Reading((), asked=SITUATION_QUESTION)
    given: list[tuple[Question, Choice]] = [(SITUATION_QUESTION, situation_choice)]
    situation = Situation(situation_choice.value)
    values: dict[str, str] = {}
    for ask in asks(situation):
        if not ask.is_due(values):
            continue
        choice = ask.question.choice(params.get(ask.question.name))
        if choice is None:
            return Reading(tuple(given), asked=ask.question)
        given.append((ask.question, choice))
        values[ask.question.name] = choice.value

    regime = Regime(values.pop(REGIME_QUESTION.name, Regime.UNKNOWN.value))
    named = frozenset(values.values())
    offered = channels(situation, regime)
    if any(choice.is_settled for _, choice in given) or not offered:
        return Reading(tuple(given), answers=Answers(regime, situation, named))
    asked = channel_question(offered)
    chosen = asked.choice(params.get(CHANNEL_NAME))
    # Who does not know the caisse cannot know its channels: both are told by the first one.
    is_asked = len(offered) > 1 and regime is not Regime.UNKNOWN
    if chosen is None and is_asked:
        return Reading(tuple(given), asked=asked)
    channel = offered[0] if chosen is None else Channel(chosen.value)
    if chosen is not None and len(offered) > 1:
        given.append((asked, chosen))
    return Reading(tuple(given), answers=Answers(regime, situation, named, channel))
