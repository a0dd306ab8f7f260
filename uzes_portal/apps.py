"""Application configurations of the project itself."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "uzes_portal"
    verbose_name = "Portail"

    def ready(self) -> None:
        # Registers itself.
        import uzes_portal.checks  # noqa: F401, PLC0415


class PortalAdminConfig(AdminConfig):
    default_site = "uzes_portal.admin.DeskAdminSite"
