"""Conditions of the database in SQL that each engine knows by itself.

Django gives SQLite functions of its own (`REGEXP`, the parts of a date). A constraint that calls
one keeps plain tools from copying or checking the file: these say the same with what SQLite has.
"""

from collections.abc import Mapping
from typing import Any, override

from django.db.models import CharField, DateField, Lookup
from django.db.models.sql.compiler import SQLCompiler

#: Name of a form -> the condition on a column `{0}` for PostgreSQL, then for SQLite.
FORMS: Mapping[str, tuple[str, str]] = {
    # An e-mail address as it is kept (`demarches.rules.addresses.CANONICAL`)
    "canonical_address": (
        r"{0} ~ '\A[!#-''*+./0-9=?^-~-]+@[a-z0-9.-]+\Z'",
        # GLOB reads no further than a NUL.
        "({0} GLOB '?*@?*' AND instr({0}, char(0)) = 0"
        " AND substr({0}, 1, instr({0}, '@') - 1) NOT GLOB '*[^!#-''*+./0-9=?^-~-]*'"
        " AND substr({0}, instr({0}, '@') + 1) NOT GLOB '*[^a-z0-9.-]*')",
    ),
    # A document of the national guide: F1618
    "fiche_code": (
        r"{0} ~ '\A[FNR][0-9]{{1,6}}\Z'",
        "({0} GLOB '[FNR][0-9]*' AND length({0}) <= 7 AND substr({0}, 2) NOT GLOB '*[^0-9]*')",
    ),
    # A day that stands for its month
    "first_of_month": ("EXTRACT(DAY FROM {0}) = 1", "substr({0}, 9, 2) = '01'"),
}


@CharField.register_lookup
@DateField.register_lookup
class HasForm(Lookup[Any]):
    """`Q(email__form="canonical_address")`: the column is written in this form of `FORMS`."""

    lookup_name = "form"
    prepare_rhs = False

    @override
    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        """The condition; nothing of it comes from a value."""
        column, params = self.process_lhs(compiler, connection)
        for_postgresql, for_sqlite = FORMS[self.rhs]
        form = for_sqlite if connection.vendor == "sqlite" else for_postgresql
        return form.format(column), list(params) * form.count("{0}")
