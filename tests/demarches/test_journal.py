"""The journal is never rewritten, and tells when somebody did it all the same."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from demarches.desk.journal import (
    SEALING_TIME,
    check_journal,
    drop_triggers_sql,
    missing_triggers,
    purge_readings,
    seal_loose,
    verify_journal,
    write_triggers,
)
from demarches.models import DeskReading, Purge, Seal, User, Verification, note_look
from demarches.models.journal import JournalIsFinal, JournalRow, journal_models, keys
from pacs.actions.readings import note_readings
from pacs.models import Dossier, DossierEvent, Reading, Rectification, Registration
from tests.support.dossiers import make_dossier
from tests.support.followups import make_demande
from tests.support.present import the
from vitale.models import Demande, DemandeEvent, DemandeReading

#: Tests that need a true commit.
committing = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def sealed_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests never commit: what waits for it is done at once."""
    if not request.node.get_closest_marker("django_db"):
        monkeypatch.setattr(transaction, "on_commit", lambda act, **_: act())


def later() -> datetime:
    """When every row must have its seal."""
    return timezone.now() + 2 * SEALING_TIME


def problems(expected: str = "") -> list[str]:
    return check_journal(at=later(), expected=expected).problems


def run(statement: str, *values: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def tampering(reference_data: None) -> Iterator[Callable[..., None]]:
    """Somebody owns the database, and takes the triggers away before they write."""

    def tamper(*statements: str) -> None:
        for line in (*drop_triggers_sql(connection.vendor), *statements):
            run(line)

    yield tamper
    write_triggers()


@pytest.fixture
def busy(reference_data: None, alice: User, bob: User, agent: User) -> Dossier:
    """A dossier with a journal, looked at three times; a request for help, and a mail read."""
    dossier = make_dossier(alice, bob)
    for what in ("liste", "dossier", "réponses"):
        note_readings(agent, what, at=timezone.now(), dossiers=[dossier])
    demande = make_demande(at=timezone.now())
    DemandeReading.objects.create(demande=demande, agent=agent, what="demande", at=timezone.now())
    note_look(agent, "mail", at=timezone.now(), detail="mail 1")
    assert problems() == []
    return dossier


# What is refused


def table(model: type[JournalRow]) -> str:
    return model._meta.db_table


@pytest.mark.parametrize("act", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_the_database_refuses_to_rewrite_any_journal(busy: Dossier, agent: User, act: str) -> None:
    """Also the seals. Each table has a row, or nothing would be refused."""
    line = Registration.objects.create(
        origin="papier", number="1", registered_on=date(2009, 5, 4), place="Uzès", agent=agent
    )
    Rectification.objects.create(
        registration=line,
        field="place",
        old_value="Uzes",
        new_value="Uzès",
        reason="Sans accent.",
        by=agent,
        at=timezone.now(),
    )
    Purge.objects.create(subject="pacs.dossier", subject_id=0, at=timezone.now())
    verify_journal(by=None, at=timezone.now())
    names = [table(model) for model in journal_models()] + [Seal._meta.db_table]
    counts = {model: model._base_manager.count() for model in journal_models()}

    for name in names:
        with pytest.raises(IntegrityError, match="never rewritten"):
            run(act.format(name))

    assert all(counts.values())
    assert {model: model._base_manager.count() for model in journal_models()} == counts
    assert len(names) == 9


def test_every_trigger_is_there_after_a_migration(db: None) -> None:
    assert missing_triggers() == []


def test_our_own_code_cannot_rewrite_a_journal_either(busy: Dossier) -> None:
    row = the(Reading.objects.first())

    for rewrite in (
        row.save,
        Reading.objects.all().delete,
        lambda: Reading.objects.update(what="rien"),
        lambda: busy.events.update(kind="opened"),
    ):
        with pytest.raises(JournalIsFinal):
            rewrite()


# What goes, by the one way out


def test_a_dossier_goes_with_its_journal_and_the_chain_stays_whole(
    busy: Dossier, agent: User
) -> None:
    seals = Seal.objects.count()
    pk = busy.pk

    busy.delete()
    Demande.objects.get().delete()

    left = (DossierEvent, Reading, DemandeEvent, DemandeReading)
    assert [model.objects.count() for model in left] == [0, 0, 0, 0]
    assert list(Purge.objects.values_list("subject", flat=True)) == [
        "pacs.dossier",
        "vitale.demande",
    ]
    assert the(Purge.objects.first()).subject_id == pk
    assert Seal.objects.count() == seals + 2  # that they went is sealed as well
    assert problems() == []


def test_dossiers_deleted_in_bulk_do_not_take_their_journal_away(busy: Dossier) -> None:
    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        Dossier.objects.filter(pk=busy.pk).delete()

    assert Dossier.objects.count() == 1


def test_looks_that_belong_to_no_dossier_go_after_a_year(agent: User) -> None:
    now = timezone.now()
    note_look(agent, "mail", at=now - timedelta(days=366))
    note_look(agent, "mail", at=now - timedelta(days=364))

    assert (purge_readings(at=now, dry_run=True), DeskReading.objects.count()) == (1, 2)
    call_command("purge_readings")

    assert DeskReading.objects.count() == 1
    assert problems() == []
    with pytest.raises(IntegrityError):
        run(f"DELETE FROM {table(DeskReading)}")


# What is found


def first(model: type[JournalRow]) -> int:
    pk: int = the(model._base_manager.order_by("pk").first()).pk
    return pk


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Reading, "what = 'rien'"),
        (Reading, "agent_id = NULL"),
        (DossierEvent, "kind = 'attested'"),
        (DossierEvent, "reason = 'x'"),
        (DemandeEvent, "kind = 'x'"),
        (DemandeReading, "at = '2020-01-01 00:00:00+00:00'"),
        (DeskReading, "detail = 'mail 2'"),
    ],
)
def test_a_changed_row_is_found(
    busy: Dossier, tampering: Callable[..., None], model: type[JournalRow], change: str
) -> None:
    pk = first(model)

    tampering(f"UPDATE {table(model)} SET {change} WHERE id = {pk}")

    label = model._meta.label_lower
    changed = [line for line in problems() if "déclencheur" not in line]
    assert len(changed) == 1
    assert changed[0].startswith(f"{label} {pk} a été changée (sceau ")


