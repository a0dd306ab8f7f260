"""Guidance on the Carte Vitale."""

from datetime import time

from django.apps import AppConfig

from demarches.rules.schedule import Daily, Every


class VitaleConfig(AppConfig):
    name = "vitale"
    verbose_name = "Carte Vitale"

    def ready(self) -> None:
        # Models can be imported from here on only.
        from demarches.jobs import JobType, register  # noqa: PLC0415
        from demarches.mine import register_kept  # noqa: PLC0415
        from demarches.revision import TOWN, register_content  # noqa: PLC0415
        from vitale import models  # noqa: PLC0415
        from vitale.mine import kept  # noqa: PLC0415

        register_kept(kept)
        register_content(
            TOWN,
            models.AideSettings,
            models.Contact,
            models.Delay,
            models.Fact,
            models.Link,
            models.PlanLine,
            models.Situation,
            models.Source,
            models.SuiviOffset,
        )
        register(
            # More often than the purge, so that a reminder set for the last day leaves.
            JobType("remind_vitale", "Rappels des aide-mémoire", Every(minutes=60)),
            JobType("purge_vitale", "Effacer les demandes arrivées à terme", Daily(time(3, 15))),
        )
