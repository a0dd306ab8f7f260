"""Rows that go in unless a unique constraint keeps them out, in one statement.

Django's `bulk_create(ignore_conflicts=True)` says neither which rows went in nor, on SQLite,
whether a check refused one; a savepoint and an error a seat cost ten times as much.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, connections
from django.db.models import Field, Model


def insert_unless_taken[M: Model](rows: Sequence[M]) -> int:
    """Insert rows of one model; returns how many went in.

    The others broke a unique constraint, and nothing is raised. A row alone that goes in gets
    its key. Raises `IntegrityError` for any other constraint. Sends no signal.
    """
    model = type(rows[0])
    here = connections[connection.alias]  # `connection` looks itself up for each value
    columns = _columns(model)
    values = [
        field.get_db_prep_save(getattr(row, field.attname), here)
        for row in rows
        for field in columns
    ]
    with here.cursor() as cursor:
        cursor.execute(_statement(model, len(rows)), values)
        keys = cursor.fetchall()
    if len(rows) == len(keys) == 1:
        rows[0].pk = keys[0][0]
        rows[0]._state.adding, rows[0]._state.db = False, connection.alias
    return len(keys)


def _columns(model: type[Model]) -> list[Field[Any, Any]]:
    return [field for field in model._meta.concrete_fields if not field.primary_key]


@lru_cache(maxsize=64)
def _statement(model: type[Model], rows: int) -> str:
    """The same on both databases."""
    quote = connection.ops.quote_name
    columns = _columns(model)
    names = ", ".join(quote(str(field.column)) for field in columns)
    places = f"({', '.join(['%s'] * len(columns))})"
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({names})"  # noqa: S608 -- names of ours
        f" VALUES {', '.join([places] * rows)}"
        f" ON CONFLICT DO NOTHING RETURNING {quote(str(model._meta.pk.column))}"
    )
