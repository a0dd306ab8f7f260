"""What every procedure shares: the mairie, people, the lifecycle of a dossier."""

from importlib import import_module

from django.apps import AppConfig
from post_office.apps import PostOfficeConfig


class DemarchesConfig(AppConfig):
    name = "demarches"
    verbose_name = "Mairie et démarches"

    def ready(self) -> None:
        import_module("demarches.oidc.checks")


class OutboxConfig(PostOfficeConfig):  # type: ignore[misc]
    verbose_name = "Boîte d’envoi"
