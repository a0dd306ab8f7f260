"""The lifecycle of a dossier as a table: which transition may follow which status.

Source: the service's own process, common to every procedure; the law adds guards per
procedure (CRPA L114-5: an incomplete dossier is completed, never refused).
"""

from demarches.rules.enums import Status, Transition

OPEN = frozenset(
    {
        Status.SUBMITTED,
        Status.UNDER_REVIEW,
        Status.PIECES_REQUESTED,
        Status.COMPLETE,
        Status.SCHEDULED,
    }
)
ENDED = frozenset({Status.REGISTERED, Status.INADMISSIBLE, Status.WITHDRAWN, Status.CLOSED})
#: The people may still change their pieces; their answers, as the procedure says.
EDITABLE = frozenset({Status.DRAFT, Status.SUBMITTED, Status.PIECES_REQUESTED})

ALLOWED: dict[Transition, tuple[frozenset[Status], Status]] = {
    Transition.SUBMIT: (frozenset({Status.DRAFT}), Status.SUBMITTED),
    Transition.START_REVIEW: (frozenset({Status.SUBMITTED}), Status.UNDER_REVIEW),
    Transition.REQUEST_PIECES: (
        # Once more when one person was asked, and the other is asked too.
        frozenset(
            {Status.SUBMITTED, Status.UNDER_REVIEW, Status.PIECES_REQUESTED, Status.COMPLETE}
        ),
        Status.PIECES_REQUESTED,
    ),
    Transition.RESUBMIT: (frozenset({Status.PIECES_REQUESTED}), Status.UNDER_REVIEW),
    Transition.ACCEPT: (
        frozenset({Status.SUBMITTED, Status.UNDER_REVIEW, Status.PIECES_REQUESTED}),
        Status.COMPLETE,
    ),
    Transition.REOPEN: (frozenset({Status.COMPLETE}), Status.UNDER_REVIEW),
    Transition.SCHEDULE: (frozenset({Status.COMPLETE}), Status.SCHEDULED),
    Transition.UNSCHEDULE: (frozenset({Status.SCHEDULED}), Status.COMPLETE),
    Transition.REGISTER: (frozenset({Status.SCHEDULED}), Status.REGISTERED),
    Transition.DECLARE_INADMISSIBLE: (OPEN, Status.INADMISSIBLE),
    Transition.WITHDRAW: (OPEN | {Status.DRAFT}, Status.WITHDRAWN),
    # A registered dossier has ended with what it was for: there is nothing left to close.
    Transition.CLOSE: (OPEN, Status.CLOSED),
}


def allowed(status: Status) -> tuple[Transition, ...]:
    """Transitions possible from this status, in the order of the table."""
    return tuple(t for t, (sources, _) in ALLOWED.items() if status in sources)


def next_status(transition: Transition, status: Status) -> Status | None:
    """The status reached, or None when the transition may not follow this status."""
    sources, target = ALLOWED[transition]
    return target if status in sources else None
