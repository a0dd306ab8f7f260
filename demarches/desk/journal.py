"""The journal seen from outside: what the database refuses, who may do what, is it whole?"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from demarches.models.journal import (
    JournalRow,
    Purge,
    Seal,
    Verification,
    journal_models,
    keys,
    reading_models,
    seal,
)

#: Readings that belong to no dossier; the others leave with it (recommendation of the CNIL on
#: logging, 14 October 2021: six months to a year).
READINGS_KEPT = timedelta(days=365)
#: A row this young may still wait for its seal.
SEALING_TIME = timedelta(minutes=1)
CHUNK = 500
REFUSED = "the journal is never rewritten"


# What the database refuses


def _may_go(model: type[JournalRow]) -> str:
    """The condition, in SQL, under which a row may be deleted; every database reads it."""
    if model.IS_KEPT:
        return "1 = 0"
    purge = Purge._meta.db_table
    tests = []
    aged = f"subject = '{model._meta.label_lower}' AND before > OLD.at"
    if model.SUBJECT:
        column = model._meta.get_field(model.SUBJECT).column  # type: ignore[union-attr]
        tests.append(f"subject = '{model.subject_label()}' AND subject_id = OLD.{column}")
        aged += f" AND OLD.{column} IS NULL"
    tests.append(aged)
    found = " OR ".join(f"({test})" for test in tests)
    return f"EXISTS (SELECT 1 FROM {purge} WHERE {found})"  # noqa: S608 -- our own names


def _tables() -> Iterator[tuple[str, str]]:
    """Each append-only table, and when a row of it may be deleted."""
    for model in journal_models():
        yield model._meta.db_table, _may_go(model)
    yield Seal._meta.db_table, "1 = 0"


def drop_triggers_sql(vendor: str, tables: Collection[str] | None = None) -> list[str]:
    """What lets go of these tables, of all when none are named."""
    lines = []
    for table, _ in _tables():
        if tables is not None and table not in tables:
            continue
        for act in ("update", "delete"):
            on = f" ON {table}" if vendor == "postgresql" else ""
            lines.append(f"DROP TRIGGER IF EXISTS {table}_no_{act}{on}")
    return lines


def triggers_sql(vendor: str) -> list[str]:
    """What makes the database itself refuse: no update at all, no delete without a purge."""
    lines = []
    for table, may_go in _tables():
        if vendor == "sqlite":
            stop = f"SELECT RAISE(ABORT, '{table}: {REFUSED}')"
            lines += [
                f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {stop}; END",
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}"
                f" WHEN NOT ({may_go}) BEGIN {stop}; END",
            ]
            continue
        stop = (
            f"RAISE EXCEPTION '{table}: {REFUSED}' USING ERRCODE = 'integrity_constraint_violation'"
        )
        lines += [
            f"CREATE OR REPLACE FUNCTION {table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN IF TG_OP = 'DELETE' AND {may_go} THEN RETURN OLD; END IF;"
            f" {stop}; END $$",
            *(
                f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {table}_keep()"
                for act in ("update", "delete")
            ),
        ]
    return lines


def write_triggers(**kwargs: Any) -> None:
    """Put the triggers in place; after each migration, since SQLite rebuilds tables without."""
    there = set(connection.introspection.table_names())
    if not {table for table, _ in _tables()} <= there:
        return  # some application is not migrated yet
    with transaction.atomic(), connection.cursor() as cursor:
        for line in (*drop_triggers_sql(connection.vendor), *triggers_sql(connection.vendor)):
            cursor.execute(line)


def let_go_of_triggers(**kwargs: Any) -> None:
    """Take them away before a migration: an older schema may not hold what they read."""
    there = set(connection.introspection.table_names())
    tables = {table for table, _ in _tables()} & there
    with transaction.atomic(), connection.cursor() as cursor:
        for line in drop_triggers_sql(connection.vendor, tables):
            cursor.execute(line)


def missing_triggers() -> list[str]:
    """Triggers that should be in the database and are not."""
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {name for (name,) in cursor.fetchall()}
    wanted = [f"{table}_no_{act}" for table, _ in _tables() for act in ("update", "delete")]
    return [name for name in wanted if name not in there]


def roles_sql(serving: str) -> list[str]:
    """What the role that serves may do, in SQL for PostgreSQL; the owner's role runs it.

    It reads and writes rows, changes no schema, adds to journals without rewriting them, and
    deletes of them what a trigger lets go of.
    """
    role = connection.ops.quote_name(serving)
    lines = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    ]
    for table, may_go in _tables():
        lost = "UPDATE, DELETE" if may_go == "1 = 0" else "UPDATE"
        lines.append(f"REVOKE {lost} ON {table} FROM {role}")
    return lines


# Is it whole?


@dataclass(slots=True)
class Report:
    """What walking the whole chain found."""

    seals: int = 0
    head: str = ""
    problems: list[str] = field(default_factory=list)
    #: Rows that no seal names, by journal.
    loose: dict[str, list[int]] = field(default_factory=dict)


def check_journal(*, at: datetime, expected: str = "") -> Report:
    """Walk the chain from its beginning, and compare each row with its seal.

    Finds a row changed, missing without a purge, or added by hand; a seal changed, missing or out
    of its place; a trigger that is gone. `expected` is « sequence:digest », noted elsewhere some
    other day: without it, nobody can tell that the end of the chain was cut off.
    """
    report, named = Report(), defaultdict[str, set[int]](set)
    report.problems += [f"le déclencheur {name} manque" for name in missing_triggers()]
    known, purges = keys(), _Purges()
    noted = dict([expected.split(":", 1)]) if expected else {}
    seals = Seal.objects.order_by("sequence").iterator(CHUNK)
    for links in batched(seals, CHUNK):
        for link in links:
            _follow(report, link, known)
            if noted.pop(str(link.sequence), link.digest) != link.digest:
                report.problems.append(f"sceau {link.sequence} n’est pas celui qui avait été noté")
        for label in sorted({link.journal for link in links}):
            own = [link for link in links if link.journal == label]
            report.problems += _compare(label, own, known, purges, named[label])
    report.problems += [f"sceau {number} a été coupé" for number in noted]
    for model in journal_models():
        label = model._meta.label_lower
        young = at - SEALING_TIME
        stored = model._base_manager.values_list("pk", "at").order_by("pk").iterator(CHUNK)
        loose = [pk for pk, when in stored if pk not in named[label] and when < young]
        if loose:
            report.loose[label] = loose
        report.problems += [
            f"{label} {pk} n’est pas scellée : ajoutée à la main, ou coupée" for pk in loose
        ]
    return report


def _follow(report: Report, link: Seal, known: dict[str, bytes]) -> None:
    """Go one link further, and tell whether it holds to the one before."""
    missing = range(report.seals + 1, link.sequence)
    report.problems += [f"sceau {number} manque" for number in missing]
    key = known.get(link.key)
    if key is None:
        report.problems.append(f"sceau {link.sequence} a été fait avec une clé qui n’est pas ici")
    elif not missing and link.link(report.head, key) != link.digest:
        report.problems.append(f"sceau {link.sequence} a été changé ou n’est pas à sa place")
    report.seals, report.head = link.sequence, link.digest


class _Purges:
    """What may be missing."""

    def __init__(self) -> None:
        rows = list(Purge.objects.values_list("subject", "subject_id", "before"))
        self.subjects = {(subject, pk) for subject, pk, _ in rows if pk is not None}
        self.before: dict[str, float] = {}
        for subject, _, before in rows:
            if before is not None:
                moment = before.timestamp()
                self.before[subject] = max(moment, self.before.get(subject, moment))

    def explain(self, model: type[JournalRow], subject: int | None, moment: int) -> bool:
        """Whether a row of this subject and moment may be gone."""
        if model.IS_KEPT:
            return False
        if subject is not None:
            return (model.subject_label(), subject) in self.subjects
        return moment < self.before.get(model._meta.label_lower, 0)


def _compare(
    label: str, links: list[Seal], known: dict[str, bytes], purges: _Purges, named: set[int]
) -> Iterator[str]:
    """Each row that is not as its seal says."""
    try:
        model: Any = apps.get_model(label)
    except LookupError:
        yield f"des sceaux nomment un journal qui n’existe pas : {label}"
        return
    wanted = {entry[0] for link in links for entry in link.rows}
    stored = {row.pk: row for row in model._base_manager.filter(pk__in=wanted)}
    for link in links:
        for pk, subject, moment, digest in link.rows:
            row, key = stored.get(pk), known.get(link.key)
            if pk in named:
                yield f"{label} {pk} est scellée deux fois (sceau {link.sequence})"
            named.add(pk)
            if row is None:
                if not purges.explain(model, subject, moment):
                    yield f"{label} {pk} manque (sceau {link.sequence})"
            elif key is not None and row.digest(key) != digest:
                yield f"{label} {pk} a été changée (sceau {link.sequence})"


def verify_journal(*, by: Any, at: datetime, expected: str = "") -> Report:
    """Check, and note in the chain itself that it was checked, by whom, and what was found."""
    report = check_journal(at=at, expected=expected)
    Verification.objects.create(
        by=by, at=at, seals=report.seals, head=report.head, problems=report.problems[:50]
    )
    return report


def seal_loose(report: Report) -> int:
    """Seal what no seal names, once a person has looked at it; returns how many rows."""
    count = 0
    for label, pks in report.loose.items():
        model: Any = apps.get_model(label)
        for chunk in batched(pks, CHUNK):
            seal(label, [row.entry() for row in model._base_manager.filter(pk__in=chunk)])
            count += len(chunk)
    return count


def purge_readings(*, at: datetime, dry_run: bool = False) -> int:
    """Delete the looks of more than a year ago that leave with no dossier; returns how many."""
    before, count = at - READINGS_KEPT, 0
    for model in reading_models():
        old = model._base_manager.filter(at__lt=before)
        if model.SUBJECT:
            old = old.filter(**{f"{model.SUBJECT}__isnull": True})
        found = old.count()
        count += found
        if found and not dry_run:
            with transaction.atomic():
                Purge.objects.create(subject=model._meta.label_lower, before=before, at=at)
                old._raw_delete(old.db)
    return count
