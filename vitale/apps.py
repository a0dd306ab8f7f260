"""Guidance on the Carte Vitale."""

from django.apps import AppConfig


class VitaleConfig(AppConfig):
    name = "vitale"
    verbose_name = "Carte Vitale"

    def ready(self) -> None:
        # Models can be imported from here on only.
        from demarches.procedures import register  # noqa: PLC0415
        from vitale.procedure import PROCEDURE  # noqa: PLC0415

        register(PROCEDURE)
