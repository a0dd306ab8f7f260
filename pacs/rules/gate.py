"""« What stands in the way? »: the one answer, for an act and the day of the act.

Every path to a PACS asks here: sending, declaring complete, booking, moving, registering; so do
the pages and buttons that say why not. What the law forbids never yields (Code civil,
art. 515-1 and 515-2: « à peine de nullité »); what is left to an agent needs that agent's
written decision; an attestation, a confirmation and a piece count as they are that day. Who stands
in the register already is asked from « complet » on: before, the mairie has seen nobody's papers.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus
from pacs.rules.eligibility import (
    IN_REGISTER,
    NO_COMMON_RESIDENCE,
    Effect,
    Outcome,
    OutcomeType,
    age_limits,
)
from pacs.rules.situation import CoupleInputs


class Act(StrEnum):
    """What somebody is about to do with a dossier."""

    SEND = "send"
    SEND_AGAIN = "send_again"
    ACCEPT = "accept"
    #: Hold, book, move, or offer an earlier date.
    BOOK = "book"
    REGISTER = "register"


class Kind(StrEnum):
    """What kind of thing stands in the way."""

    LAW = "law"
    #: In the register already, under a PACS without end.
    BOUND = "bound"
    TO_DECIDE = "to_decide"
    ANSWERS = "answers"
    CONFIRMATION = "confirmation"
    ATTESTATION = "attestation"
    CORRECTION = "correction"
    PIECE = "piece"


#: From « complet » on, nothing may be missing any more, on paper either.
NOTHING_MISSING = frozenset({Act.ACCEPT, Act.BOOK, Act.REGISTER})
SETTLED = frozenset({PieceStatus.ACCEPTED, PieceStatus.TO_BRING})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stands in the way, in the words of each reader.

    `holder`: 0 for both, else the place of the partenaire it is about. `own` addresses the
    holder; `other` tells the other partenaire nothing of what the holder answered or gave.
    """

    kind: Kind
    holder: int
    #: Code of an outcome, or key of a piece.
    code: str
    for_agent: str
    own: str
    other: str

    def text(self, reader: int | None) -> str:
        """For the partenaire at this place; None: for an agent."""
        if reader is None:
            return self.for_agent
        return self.own if self.holder in (0, reader) else self.other


@dataclass(frozen=True, slots=True)
class PersonState:
    """What one person has done so far."""

    name: str
    #: Takes part on paper: an agent types their part and notes their attestation.
    is_on_paper: bool = False
    missing: Sequence[str] = ()
    has_attested: bool = False
    #: The day of that attestation: on the paper, when it was signed by hand.
    attested_on: date | None = None
    has_confirmed: bool = False
    #: Their address of today, on one line; empty while it is not known.
    home: str = ""


