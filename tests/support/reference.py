"""What `fixtures/` loads, written fast: by `loaddata` the first time, then by its own statements.

Reading the files and asking the models anew was a third of the time of the suite.
"""

import json
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count, Max

from tests.support.portal import ROOT

REFERENCE_FIXTURES = (
    "mairie",
    "opening_hours",
    "agendas",
    "shown_fiches",
    "pacs_settings",
    "pacs_pieces",
    "groups",
    "refusal_reasons",
    "message_templates",
    "vitale_references",
    "vitale_situations",
    "vitale_facts",
    "vitale_offsets",
    "vitale_help",
)
#: What the pages of the Carte Vitale read.
GUIDE_FIXTURES = (
    "mairie",
    "opening_hours",
    "vitale_references",
    "vitale_situations",
    "vitale_facts",
    "vitale_offsets",
    "vitale_help",
)
#: `migrate`, and the emptying of a database after a test, write these rows themselves.
WRITTEN_BY_MIGRATE = "pacs_pieces"


@dataclass(frozen=True)
class Loaded:
    """What loading one fixture wrote on tables that held nothing."""

    #: Statements with their parameters; on PostgreSQL all of them in one text, which travels once.
    rows: list[tuple[str, Any]]
    #: Keys of the permissions of each group; the database numbers the groups itself.
    groups: dict[str, list[int]]

    def write(self) -> None:
        with connection.cursor() as cursor:
            for statement, parameters in self.rows:
                cursor.execute(statement, parameters)
        if not self.groups:
            return
        groups = Group.objects.bulk_create(Group(name=name) for name in self.groups)
        link = Group.permissions.through
        link._default_manager.bulk_create(
            link(group=group, permission_id=key)
            for group in groups
            for key in self.groups[group.name]
        )


#: By database and fixture; the groups also by the permissions, whose keys change when a test
#: empties the database.
_loaded: dict[tuple[Any, ...], Loaded] = {}


def load(*names: str) -> None:
    """Write what `loaddata` writes of these fixtures on a migrated database.

    A fixture whose tables hold rows already is left to `loaddata`.
    """
    wanted = [name for name in names if name != WRITTEN_BY_MIGRATE]
    with transaction.atomic():
        for name, is_new in zip(wanted, _have_no_rows(wanted), strict=True):
            if not is_new:
                call_command("loaddata", name, verbosity=0)
                continue
            known = (connection.vendor, name, *(_permissions() if name == "groups" else ()))
            if known in _loaded:
                _loaded[known].write()
            else:
                _loaded[known] = _load_and_note(name)


@cache
def _tables(name: str) -> list[str]:
    """Where the rows of a fixture go."""
    rows = json.loads((ROOT / "fixtures" / f"{name}.json").read_text(encoding="utf-8"))
    return [
        apps.get_model(model)._meta.db_table for model in sorted({row["model"] for row in rows})
    ]


def _have_no_rows(names: list[str]) -> list[bool]:
    """Of each fixture, whether its tables are empty."""
    quote = connection.ops.quote_name
    each = [
        " OR ".join(f"EXISTS (SELECT 1 FROM {quote(table)})" for table in _tables(name))
        for name in names
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(each)}")
        return [not has_rows for has_rows in cursor.fetchone()]


def _permissions() -> tuple[Any, ...]:
    return tuple(Permission.objects.aggregate(last=Max("pk"), number=Count("pk")).values())


def _at_once(sql: str, rows: list[Any]) -> tuple[str, Any]:
    """Equal statements as one, of several rows."""
    if len(rows) == 1:
        return sql, rows[0]
    head, _, row = sql.partition(" VALUES ")
    assert row.count("(") == row.count(")") == 1, sql
    return f"{head} VALUES {', '.join([row] * len(rows))}", [one for row in rows for one in row]


def _load_and_note(name: str) -> Loaded:
    noted: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        is_row = sql.startswith("INSERT") and "auth_group" not in sql
        if is_row or sql.startswith("SELECT setval"):
            noted.append((sql.partition(" RETURNING ")[0], parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        call_command("loaddata", name, verbosity=0)
    rows = [
        _at_once(sql, [row for _, row in lines]) for sql, lines in groupby(noted, itemgetter(0))
    ]
    if rows and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            rows = [(";\n".join(cursor.mogrify(*row) for row in rows), None)]
    groups: dict[str, list[int]] = {}
    if name == "groups":
        groups = {
            group.name: [permission.pk for permission in group.permissions.all()]
            for group in Group.objects.prefetch_related("permissions")
        }
    return Loaded(rows, groups)
