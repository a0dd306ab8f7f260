"""Has anything that public pages say changed? One small read answers, on every machine.

Each table of content has triggers that write a new random mark: nothing goes around them, be it
`save()`, `update()`, `bulk_create`, SQL by hand, another machine, or the undoing of a change. An
import of the guide takes long and keeps its mark locked meanwhile: it has one of its own, so that
nobody who corrects the hours waits for it.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from django.db import connection, models, transaction

from demarches.models import Mairie, Revision
from demarches.web.request_memory import GUIDE, TOWN

ACTS = ("insert", "update", "delete")

_content: dict[type[models.Model], str] = {}
#: What the hours of a mairie are worked out from, and kept under its own revision.
_hours: set[type[models.Model]] = set()


def register_content(part: str, *registered: type[models.Model]) -> None:
    """These rows are shown on public pages; each application names its own in `ready`."""
    _content.update(dict.fromkeys(registered, part))


def register_hours(*registered: type[models.Model]) -> None:
    """The same, for what decides when the mairie is open: `Mairie.revision` follows too."""
    register_content(TOWN, *registered)
    _hours.update(registered)


def content_models() -> frozenset[type[models.Model]]:
    """Every model whose rows public pages may show."""
    return frozenset(_content)


def _tables() -> Iterator[tuple[str, str]]:
    """Each table of content with its part; lists of links between rows too."""
    for model, part in _content.items():
        yield model._meta.db_table, part
        for field in model._meta.local_many_to_many:
            yield field.m2m_db_table(), part


def _drop_sql(vendor: str, table: str) -> list[str]:
    on = f" ON {table}" if vendor == "postgresql" else ""
    acts = (*ACTS, "truncate") if vendor == "postgresql" else ACTS
    names = [f"{table}_marks_{act}" for act in acts]
    names += [f"{table}_hours_{act}" for act in ACTS]
    return [f"DROP TRIGGER IF EXISTS {name}{on}" for name in names]


def _mark_sql(part: str, new_mark: str) -> str:
    # Not « insert or replace »: SQLite would handle its conflict as the statement outside says.
    marks = Revision._meta.db_table
    return f"UPDATE {marks} SET value = {new_mark} WHERE part = '{part}'"  # noqa: S608 -- our names


def _triggers_sql(vendor: str, table: str, part: str) -> list[str]:
    if vendor == "sqlite":
        mark = _mark_sql(part, "lower(hex(randomblob(16)))")
        return [
            f"CREATE TRIGGER {table}_marks_{act} AFTER {act.upper()} ON {table} BEGIN {mark}; END"
            for act in ACTS
        ]
    function = f"{Revision._meta.db_table}_{part}"
    return [
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {_mark_sql(part, 'gen_random_uuid()')}; RETURN NULL; END $$",
        *(
            f"CREATE TRIGGER {table}_marks_{act} AFTER {act.upper()} ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            for act in (*ACTS, "truncate")
        ),
    ]


def _hours_sql(vendor: str) -> list[str]:
    """The revision of the mairie, new after each change of it or of its hours.

    On PostgreSQL these triggers come first, by their names: whoever writes locks the mairie, then
    the mark, in this order everywhere.
    """
    mairie = Mairie._meta.db_table
    again = f"UPDATE {mairie} SET revision = revision"  # noqa: S608 -- our names
    tables = [model._meta.db_table for model in _hours if model is not Mairie]
    if vendor == "sqlite":
        renewed = f"UPDATE {mairie} SET revision = lower(hex(randomblob(16))) WHERE id = NEW.id"  # noqa: S608 -- our names
        return [
            f"CREATE TRIGGER {mairie}_hours_update AFTER UPDATE ON {mairie} BEGIN {renewed}; END",
            *(
                f"CREATE TRIGGER {table}_hours_{act} AFTER {act.upper()} ON {table}"
                f" BEGIN {again}; END"
                for table in tables
                for act in ACTS
            ),
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {mairie}_renew() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN NEW.revision = gen_random_uuid(); RETURN NEW; END $$",
        f"CREATE TRIGGER {mairie}_hours_update BEFORE UPDATE ON {mairie}"
        f" FOR EACH ROW EXECUTE FUNCTION {mairie}_renew()",
        f"CREATE OR REPLACE FUNCTION {mairie}_hours() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {again}; RETURN NULL; END $$",
        *(
            f"CREATE TRIGGER {table}_hours_{act} AFTER {act.upper()} ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {mairie}_hours()"
            for table in tables
            for act in ACTS
        ),
    ]


def write_triggers(**kwargs: Any) -> None:
    """Put the triggers in place, and mark all as changed: a migration may have written anything.

    After each migration, since SQLite rebuilds tables without their triggers.
    """
    there, vendor = set(connection.introspection.table_names()), connection.vendor
    if not {Revision._meta.db_table, *(table for table, _ in _tables())} <= there:
        return  # some application is not migrated yet
    with transaction.atomic(), connection.cursor() as cursor:
        for table, part in _tables():
            for line in (*_drop_sql(vendor, table), *_triggers_sql(vendor, table, part)):
                cursor.execute(line)
        for line in _hours_sql(vendor):
            cursor.execute(line)
        for part in (TOWN, GUIDE):
            Revision.objects.update_or_create(part=part, defaults={"value": str(uuid4())})


def let_go_of_triggers(**kwargs: Any) -> None:
    """Take them away before a migration: an older schema may not hold what they write."""
    there = set(connection.introspection.table_names())
    with transaction.atomic(), connection.cursor() as cursor:
        for table, _ in _tables():
            if table in there:
                for line in _drop_sql(connection.vendor, table):
                    cursor.execute(line)
