"""Transitions of a dossier, and what the database refuses."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.timezone import localdate

from demarches.models import TransitionRefused, User
from demarches.rules.enums import Status, Transition
from demarches.rules.lifecycle import ALLOWED
from pacs.models import Dossier, Partenaire, Piece
from tests.support.appointments import booked_seat
from tests.support.dossiers import bring_everything, make_dossier

METHODS: dict[Transition, Callable[[Dossier, User, datetime], None]] = {
    Transition.SUBMIT: lambda d, u, at: d.submit(by=u, at=at),
    Transition.START_REVIEW: lambda d, u, at: d.start_review(by=u, at=at),
    Transition.REQUEST_PIECES: lambda d, u, at: d.request_pieces(by=u, at=at, reason="x"),
    Transition.RESUBMIT: lambda d, u, at: d.resubmit(by=u, at=at),
    Transition.ACCEPT: lambda d, u, at: d.accept(by=u, at=at),
    Transition.REOPEN: lambda d, u, at: d.reopen(by=u, at=at, reason="x"),
    Transition.SCHEDULE: lambda d, u, at: d.schedule(by=u, at=at),
    Transition.UNSCHEDULE: lambda d, u, at: d.unschedule(by=u, at=at, reason="x"),
    Transition.DECLARE_INADMISSIBLE: lambda d, u, at: d.declare_inadmissible(
        by=u, at=at, reason="x"
    ),
    Transition.WITHDRAW: lambda d, u, at: d.withdraw(by=u, at=at),
    Transition.CLOSE: lambda d, u, at: d.close(by=u, at=at, reason="x"),
}


def _force(dossier: Dossier, status: Status) -> None:
    """Put the row in a legal state, past the transitions."""
    now = timezone.now()
    ended = status in {
        Status.REGISTERED,
        Status.INADMISSIBLE,
        Status.WITHDRAWN,
        Status.CLOSED,
    }
    scheduled = status in {Status.SCHEDULED, Status.REGISTERED}
    Dossier.objects.filter(pk=dossier.pk).update(
        appointment=booked_seat(dossier) if scheduled else None,
        status=status.value,
        submitted_at=None if status is Status.DRAFT else now,
        completed_at=now,
        ended_at=now if ended else None,
        inadmissible_ground="motif" if status is Status.INADMISSIBLE else "",
        registered_on=localdate(now) if status is Status.REGISTERED else None,
        registered_appointment_on=localdate(now) if status is Status.REGISTERED else None,
        registered_attestations=2 if status is Status.REGISTERED else 0,
    )
    dossier.refresh_from_db()


@pytest.mark.parametrize("transition", list(METHODS))
@pytest.mark.parametrize("status", list(Status))
def test_every_transition_from_every_status(
    transition: Transition, status: Status, draft: Dossier, alice: User
) -> None:
    bring_everything(draft)
    _force(draft, status)
    if transition is Transition.DECLARE_INADMISSIBLE:
        Dossier.objects.filter(pk=draft.pk).update(inadmissible_ground="motif")
    if transition is Transition.SCHEDULE and status is Status.COMPLETE:
        Dossier.objects.filter(pk=draft.pk).update(appointment=booked_seat(draft))
    sources, target = ALLOWED[transition]
    events = draft.events.count()

    if status in sources:
        METHODS[transition](draft, alice, timezone.now())
        expected, written = target, 1
    else:
        with pytest.raises(TransitionRefused):
            METHODS[transition](draft, alice, timezone.now())
        expected, written = status, 0

    draft.refresh_from_db()
    assert draft.current_status is expected
    assert draft.events.count() == events + written


def test_a_transition_writes_who_from_to_and_when(draft: Dossier, alice: User) -> None:
    at = timezone.now()
    version = draft.version

    draft.submit(by=alice, at=at)

    event = draft.events.latest("pk")
    assert (event.transition, event.from_status, event.to_status) == (
        "submit",
        "draft",
        "submitted",
    )
    assert (event.by, event.at) == (alice, at)
    draft.refresh_from_db()
    assert (draft.submitted_at, draft.waiting_since, draft.version) == (at, at, version + 1)


def test_a_wait_keeps_its_first_date(sent: Dossier, now: datetime) -> None:
    first = sent.waiting_since

    sent.touch(at=now, waiting=True)
    sent.refresh_from_db()
    assert sent.waiting_since == first

    sent.touch(at=now, waiting=False)
    sent.refresh_from_db()
    assert sent.waiting_since is None


@pytest.mark.parametrize(
    "illegal",
    [
        {"status": "submitted", "submitted_at": None},
        {"status": "complete", "submitted_at": timezone.now(), "completed_at": None},
        {"status": "withdrawn", "ended_at": None},
        {"status": "draft", "ended_at": timezone.now()},
        {"status": "anything"},
        {
            "status": "inadmissible",
            "submitted_at": timezone.now(),
            "ended_at": timezone.now(),
            "inadmissible_ground": "",
        },
    ],
)
def test_the_database_refuses_an_illegal_dossier(draft: Dossier, illegal: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Dossier.objects.filter(pk=draft.pk).update(**illegal)


@pytest.mark.parametrize(
    "illegal",
    [
        {"position": 3},
        {"birth_year": 1200},
        {"birth_month": 13},
        {"birth_day": 32},
        {"attested_at": timezone.now(), "attested_text": ""},
    ],
)
def test_the_database_refuses_an_illegal_partenaire(
    draft: Dossier, illegal: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Partenaire.objects.filter(dossier=draft, position=1).update(**illegal)


def test_the_same_account_cannot_be_both_partenaires(draft: Dossier, alice: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Partenaire.objects.filter(dossier=draft, position=2).update(user=alice)


@pytest.mark.parametrize(
    "illegal",
    [
        {"status": "refused", "refusal_text": "", "decided_at": timezone.now()},
        {"status": "accepted", "decided_at": None},
        {"status": "expired"},
        {"key": "0-P02_convention"},
    ],
)
def test_the_database_refuses_an_illegal_piece(draft: Dossier, illegal: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Piece.objects.filter(dossier=draft, rule_id="P01_declaration").update(**illegal)


def test_two_dossiers_have_two_references(
    reference_data: None, alice: User, bob: User, charlie: User
) -> None:
    first = make_dossier(alice, bob)
    second = make_dossier(charlie, User.objects.create_user("dan@example.org"))

    numbers = [int(one.reference.split("-")[2]) for one in (first, second)]

    assert numbers[1] == numbers[0] + 1


def test_search_text_follows_the_names(draft: Dossier) -> None:
    _, second = draft.people
    assert "d almeida unal dalmeidaunal" in second.search_text

    second.birth_name = "Étienne"
    second.save(update_fields=["birth_name"])

    second.refresh_from_db()
    assert second.search_text.split()[1] == "etienne"
