"""What every procedure shares: the mairie, people, the lifecycle of a dossier."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.urls import register_converter
from post_office.apps import PostOfficeConfig

from demarches.converters import NumberConverter


class DemarchesConfig(AppConfig):
    name = "demarches"
    verbose_name = "Mairie et démarches"

    def ready(self) -> None:
        # The desk's addresses, made before any `urls.py` is read, hold numbers too.
        register_converter(NumberConverter, "num")
        import_module("demarches.oidc.checks")
        import_module("demarches.staff_sessions").connect()
        journal = import_module("demarches.journal")
        pre_migrate.connect(journal.let_go_of_triggers, sender=self)
        post_migrate.connect(journal.write_triggers, sender=self)


class OutboxConfig(PostOfficeConfig):  # type: ignore[misc]
    verbose_name = "Boîte d’envoi"
