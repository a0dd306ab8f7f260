"""Application configurations of the project itself."""

from datetime import time

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.core import checks
from django.core.checks import CheckMessage, Error

from demarches.rules.schedule import Daily


class PortalConfig(AppConfig):
    name = "uzes_portal"
    verbose_name = "Portail"

    def ready(self) -> None:
        checks.register(check_proxies, checks.Tags.security, deploy=True)
        # Models can be imported from here on only.
        from demarches.desk.jobs import JobType, register  # noqa: PLC0415

        register(
            JobType(
                "backup",
                "Sauvegarde",
                Daily(time(2, 30)),
                is_on=lambda: bool(settings.BACKUP_DIR),
            )
        )
        # Registers itself.
        import uzes_portal.checks  # noqa: F401, PLC0415


def check_proxies(**options: object) -> list[CheckMessage]:
    """Behind a proxy that nobody counts, every visitor has one address: the proxy's."""
    if settings.SECURE_PROXY_SSL_HEADER is None or settings.TRUSTED_PROXY_COUNT:
        return []
    return [
        Error(
            "BEHIND_TLS_PROXY is set and TRUSTED_PROXY_COUNT is 0: the limits count the whole town"
            " as one visitor.",
            hint="Set TRUSTED_PROXY_COUNT to how many proxies append to X-Forwarded-For.",
            id="uzes_portal.E001",
        )
    ]


class PortalAdminConfig(AdminConfig):
    default_site = "uzes_portal.admin.DeskAdminSite"
