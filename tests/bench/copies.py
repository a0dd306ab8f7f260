"""Many dossiers from a few, by SQL: what a department's desk holds after years (PostgreSQL)."""

from collections.abc import Collection, Mapping

from django.db import connection, transaction
from django.db.models import Max, Min, Model

from demarches.models import Appointment, SeatTime
from pacs.models import Correction, Dossier, DossierEvent, Partenaire, Piece, SentMail
from tests.support.present import the

#: What is copied, whatever a row is about before the row.
COPIED: tuple[type[Model], ...] = (
    Appointment,
    SeatTime,
    Dossier,
    Partenaire,
    Piece,
    DossierEvent,
    SentMail,
    Correction,
)
#: Appointments to come are spread over three weeks, those that were over the years before;
#: each copy has seats of its own.
DAYS = "CASE WHEN {moment} > now() THEN copy %% 21 + 1 ELSE -copy END * interval '1 day'"
SEATS = 20
CHANGED: Mapping[type[Model], Mapping[str, str]] = {
    Dossier: {"reference": "'COPIE-' || (id + copy * {stride})"},
    Appointment: {
        "starts_at": "starts_at + " + DAYS.format(moment="starts_at"),
        "ends_at": "ends_at + " + DAYS.format(moment="starts_at"),
        "seat": f"seat + copy * {SEATS}",
        "capacity": "32767",
    },
    SeatTime: {
        "at": '"at" + ' + DAYS.format(moment='"at"'),
        "seat": f"seat + copy * {SEATS}",
    },
}


def copy_dossiers(total: int, *, without: Collection[type[Model]] = ()) -> int:
    """Copy every dossier with its rows until there are about `total`; how many there are then.

    `without`: kinds of rows that nobody will look at.
    Triggers and foreign keys are not asked: the copies are right because the first ones are.
    """
    copied = [model for model in COPIED if model not in without]
    copies = total // Dossier.objects.count() - 1
    spans = [
        model._base_manager.aggregate(span=Max("pk") - Min("pk"))["span"] or 0 for model in copied
    ]
    stride = 1 + max(spans)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL statement_timeout = 0")
        for model in copied:
            cursor.execute(_statement(model, stride), [copies])
        for model in copied:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
        # Every table: a plan also leans on what is known of those that were not copied.
        cursor.execute("ANALYZE")
        # What a vacuum does in its time: new letters leave the list where they waited.
        cursor.execute(
            "SELECT gin_clean_pending_list(pg_class.oid) FROM pg_class JOIN pg_am"
            " ON pg_am.oid = relam WHERE amname = 'gin' AND relkind = 'i'"
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    return Dossier.objects.count()


def _statement(model: type[Model], stride: int) -> str:
    quote = connection.ops.quote_name
    columns, values = [], []
    for field in model._meta.concrete_fields:
        column = quote(the(field.column))
        is_key = field.primary_key or field.related_model in COPIED
        moved = f"{column} + copy * {stride}" if is_key else column
        columns.append(column)
        values.append(CHANGED.get(model, {}).get(the(field.column), moved).format(stride=stride))
    table = quote(model._meta.db_table)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM {table}, generate_series(1::bigint, %s) AS copy"
    )
