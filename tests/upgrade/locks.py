"""Which operations of a migration would hold a large table of PostgreSQL for more than a moment.

Rules over the list of operations: what PostgreSQL does in its catalogue alone passes (a new table,
a new column with a constant, a column that leaves); what reads or rewrites every row under a lock
does not. https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from collections.abc import Iterator
from typing import Any

from django.db import connections, models
from django.db.migrations import operations as ops
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

#: Tables of a few dozen rows, which agents write; every other one grows with the people.
SMALL = {
    *("demarches.mairie", "demarches.entrance", "demarches.service", "demarches.openinghours"),
    *("demarches.closure", "demarches.agenda", "demarches.officer", "demarches.job"),
    *("demarches.heartbeat", "demarches.revision", "pacs.pacssettings", "pacs.piecewording"),
    *("pacs.refusalreason", "pacs.messagetemplate", "vitale.aidesettings", "vitale.reason"),
    *("vitale.answertemplate", "vitale.source", "vitale.link", "vitale.contact"),
    *("vitale.situation", "vitale.planline", "vitale.fact", "vitale.delay"),
}
#: Names of the operations that only the catalogue hears of, or that build their own table.
FREE = (
    ops.CreateModel,
    ops.DeleteModel,
    ops.RenameModel,
    ops.RenameField,
    ops.RemoveField,
    ops.RemoveIndex,
    ops.RenameIndex,
    ops.RemoveConstraint,
    ops.AlterModelOptions,
    ops.AlterModelManagers,
    ops.AlterModelTableComment,
)


def locking(migration: Migration, before: ProjectState) -> Iterator[tuple[str, str]]:
    """Each operation that would lock a large table: its description, and why."""
    state = before.clone()
    made: set[str] = set()
    for operation in migration.operations:
        after = state.clone()
        operation.state_forwards(migration.app_label, after)
        if isinstance(operation, ops.CreateModel):
            made.add(operation.name_lower)
        table = _table(operation)
        is_large = f"{migration.app_label}.{table}" not in SMALL and table not in made
        if is_large and (why := _why(operation, migration.app_label, state, after)):
            yield operation.describe(), why
        state = after


def _table(operation: Operation) -> str:
    named = getattr(operation, "model_name_lower", None) or getattr(operation, "model_name", "")
    return str(named).lower()


def _why(operation: Operation, app: str, before: ProjectState, after: ProjectState) -> str:
    if isinstance(operation, FREE):
        return ""
    if isinstance(operation, ops.AddField):
        return _new_column(operation.field)
    if isinstance(operation, ops.AlterField):
        names = (app, operation.model_name_lower, operation.name)
        return _changed(_field(before, *names), _field(after, *names))
    if isinstance(operation, ops.AddIndex):
        return "the index is built under a lock: use AddIndexConcurrently, or say why not"
    if isinstance(operation, ops.AddConstraint):
        return "every row is checked under a lock: add it NOT VALID, then validate it"
    if isinstance(operation, ops.SeparateDatabaseAndState | ops.RunPython | ops.RunSQL):
        return "what it does to the rows cannot be read here: say it"
    return "an operation that these rules do not know"


def _field(state: ProjectState, app: str, model: str, name: str) -> models.Field[Any, Any]:
    found: models.Field[Any, Any] = state.apps.get_model(app, model)._meta.get_field(name)
    return found


def _is_indexed(field: models.Field[Any, Any]) -> bool:
    found: bool = field.db_index  # type: ignore[attr-defined] # the stubs forget it
    return found


def _new_column(field: models.Field[Any, Any]) -> str:
    if field.unique or _is_indexed(field):
        return "the index of the new column is built under a lock"
    if not field.null and callable(field.default):
        return "each row needs a value of its own: the table is rewritten"
    return ""


def _changed(old: models.Field[Any, Any], new: models.Field[Any, Any]) -> str:
    base = connections["default"]
    kinds = [one.db_parameters(base)["type"] for one in (old, new)]
    if kinds[0] != kinds[1] and not _only_longer(old, new):
        return f"the column is rewritten, from {kinds[0]} to {kinds[1]}"
    if old.null and not new.null:
        return "every row is read to be sure that none is empty"
    if (new.unique and not old.unique) or (_is_indexed(new) and not _is_indexed(old)):
        return "the index is built under a lock"
    return ""


def _only_longer(old: models.Field[Any, Any], new: models.Field[Any, Any]) -> bool:
    """A longer varchar, or a text in its place, changes the catalogue alone."""
    lengths = [getattr(one, "max_length", None) for one in (old, new)]
    texts = (models.CharField, models.TextField)
    return (
        isinstance(old, texts)
        and isinstance(new, texts)
        and (lengths[1] is None or (lengths[0] is not None and lengths[1] >= lengths[0]))
    )
