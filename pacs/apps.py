"""The PACS procedure."""

from datetime import time

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db.models.signals import post_migrate

from demarches.rules.schedule import Daily, Every


class PacsConfig(AppConfig):
    name = "pacs"
    verbose_name = "Pacs"

    def ready(self) -> None:
        # Models can be imported from here on only.
        from demarches.jobs import JobType, register  # noqa: PLC0415
        from demarches.mine import register_kept  # noqa: PLC0415
        from demarches.revision import TOWN, register_content  # noqa: PLC0415
        from pacs.mine import kept  # noqa: PLC0415
        from pacs.models import PacsSettings, PieceTranslation, PieceWording  # noqa: PLC0415
        from pacs.models.translation import write_missing_translations  # noqa: PLC0415
        from pacs.models.wording import check_wordings, write_missing_wordings  # noqa: PLC0415

        post_migrate.connect(
            write_missing_wordings, sender=self, dispatch_uid="pacs.write_missing_wordings"
        )
        post_migrate.connect(
            write_missing_translations, sender=self, dispatch_uid="pacs.write_missing_translations"
        )
        checks.register(check_wordings)
        register_kept(kept)
        register_content(TOWN, PacsSettings, PieceWording, PieceTranslation)
        register(
            JobType("send_reminders", "Rappels et dates proposées", Every(minutes=60)),
            JobType("purge_dossiers", "Effacer les dossiers arrivés à terme", Daily(time(3, 10))),
            JobType(
                "make_plan_b",
                "Plan B des dix prochains jours",
                Daily(time(18, 0), working_days=True),
                is_on=lambda: bool(settings.PLAN_B_DIR),
            ),
        )
