from django.apps import AppConfig


class RecensementConfig(AppConfig):
    name = "tests.recensement"
    label = "recensement"
    verbose_name = "Recensement (exemple)"

    def ready(self) -> None:
        # Models can be imported from here on only.
        from demarches.procedures import register  # noqa: PLC0415
        from tests.recensement.procedure import PROCEDURE  # noqa: PLC0415

        register(PROCEDURE)