@dataclass(frozen=True, slots=True)
class PieceState:
    """One required piece, as it will be on the day."""

    key: str
    label: str
    holder: int
    status: PieceStatus
    #: Its age counts, and so its date.
    ages: bool = False
    #: The day it was issued, if that is written: it does not serve before.
    issued_on: date | None = None
    last_day: date | None = None
    has_files: bool = False
    #: The mairie verifies it by itself (CC, art. 101-1).
    by_mairie: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A line without end of the register, about this partenaire or perhaps about a homonym."""

    holder: int
    name: str
    number: str
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class State:
    """Everything the gate reads of a dossier for one day."""

    day: date
    people: tuple[PersonState, PersonState]
    outcomes: Sequence[Outcome] = ()
    #: Read from « complet » on: before that the mairie has seen nobody's papers.
    bound: Sequence[Bound] = ()
    #: (code, holder) of what an agent looked at and let pass, for these answers.
    decided: Collection[tuple[str, int]] = ()
    missing_common: Sequence[str] = ()
    #: The address they attest is not in the commune they named (CC, art. 515-3).
    address_is_elsewhere: bool = False
    pieces: Sequence[PieceState] = ()
    #: Places whose correction waits for an agent; 0 for the shared answers.
    corrections: Sequence[int] = field(default=())


def obstacles(act: Act, state: State) -> tuple[Obstacle, ...]:
    """Everything that stands in the way of this act on that day, the gravest first."""
    return tuple(_obstacles(act, state))


def _obstacles(act: Act, state: State) -> Iterator[Obstacle]:
    yield from _law(state)
    if act in NOTHING_MISSING:
        yield from _bound(state)
        yield from _to_decide(state)
    for label in state.missing_common:
        told = f"Vos réponses communes : il manque « {label} »."
        agent = f"Réponses communes : il manque « {label} »."
        yield Obstacle(Kind.ANSWERS, 0, label, agent, told, told)
    if state.address_is_elsewhere:
        told = "L’adresse commune n’est pas dans la commune que vous avez choisie : corrigez-la."
        agent = "L’adresse commune n’est pas dans la commune : corrigez l’une ou l’autre réponse."
        yield Obstacle(Kind.ANSWERS, 0, "adresse", agent, told, told)
    for holder, person in enumerate(state.people, start=1):
        if person.is_on_paper and act not in NOTHING_MISSING:
            continue
        yield from _person(holder, person)
        if act is Act.REGISTER:
            yield from _attested_too_late(holder, person, state.day)
    if act in {Act.ACCEPT, Act.REGISTER}:
        yield from _corrections(state)
    yield from _pieces(act, state)


def _law(state: State) -> Iterator[Obstacle]:
    for outcome in state.outcomes:
        if outcome.type.effect is Effect.AGENT:
            continue
        kind, name = outcome.type, _name(state, outcome.holder)
        whose = f" ({name})" if name else ""
        yield Obstacle(
            Kind.LAW,
            outcome.holder,
            kind.code,
            f"{kind.code}{whose} : {kind.message} {kind.basis}.",
            kind.message,
            f"Une réponse empêche d’aller plus loin, dans la partie de {name}. L’explication se"
            " trouve sur ses pages.",
        )


def homes_told(people: Iterable[tuple[str, str]]) -> str:
    """Where each lives, for the agent who decides without a common residence: (name, address)."""
    each = ", ".join(f"{name} ({home or 'adresse pas encore écrite'})" for name, home in people)
    return f"Adresses d’aujourd’hui : {each}."


def perhaps_bound(bound: Iterable[Bound]) -> list[Outcome]:
    """What an agent has to look at in the register, one outcome for each person."""
    numbers: dict[int, list[str]] = {}
    for line in bound:
        if not line.is_certain:
            numbers.setdefault(line.holder, []).append(line.number)
    return [
        Outcome(
            replace(IN_REGISTER, message=f"{IN_REGISTER.message} Pacs n° {', '.join(each)}."), one
        )
        for one, each in numbers.items()
    ]


def _bound(state: State) -> Iterator[Obstacle]:
    """Who is in the register already, under a PACS that has no end (CC, art. 515-2 3°).

    The couple learns nothing of it here, neither of the two: the line may be of somebody else.
    """
    told = "La mairie doit d’abord regarder votre dossier avec vous : appelez-la."
    for line in state.bound:
        if line.is_certain:
            agent = (
                f"{line.name} : lié au Pacs n° {line.number}, sans fin au registre."
                " S’il est dissous, enregistrez d’abord sa dissolution."
            )
            yield Obstacle(Kind.BOUND, line.holder, IN_REGISTER.code, agent, told, told)
    for outcome in perhaps_bound(state.bound):
        kind, holder = outcome.type, outcome.holder
        if (kind.code, holder) in state.decided:
            continue
        agent = (
            f"{kind.code} ({_name(state, holder)}), à décider par écrit sur la page du dossier :"
            f" {kind.message} Si c’est cette personne et que ce Pacs est dissous, enregistrez"
            f" d’abord sa dissolution. {kind.basis}."
        )
        yield Obstacle(Kind.TO_DECIDE, holder, kind.code, agent, told, told)


def _to_decide(state: State) -> Iterator[Obstacle]:
    for outcome in state.outcomes:
        kind, holder = outcome.type, outcome.holder
        if kind.effect is not Effect.AGENT or (kind.code, holder) in state.decided:
            continue
        name = _name(state, holder)
        whose = f" ({name})" if name else ""
        homes = ""
        if kind.code == NO_COMMON_RESIDENCE.code:
            homes = f" {homes_told((one.name, one.home) for one in state.people)}"
        told = "Un agent de la mairie doit d’abord regarder votre situation avec vous."
        yield Obstacle(
            Kind.TO_DECIDE,
            holder,
            kind.code,
            f"{kind.code}{whose}, à décider par écrit : {kind.title}.{homes} {kind.basis}.",
            f"{told} {kind.message}",
            told,
        )


def _person(holder: int, person: PersonState) -> Iterator[Obstacle]:
    name = person.name
    if person.missing:
        listed = ", ".join(person.missing)
        yield Obstacle(
            Kind.ANSWERS,
            holder,
            "",
            f"Réponses de {name} : il manque {listed}.",
            f"Votre partie : il manque {listed}.",
            "Partie à terminer : votre partenaire.",
        )
    elif not person.has_attested:
        yield Obstacle(
            Kind.ATTESTATION,
            holder,
            "",
            f"Attestation sur l’honneur à faire : {name}.",
            "Votre attestation sur l’honneur est à faire.",
            "Attestation sur l’honneur à faire : votre partenaire.",
        )
    if holder == 2 and not person.has_confirmed and not person.is_on_paper:
        yield Obstacle(
            Kind.CONFIRMATION,
            holder,
            "",
            f"Réponses communes à confirmer : {name}.",
            "Les réponses communes sont à confirmer.",
            "Réponses communes à confirmer : votre partenaire.",
        )


def _attested_too_late(holder: int, person: PersonState, day: date) -> Iterator[Obstacle]:
    """What is registered for a day that has passed rests on what was attested by then."""
    if not person.has_attested or person.attested_on is None or person.attested_on <= day:
        return
    told = f"attestée le {day_fr(person.attested_on)}, après le jour de l’enregistrement."
    yield Obstacle(
        Kind.ATTESTATION,
        holder,
        "",
        f"Partie de {person.name} : {told}",
        f"Votre partie : {told}",
        f"Partie de votre partenaire : {told}",
    )


def _corrections(state: State) -> Iterator[Obstacle]:
    for holder in state.corrections:
        whose = f"de {_name(state, holder)}" if holder else "des réponses communes"
        told = "La mairie regarde d’abord une correction que vous avez proposée."
        agent = f"Une correction {whose} attend votre décision."
        yield Obstacle(Kind.CORRECTION, holder, "", agent, told, told)


def _pieces(act: Act, state: State) -> Iterator[Obstacle]:
    if act is Act.SEND:
        return  # what is missing is asked for afterwards (CRPA, art. L114-5)
    for piece in state.pieces:
        problem = piece_problem(act, piece, on=state.day)
        if not problem:
            continue
        name = _name(state, piece.holder)
        whose = f" ({name})" if name else ""
        yield Obstacle(
            Kind.PIECE,
            piece.holder,
            piece.key,
            f"{piece.label}{whose} : {problem}.",
            f"{piece.label} : {problem}.",
            "Une pièce de votre partenaire n’est pas réglée.",
        )


def piece_problem(act: Act, piece: PieceState, *, on: date) -> str:
    """Why this piece does not pass, in a few words; empty when it does."""
    status = piece.status
    if act is Act.SEND_AGAIN:
        # What the mairie verifies by itself is not in the couple's hands.
        if status is PieceStatus.REFUSED and not piece.by_mairie:
            return "refusée, à remplacer ou à apporter"
        return ""
    if piece.by_mairie:
        if status is PieceStatus.REFUSED:
            return "refusée par la mairie, à vérifier de nouveau"
        # The mairie can verify until the day itself, and again when it is too long ago.
        if act is Act.REGISTER and status is not PieceStatus.ACCEPTED:
            return "à vérifier par la mairie"
        return ""
    if status is PieceStatus.EXPIRED:
        until = f", ne sert que jusqu’au {day_fr(piece.last_day)}" if piece.last_day else ""
        return f"trop ancienne ce jour-là{until}"
    if piece.issued_on is not None and piece.issued_on > on:
        return f"délivrée le {day_fr(piece.issued_on)}, après ce jour-là"
    if act is Act.BOOK and status is PieceStatus.PROVIDED:
        return ""  # renewed after « complet »: checked again before the registration
    if status is PieceStatus.PROVIDED:
        return "envoyée, à vérifier"
    if status not in SETTLED:
        return status.label.lower()
    # What was sent has been seen, and so has its date; what will be brought is dated that day.
    if piece.ages and piece.last_day is None and (piece.has_files or act is Act.REGISTER):
        return "la date lue sur la pièce manque"
    return ""


def _name(state: State, holder: int) -> str:
    return state.people[holder - 1].name if holder else ""


@dataclass(frozen=True, slots=True)
class LawfulFrom:
    """Before `day`, the law or an undecided point stands in the way because of an age."""

    type: OutcomeType
    holder: int
    day: date

    def reason(self, reader: int | None, name: str) -> str:
        """Why earlier days are not offered; the other partenaire learns of no birthday."""
        when = day_fr(self.day)
        if reader is None:
            return f"{self.type.code} ({name}) : {self.type.title.lower()}, possible le {when}."
        if reader != self.holder:
            return f"Le Pacs n’est possible qu’à partir du {when}."
        if self.type.effect is Effect.BLOCK:
            return f"Vous aurez 18 ans le {when} : le Pacs est possible à partir de ce jour."
        return (
            f"Possible à partir du {when} ; plus tôt, un agent doit d’abord vérifier votre"
            " majorité avec vous : appelez la mairie."
        )


def lawful_from(
    couple: CoupleInputs, *, decided: Collection[tuple[str, int]] = ()
) -> tuple[LawfulFrom, ...]:
    """Whatever depends on the day, as first days: the latest counts, and stands first."""
    found = [
        LawfulFrom(limit.type, holder, limit.until)
        for holder, one in enumerate(couple.people, start=1)
        for limit in age_limits(one)
        if limit.type.effect is Effect.BLOCK or (limit.type.code, holder) not in decided
    ]
    return tuple(sorted(found, key=lambda one: one.day, reverse=True))


def texts(found: Iterable[Obstacle], reader: int | None) -> list[str]:
    """The sentences of these obstacles for one reader, each once."""
    return list(dict.fromkeys(one.text(reader) for one in found))
