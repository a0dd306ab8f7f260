"""What every procedure shares: the mairie, people, the lifecycle of a dossier."""

from django.apps import AppConfig
from post_office.apps import PostOfficeConfig


class DemarchesConfig(AppConfig):
    name = "demarches"
    verbose_name = "Mairie et démarches"

    def ready(self) -> None:
        from demarches import staff_sessions  # noqa: PLC0415 -- app ready

        staff_sessions.connect()


class OutboxConfig(PostOfficeConfig):  # type: ignore[misc]
    verbose_name = "Boîte d’envoi"
