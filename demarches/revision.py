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

from demarches.models import Revision

#: The content of the pages of this mairie, and the guide that comes from outside.
TOWN, GUIDE = "town", "guide"
ACTS = ("insert", "update", "delete")

_content: dict[type[models.Model], str] = {}


def register_content(part: str, *registered: type[models.Model]) -> None:
    """These rows are shown on public pages; each application names its own in `ready`."""
    _content.update(dict.fromkeys(registered, part))


def content_models() -> frozenset[type[models.Model]]:
    """Every model whose rows public pages may show."""
    return frozenset(_content)


def current_revision() -> str:
    """What stands for the content as it is now; empty while a part has no mark to change."""
    marks = dict(Revision.objects.order_by("part").values_list("part", "value"))
    return " ".join(marks.values()) if {TOWN, GUIDE} <= marks.keys() else ""


def _tables() -> Iterator[tuple[str, str]]:
    """Each table of content with its part; lists of links between rows too."""
    for model, part in _content.items():
        yield model._meta.db_table, part
        for field in model._meta.local_many_to_many:
            yield field.m2m_db_table(), part


def _drop_sql(vendor: str, table: str) -> list[str]:
    on = f" ON {table}" if vendor == "postgresql" else ""
    acts = (*ACTS, "truncate") if vendor == "postgresql" else ACTS
    return [f"DROP TRIGGER IF EXISTS {table}_marks_{act}{on}" for act in acts]


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
