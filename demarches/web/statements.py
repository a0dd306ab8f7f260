"""Readings whose SQL is written once.

On the pages that people open most, the ORM takes longer to write its statements than the database
to answer them. A `Statement` is an ordinary query set whose SQL is kept by the process, never its
rows: each call asks the database, with the values of that call.

It leans on how Django makes rows of an answer (`ModelIterable`, a compiler that has written its
SQL); the tests compare every statement with its query set.
"""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from threading import local
from types import SimpleNamespace
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import ModelIterable


class Given(Expression):
    """The place of a value that each call gives, of the kind of this column."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple["Given"]]:  # type: ignore[override]
        return "%s", (self,)


@dataclass(frozen=True, slots=True)
class _Written:
    queryset: Any
    compiler: Any
    sql: str
    params: tuple[Any, ...]


class Statement[M: Model]:
    """The rows of a query set, asked by name: `Statement(build, reference=CharField())`.

    `build` gets a `Given` for each name, and returns the query set: filters, order, joined rows
    and annotations; no prefetch, which is another query.
    """

    def __init__(self, build: Callable[..., QuerySet[M]], **fields: Field[Any, Any]) -> None:
        self.build, self.fields = build, fields
        self._written: dict[str, _Written] = {}
        # How each column of an answer becomes a value: bound to the connection of one thread.
        self._of_thread = local()

    def __call__(self, **values: Any) -> list[M]:
        """The rows as they are now."""
        alias = "default"
        connection = connections[alias]
        written = self._written.get(connection.vendor) or self._write(alias)
        params = tuple(
            one.output_field.get_db_prep_value(values[one.name], connection)
            if isinstance(one, Given)
            else one
            for one in written.params
        )
        compiler = copy(written.compiler)  # for the connection of this thread
        compiler.connection, compiler.as_sql = connection, lambda: (written.sql, params)
        compiler.get_converters = lambda columns: self._converters(written, connection)
        asked: Any = SimpleNamespace(
            db=alias,
            model=written.queryset.model,
            query=SimpleNamespace(get_compiler=lambda using: compiler),
            _fetch_mode=written.queryset._fetch_mode,
            _known_related_objects={},
        )
        return list(ModelIterable(asked))

    def _converters(self, written: _Written, connection: BaseDatabaseWrapper) -> dict[int, Any]:
        kept: tuple[BaseDatabaseWrapper | None, dict[int, Any]]
        kept = getattr(self._of_thread, "kept", (None, {}))
        if kept[0] is not connection:
            compiler = copy(written.compiler)
            compiler.connection = connection
            columns = [column for column, *_ in compiler.select[: compiler.col_count]]
            kept = self._of_thread.kept = (connection, compiler.get_converters(columns))
        return kept[1]

    def _write(self, alias: str) -> _Written:
        queryset = self.build(**{name: Given(name, kind) for name, kind in self.fields.items()})
        compiler = queryset.query.get_compiler(using=alias)
        sql, params = compiler.as_sql()
        written = _Written(queryset, compiler, sql, tuple(params))
        self._written[connections[alias].vendor] = written
        return written


def set_rows(row: Model, name: str, rows: Sequence[Model]) -> None:
    """Let `row.name.all()` give these rows, as a prefetch does."""
    queryset = getattr(row, name).get_queryset()
    queryset._result_cache, queryset._prefetch_done = list(rows), True
    if not hasattr(row, "_prefetched_objects_cache"):
        row._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    row._prefetched_objects_cache[name] = queryset  # type: ignore[attr-defined]
