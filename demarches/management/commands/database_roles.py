"""Print the rights of the role that serves the portal, as SQL for PostgreSQL."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from demarches.desk.journal import roles_sql


class Command(BaseCommand):
    """Written from the models, so that a new journal is never forgotten; runs nothing."""

    help = "Écrit le SQL qui donne ses droits au rôle qui sert : à donner à psql, en propriétaire."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="le rôle qui sert ; il doit exister")

    def handle(self, *args: Any, role: str, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Seul PostgreSQL a des rôles : cette base n’en a pas besoin.")
        self.stdout.write("\n".join(f"{line};" for line in roles_sql(role)))