@pytest.mark.parametrize("model", [Reading, DossierEvent, DemandeEvent, DemandeReading])
def test_a_missing_row_is_found(
    busy: Dossier, tampering: Callable[..., None], model: type[JournalRow]
) -> None:
    pk = first(model)

    tampering(f"DELETE FROM {table(model)} WHERE id = {pk}")

    found = [line for line in problems() if "déclencheur" not in line]
    assert len(found) == 1
    assert found[0].startswith(f"{model._meta.label_lower} {pk} manque (sceau ")


def test_an_inserted_row_is_found(busy: Dossier, agent: User) -> None:
    """No trigger refuses it: adding is what a journal is for."""
    run(
        f"INSERT INTO {table(Reading)} (at, agent_id, what, dossier_id)"
        f" VALUES ('2026-01-01 00:00:00+00:00', {agent.pk}, 'dossier', {busy.pk})"
    )

    pk = the(Reading.objects.order_by("pk").last()).pk
    assert problems() == [f"pacs.reading {pk} n’est pas scellée : ajoutée à la main, ou coupée"]


def test_two_rows_exchanged_are_found(busy: Dossier, tampering: Callable[..., None]) -> None:
    one, two = Reading.objects.order_by("pk").values_list("pk", flat=True)[:2]

    tampering(
        f"UPDATE {table(Reading)} SET id = -1 WHERE id = {one}",
        f"UPDATE {table(Reading)} SET id = {one} WHERE id = {two}",
        f"UPDATE {table(Reading)} SET id = {two} WHERE id = -1",
    )

    found = [line for line in problems() if "a été changée" in line]
    assert [line.split(" a été")[0] for line in found] == [
        f"pacs.reading {one}",
        f"pacs.reading {two}",
    ]


def test_a_row_and_its_seal_taken_away_are_found(
    busy: Dossier, tampering: Callable[..., None]
) -> None:
    link = the(Seal.objects.filter(journal="pacs.reading").first())
    pk = link.rows[0][0]

    tampering(
        f"DELETE FROM {table(Reading)} WHERE id = {pk}",
        f"DELETE FROM {Seal._meta.db_table} WHERE sequence = {link.sequence}",
    )

    assert f"sceau {link.sequence} manque" in problems()


def test_a_seal_rewritten_or_moved_is_found(busy: Dossier, tampering: Callable[..., None]) -> None:
    seals = Seal._meta.db_table
    tampering(
        f"UPDATE {seals} SET sequence = -2 WHERE sequence = 2",
        f"UPDATE {seals} SET sequence = 2 WHERE sequence = 3",
        f"UPDATE {seals} SET sequence = 3 WHERE sequence = -2",
    )

    found = problems()

    assert "sceau 2 a été changé ou n’est pas à sa place" in found
    assert "sceau 3 a été changé ou n’est pas à sa place" in found


