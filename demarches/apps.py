"""What every procedure shares: the mairie, people, the lifecycle of a dossier."""

from django.apps import AppConfig


class DemarchesConfig(AppConfig):
    name = "demarches"
    verbose_name = "Mairie et démarches"
