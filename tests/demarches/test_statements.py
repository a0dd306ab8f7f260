"""A statement written once gives what its query set gives, as the database is now."""

from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import CharField, DateTimeField, Model
from django.test.utils import CaptureQueriesContext

from demarches.accounts.adapter import _CITIZENS
from demarches.models import Agenda, Appointment, User
from demarches.models.agenda import _TAKEN, _TAKEN_FOR_THOSE_WHO_WAIT
from demarches.web.statements import Statement, set_rows
from pacs.models import Dossier, Helper, Message, OutcomeDecision, PieceFile
from pacs.models.dossier import _PEOPLE as _COUPLE
from pacs.models.gate import _FILES, _PIECES
from pacs.reads.access import _PEOPLE
from tests.support.dossiers import make_dossier
from uzes_portal.sessions import _LIVE

pytestmark = pytest.mark.usefixtures("reference_data")


def _as_values(rows: list[Any]) -> list[dict[str, Any]]:
    """Every column, annotation and joined row of each, without the marks of Django."""

    def plain(row: Model) -> dict[str, Any]:
        own = {name: value for name, value in vars(row).items() if not name.startswith("_")}
        joined = {
            name: plain(one) if isinstance(one, Model) else one
            for name, one in row._state.fields_cache.items()
        }
        return own | joined

    return [plain(row) for row in rows]


@pytest.mark.parametrize(
    "name",
    [
        *("people", "couple", "pieces", "files", "citizens", "sessions"),
        *("seats", "seats, for those who wait"),
    ],
)
def test_a_statement_gives_what_its_query_set_gives(sent: Dossier, alice: User, name: str) -> None:
    PieceFile.objects.create(
        piece=sent.pieces.required()[0],
        storage_name="none",
        display_name="acte.pdf",
        content_type="application/pdf",
        size=1,
        sha256="0" * 64,
        uploaded_at=datetime(2026, 11, 28, tzinfo=UTC),
    )
    at = datetime(2026, 11, 28, 12, tzinfo=UTC)
    session = Session.objects.create(
        session_key="b" * 32, session_data="", expire_date=at + timedelta(days=1)
    )
    booked = Appointment.objects.create(
        agenda=Agenda.objects.get(slug="pacs"),
        starts_at=at,
        ends_at=at + timedelta(minutes=30),
        seat=1,
        capacity=1,
        status="booked",
        created_at=at,
    )
    span = {"agenda": booked.agenda_id, "first": at, "last": booked.ends_at, "at": at}
    table: dict[str, tuple[Statement[Any], dict[str, Any]]] = {
        "people": (_PEOPLE, {"reference": sent.reference}),
        "couple": (_COUPLE, {"dossier": sent.pk}),
        "pieces": (_PIECES, {"dossier": sent.pk}),
        "files": (_FILES, {"dossier": sent.pk}),
        "citizens": (_CITIZENS, {"pk": alice.pk}),
        "sessions": (_LIVE, {"key": session.session_key, "at": at}),
        "seats": (_TAKEN, span),
        "seats, for those who wait": (_TAKEN_FOR_THOSE_WHO_WAIT, span),
    }
    statement, value = table[name]
    for _ in range(2):  # the one that writes it, and one that finds it written
        rows = statement(**value)
        assert _as_values(rows) == _as_values(list(statement.build(**value)))
        assert rows
        assert not any(row._state.adding for row in rows)


def test_it_asks_anew_with_the_values_of_each_call(sent: Dossier, alice: User, bob: User) -> None:
    other = make_dossier(alice, bob)
    first, second = (_PEOPLE(reference=one.reference) for one in (sent, other))
    assert {row.dossier_id for row in first} == {sent.pk}
    assert {row.dossier_id for row in second} == {other.pk}

    Dossier.objects.filter(pk=sent.pk).update(city="Nîmes")
    with CaptureQueriesContext(connection) as seen:
        assert {row.dossier.city for row in _PEOPLE(reference=sent.reference)} == {"Nîmes"}
    assert len(seen) == 1
    assert _PEOPLE(reference="PACS-2026-999999-X") == []


def test_a_moment_is_given_as_its_column_keeps_it() -> None:
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=now)
    live = Statement(
        lambda key, at: Session.objects.filter(session_key=key, expire_date__gt=at),
        key=CharField(),
        at=DateTimeField(),
    )

    assert [one.pk for one in live(key="a" * 32, at=now - timedelta(seconds=1))] == ["a" * 32]
    assert live(key="a" * 32, at=now) == []


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_on_its_own_connection(alice: User) -> None:
    _CITIZENS(pk=alice.pk)
    found: list[str] = []

    def ask() -> None:
        found.extend(one.email for one in _CITIZENS(pk=alice.pk))
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [alice.email]


def test_rows_that_were_set_are_those_of_the_relation(sent: Dossier) -> None:
    piece = sent.pieces.required()[0]
    file = PieceFile(piece=piece, display_name="acte.pdf")
    set_rows(piece, "files", [file])

    assert list(piece.files.all()) == [file]
    # Another question is put to the database, of this row alone.
    assert not piece.files.filter(display_name="acte.pdf").exists()


@pytest.mark.parametrize("what", ["decision", "message", "helper"])
def test_what_most_dossiers_have_none_of_is_read_where_there_is_some(
    sent: Dossier, alice: User, what: str
) -> None:
    at = datetime(2026, 11, 28, 12, tzinfo=UTC)
    before = _PEOPLE(reference=sent.reference)[0]
    assert not getattr(before, f"any_{what}")

    if what == "decision":
        OutcomeDecision.objects.create(
            dossier=sent, code="x", holder=0, digest="", reason="vu", by=alice, at=at
        )
    elif what == "helper":
        Helper.objects.create(partenaire=sent.people[0], name="Camille", invited_at=at, ended_at=at)
    else:
        Message.objects.create(dossier=sent, body="Bonjour", at=at, partenaire=sent.people[0])

    assert getattr(_PEOPLE(reference=sent.reference)[0], f"any_{what}")