def test_the_end_of_the_chain_cut_off_is_found_by_what_was_noted(
    busy: Dossier, tampering: Callable[..., None]
) -> None:
    report = check_journal(at=later())
    noted = f"{report.seals}:{report.head}"
    assert problems(noted) == []
    last = the(Seal.objects.last())

    tampering(
        f"DELETE FROM {table(DeskReading)}",
        f"DELETE FROM {Seal._meta.db_table} WHERE sequence = {last.sequence}",
    )
    write_triggers()

    assert problems() == []  # nothing in the database can tell
    assert problems(noted) == [f"sceau {last.sequence} a été coupé"]


def test_a_trigger_taken_away_is_found(tampering: Callable[..., None]) -> None:
    tampering()

    assert f"le déclencheur {table(Reading)}_no_update manque" in problems()
    assert len(missing_triggers()) == 18


def test_a_forged_purge_is_found(busy: Dossier) -> None:
    """Whoever writes a purge by hand to delete a journal leaves a purge that nobody sealed."""
    run(
        f"INSERT INTO {table(Purge)} (at, subject, subject_id)"
        f" VALUES ('2026-01-01 00:00:00+00:00', 'pacs.dossier', {busy.pk})"
    )
    run(f"DELETE FROM {table(Reading)} WHERE dossier_id = {busy.pk}")

    assert problems() == [
        f"demarches.purge {Purge.objects.get().pk} n’est pas scellée : ajoutée à la main, ou coupée"
    ]


# The command


def test_the_command_says_what_is_wrong_and_exits_with_an_error(
    busy: Dossier, tampering: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_journal")
    whole = capsys.readouterr().out
    pk = first(Reading)
    tampering(f"UPDATE {table(Reading)} SET what = 'rien' WHERE id = {pk}")
    write_triggers()

    with pytest.raises(CommandError, match="pas entier"):
        call_command("verify_journal")

    out = capsys.readouterr().out
    assert "Problèmes : 0" in whole
    assert f"pacs.reading {pk} a été changée" in out
    assert [len(one.problems) for one in Verification.objects.order_by("pk")] == [0, 1]
    with pytest.raises(CommandError, match="--expect"):
        call_command("verify_journal", expect="x")


def test_rows_from_before_the_chain_are_sealed_once(busy: Dossier, agent: User) -> None:
    run(
        f"INSERT INTO {table(Reading)} (at, agent_id, what, dossier_id)"
        f" VALUES ('2026-01-01 00:00:00+00:00', {agent.pk}, 'dossier', {busy.pk})"
    )

    report = check_journal(at=later())

    assert (len(report.problems), seal_loose(report)) == (1, 1)
    assert problems() == []


# Keys


def test_a_key_that_was_replaced_still_verifies(busy: Dossier, settings: Any) -> None:
    old = settings.JOURNAL_KEYS[0]
    settings.JOURNAL_KEYS = ["new", old]
    note_look(None, "mail", at=timezone.now())

    assert problems() == []
    assert len(set(Seal.objects.values_list("key", flat=True))) == 2
    settings.JOURNAL_KEYS = ["new"]
    assert len(keys()) == 1
    assert "sceau 1 a été fait avec une clé qui n’est pas ici" in problems()


def test_a_seal_names_nobody(busy: Dossier) -> None:
    kept = str(list(Seal.objects.values()))

    assert not any(word in kept for word in ("Nour", "Lemoine", "alice", busy.reference))


# Many at once


@committing
def test_many_at_once_make_one_chain(reference_data: None, agent: User, busy: Dossier) -> None:
    """Twelve agents' looks at the same moment: one after the other in the chain, none lost."""
    count, before = 12, Reading.objects.count()
    barrier = Barrier(count)

    def look(_: int) -> None:
        barrier.wait()
        try:
            note_readings(agent, "dossier", at=timezone.now(), dossiers=[busy])
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(look, range(count)))

    assert Reading.objects.count() == before + count
    assert list(Seal.objects.values_list("sequence", flat=True)) == list(
        range(1, Seal.objects.count() + 1)
    )
    assert problems() == []


@committing
def test_a_look_costs_two_queries_more(busy: Dossier, django_assert_num_queries: Any) -> None:
    """The row, then the last seal and the next one; both with the BEGIN of their transaction."""
    with django_assert_num_queries(5):
        note_readings(None, "liste", at=timezone.now(), dossiers=[busy])


@committing
def test_what_is_rolled_back_is_not_sealed(busy: Dossier) -> None:
    seals = Seal.objects.count()

    with transaction.atomic():
        note_readings(None, "dossier", at=timezone.now(), dossiers=[busy])
        transaction.set_rollback(True)

    assert Seal.objects.count() == seals
    assert problems() == []
