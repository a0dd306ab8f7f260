"""What every procedure shares: the mairie, people, the lifecycle of a dossier."""

from datetime import time
from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate, pre_migrate
from django.urls import register_converter
from post_office.apps import PostOfficeConfig

from demarches.rules.schedule import Daily, Every
from demarches.web.converters import NumberConverter


class DemarchesConfig(AppConfig):
    name = "demarches"
    verbose_name = "Mairie et démarches"

    def ready(self) -> None:
        # The desk's addresses, made before any `urls.py` is read, hold numbers too.
        register_converter(NumberConverter, "num")
        import_module("demarches.oidc.checks")
        import_module("demarches.accounts.staff_sessions").connect()
        journal = import_module("demarches.desk.journal")
        self._register_jobs()
        self._register_content()
        for triggers in (journal, import_module("demarches.serving.revision")):
            pre_migrate.connect(triggers.let_go_of_triggers, sender=self)
            post_migrate.connect(triggers.write_triggers, sender=self)

    def _register_content(self) -> None:
        from demarches import models  # noqa: PLC0415
        from demarches.serving.revision import register_content, register_hours  # noqa: PLC0415
        from demarches.web.request_memory import GUIDE, TOWN  # noqa: PLC0415

        register_hours(
            models.Mairie,
            models.Entrance,
            models.Service,
            models.OpeningHours,
            models.Closure,
            models.Closing,
        )
        register_content(
            TOWN,
            models.Agenda,
            models.AgendaDayChange,
            models.ShownFiche,
            models.SitePage,
        )
        register_content(GUIDE, models.FicheSet, models.Fiche)

    def _register_jobs(self) -> None:
        # Models can be imported from `ready` on only.
        from demarches.desk.jobs import JobType, register  # noqa: PLC0415

        register(
            JobType("purge_accounts", "Fermer les comptes oubliés", Daily(time(3, 20))),
            JobType("purge_readings", "Effacer les consultations anciennes", Daily(time(3, 30))),
            JobType("sweep_files", "Ranger et vérifier les fichiers", Daily(time(3, 40))),
            JobType("clearsessions", "Effacer les sessions finies", Every(minutes=10)),
            JobType(
                "import_comarquage",
                "Mettre à jour le guide national",
                Daily(time(4, 30)),
                is_on=lambda: settings.COMARQUAGE_DAILY,
            ),
            JobType("verify_journal", "Vérifier le journal", Daily(time(4, 0))),
            JobType(
                "read_bounces",
                "Lire les mails revenus",
                Every(minutes=10),
                is_on=lambda: bool(settings.BOUNCES_HOST),
            ),
        )


class OutboxConfig(PostOfficeConfig):  # type: ignore[misc]
    verbose_name = "Boîte d’envoi"
