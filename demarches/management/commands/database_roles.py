"""Print the rights of the role that serves the portal, as SQL for PostgreSQL."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from demarches.desk.journal import roles_sql


class Command(BaseCommand):
    """Written from the models, so that a new journal is never forgotten; runs nothing."""

    help = "Print the SQL that gives the serving role its rights: pipe it to psql as the owner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="the role that serves; it must exist")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles.")
        self.stdout.write("\n".join(f"{line};" for line in roles_sql(role)))
