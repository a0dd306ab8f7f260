"""Couple, agents, clock and agenda act at random; what must never happen never does.

Whatever the order of what people do: a dossier never becomes complete, scheduled or registered
with something that the law forbids that day, without two attestations in force for its facts
of that moment, or with a piece too old that day.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.timezone import localdate
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from demarches.models import Officer, User
from demarches.rules.enums import PieceStatus, Status
from pacs.actions import appointments, desk
from pacs.actions.consent import watching_facts
from pacs.actions.corrections import send_corrections, take_correction
from pacs.actions.dossiers import (
    attest,
    confirm_common,
    record_answers,
    resubmit_dossier,
    stop_dossier,
    submit_dossier,
)
from pacs.actions.endings import end_dossier, undo_ending
from pacs.actions.pieces import answer_piece, sync_pieces
from pacs.actions.registration import Ceremony, originals_of, register_pacs
from pacs.models import Dossier, Partenaire, PieceWording
from pacs.models.consent import has_attested
from tests.support.dossiers import bring_everything, dates_read, make_dossier
from tests.support.reference import REFERENCE_FIXTURES, load

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 11, 23, 10, tzinfo=PARIS)
#: Steps of one run, and runs: short here, long when asked (STATEFUL_STEPS=100 STATEFUL_RUNS=100).
STEPS = int(os.environ.get("STATEFUL_STEPS", "30"))
RUNS = int(os.environ.get("STATEFUL_RUNS", "12"))
#: What the runs have seen: a machine that never gets there proves nothing.
REACHED: set[Status] = set()
BECOMES = {Status.COMPLETE, Status.SCHEDULED, Status.REGISTERED}

OWN_CHANGES: list[dict[str, Any]] = [
    {"situation": "marie"},
    {"situation": "celibataire"},
    {"birth_year": 2009, "birth_month": 1, "birth_day": 5},
    {"birth_year": 1990, "birth_month": 5, "birth_day": 4},
    {"birth_name": "Autre"},
    {"measure": "autre"},
    {"measure": "aucune"},
    {"nationalities": ["AR"], "protection": "aucune"},
    {"nationalities": ["FR"]},
    {"phone": "+33612345678"},
]
COMMON_CHANGES: list[dict[str, Any]] = [
    {"kinship": "fratrie"},
    {"kinship": "adoption"},
    {"kinship": "aucun"},
    {"residence": "autre_commune"},
    {"residence": "ici"},
    {"impediment": "deplacement_partenaire"},
    {"impediment": "aucun"},
    {"wished_date": date(2027, 1, 15)},
    {"wished_date": None},
    {"street": "1 rue Neuve"},
]
positions = st.sampled_from([1, 2])


class _Answers:
    """One page of answers, as an action reads it."""

    partial = False

    def __init__(self, instance: Any, changes: dict[str, Any]) -> None:
        self.instance, self.changes = instance, changes

    def has_changed(self) -> bool:
        return any(getattr(self.instance, name) != new for name, new in self.changes.items())

    def columns(self) -> tuple[str, ...]:
        return tuple(self.changes)

    def apply(self) -> list[str]:
        for name, new in self.changes.items():
            setattr(self.instance, name, new)
        return list(self.changes)

    def clashes(self, read: str) -> list[str]:
        return []


class Town(RuleBasedStateMachine):
    """One dossier, its two people, its agents, the clock."""

    @initialize()
    def open(self) -> None:
        self.now = START
        load(*REFERENCE_FIXTURES)
        self.people = [User.objects.create_user(f"{n}@example.org") for n in ("alice", "bob")]
        self.agent = User.objects.create_user("agent@example.org", is_staff=True)
        self.agent.groups.add(Group.objects.get(name="officier"))
        self.officer = Officer.objects.create(
            name="C. Martin", quality="adjointe", in_force_from=date(2026, 1, 1)
        )
        self.pk = make_dossier(*self.people, at=self.now).pk
        bring_everything(self.dossier, at=self.now)
        self.status = self.dossier.current_status

    @property
    def dossier(self) -> Dossier:
        return Dossier.objects.get(pk=self.pk)

    def person(self, position: int) -> Partenaire:
        rows = Partenaire.objects.select_related("dossier", "user")
        return rows.get(dossier=self.pk, position=position)

    def act(self, do: Callable[[], object]) -> None:
        """Somebody tries; a refusal is an answer, anything else a fault."""
        with (
            time_machine.travel(self.now, tick=False),
            suppress(ValidationError),
            transaction.atomic(),
        ):
            do()

    # The couple

    @rule(position=positions, change=st.sampled_from(OWN_CHANGES))
    def answers(self, position: int, change: dict[str, Any]) -> None:
        one = self.person(position)
        form = _Answers(one, change)
        self.act(lambda: record_answers(form, dossier=one.dossier, at=self.now, by=one.user))

    @rule(change=st.sampled_from(COMMON_CHANGES))
    def answers_together(self, change: dict[str, Any]) -> None:
        form = _Answers(self.dossier, change)
        self.act(lambda: record_answers(form, dossier=self.dossier, at=self.now))

    @rule(position=positions)
    def attests(self, position: int) -> None:
        one = self.person(position)
        self.act(lambda: attest(one, at=self.now, by=one.user))

    @rule(comment=st.sampled_from(["", "", "Non."]))
    def confirms(self, comment: str) -> None:
        self.act(lambda: confirm_common(self.person(2), comment=comment, at=self.now, by=None))

    @rule(position=positions)
    def sends(self, position: int) -> None:
        one = self.person(position)
        self.act(lambda: submit_dossier(one, at=self.now, by=one.user))
        self.act(lambda: resubmit_dossier(one, at=self.now, by=one.user))
        self.act(lambda: send_corrections(one, at=self.now, by=one.user))

    @rule(rank=st.integers(0, 8), age=st.integers(0, 120), brings=st.booleans())
    def says_of_a_piece(self, rank: int, age: int, brings: bool) -> None:
        pieces = list(self.dossier.pieces.required().select_related("dossier"))
        piece = pieces[rank % len(pieces)]
        self.act(
            lambda: answer_piece(
                piece,
                declared=PieceStatus.TO_BRING if brings else PieceStatus.BLOCKED,
                issued_on=localdate(self.now) - timedelta(days=age),
                at=self.now,
            )
        )

    @rule(day=st.integers(1, 80), overriding=st.booleans())
    def books(self, day: int, overriding: bool) -> None:
        slot = (self.now + timedelta(days=day)).replace(hour=9, minute=0)
        one = self.person(1)
        self.act(lambda: appointments.hold_slot(one, slot, at=self.now, is_overriding=overriding))
        held = self.dossier.held_appointment
        if held is not None:
            self.act(lambda: appointments.confirm_slot(one, at=self.now, by=one.user))

    @rule()
    def stops(self) -> None:
        if self.now > START + timedelta(days=60):
            self.act(lambda: stop_dossier(self.person(1), at=self.now, by=None))

    # The desk

    @rule(rank=st.integers(0, 8), verb=st.sampled_from(["accept", "refuse", "bring", "date"]))
    def decides_a_piece(self, rank: int, verb: str) -> None:
        pieces = list(self.dossier.pieces.required().select_related("dossier"))
        piece = pieces[rank % len(pieces)]
        common: dict[str, Any] = {"by": self.agent, "at": self.now, "version": None}
        day = localdate(self.now) - timedelta(days=20 * rank)
        do = {
            "accept": lambda: desk.accept_piece(piece, **common),
            "refuse": lambda: desk.refuse_piece(piece, code="", text="Illisible.", **common),
            "bring": lambda: desk.bring_piece(piece, **common),
            "date": lambda: desk.date_piece(piece, day=day, **common),
        }[verb]
        self.act(do)

    @rule()
    def accepts_everything(self) -> None:
        for piece in self.dossier.pieces.required().select_related("dossier"):
            self.act(partial(desk.bring_piece, piece, by=self.agent, at=self.now, version=None))

    @rule()
    def declares_complete(self) -> None:
        self.act(
            lambda: desk.declare_complete(self.dossier, by=self.agent, at=self.now, version=None)
        )

    @rule()
    def looks(self) -> None:
        for outcome in self.dossier.outcomes(at=self.now):
            self.act(
                partial(
                    desk.decide_outcome,
                    self.dossier,
                    code=outcome.type.code,
                    holder=outcome.holder,
                    reason="Vu.",
                    by=self.agent,
                    at=self.now,
                    version=None,
                )
            )

    @rule()
    def reopens(self) -> None:
        self.act(
            lambda: desk.reopen(
                self.dossier, reason="Doute.", by=self.agent, at=self.now, version=None
            )
        )

    @rule(position=positions, change=st.sampled_from(OWN_CHANGES))
    def agent_corrects(self, position: int, change: dict[str, Any]) -> None:
        def do() -> None:
            locked = Dossier.objects.locked().get(pk=self.pk)
            if locked.is_ended:
                return
            with watching_facts(locked, by=self.agent, at=self.now):
                one = self.person(position)
                _Answers(one, change).apply()
                one.save(update_fields=list(change))
            sync_pieces(self.dossier)

        self.act(do)

    @rule()
    def takes_corrections(self) -> None:
        for one in self.dossier.corrections.filter(status="sent"):
            self.act(
                partial(
                    take_correction,
                    self.dossier,
                    one.pk,
                    changed_at=one.changed_at.isoformat(),
                    by=self.agent,
                    at=self.now,
                    version=None,
                )
            )

    @rule(day=st.integers(0, 60))
    def desk_books(self, day: int) -> None:
        slot = (self.now + timedelta(days=day)).replace(hour=10, minute=0)
        self.act(lambda: appointments.book_for(self.dossier, slot, by=self.agent, at=self.now))

    @rule()
    def offers(self) -> None:
        self.act(lambda: appointments.want_earlier(self.person(1), wanted=True, at=self.now))
        self.act(lambda: appointments.offer_earlier(at=self.now))

    @rule(dated=st.booleans())
    def registers(self, dated: bool) -> None:
        row = self.dossier
        if row.appointment is None:
            return
        after = max(self.now, row.appointment.starts_at + timedelta(minutes=20))
        self.now = after
        ceremony = Ceremony(
            self.officer,
            after,
            [1, 2],
            [piece.key for piece, _ in originals_of(row)],
            dates_read(row, localdate(after)) if dated else {},
            convention_visa=True,
            convention_returned=True,
        )
        self.act(lambda: register_pacs(row, ceremony, by=self.agent, at=after, version=None))

    @rule(slug=st.sampled_from(["clore", "retirer", "irrecevable"]))
    def ends_and_undoes(self, slug: str) -> None:
        self.act(
            lambda: undo_ending(
                end_dossier(
                    self.dossier, slug, reason="x", by=self.agent, at=self.now, version=None
                ),
                by=self.agent,
                at=self.now,
            )
        )

    @rule(
        books_on=st.integers(10, 60),
        until=st.sampled_from([Status.COMPLETE, Status.SCHEDULED, Status.SCHEDULED, None]),
    )
    def everybody_tries_to_conclude(self, books_on: int, until: Status | None) -> None:
        """All that leads on, in its order: the way most couples go, whatever came before.

        As far as `until`, so that others then act on a dossier found complete, or booked.
        """
        for position in (1, 2):
            self.attests(position)
        self.confirms("")
        self.sends(1)
        self.accepts_everything()
        self.declares_complete()
        self.nothing_passes_that_must_not()
        if until is Status.COMPLETE:
            return
        self.desk_books(books_on)
        self.nothing_passes_that_must_not()
        if until is None:
            self.registers(dated=True)

    @rule(days=st.sampled_from([0, 1, 1, 7, 30]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days, minutes=7)

    # What never happens

    @invariant()
    def nothing_passes_that_must_not(self) -> None:
        if not hasattr(self, "pk"):
            return
        row = self.dossier
        before, self.status = self.status, row.current_status
        REACHED.add(self.status)
        if self.status is before or self.status not in BECOMES:
            return
        if self.status is Status.COMPLETE and before is Status.SCHEDULED:
            return  # an appointment given back: it does not become complete, it is again
        if before in {Status.WITHDRAWN, Status.CLOSED, Status.INADMISSIBLE}:
            return  # an end undone
        with time_machine.travel(self.now, tick=False):
            day = row.registration_date(at=self.now)
            assert [o.type.code for o in row.outcomes(at=self.now) if o.stops] == []
            assert [has_attested(one, row) for one in row.people] == [True, True]
            wordings = PieceWording.objects.by_rule()
            too_old = [
                piece.key
                for piece in row.pieces.required()
                if piece.status_on(day, wordings[piece.rule_id].max_age) is PieceStatus.EXPIRED
            ]
            assert too_old == []


Town.TestCase.settings = settings(
    max_examples=RUNS,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.django_db
class TestTown:
    """The machine, each run in a transaction of its own that is rolled back."""

    def test_whatever_the_order(self) -> None:
        class Undone(Town):
            def __init__(self) -> None:
                super().__init__()
                self.block = transaction.atomic()
                self.block.__enter__()

            def teardown(self) -> None:
                transaction.set_rollback(True)
                self.block.__exit__(None, None, None)

        Undone.TestCase.settings = Town.TestCase.settings
        run_state_machine_as_test(Undone, settings=Town.TestCase.settings)
        assert REACHED >= BECOMES
