"""What the mairie does about a request for help: the only thing it can certify.

The states of domain reference 7.3, read on the shared lifecycle and on the appointment of the
request. None of them says anything of a card, of a caisse or of a decision that is not the
mairie's.
"""

from demarches.rules.dates_fr import NBSP
from demarches.rules.enums import AppointmentStatus, LabelledStrEnum, Status, Transition


class Code(LabelledStrEnum):
    """Where a request for help stands, in the words people read."""

    RECEIVED = "recue", "Demande d’aide reçue"
    TAKEN = "prise-en-charge", "Un agent s’en occupe"
    PROPOSED = "rdv-propose", "Rendez-vous proposé"
    BOOKED = "rdv-confirme", "Rendez-vous fixé"
    MISSED = "absent", "Rendez-vous manqué"
    ACCOMPANIED = "accompagnee", "Démarche faite avec vous (par vous, sur votre compte)"
    ORIENTED = "orientee", "Orientée"
    ANSWERED = "repondue", "Réponse donnée"
    CANCELLED = "annulee", "Annulée"
    CLOSED = "close", "Terminée"


class Outcome(LabelledStrEnum):
    """How the mairie answered."""

    NONE = "", "Pas encore de réponse"
    ORIENTED = "orientee", "Orientation"
    ANSWERED = "repondue", "Réponse"
    ACCOMPANIED = "accompagnee", "Démarche faite ensemble"


class Act(LabelledStrEnum):
    """What may be done that the shared lifecycle does not tell apart."""

    ANSWER = "answer", "Répondre"
    PROPOSE = "propose", "Proposer un rendez-vous"
    FIX = "fix", "Fixer un rendez-vous"
    CHOOSE = "choose", "Choisir son rendez-vous"
    GIVE_UP = "give_up", "Renoncer au rendez-vous, garder la demande"
    ACCOMPANY = "accompany", "Noter que la démarche a été faite"
    MISS = "miss", "Noter une absence"
    REPLACE = "replace", "Proposer une autre date : la mairie ferme ce jour-là"


_OF_OUTCOME = {
    Outcome.NONE: Code.ANSWERED,
    Outcome.ORIENTED: Code.ORIENTED,
    Outcome.ANSWERED: Code.ANSWERED,
    Outcome.ACCOMPANIED: Code.ACCOMPANIED,
}
#: A proposal that nobody confirmed in time stays one: the slot went, the offer to meet did not.
_OF_MEETING = {
    AppointmentStatus.HELD: Code.PROPOSED,
    AppointmentStatus.LAPSED: Code.PROPOSED,
    AppointmentStatus.BOOKED: Code.BOOKED,
    AppointmentStatus.ARRIVED: Code.BOOKED,
    AppointmentStatus.MISSED: Code.MISSED,
}


def code_of(status: Status, outcome: Outcome, meeting: AppointmentStatus | None) -> Code:
    """The state of 7.3; answering completes what the mairie owed, closing files it away."""
    if status in {Status.DRAFT, Status.SUBMITTED}:
        return Code.RECEIVED
    if status is Status.COMPLETE:
        return _OF_OUTCOME[outcome]
    if status is Status.WITHDRAWN:
        return Code.CANCELLED
    if status is Status.CLOSED:
        return Code.CLOSED
    return _OF_MEETING.get(meeting, Code.TAKEN) if meeting else Code.TAKEN


_BEFORE_AN_APPOINTMENT = frozenset({Code.TAKEN, Code.PROPOSED, Code.MISSED})
#: What means something here, and from which states. Cancelling stays possible while an agent is
#: at it: nobody is helped against their wish.
ALLOWED: dict[Transition | Act, frozenset[Code]] = {
    Transition.SUBMIT: frozenset({Code.RECEIVED}),
    Transition.START_REVIEW: frozenset({Code.RECEIVED}),
    Transition.ACCEPT: frozenset({Code.TAKEN, Code.BOOKED}),
    Transition.CLOSE: frozenset({Code.ORIENTED, Code.ANSWERED, Code.ACCOMPANIED, Code.MISSED}),
    Transition.WITHDRAW: frozenset(
        {Code.RECEIVED, Code.TAKEN, Code.PROPOSED, Code.BOOKED, Code.MISSED}
    ),
    Act.ANSWER: frozenset({Code.TAKEN}),
    Act.PROPOSE: _BEFORE_AN_APPOINTMENT,
    Act.FIX: _BEFORE_AN_APPOINTMENT | {Code.BOOKED},
    Act.CHOOSE: frozenset({Code.PROPOSED, Code.BOOKED}),
    Act.GIVE_UP: frozenset({Code.PROPOSED, Code.BOOKED}),
    Act.ACCOMPANY: frozenset({Code.BOOKED}),
    Act.MISS: frozenset({Code.BOOKED}),
    Act.REPLACE: frozenset({Code.PROPOSED, Code.BOOKED}),
}


def refuse(what: Transition | Act, code: Code) -> str:
    """Why this may not happen now; empty when it may."""
    if code in ALLOWED.get(what, frozenset()):
        return ""
    return f"Ce n’est pas possible{NBSP}: la demande est à l’état « {code.label} »."
