"""What the mairie does about a request for help: the only thing it can certify.

The states of domain reference 7.3, read on the shared lifecycle. None of them says anything of
a card, of a caisse or of a decision that is not the mairie's.
"""

from demarches.rules.enums import LabelledStrEnum, Status, Transition


class Code(LabelledStrEnum):
    """Where a request for help stands, in the words people read."""

    RECEIVED = "recue", "Demande d’aide reçue"
    TAKEN = "prise-en-charge", "Un agent s’en occupe"
    ORIENTED = "orientee", "Orientée"
    ANSWERED = "repondue", "Réponse donnée"
    CANCELLED = "annulee", "Annulée"
    CLOSED = "close", "Terminée"


class Outcome(LabelledStrEnum):
    """How the mairie answered."""

    NONE = "", "Pas encore de réponse"
    ORIENTED = "orientee", "Orientation"
    ANSWERED = "repondue", "Réponse"


def code_of(status: Status, outcome: Outcome) -> Code:
    """The state of 7.3; answering completes what the mairie owed, closing files it away."""
    if status in {Status.DRAFT, Status.SUBMITTED}:
        return Code.RECEIVED
    if status is Status.COMPLETE:
        return Code.ORIENTED if outcome is Outcome.ORIENTED else Code.ANSWERED
    if status is Status.WITHDRAWN:
        return Code.CANCELLED
    return Code.CLOSED if status is Status.CLOSED else Code.TAKEN


#: The transitions of the shared lifecycle that mean something here, and from which states.
#: Cancelling stays possible while an agent is at it: nobody is helped against their wish.
ALLOWED: dict[Transition, frozenset[Code]] = {
    Transition.SUBMIT: frozenset({Code.RECEIVED}),
    Transition.START_REVIEW: frozenset({Code.RECEIVED}),
    Transition.ACCEPT: frozenset({Code.TAKEN}),
    Transition.CLOSE: frozenset({Code.ORIENTED, Code.ANSWERED}),
    Transition.WITHDRAW: frozenset({Code.RECEIVED, Code.TAKEN}),
}


def refuse(transition: Transition, code: Code) -> str:
    """Why this may not happen now; empty when it may."""
    if code in ALLOWED.get(transition, frozenset()):
        return ""
    return f"Ce n’est pas possible : la demande est à l’état « {code.label} »."
