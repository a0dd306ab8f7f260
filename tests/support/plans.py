"""What PostgreSQL reads to answer a page: every SELECT of it again, under EXPLAIN."""

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.db import connection

READ = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


class Scan(NamedTuple):
    """One table read within one statement."""

    rows: int
    how: str
    table: str
    statement: str

    def __str__(self) -> str:
        return f"{self.rows} rows of {self.table} by {self.how}: {self.statement[:2000]}"


def scans_of(read: Callable[[], object]) -> list[Scan]:
    """Every scan of every SELECT that this call makes, the widest first.

    Rows that were read and left out count too: they are what takes the time.
    """
    seen: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip("( ").upper().startswith("SELECT"):
            seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        read()
    found = [scan for sql, params in seen for scan in _scans(sql, params)]
    return sorted(found, reverse=True)


def _scans(sql: str, params: Any) -> Iterator[Scan]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        (told,) = cursor.fetchone()
    plans = [(json.loads(told) if isinstance(told, str) else told)[0]["Plan"]]
    while plans:
        node = plans.pop()
        plans += node.get("Plans", [])
        if name := node.get("Relation Name"):
            each = sum(node.get(key, 0) for key in READ)
            yield Scan(int(each * node["Actual Loops"]), node["Node Type"], name, sql)
