"""What every procedure shares: the mairie, people, the lifecycle of a dossier."""

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate
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
        write_triggers = import_module("demarches.journal").write_triggers
        post_migrate.connect(write_triggers, sender=self, dispatch_uid="demarches.write_triggers")


class OutboxConfig(PostOfficeConfig):  # type: ignore[misc]
    verbose_name = "Boîte d’envoi"
