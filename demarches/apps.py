"""What every procedure shares: the mairie, people, the lifecycle of a dossier."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from post_office.apps import PostOfficeConfig


class DemarchesConfig(AppConfig):
    name = "demarches"
    verbose_name = "Mairie et démarches"

    def ready(self) -> None:
        # Models can be imported from here on only.
        from demarches.journal import write_triggers  # noqa: PLC0415

        post_migrate.connect(write_triggers, sender=self, dispatch_uid="demarches.write_triggers")


class OutboxConfig(PostOfficeConfig):  # type: ignore[misc]
    verbose_name = "Boîte d’envoi"
