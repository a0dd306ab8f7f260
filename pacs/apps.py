"""The PACS procedure."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class PacsConfig(AppConfig):
    name = "pacs"
    verbose_name = "Pacs"

    def ready(self) -> None:
        # Models can be imported from here on only.
        from demarches.procedures import register  # noqa: PLC0415
        from pacs.models.translation import write_missing_translations  # noqa: PLC0415
        from pacs.models.wording import check_wordings, write_missing_wordings  # noqa: PLC0415
        from pacs.procedure import PROCEDURE  # noqa: PLC0415

        post_migrate.connect(
            write_missing_wordings, sender=self, dispatch_uid="pacs.write_missing_wordings"
        )
        post_migrate.connect(
            write_missing_translations, sender=self, dispatch_uid="pacs.write_missing_translations"
        )
        checks.register(check_wordings)
        register(PROCEDURE)
